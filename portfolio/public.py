"""All public pages, each with its address and when it last changed: what machines are told of.

The date of a list is that of the newest thing in it, and there is none where nothing in it has a
date, as a tool or a statement has not. It goes back when the newest is unpublished, since the day
of that is nobody's business.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django.urls import reverse

from journal.models import CountedMonth, Entry
from roles.models import Role

from . import plain
from .models import Principle, Tool


@dataclass(frozen=True)
class PublicPage:
    """A page at `path`; `item` is what it is of, if it is of one thing."""

    path: str
    title: str = ""
    changed_at: datetime | None = None
    item: object = None

    @property
    def twin(self):
        """The address of its plain form."""
        return plain.twin(self.path)

    @classmethod
    def of(cls, item):
        return cls(item.get_absolute_url(), str(item), getattr(item, "changed_at", None), item)


def pages():
    """Every page, the entries last, which are not all in memory at once."""
    yield from all_but_entries(CountedMonth.objects.live())
    yield from entries(Entry.objects.live())


def all_but_entries(months):
    """The pages that are few. `months` are `CountedMonth.objects.live()`, here and below."""
    found = items()
    return [
        *lists(months, found),
        *chain(*found.values()),
        *year_pages(months),
        *month_pages(months),
    ]


def lists(months, items):
    """The pages that a reader finds in the menus, home first; `items` are `items()`."""
    roles, principles = (latest_of(items[name]) for name in ("roles", "thinking"))
    told = [page for page in items["roles"] if page.item.learned or page.item.broke]
    journal = latest(month.latest for month in months)
    return [
        PublicPage(reverse("home"), "", latest([roles, principles, journal])),
        PublicPage(reverse("now"), "now"),
        PublicPage(reverse("roles:index"), "roles", roles),
        PublicPage(reverse("thinking"), "thinking", principles),
        PublicPage(reverse("journal:index"), "journal", journal),
        PublicPage(reverse("tools"), "tools"),
        PublicPage(reverse("lessons"), "what broke, and what i learned", latest_of(told)),
        PublicPage(reverse("cv"), "cv", latest([roles, principles])),
    ]


def items():
    """The pages of single things that are not in the journal, as {section: pages}."""
    sections = {
        "roles": Role.objects.live(),
        "thinking": Principle.objects.live(),
        "tools": Tool.objects.all(),
    }
    return {name: [*map(PublicPage.of, items)] for name, items in sections.items()}


def years(months):
    """The years of the months, newest first, as {year: its months}."""
    found = {}
    for month in months:
        found.setdefault(month.month.year, []).append(month)
    return found


def year_pages(months):
    for year, its_months in years(months).items():
        changed_at = latest(month.latest for month in its_months)
        yield PublicPage(reverse("journal:year", args=[year]), str(year), changed_at)


def month_pages(months):
    for month in months:
        path = reverse("journal:month", args=[month.month])
        yield PublicPage(path, str(month.month), month.latest)


def entries(live):
    """The pages of a queryset of live entries."""
    needed = live.only("title", "slug", "month", "publish_at", "updated_at")
    return map(PublicPage.of, needed.iterator())


def latest_of(pages):
    return latest(page.changed_at for page in pages)


def latest(dates):
    """The latest of dates, of which some may be None; None if all are."""
    return max(filter(None, dates), default=None)
