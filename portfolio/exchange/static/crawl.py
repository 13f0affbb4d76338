"""Whether every link in a folder of static files leads to something in it."""

import json
import re
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from portfolio.markdown import render

from . import record
from .place import parse


def faults(folder, base_url):
    """What is wrong in a site that was built for an address: sentences that name the files."""
    folder, (origin, prefix) = Path(folder), parse(base_url)
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    files.discard(record.NAME)

    @cache
    def anchors(name):
        return Seen((folder / name).read_text()).anchors

    def fault(page, link):
        try:
            parts = urlsplit(urljoin(page, link))
        except ValueError:
            return "is no address"
        if f"{parts.scheme}://{parts.netloc}" != origin:
            return ""
        path = parts.path or "/"
        if f"{path}/" == prefix:
            # One writes down the address of a site without the slash at its end.
            path = prefix
        if not path.startswith(prefix):
            return "leads out of the site"
        name = unquote(path).removeprefix(prefix)
        name = f"{name}index.html" if not name or name.endswith("/") else name
        if name not in files:
            return "leads to no file"
        fragment = unquote(parts.fragment)
        if fragment and name.endswith(".html") and fragment not in anchors(name):
            return "leads to no place in its page"
        return ""

    for name in sorted(files):
        page = f"{origin}{prefix}{name.removesuffix('index.html')}"
        for link in dict.fromkeys(links_of(folder / name)):
            if reason := fault(page, link):
                yield f"{name}: {link!r} {reason}."


def links_of(path):
    """The addresses in a file, as they are written there."""
    kind = path.name.rpartition(".")[2]
    reader = READERS.get(path.name) or READERS.get(kind)
    return reader(path.read_text()) if reader else []


class Seen(HTMLParser):
    """The `links` and the `anchors` in HTML."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        facts = {name: value or "" for name, value in attributes}
        self.anchors.update(facts[name] for name in ("id", "name") if name in facts)
        self.links += [facts[name] for name in ("href", "src", "action") if name in facts]
        self.links += [
            each.split()[0] for each in facts.get("srcset", "").split(",") if each.strip()
        ]
        if facts.get("property") in ("og:url", "og:image"):
            self.links.append(facts["content"])
        if facts.get("http-equiv") == "refresh":
            self.links.append(facts["content"].partition("url=")[2])


def in_html(text):
    return Seen(text).links


def in_markdown(text):
    _, _, body = text.removeprefix("---\n").rpartition("\n---\n")
    return in_html(render(body))


_XML = re.compile(r'(?:\bhref="|<(?:loc|uri|icon)>)([^"<]+)')
_CONTENT = re.compile(r'<content type="html">(.*?)</content>', re.DOTALL)
_CSS = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])([^"')\s]+)""")


def in_xml(text):
    inner = (in_html(unescape(each)) for each in _CONTENT.findall(text))
    return [*map(unescape, _XML.findall(text)), *(link for links in inner for link in links)]


def in_index(text):
    """The addresses of the index of search; in other JSON an `address` is where somebody lives."""
    return [each["address"] for each in json.loads(text)]


def in_json(text):
    """The addresses under the names that feeds, a résumé and a manifest have them by."""
    found = []

    def look(value, name=""):
        if isinstance(value, dict):
            for key, each in value.items():
                look(each, key)
        elif isinstance(value, list):
            for each in value:
                look(each, name)
        elif name == "content_html":
            found.extend(in_html(value))
        elif name in ("url", "home_page_url", "feed_url", "icon", "src", "start_url"):
            found.append(value)

    look(json.loads(text))
    return found


def in_css(text):
    return _CSS.findall(text)


def in_redirects(text):
    return [line.split()[1].removesuffix(":splat") for line in text.splitlines()]


READERS = {
    "search.json": in_index,
    "html": in_html,
    "md": in_markdown,
    "txt": in_markdown,
    "xml": in_xml,
    "json": in_json,
    "webmanifest": in_json,
    "css": in_css,
    "_redirects": in_redirects,
}
