"""What is near an entry: what shares its tools, its role or its telling words."""

from collections import Counter
from heapq import nlargest

from django.db.models import Value

from portfolio.models import is_live
from portfolio.search import query

from .models import Entry

# How many entries are looked at for each thing shared. Of a tool that 100,000 entries use these are
# the ones that got it last.
LOOKED_AT = 20
TOOLS = 12


def nearest(entry, limit=3):
    """The keys of the live entries that share most with an entry, at most `limit`.

    Among equals come first those whose words are most like its own, then the latest written.
    """
    # In one query, whose parts SQLite lets have no limit of their own.
    words, shared = query.having(entry), sharing(entry)
    parts = [rows.annotate(of=Value(n < len(words))) for n, rows in enumerate([*words, *shared])]
    rows = [*parts[0].union(*parts[1:], all=True)] if parts else []
    alike = query.most_shared((tuple(place) for *place, by_word in rows if by_word), LOOKED_AT)
    return most_related(alike, (pk for _, pk, by_word in rows if not by_word), limit)


def most_related(alike, sharing, limit=3):
    """The keys that come most often among those alike, the likest first, and those sharing."""
    shared = Counter(alike)
    shared.update(sharing)
    likeness = {pk: LOOKED_AT - place for place, pk in enumerate(alike)}
    best = nlargest(limit, ((count, likeness.get(pk, 0), pk) for pk, count in shared.items()))
    return [pk for *_, pk in best]


def sharing(entry):
    """Of each of its tools, and of its role, the (month, key) of the latest entries with it."""
    links = Entry.tools.through.objects
    others = links.filter(is_live("entry__")).exclude(entry=entry)
    parts = [
        links.filter(pk__in=latest(others.filter(tool=tool))).values_list("entry__month", "entry")
        for tool in entry.tools.all()[:TOOLS]
    ]
    if entry.role and entry.role.state == "live":
        others = Entry.objects.live().exclude(pk=entry.pk)
        with_role = latest(others.filter(role=entry.role))
        parts.append(Entry.objects.filter(pk__in=with_role).order_by().values_list("month", "pk"))
    return parts


def latest(rows):
    return rows.order_by("-pk").values("pk")[:LOOKED_AT]
