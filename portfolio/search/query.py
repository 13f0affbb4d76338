"""Reads the index: what is found is decided by the items as they are now, never by the index."""

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nlargest

from django.db import connection
from django.db.models import Case, Count, Q, Value, When
from django.db.models.functions import Coalesce, Length
from rapidfuzz import process
from rapidfuzz.distance import OSA

from portfolio.models import is_live

from .index import text
from .models import KINDS, Document, Rank, Terms, Word
from .words import STOP_WORDS, WORD, fold, stem, words

PAGE = 10
MOST_PAGES = 20
MOST_WORDS = 8
MOST_TYPED = 200  # characters
EXCERPT = 220  # characters
# How many words may be looked at to correct one, and in how many documents a telling word may be.
NEAR_WORDS = 5_000
TELLING = 300
CANDIDATES = 1_000  # how many of a text's words may be telling
TELL = 8  # how many of a text's telling words are looked at
# Of the documents that have a word, how many are asked whether one is live.
ASKED = 10_000

KIND = Case(*(When(**{f"{kind}__isnull": False}, then=Value(kind)) for kind in KINDS))
MONTH = Coalesce("entry__month", "role__started", "focus__since")

# How each engine writes a term, the beginning of one, and either of them in the title alone.
ENGINES = {
    "sqlite": {
        "term": '"{}"',
        "prefix": '"{}" *',
        "title": 'title : "{}"',
        "title_prefix": 'title : "{}" *',
        "all": " AND ",
        "any": " OR ",
    },
    "postgresql": {
        "term": "'{}'",
        "prefix": "'{}':*",
        "title": "'{}':A",
        "title_prefix": "'{}':*A",
        "all": " & ",
        "any": " | ",
    },
}


def typed(text):
    """The words of what someone typed, without stop words unless there are no others."""
    asked = words(text[:MOST_TYPED])
    return list(dict.fromkeys([w for w in asked if w not in STOP_WORDS] or asked))[:MOST_WORDS]


def match(asked, join="all", title=False):
    """The engine's expression for some folded words, the last of which may go on."""
    engine = ENGINES[connection.vendor]
    names = ("title", "title_prefix") if title else ("term", "prefix")
    term, prefix = (engine[name] for name in names)
    alternatives = [[term.format(stem(word))] for word in asked]
    if len(asked[-1]) > 1:
        alternatives[-1].append(prefix.format(f"={asked[-1]}"))
    return engine[join].join(f"({engine['any'].join(either)})" for either in alternatives)


def match_exactly(asked):
    """The engine's expression for any of some folded words just as they are."""
    engine = ENGINES[connection.vendor]
    return engine["any"].join(engine["term"].format(f"={word}") for word in asked)


def found(expression):
    return Document.objects.live().filter(terms__search_terms__match=expression)


def is_found(expression):
    """Whether something live matches."""
    # Without a limit of its own PostgreSQL reads the whole table, hoping for an early match.
    matching = Terms.objects.filter(search_terms__match=expression).values("pk")[:ASKED]
    return Document.objects.live().filter(pk__in=matching).exists()


def best(documents, expression, key="pk"):
    """The keys of documents, or of what they are of, the best first and of equals the newest."""
    order = documents.order_by(Rank(expression), MONTH.desc(nulls_last=True), "pk")
    return order.values_list(key, flat=True)


def with_items(keys):
    """The documents of these keys, in this order, with what they are of."""
    # Not sorted with all their text, as everything that matches has to be.
    keys = list(keys)
    documents = Document.objects.select_related(*KINDS).in_bulk(keys)
    return [documents[key] for key in keys if key in documents]


