"""The pages of entries as files, each made of plain facts that are read for all at once."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from journal.models import Entry
from journal.views import above
from portfolio import images
from portfolio.models import Evidence, Tool
from portfolio.months import Month
from portfolio.page import Page
from roles.models import Role

from .making import Task, asking_nothing, digest, page
from .near import Near

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Title:
    """Something with a page of its own as others name it, and nothing else of it."""

    title: str
    path: str
    month: Month | None = None

    @classmethod
    def of(cls, item):
        return cls(str(item), item.get_absolute_url(), getattr(item, "month", None))

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return self.path


@dataclass(frozen=True, slots=True)
class Proof:
    """Evidence as the page of an entry names it."""

    verdict: str
    principle: Title


class Entries:
    """All that is live in the journal, read in one snapshot of the database.

    `titles` has the `Title` of each entry by its key, in the order of the journal.
    """

    def __init__(self):
        self.titles, self.slugs, self.role_of = {}, {}, {}
        needed = "title", "slug", "month", "role"
        for entry in Entry.objects.live().only(*needed).iterator(chunk_size=2000):
            self.titles[entry.pk] = Title.of(entry)
            self.slugs[entry.pk] = entry.slug
            self.role_of[entry.pk] = entry.role_id

    def place(self, pk):
        """Where an entry stands, as the address of what comes after it has it."""
        return self.titles[pk].month.isoformat(), self.slugs[pk]

    @cached_property
    def neighbours(self):
        """The `Title`s on either side, as {key: (smaller key, greater key)}."""
        keys = [None, *self.titles, None]
        beside = zip(keys[2:], keys[1:], keys[:-2], strict=False)
        title = self.titles.get
        return {pk: (title(before), title(after)) for before, pk, after in beside}

    @cached_property
    def tools(self):
        """The tools, without what pages of entries do not say of them, by key and in order."""
        return Tool.objects.only("name", "slug").in_bulk()

    @cached_property
    def tools_of(self):
        """The tools of each entry, in their order, as {key: [tool, …]}."""
        places = {tool.pk: place for place, tool in enumerate(Tool.objects.only("pk"))}
        links = Entry.tools.through.objects.values_list("entry", "tool")
        found = defaultdict(list)
        for entry, tool in links.iterator(chunk_size=2000):
            found[entry].append(tool)
        return {
            pk: [self.tools[tool] for tool in sorted(tools, key=places.get)]
            for pk, tools in found.items()
        }

    @cached_property
    def roles(self):
        return {role.pk: Title.of(role) for role in Role.objects.live().only("title", "slug")}

    @cached_property
    def evidence(self):
        found = defaultdict(list)
        for proof in (
            Evidence.objects.live().filter(entry__isnull=False).select_related("principle")
        ):
            found[proof.entry_id].append(Proof(proof.verdict, Title.of(proof.principle)))
        return found

    @cached_property
    def near(self):
        return Near(self)

    def tasks(self, profile, common):
        """A `Task` for each page. `common` is a digest of what goes into every page."""
        keys = iter(self.titles)
        while some := [*islice(keys, AT_ONCE)]:
            entries = Entry.objects.in_bulk(some)
            for pk in some:
                yield self.task(entries[pk], profile, common)

    def task(self, entry, profile, common):
        entry._prefetched_objects_cache = {"tools": self.tools_of.get(entry.pk, [])}
        around = {
            "neighbours": self.neighbours[entry.pk],
            "role": self.roles.get(entry.role_id),
            "evidence": self.evidence.get(entry.pk, []),
            "related": [self.titles[pk] for pk in self.near.to(entry.pk)],
        }
        pictures = images.named_in(entry.body)
        key = digest(
            common, facts(entry), [*map(facts, entry.tools.all())], around, [*map(facts, pictures)]
        )
        args = entry, around, pictures, profile
        return Task(entry.get_absolute_url(), key, make_entry, args)


def facts(item):
    """What is known of an item as it was read: the values of its fields."""
    return {name: value for name, value in item.__dict__.items() if not name.startswith("_")}


def make_entry(entry, around, pictures, profile):
    trail = above(entry.month.year, entry.month)
    with asking_nothing(), images.at_hand(pictures):
        about = Page(entry.title, entry.description, trail, entry)
        context = {"page": about, "object": entry, "profile": profile, **around}
        return page(entry.get_absolute_url(), "journal/entry", context), about.description
