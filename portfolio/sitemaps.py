"""The lists of all pages: `sitemap.xml` for search engines, `llms.txt` for language models.

`django.contrib.sitemaps` is not used: it takes the site's address from the request, dates by the
day, and finds a part by counting up to it.
"""

from datetime import datetime
from math import ceil
from typing import NamedTuple

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import conditional_page, require_safe

from journal.models import Entry

from . import public

# How many addresses one file may have: https://www.sitemaps.org/protocol.html
LIMIT = 50_000
# How many entries llms.txt names; the rest is behind the years.
NEWEST = 50


@require_safe
@conditional_page
def sitemap(request):
    """Every page, or the list of parts when those are more than a file may have."""
    months = public.live_months()
    few = public.all_but_entries(months)
    if len(few) + count(months) <= LIMIT:
        return urlset(request, [*few, *public.entries(Entry.objects.live())])
    parts = [Part(reverse("sitemap_pages"), public.latest(page.changed_at for page in few))]
    for year, its_months in public.years(months).items():
        changed_at = public.latest(month.changed_at for month in its_months)
        for number in numbers(count(its_months)):
            parts.append(Part(reverse("sitemap_year", args=[year, number]), changed_at))
    return xml(request, "sitemap_index.xml", {"parts": parts})


class Part(NamedTuple):
    path: str
    changed_at: datetime | None


def count(months):
    return sum(month.count for month in months)


def numbers(entries):
    """The numbers of the parts that so many entries of one year take."""
    return range(1, ceil(entries / LIMIT) + 1)


@require_safe
@conditional_page
def pages(request):
    """The part with all that is not a journal entry."""
    return urlset(request, public.all_but_entries(public.live_months()))


@require_safe
@conditional_page
def year(request, year, number):
    """A part with entries of one year: all, unless they are more than a file may have."""
    entries = Entry.objects.live().filter(month__year=year).order_by("month", "slug")
    if number not in numbers(entries.count()):
        raise Http404("No entries are in this part.")
    return urlset(request, [*public.entries(entries[(number - 1) * LIMIT : number * LIMIT])])


def urlset(request, pages):
    return xml(request, "sitemap.xml", {"pages": pages})


def xml(request, template, context):
    return render(request, template, context, content_type="application/xml; charset=utf-8")


@require_safe
@conditional_page
def llms(request):
    """What there is, in Markdown, each thing with its plain form: https://llmstxt.org/"""
    months = public.live_months()
    items = public.items()
    newest = [public.PublicPage.of(entry) for entry in Entry.objects.live().newest(NEWEST)]
    context = {
        "sections": {
            "pages": public.lists(months),
            "roles": items["roles"],
            "thinking": items["thinking"],
            "journal": newest,
            "tools": items["tools"],
            # The specification's own word for what may be skipped.
            "Optional": [*public.year_pages(months)],
        }
    }
    return render(request, "llms.txt", context, content_type="text/plain; charset=utf-8")
