"""What a page says about itself: one `page` in every context, which its head is made of."""

from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.urls import get_script_prefix, reverse


def address(name, *args):
    """The path of the page of that name, as `reverse` gives it.

    It is remembered: a page has links to dozens, and to find them was a tenth of its time.
    """
    return _address(get_script_prefix(), name, args)


@lru_cache(maxsize=4096)
def _address(prefix, name, args):
    return reverse(name, args=args)


def absolute(path):
    """The address of a path of this site, such as `/now/`, as the world outside knows it."""
    return settings.SITE_URL + path


@dataclass(frozen=True)
class Page:
    """A page as its head, feeds, link previews and its plain form describe it.

    `title` is without the site's name and empty on the home page; `trail` has the pages above it,
    outermost first, as (label, path); `item` is the thing that the page is of, if it is of one.
    `path` is its one address, with the query that makes it another page; empty for the path that
    was asked for. What is no page of the site, such as an error, is not `indexed`.
    """

    title: str = ""
    description: str = ""
    trail: tuple = ()
    item: object = None
    path: str = ""
    indexed: bool = True

    @property
    def is_public(self):
        """Whether the world may find it and link to it."""
        return self.indexed and getattr(self.item, "state", "live") == "live"
