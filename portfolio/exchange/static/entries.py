"""The pages of entries as files, each made of plain facts that are read for all at once."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

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

    `titles` has the `Title` of each entry by its key, in the order of the journal; `digests` one of
    what the entry's own page is made of, without what is around it. `common` is a digest of what
    goes into every page, and `earlier` is what `Near` kept.
    """

    def __init__(self, profile, common, earlier=None):
        self.profile, self.common, self.earlier = profile, common, earlier
        self.titles, self.digests, self.slugs, self.role_of = {}, {}, {}, {}
        for entry in Entry.objects.live().iterator(chunk_size=AT_ONCE):
            pictures = [*map(facts, images.named_in(entry.body))]
            self.titles[entry.pk] = Title.of(entry)
            self.digests[entry.pk] = digest(common, facts(entry), pictures)
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
        return Near(self, self.earlier)

    def tasks(self):
        """A `Task` for each page, which `complete` gives what it is made of."""
        for pk, title in self.titles.items():
            around = self.around(pk)
            key = digest(self.digests[pk], self.facts_of_tools(pk), around)
            yield Task(title.path, key, make_entry, (pk, around))

    def facts_of_tools(self, pk):
        return [*map(facts, self.tools_of.get(pk, ()))]

    def around(self, pk):
        """What the page of an entry says of others."""
        return {
            "neighbours": self.neighbours[pk],
            "role": self.roles.get(self.role_of[pk]),
            "evidence": self.evidence.get(pk, []),
            "related": [self.titles[other] for other in self.near.to(pk)],
        }

    def complete(self, tasks):
        """The tasks with all that they are made of, which is read for some at a time."""
        entries = Entry.objects.in_bulk(task.args[0] for task in tasks)
        result = []
        for task in tasks:
            pk, around = task.args
            entry = entries[pk]
            entry._prefetched_objects_cache = {"tools": self.tools_of.get(pk, [])}
            args = entry, around, images.named_in(entry.body), self.profile
            result.append(task._replace(args=args))
        return result


def facts(item):
    """What is known of an item as it was read: the values of its fields."""
    return {name: value for name, value in item.__dict__.items() if not name.startswith("_")}


def make_entry(entry, around, pictures, profile):
    trail = above(entry.month.year, entry.month)
    with asking_nothing(), images.at_hand(pictures):
        about = Page(entry.title, entry.description, trail, entry)
        context = {"page": about, "object": entry, "profile": profile, **around}
        return page(entry.get_absolute_url(), "journal/entry", context), about.description