@dataclass
class Results:
    """What a search found: `documents` are one page of the `total`.

    `corrected` are the words that were searched instead of those typed, if they were others;
    `loose` says that not all of them had to be there.
    """

    text: str
    kind: str = ""
    year: int | None = None
    page: int = 1
    words: list = field(default_factory=list)
    corrected: str = ""
    loose: bool = False
    expression: str = ""
    # How many were found of each kind and month.
    counts: list = field(default_factory=list)

    @cached_property
    def kinds(self):
        """How many there are of each kind in the chosen year, in the order of the site."""
        of = Counter()
        for kind, month, number in self.counts:
            if self.year is None or (month and month.year == self.year):
                of[kind] += number
        return {kind: of[kind] for kind in KINDS if of[kind]}

    @cached_property
    def years(self):
        """How many there are of each year in the chosen kind, the latest first."""
        of = Counter()
        for kind, month, number in self.counts:
            if month and self.kind in ("", kind):
                of[month.year] += number
        return dict(sorted(of.items(), reverse=True))

    @property
    def total(self):
        return sum(number for kind, number in self.kinds.items() if self.kind in ("", kind))

    @property
    def pages(self):
        return min(-(-self.total // PAGE), MOST_PAGES)

    @cached_property
    def documents(self):
        documents = found(self.expression) if self.total else Document.objects.none()
        if self.kind:
            documents = documents.filter(**{f"{self.kind}__isnull": False})
        if self.year:
            dates = ("entry__month", "role__started", "focus__since")
            in_year = (Q(**{f"{date}__year": self.year}) for date in dates)
            documents = documents.filter(next(in_year) | next(in_year) | next(in_year))
        start = (self.page - 1) * PAGE
        documents = with_items(best(documents, self.expression)[start : start + PAGE])
        for document in documents:
            document.title_parts = marked(document.title, self.words)
            document.excerpt_parts = marked(excerpt(document.text, self.words), self.words)
        return documents


def search(text, kind="", year=None, page=1):
    """Results for what someone typed: all of its words, else those corrected, else any of them."""
    results = Results(text[:MOST_TYPED].strip(), kind, year, page)
    for asked, join in attempts(typed(text)):
        results.words, results.loose = asked, join == "any"
        results.expression = match(asked, join)
        results.counts = count(results.expression)
        if results.counts:
            if asked != typed(text):
                results.corrected = " ".join(asked)
            break
    return results


def attempts(asked):
    if asked:
        yield asked, "all"
        corrected = [correct(word) for word in asked]
        if corrected != asked:
            yield corrected, "all"
        if len(asked) > 1:
            yield corrected, "any"


def count(expression):
    counted = found(expression).annotate(of=KIND, month=MONTH).values_list("of", "month")
    return list(counted.annotate(number=Count("pk")).order_by())


def correct(word):
    """The nearest word of a live document to one that is in none; itself if none is near."""
    if len(word) < 4 or word.isdecimal() or is_found(match([word])):
        return word
    mistakes = 1 if len(word) < 8 else 2
    near = Word.objects.filter(Q(head=word[:2]) | Q(tail=word[-2:]))
    near = near.alias(size=Length("text"))
    near = near.filter(size__range=(len(word) - mistakes, len(word) + mistakes))
    near = near.order_by("-documents", "text").values_list("text", flat=True)[:NEAR_WORDS]
    nearest = process.extract(
        word, list(near), scorer=OSA.distance, score_cutoff=mistakes, limit=5, processor=None
    )
    # The words of drafts are among them.
    live = (other for other, *_ in nearest if is_found(match_exactly([other])))
    return next(live, word)


def suggest(text, limit=6):
    """The live documents whose titles have all words of what is being typed, the best first."""
    asked = typed(text)
    if not asked or len(asked[-1]) < 2:
        return []
    expression = match(asked, title=True)
    return with_items(best(found(expression), expression)[:limit])


def closest(text, limit=3):
    """Live items whose titles are closest to the words of a text, such as an address."""
    asked = [correct(word) for word in typed(text)]
    if not asked:
        return []
    expression = match(asked, "any", title=True)
    documents = with_items(best(found(expression), expression)[:limit])
    return [document.item for document in documents]


def similar(item, limit=3):
    """The keys of the live entries that share the most telling words with an item, best first.

    Words that few others use tell most. Only those of at most `TELLING` documents count, so that
    the cost does not grow with the site. How much of a text they are does not count, so that what
    is similar stays so whatever else is written.
    """
    others = having(item)
    return most_shared(others[0].union(*others[1:], all=True), limit) if others else []


def having(item):
    """Of each telling word of an item the (month, key) of the other live entries that have it."""
    telling = Word.objects.filter(
        text__in=candidates(used(item, text(item))), documents__range=(2, TELLING)
    )
    telling = telling.order_by("documents", "text").values_list("text", flat=True)[:TELL]
    kind = Document.kinds()[type(item)]
    of_others = Terms.objects.filter(is_live("document__entry__"))
    of_others = of_others.exclude(document__in=Document.objects.filter(**{kind: item}))
    return [
        of_others.filter(search_terms__match=match_exactly([word])).values_list(
            "document__entry__month", "document__entry"
        )
        for word in telling
    ]


def used(title, text):
    """The words of an item, by the title and the text that search knows of it."""
    return {*words(f"{title} {text}")}


def candidates(words):
    """Those of a document's words that may be telling."""
    return sorted(words - STOP_WORDS)[:CANDIDATES]


def most_shared(rows, limit):
    """The keys of the (month, key) that come most often; of equals the newest come first."""
    shared = Counter(rows)
    best = nlargest(limit, ((count, row) for row, count in shared.items()))
    return [key for _, (_, key) in best]


def hits(text, asked):
    """The places of the words of a text that were asked for: matches of `words.WORD`."""
    stems, last = {stem(word) for word in asked}, asked[-1]
    for place in WORD.finditer(text):
        word = fold(place[0])
        if word and (stem(word) in stems or (len(last) > 1 and word.startswith(last))):
            yield place


def marked(text, asked):
    """The text in parts, each with whether it was asked for."""
    parts, end = [], 0
    for place in hits(text, asked):
        parts += [(text[end : place.start()], False), (place[0], True)]
        end = place.end()
    return [(part, hit) for part, hit in [*parts, (text[end:], False)] if part]


def excerpt(text, asked, length=EXCERPT):
    """The part of a text around the first place with what was asked for, cut between words."""
    first = next(hits(text, asked), None)
    start = max(0, first.start() - length // 3) if first else 0
    start = text.rfind(" ", 0, start + 1) + 1 if start else 0
    end = start + length
    if end < len(text):
        end = max(text.rfind(" ", start, end), first.end() if first else start + length // 2)
    return ("… " if start else "") + text[start:end] + (" …" if end < len(text) else "")
