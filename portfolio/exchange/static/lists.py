"""The lists of entries as files: of the journal, its years and months, of tools and of roles."""

from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from django.urls import reverse

from journal.views import above
from portfolio.archive import SIZE, Part
from portfolio.models import Tool
from portfolio.months import Month
from portfolio.page import Page
from roles.models import Role

from .entries import Title, facts
from .making import Task, asking_nothing, digest, page


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as a list shows it, and nothing else of it."""

    title: str
    path: str
    month: Month
    description: str

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return self.path


class Lists:
    """`entries` are `Entries`; `descriptions` theirs by key."""

    def __init__(self, entries, descriptions, profile, common):
        self.entries, self.profile, self.common = entries, profile, common
        self.lines = {
            pk: Line(title.title, title.path, title.month, descriptions[pk])
            for pk, title in entries.titles.items()
        }

    def tasks(self):
        yield from self.journal()
        yield from self.tools()
        yield from self.roles()

    def parts(self, keys, name, **kwargs):
        """The (path, keys of the entries, older, newer) of each page of a list, newest first."""
        starts = range(0, max(1, len(keys)), SIZE)
        paths = [reverse(name, kwargs=kwargs)]
        for start in starts[1:]:
            place = self.entries.place(keys[start - 1])
            paths.append(reverse(name, kwargs={**kwargs, "before": place}))
        around = ["", *paths, ""]
        for number, start in enumerate(starts):
            yield paths[number], keys[start : start + SIZE], around[number + 2], around[number]

    def part(self, keys, older, newer, lines):
        return Part([lines[pk] for pk in keys], older, newer, not newer)

    def task(self, path, template, title, part, trail=(), **context):
        facts = {"part": part, **context}
        key = digest(self.common, title, trail, facts)
        return Task(path, key, make_list, (path, template, title, trail, facts, self.profile))

    def journal(self):
        months = [(month, [*keys]) for month, keys in self.by_month()]
        years = Counter()
        for month, keys in months:
            years[month.year] += len(keys)
        for path, keys, *around in self.parts([*self.lines], "journal:index"):
            part = self.part(keys, *around, self.lines)
            counts = dict(years) if part.is_first else {}
            yield self.task(path, "journal/index", "journal", part, years=counts)
        yield from self.years(months)
        yield from self.months(months)

    def by_month(self):
        return groupby(self.lines, key=lambda pk: self.lines[pk].month)

    def years(self, months):
        of = {y: [*its] for y, its in groupby(months, key=lambda month: month[0].year)}
        for year, (earlier, later) in beside([*of]).items():
            its = of[year]
            context = {
                "year": year,
                "months": [(month, len(keys)) for month, keys in its],
                "beside": [
                    other and (str(other), reverse("journal:year", args=[other]))
                    for other in (earlier, later)
                ],
            }
            every = [pk for _, keys in its for pk in keys]
            for path, keys, *around in self.parts(every, "journal:year", year=year):
                part = self.part(keys, *around, self.lines)
                yield self.task(path, "journal/year", str(year), part, above(), **context)

    def months(self, months):
        of = dict(months)
        for month, both in beside([*of]).items():
            context = {
                "month": month,
                "beside": [
                    other and (str(other), reverse("journal:month", args=[other])) for other in both
                ],
            }
            for path, keys, *around in self.parts(of[month], "journal:month", month=month):
                part = self.part(keys, *around, self.lines)
                trail = above(month.year)
                yield self.task(path, "journal/month", str(month), part, trail, **context)

    def tools(self):
        trail = (("tools", reverse("tools")),)
        keys_of = {}
        for pk in self.lines:
            for tool in self.entries.tools_of.get(pk, ()):
                keys_of.setdefault(tool.pk, []).append(pk)
        for tool in Tool.objects.prefetch_related("roles"):
            roles = [Title.of(role) for role in tool.roles.live()]
            parts = self.parts(keys_of.get(tool.pk, []), "tool", slug=tool.slug)
            path, keys, *around = next(parts)
            part = self.part(keys, *around, self.entries.titles)
            key = digest(self.common, facts(tool), roles, part)
            yield Task(path, key, make_tool, (tool, roles, part, self.profile))
            yield from self.older(Title.of(tool), parts, trail)

    def roles(self):
        trail = (("roles", reverse("roles:index")),)
        keys_of = {}
        for pk in self.lines:
            keys_of.setdefault(self.entries.role_of[pk], []).append(pk)
        for role in Role.objects.live().only("title", "slug"):
            parts = self.parts(keys_of.get(role.pk, []), "roles:role", slug=role.slug)
            next(parts)  # on the role's own page
            yield from self.older(Title.of(role), parts, trail)

    def older(self, owner, parts, trail):
        trail = (*trail, (owner.title, owner.path))
        for path, keys, *around in parts:
            part = self.part(keys, *around, self.lines)
            yield self.task(path, "journal/older", owner.title, part, trail, owner=owner)


def beside(keys):
    """Of keys, the latest first, the ones on either side, as {key: (earlier, later)}."""
    keys = [None, *keys, None]
    return {
        key: (earlier, later)
        for later, key, earlier in zip(keys[:-2], keys[1:-1], keys[2:], strict=True)
    }


def make_list(path, template, title, trail, facts, profile):
    with asking_nothing():
        about = Page(facts["part"].title(title), trail=trail)
        return page(path, template, {"page": about, "profile": profile, **facts}), None


def make_tool(tool, roles, part, profile):
    with asking_nothing():
        about = Page(tool.name, tool.description, (("tools", reverse("tools")),), tool)
        context = {"object": tool, "roles": roles, "part": part}
        return page(
            tool.get_absolute_url(),
            "tools/tool",
            {"page": about, "profile": profile, **context},
        ), None
