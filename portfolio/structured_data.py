"""What a page is about in the words of https://schema.org, as JSON-LD for search engines.

It says nothing that the content does not: a profile without a name makes a person without one.
"""

import json
from urllib.parse import urljoin

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

from .excerpts import shorten
from .page import absolute, address

# What would end the script element early, or the line where a parser takes it for JavaScript.
ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}

# How long a headline is shown: Google's advice for articles.
HEADLINE = 110


class JsonLd:
    """JSON-LD that `format_html` can put in a script element whatever its texts contain."""

    def __init__(self, things):
        self.data = {"@context": "https://schema.org", "@graph": things}

    def __html__(self):
        text = json.dumps(
            self.data, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":")
        )
        return text.translate(ESCAPES)


def describe(page, profile, url, image):
    """The things that a `Page` at `url` is of; its picture is `image`. Both are absolute.

    A list with nothing above it says no more than its links do, and gives none.
    """
    if page.item is None and not page.title:
        return [website(profile), profile_page(profile, url)]
    things = [article(page, profile, url, image)] if hasattr(page.item, "publish_at") else []
    return [*things, breadcrumbs(page, url)] if page.trail else things


def website(profile):
    url = absolute(address("home"))
    return {
        "@type": "WebSite",
        "@id": f"{url}#website",
        "url": url,
        "name": profile.brand,
        "inLanguage": settings.LANGUAGE_CODE,
        "potentialAction": {
            "@type": "SearchAction",
            "target": absolute(address("search")) + "?q={search_term_string}",
            "query-input": "required name=search_term_string",
        },
    }


def profile_page(profile, url):
    more = {
        "jobTitle": profile.headline,
        "image": profile.portrait and urljoin(settings.SITE_URL, profile.portrait.file.url),
        "homeLocation": profile.location and {"@type": "Place", "name": profile.location},
        "sameAs": [link.url for link in profile.links.all() if link.rel_me],
    }
    return {
        "@type": "ProfilePage",
        "@id": f"{url}#profile",
        "url": url,
        "inLanguage": settings.LANGUAGE_CODE,
        "mainEntity": person(profile) | known(more),
    }


def person(profile):
    url = absolute(address("home"))
    return {"@type": "Person", "@id": f"{url}#person", "url": url, **known({"name": profile.name})}


def article(page, profile, url, image):
    """An entry is a post of a blog; a role's case and a principle are articles."""
    item = page.item
    tools = item.tools.all() if hasattr(item, "tools") else []
    more = {
        "description": page.description,
        "keywords": [tool.name for tool in tools],
        "image": image,
    }
    return {
        "@type": "BlogPosting" if item._meta.model_name == "entry" else "Article",
        "@id": f"{url}#article",
        "mainEntityOfPage": url,
        "url": url,
        "headline": shorten(item.title, HEADLINE),
        "datePublished": item.publish_at,
        "dateModified": item.changed_at,
        "inLanguage": settings.LANGUAGE_CODE,
        "author": person(profile),
        **known(more),
    }


def breadcrumbs(page, url):
    steps = [*((label, absolute(path)) for label, path in page.trail), (page.title, url)]
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": label, "item": address}
            for position, (label, address) in enumerate(steps, start=1)
        ],
    }


def known(facts):
    return {name: value for name, value in facts.items() if value}
