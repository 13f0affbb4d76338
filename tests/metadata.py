"""Reading the head of a page as a machine does."""

import json

import html5lib


def document(response):
    return html5lib.HTMLParser(namespaceHTMLElements=False, strict=True).parse(response.content)


def properties(response):
    """What the page's `meta` elements say, as name → list of contents."""
    found = {}
    for meta in document(response).iter("meta"):
        if name := meta.get("property") or meta.get("name"):
            found.setdefault(name, []).append(meta.get("content"))
    return found


def links(response, rel):
    return [link.get("href") for link in document(response).iter("link") if link.get("rel") == rel]


def image_address(response):
    """The path and query of the picture that stands for the page."""
    (address,) = properties(response)["og:image"]
    return address.removeprefix("http://localhost")


def graph(response):
    """The page's JSON-LD, as type → thing."""
    texts = [
        script.text
        for script in document(response).iter("script")
        if script.get("type") == "application/ld+json"
    ]
    things = [thing for text in texts for thing in json.loads(text)["@graph"]]
    return {thing["@type"]: thing for thing in things}
