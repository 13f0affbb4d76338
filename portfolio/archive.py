"""A list of any length, newest first, a page at a time; the deepest page costs what the first does.

A page is known by the item that it comes after, as `before/2024/05/a-slug/` at the end of the
list's own address. That item has to be one of the list, so an address tells nothing of a draft.
"""

from dataclasses import dataclass

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from .months import MonthConverter
from .page import Page

SIZE = 24


class PlaceConverter:
    """The `2024/05/a-slug` of an address, as the natural key of an entry."""

    regex = f"{MonthConverter.regex}/[a-z0-9-]+"

    def to_python(self, value):
        month, _, slug = value.rpartition("/")
        return month.replace("/", "-"), slug

    def to_url(self, key):
        month, slug = key
        return f"{month.replace('-', '/')}/{slug}"


@dataclass(frozen=True)
class Part:
    """One page of a list. `older` and `newer` are the paths of the pages beside it, or empty."""

    entries: list
    older: str
    newer: str
    is_first: bool

    @property
    def months(self):
        """What it reaches over, such as `jan 2024 – mar 2024`."""
        return " – ".join(dict.fromkeys(str(self.entries[i].month) for i in (-1, 0)))

    def title(self, title):
        """The title of the list's first page, made different on the others."""
        return title if self.is_first else f"{title}, {self.months}"


def part(request, entries, name):
    """The `Part` that the request asks for of `entries`, in the kind's own order.

    `name` is that of the route of the list, and of the route that ends in `before/…/`.

    Raises Http404 if it asks for what comes after an entry that is not in the list, or is its last.
    """
    key = request.resolver_match.kwargs.get("before")
    newer = ""
    if key:
        names = entries.model.natural_key_fields
        place = get_object_or_404(entries, **dict(zip(names, key, strict=True)))
        # The page before ends with `place`; it comes after the entry that is SIZE newer.
        newer = address(request, name, entries.after(place)[SIZE - 1 : SIZE].first())
        entries = entries.before(place)
    found = [*entries[: SIZE + 1]]
    if key and not found:
        raise Http404("Nothing is older.")
    shown = found[:SIZE]
    older = address(request, name, shown[-1]) if len(found) > SIZE else ""
    return Part(shown, older, newer, not key)


def address(request, name, place):
    """The path of the same list after `place`, or from its beginning."""
    kwargs = {**request.resolver_match.kwargs}
    kwargs.pop("before", None)
    if place:
        kwargs["before"] = place.natural_key()
    return reverse(name, kwargs=kwargs)


def older_entries(request, owner, entries, name, trail):
    """A page of those entries of a tool or a role which do not fit on its own page."""
    shown = part(request, entries, name)
    page = Page(shown.title(str(owner)), trail=(*trail, (str(owner), owner.get_absolute_url())))
    return TemplateResponse(
        request, "journal/older.html", {"page": page, "part": shown, "owner": owner}
    )
