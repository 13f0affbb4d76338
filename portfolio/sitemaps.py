"""The lists of all pages: `sitemap.xml` for search engines, `llms.txt` for language models.

`django.contrib.sitemaps` is not used: it takes the site's address from the request, dates by the
day, and finds a part by counting up to it.
"""

from dataclasses import dataclass
from datetime import datetime

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import conditional_page, require_safe

from journal.models import CountedMonth, Entry

from . import public
from .months import Month

# How many addresses one file has, so that none takes longer than another. The protocol allows
# 50,000: https://www.sitemaps.org/protocol.html
LIMIT = 1_000
# How many entries llms.txt names; the rest is behind the years.
NEWEST = 50


@require_safe
@conditional_page
def sitemap(request):
    """Every page, or the list of parts when those are more than a file has."""
    months = CountedMonth.objects.live()
    few = public.all_but_entries(months)
    if fits(few, months):
        return urlset(request, [*few, *public.entries(Entry.objects.live())])
    changed_at = public.latest_of(few)
    first = public.PublicPage(reverse("sitemap_pages"), changed_at=changed_at)
    return xml(request, "sitemap_index.xml", {"parts": [first, *parts(months)]})


def fits(few, months):
    """Whether one file has all pages: those that are few, and the entries of the months."""
    return len(few) + sum(month.count for month in months) <= LIMIT


@dataclass
class Part:
    """Up to `LIMIT` entries in the order of their addresses: the `number`th that begins in a year.

    They are those from the month `first` on, without the `start` first ones of that month.
    `changed_at` is the newest change of the months that they are of.
    """

    year: int
    number: int
    first: Month
    start: int
    count: int = 0
    changed_at: datetime | None = None

    @property
    def path(self):
        return reverse("sitemap_year", args=[self.year, self.number])

    def entries(self):
        # What is left out is of one month, and so never much.
        found = Entry.objects.live().filter(month__gte=self.first).order_by("month", "slug")
        return found[self.start : self.start + self.count]


def parts(months):
    """The parts that the entries of the months take, the oldest first: of these the most stay."""
    found = []
    for month in reversed(months):
        taken = 0
        while taken < month.count:
            if not found or found[-1].count == LIMIT:
                year = month.month.year
                number = 1 + sum(part.year == year for part in found)
                found.append(Part(year, number, month.month, taken))
            part = found[-1]
            fitting = min(LIMIT - part.count, month.count - taken)
            part.count, taken = part.count + fitting, taken + fitting
            part.changed_at = public.latest([part.changed_at, month.latest])
    return found


@require_safe
@conditional_page
def pages(request):
    """The part with all that is not a journal entry."""
    return urlset(request, public.all_but_entries(CountedMonth.objects.live()))


@require_safe
@conditional_page
def year(request, year, number):
    """A part with entries."""
    for part in parts(CountedMonth.objects.live()):
        if (part.year, part.number) == (year, number):
            return urlset(request, [*public.entries(part.entries())])
    raise Http404("No entries are in this part.")


def urlset(request, pages):
    return xml(request, "sitemap.xml", {"pages": pages})


def xml(request, template, context):
    return render(request, template, context, content_type="application/xml; charset=utf-8")


@require_safe
@conditional_page
def llms(request):
    """What there is, in Markdown, each thing with its plain form: https://llmstxt.org/"""
    months, items = CountedMonth.objects.live(), public.items()
    newest = [public.PublicPage.of(entry) for entry in Entry.objects.live().newest(NEWEST)]
    context = {
        "sections": {
            "pages": public.lists(months, items),
            "roles": items["roles"],
            "thinking": items["thinking"],
            "journal": newest,
            "tools": items["tools"],
            # The specification's own word for what may be skipped.
            "Optional": [*public.year_pages(months)],
        }
    }
    return render(request, "llms.txt", context, content_type="text/plain; charset=utf-8")
