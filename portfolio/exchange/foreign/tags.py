"""The tools that the tags of posts are, and how any name becomes a slug."""

import re
from itertools import count

from django.utils.text import slugify

from portfolio.excerpts import before
from portfolio.models import Tool
from portfolio.search.words import words

NAME = Tool._meta.get_field("name").max_length
# Less than the most, so that a number fits behind it.
SLUG = Tool._meta.get_field("slug").max_length - 10
# What no database or encoder takes.
UNWRITABLE = re.compile("[\0\ud800-\udfff]")


def slug_of(text):
    """The slug of a text as the admin makes it; empty if none of its letters can be in one."""
    return slugify("-".join(words(text.replace("_", "-"))))[:SLUG].strip("-")


def folded(name):
    """What two spellings of one tag have in common."""
    return re.sub(r"[\s_-]+", " ", name).strip().casefold()


class Tools:
    """A tool for each tag and category of a source; one that is here already stays as it is."""

    def __init__(self, source):
        self.source = source
        self.here = {folded(name): slug for name, slug in Tool.objects.values_list("name", "slug")}
        self.slugs = {*self.here.values()}
        self.found = {}  # (slug, name, where) by the folded name
        self.categories = {}  # where the first post of each is, by its name

    def of(self, post):
        """The slugs of a post's tools."""
        tags, categories = (
            [*filter(None, map(tidy, names))] for names in (post.tags, post.categories)
        )
        for name in categories:
            self.categories.setdefault(name, post.where)
        return {self._slug(post, name) for name in [*tags, *categories]}

    def items(self):
        """The fields of each tool, with where it is first."""
        for slug, name, where in sorted(self.found.values()):
            yield {"slug": slug} | ({"name": name} if name else {}), where

    def remark_categories(self):
        if self.categories:
            names = ", ".join(f"“{name}”" for name in sorted(self.categories))
            self.source.remark(
                next(iter(self.categories.values())),
                f"Categories are tools here, as tags are: {names}. Delete the tools that are none.",
            )

    def _slug(self, post, name):
        if folded(name) not in self.found:
            known = self.here.get(folded(name))
            called = (known, None) if known else (self._free_slug(name), self._cut(post, name))
            self.found[folded(name)] = (*called, post.where)
        return self.found[folded(name)][0]

    def _free_slug(self, name):
        made = slug_of(name) or "tool"
        slugs = (f"{made}-{number}" if number > 1 else made for number in count(1))
        slug = next(slug for slug in slugs if slug not in self.slugs)
        self.slugs.add(slug)
        return slug

    def _cut(self, post, name):
        if len(name) > NAME:
            self.source.remark(
                post.where, f"The tag “{name}” is longer than {NAME} characters: it was cut."
            )
        return name[: before(name, NAME, NAME * 2 // 3)].strip()


def tidy(name):
    return " ".join(UNWRITABLE.sub("\ufffd", name).split())
