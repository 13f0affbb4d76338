"""The outputs that are few, as the site answers them; and those that only files need."""

import json
from itertools import chain

from django.template import loader
from django.urls import get_script_prefix, reverse
from django.utils.html import format_html

from portfolio import public, sitemaps, views
from portfolio.models import FormerAddress, Principle, Tool
from portfolio.page import Page, absolute
from portfolio.plain import TWIN
from portfolio.search.models import Document
from portfolio.search.views import LABELS
from roles.models import Role

from .place import answer, file_of, request_for

LISTS = ("home", "now", "roles:index", "thinking", "tools", "lessons", "cv")
FILES = (
    *("resume", "feed", "json_feed", "manifest", "favicon", "sitemap", "llms", "robots"),
    "speculation_rules",
)
INDEX = "search.json"


def outputs(profile, made):
    """Each as (name of its file, bytes). `made` are the names of all other files."""
    pages = [reverse(name) for name in LISTS]
    items = chain(*(kind.objects.live() for kind in (Role, Principle)))
    pages += [item.get_absolute_url() for item in items]
    paths = [reverse(name) for name in FILES]
    paths += [reverse("tool_feed", args=[tool.slug]) for tool in Tool.objects.all()]
    for path in (*chain(*((page, page + TWIN) for page in pages)), *paths, *parts()):
        yield file_of(path), answer(path)
    yield "404.html", views.not_found(request_for(reverse("home")), None).content
    yield from search(profile)
    yield from redirects({*made, *map(file_of, pages)})


def parts():
    """The paths of the parts of the sitemap, if it has any."""
    months = public.live_months()
    if len(public.all_but_entries(months)) + sitemaps.count(months) <= sitemaps.LIMIT:
        return
    yield reverse("sitemap_pages")
    for year, its_months in public.years(months).items():
        for number in sitemaps.numbers(sitemaps.count(its_months)):
            yield reverse("sitemap_year", args=[year, number])


def search(profile):
    """The page that searches with a script, and what it searches in."""
    path = reverse("search")
    about = Page("search", "everything here by its words")
    context = {"page": about, "profile": profile, "index": get_script_prefix() + INDEX}
    page = loader.get_template("search/static.html").render(context, request_for(path))
    yield file_of(path), page.encode()
    documents = Document.objects.live().select_related(*LABELS)
    lines = (json.dumps(found(each), ensure_ascii=False) for each in documents.order_by("pk"))
    yield INDEX, "[{}]\n".format(",\n".join(lines)).encode()


def found(document):
    return {
        "title": document.title,
        "kind": LABELS[document.kind],
        "month": str(getattr(document.item, "month", "")),
        "address": document.get_absolute_url(),
        "text": document.text,
    }


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
        yield file_of(path), format_html(PAGE, url=absolute(address)).encode()
    yield "_redirects", "".join(lines).encode()
