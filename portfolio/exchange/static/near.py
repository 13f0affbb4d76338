"""What is near each entry, as `journal.related` finds it for one, found for all at once."""

from collections import defaultdict
from heapq import nsmallest
from itertools import islice

from journal.models import Entry
from journal.related import LOOKED_AT, TOOLS, most_related
from portfolio.search import query
from portfolio.search.models import Document, Word

from ..canonical import batches

# In how many documents a kept word is at most: a usual one does not soon become telling.
RARE = query.TELLING * 5 // 4
AT_ONCE = 500


class Near:
    """`entries` are `Entries`, read in the same snapshot; `earlier` is what another one `kept`.

    Kept are the rare words of each entry by the entry's digest, so that its text need not be read
    again, and the usual ones, since what is kept is of no use when one of them became rare.
    """

    def __init__(self, entries, earlier):
        self.entries = entries
        counts = Word.objects.order_by("documents", "text")
        self.rare = dict(counts.filter(documents__lte=RARE).values_list("text", "documents"))
        usual = [*counts.filter(documents__gt=RARE).values_list("text", flat=True)]
        self.kept = {"usual": usual, "words": {}}
        self.telling, self.having = {}, defaultdict(list)
        is_of_use = earlier and self.rare.keys().isdisjoint(earlier["usual"])
        self.read_words(earlier["words"] if is_of_use else {})
        self.of_tools, self.of_roles = self.latest_of_tools(), self.latest_of_roles()

    def read_words(self, earlier):
        """The telling words of each entry, and the (month, key) of the entries that have each."""
        ranks = {word: rank for rank, word in enumerate(self.rare) if self.is_telling(word)}
        unknown = []
        for pk, known in self.entries.digests.items():
            if (words := earlier.get(known)) is None:
                unknown.append(pk)
            else:
                self.keep(known, words)
                rare = words.split()
                self.take(pk, rare, rare, ranks)
        for document in documents(unknown):
            used = query.used(document.title, document.text)
            rare, asked = used & self.rare.keys(), query.candidates(used)
            if len(asked) < query.CANDIDATES:
                self.keep(self.entries.digests[document.entry_id], " ".join(sorted(rare)))
            self.take(document.entry_id, rare, asked, ranks)
        # Most are of no entry's telling ones.
        wanted = {word for told in self.telling.values() for word in told}
        self.having = {word: self.having[word] for word in wanted}

    def is_telling(self, word):
        return 2 <= self.rare[word] <= query.TELLING

    def keep(self, digest, words):
        self.kept["words"][digest] = words

    def take(self, pk, rare, asked, ranks):
        month = self.entries.titles[pk].month
        place = (month.year, month.month), pk
        for word in ranks.keys() & rare:
            self.having[word].append(place)
        asked = (ranks.keys() & asked) - query.STOP_WORDS
        self.telling[pk] = nsmallest(query.TELL, asked, key=ranks.get)

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


def documents(keys):
    """What search knows of the entries with these keys, in their order."""
    for some in batches(keys, AT_ONCE):
        found = Document.objects.filter(entry__in=some).only("entry", "title", "text")
        found = {document.entry_id: document for document in found}
        yield from (found[pk] for pk in some if pk in found)
