"""The outputs that are few, as the site answers them; and those that only files need."""

from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import NamedTuple

import orjson
from django.template import loader
from django.urls import get_script_prefix, reverse
from django.utils.html import format_html

from journal.models import CountedMonth
from portfolio import feeds, images, public, sitemaps, views
from portfolio.models import FormerAddress, Principle, Tool
from portfolio.page import Page, absolute
from portfolio.plain import TWIN
from portfolio.search.models import Document
from portfolio.search.views import LABELS
from portfolio.search.words import STOP_WORDS
from roles.models import Role

from .entries import facts
from .making import digest
from .near import documents
from .place import answer, file_of, request_for

LISTS = ("home", "now", "roles:index", "thinking", "tools", "lessons", "cv")
FILES = (
    *("resume", "feed", "json_feed", "manifest", "favicon", "sitemap", "llms", "robots"),
    "speculation_rules",
)
INDEX = "search.json"


class Output(NamedTuple):
    """A file, of which `chunks()` gives the bytes.

    `key` is a digest of all that goes into it, if that is known before.
    """

    name: str
    chunks: Callable
    key: str | None = None


def outputs(profile, made, entries):
    """`made` are the names of all other files, and `entries` the `Entries`."""
    pages = [reverse(name) for name in LISTS]
    items = chain(*(kind.objects.live() for kind in (Role, Principle)))
    pages += [item.get_absolute_url() for item in items]
    paths = [reverse(name) for name in FILES]
    for path in (*chain(*((page, page + TWIN) for page in pages)), *paths, *parts()):
        yield answered(path)
    yield from map(partial(tool_feed, entries), Tool.objects.all())
    content = views.not_found(request_for(reverse("home")), None).content
    yield Output("404.html", lambda: [content])
    yield from search(profile, entries)
    yield from redirects({*made, *map(file_of, pages)})


def answered(path, key=None):
    return Output(file_of(path), lambda: [answer(path)], key)


def tool_feed(entries, tool):
    newest = [entry.pk for entry in feeds.newest_entries(tool)]
    # One may have gone live since the entries were read; then all is made again.
    of_entries = [(entries.digests.get(pk), entries.facts_of_tools(pk)) for pk in newest]
    of_roles = [*map(facts_of, feeds.newest_roles(tool))]
    key = digest(entries.common, facts(tool), of_entries, of_roles)
    return answered(reverse("tool_feed", args=[tool.slug]), key)


def facts_of(role):
    """All that a feed says of a role."""
    outcomes, tools = map(facts, role.outcomes.all()), map(facts, role.tools.all())
    return facts(role), [*outcomes], [*tools], [*map(facts, images.named_in(role.text))]


def parts():
    """The paths of the parts of the sitemap, if it has any."""
    months = CountedMonth.objects.live()
    if not sitemaps.fits(public.all_but_entries(months), months):
        yield reverse("sitemap_pages")
        yield from (part.path for part in sitemaps.parts(months))


def search(profile, entries):
    """The page that searches with a script, and what it searches in."""
    path = reverse("search")
    about = Page("search", "everything here by its words")
    context = {
        "page": about,
        "profile": profile,
        "index": get_script_prefix() + INDEX,
        "stop_words": " ".join(sorted(STOP_WORDS)),
    }
    page = loader.get_template("search/static.html").render(context, request_for(path))
    yield Output(file_of(path), partial(encoded, page))
    others = Document.objects.live().filter(entry=None).select_related(*LABELS).order_by("pk")
    found = [line(each, each.kind, each.item) for each in others]
    yield Output(
        INDEX,
        lambda: index(chain(found, of_entries(entries))),
        digest(entries.common, found, [*entries.digests.values()]),
    )


def of_entries(entries):
    for document in documents([*entries.titles]):
        yield line(document, "entry", entries.titles[document.entry_id])


def index(lines):
    """The bytes of a list in JSON, one thing a line."""
    between = b"["
    for each in lines:
        yield between + each
        between = b",\n"
    yield b"]\n" if between != b"[" else b"[]\n"


def line(document, kind, item):
    found = {
        "title": document.title,
        "kind": LABELS[kind],
        "month": str(getattr(item, "month", "")),
        "address": item.get_absolute_url(),
        "text": document.text,
    }
    return orjson.dumps(found)


PAGE = (
    '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>moved</title>\n'
    '<meta name="robots" content="noindex">\n<link rel="canonical" href="{url}">\n'
    '<meta http-equiv="refresh" content="0; url={url}">\n'
    '<p>this is now at <a href="{url}">{url}</a>.</p>\n'
)


def redirects(made):
    """A page for each former address, unless one of the site is there; and a list for servers."""
    lines = []
    former = FormerAddress.objects.live().select_related(*FormerAddress.KINDS)
    for each in former:
        path, address = get_script_prefix() + each.path[1:], each.target.get_absolute_url()
        if file_of(path) in made:
            continue
        # What lies below an address, such as a feed, moves along with it.
        lines.append(f"{path}* {address}:splat 301\n")
        page = format_html(PAGE, url=absolute(address))
        yield Output(file_of(path), partial(encoded, page))
    yield Output("_redirects", partial(encoded, "".join(lines)))


def encoded(text):
    return [text.encode()]
