"""What is near each entry, as `journal.related` finds it for one, found for all at once."""

from collections import defaultdict
from heapq import nsmallest
from itertools import islice

from journal.models import Entry
from journal.related import LOOKED_AT, TOOLS, most_related
from portfolio.search import query
from portfolio.search.models import Document, Word


class Near:
    """`entries` are `Entries`, read in the same snapshot."""

    def __init__(self, entries):
        self.entries = entries
        self.telling, self.having = {}, defaultdict(list)
        self.read_words()
        self.of_tools, self.of_roles = self.latest_of_tools(), self.latest_of_roles()

    def read_words(self):
        """The telling words of each entry, and the (month, key) of the entries that have each."""
        known = Word.objects.filter(documents__range=(2, query.TELLING))
        known = known.order_by("documents", "text").values_list("text", flat=True)
        ranks = {word: rank for rank, word in enumerate(known)}
        for document in Document.objects.filter(entry__isnull=False).iterator(chunk_size=500):
            pk = document.entry_id
            if pk not in self.entries.titles:
                continue
            place = self.entries.titles[pk].month, pk
            for word in ranks.keys() & query.used(document):
                self.having[word].append(place)
            asked = ranks.keys() & query.candidates(document)
            self.telling[pk] = nsmallest(query.TELL, asked, key=ranks.get)
        # Most are of no entry's telling ones.
        wanted = {word for told in self.telling.values() for word in told}
        self.having = {word: self.having[word] for word in wanted}

    def latest_of_tools(self):
        """The entries that got each tool last, as {tool: [key, …]}."""
        found = defaultdict(list)
        links = Entry.tools.through.objects.order_by("-pk").values_list("entry", "tool")
        for entry, tool in links.iterator(chunk_size=2000):
            if len(found[tool]) <= LOOKED_AT and entry in self.entries.titles:
                found[tool].append(entry)
        return found

    def latest_of_roles(self):
        found = defaultdict(list)
        for pk in sorted(self.entries.titles, reverse=True):
            role = self.entries.role_of[pk]
            if role in self.entries.roles and len(found[role]) <= LOOKED_AT:
                found[role].append(pk)
        return found

    def to(self, pk):
        """The keys of what is near an entry."""
        rows = (row for word in self.telling.get(pk, ()) for row in self.having[word])
        alike = query.most_shared((row for row in rows if row[1] != pk), LOOKED_AT)
        groups = [self.of_tools[tool.pk] for tool in self.entries.tools_of.get(pk, ())[:TOOLS]]
        groups.append(self.of_roles[self.entries.role_of[pk]])
        others = ((other for other in group if other != pk) for group in groups)
        sharing = (other for group in others for other in islice(group, LOOKED_AT))
        return most_related(alike, sharing)
