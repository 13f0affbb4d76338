"""Reads the index: what is found is decided by the items as they are now, never by the index."""

import re
from collections import Counter, deque
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nlargest
from itertools import chain
from typing import NamedTuple

from django.db import connection
from django.db.models import BooleanField, Case, ExpressionWrapper, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from rapidfuzz import process
from rapidfuzz.distance import OSA

from portfolio import excerpts
from portfolio.models import is_live
from portfolio.months import Month

from .index import text
from .models import KINDS, Document, Rank, Terms, Word
from .words import (
    GERSHAYIM,
    STOP_WORDS,
    exact,
    has_particles,
    is_unspaced,
    places,
    stem,
    terms,
    words,
)

PAGE = 10
MOST_PAGES = 20
MOST_WORDS = 8
MOST_TYPED = 200  # characters
MOST_PARTS = 16  # of what is typed without spaces
EXCERPT = 220  # characters
# How many of the newest matches are ranked and counted, and of those with a match in the title: as
# many as there are pages for. A word that is in every text costs no more, then.
MOST = 200
# How many words the last one that was typed may go on as: those that most documents use.
ENDS = 10
# How many words may be looked at to correct one, and in how many documents a telling word may be.
NEAR_WORDS = 5_000
NEAREST = 5
TELLING = 300
# Of the documents that have a word, how many are asked whether one is live.
ASKED = 2_000
CANDIDATES = 1_000  # how many of a text's words may be telling
TELL = 8  # how many of a text's telling words are looked at

KIND = Case(*(When(**{f"{kind}__isnull": False}, then=Value(kind)) for kind in KINDS))
MONTH = Coalesce("entry__month", "role__started", "focus__since")

QUOTATION_MARKS = '"＂“”„‟«»‹›「」『』｢｣〝〞〟❝❞'
# A straight one behind a letter begins nothing, as in Hebrew; nor does one without an end.
QUOTED = re.compile(
    rf"(?:(?<!\w)[\"＂]|[{QUOTATION_MARKS[2:]}])"
    rf"((?:[^{QUOTATION_MARKS}]|{GERSHAYIM})*)[{QUOTATION_MARKS}]"
)
# How the engines join what they look for.
JOINS = {"sqlite": {"all": " AND ", "any": " OR "}, "postgresql": {"all": " & ", "any": " | "}}


@dataclass(frozen=True)
class Phrase:
    """Words that have to stand in a row as they are: quoted, or written without spaces."""

    words: tuple
    text: str = field(compare=False)
    is_quoted: bool = False

    def __str__(self):
        return self.text


def typed(text):
    """The folded words and the `Phrase`s of what someone typed.

    Without stop words that stand alone, unless there is nothing else.
    """
    text, asked, end = text[:MOST_TYPED], [], 0
    for quoted in QUOTED.finditer(text):
        asked += unquoted(text[end : quoted.start()])
        if row := words(quoted[1]):
            asked.append(Phrase(tuple(row), quoted[0], is_quoted=True))
        end = quoted.end()
    asked += unquoted(text[end:])
    asked = [each for each in asked if each not in STOP_WORDS] or asked
    return [*dict.fromkeys(asked)][:MOST_WORDS]


def unquoted(text):
    """The folded words of a text, with a `Phrase` for what a script without spaces joins."""
    found, end = [], 0
    for place in places(text):
        word, start, word_end = place
        if not is_unspaced(word):
            found.append(word)
        elif start <= end and found and isinstance(found[-1], list):
            found[-1].append(place)
        else:
            found.append([place])
        end = word_end
    return [each if isinstance(each, str) else joined(text, each) for each in found]


def joined(text, row):
    """The `Phrase` of words without spaces; its pairs say which characters are at its ends."""
    found = tuple(word for word, _, _ in row)
    return Phrase(found[1:-1] or found, text[row[0][1] : row[-1][2]])


def alternatives(asked, ends=()):
    """For each thing that is asked for what will do: terms in a row, between spaces.

    The last one may also be any of `ends`. A `*` stands after a term that may go on.
    """
    rows = [[terms_in_a_row(each)] for each in asked]
    rows[-1] += map(exact, ends)
    return rows


def terms_in_a_row(asked):
    if isinstance(asked, Phrase):
        return " ".join(terms(asked.words))
    if asked[-1] in "+#":
        return exact(asked)
    return f"{stem(asked)}*" if has_particles(asked) else stem(asked)


def match(asked, ends=(), join="all", title=False):
    """The engine's expression for what is asked for; the last may also be any of `ends`."""
    joins = JOINS[connection.vendor]
    return joins[join].join(
        f"({joins['any'].join(written(row, title) for row in either)})"
        for either in alternatives(asked, ends)
    )


def match_exactly(asked):
    """The engine's expression for any of some folded words just as they are."""
    return JOINS[connection.vendor]["any"].join(written(exact(word)) for word in asked)


def written(row, title=False):
    """Terms in a row as an expression of the engine's; PostgreSQL's is the same for titles."""
    row, goes_on = row.removesuffix("*"), row.endswith("*")
    if connection.vendor == "sqlite":
        return f'{"title : " if title else ""}"{row}"{" *" if goes_on else ""}'
    quoted = [f"'{term}'" for term in row.split(" ")]
    if len(quoted) == 1:
        return f"{quoted[0]}:*" if goes_on else quoted[0]
    # Of a long text it does not know all places; those have the term `=`.
    return f"({' <-> '.join(quoted)} | '=' & {' & '.join(quoted)})"


def newest(*expressions, titles=(), most=MOST):
    """The keys of the newest documents that match each expression, one more than `most` of each.

    `titles` are expressions for titles. Whether they are live is not looked at, which would be
    asked of every match.
    """
    matching = [Q(search_terms__match=expression) for expression in expressions]
    matching += [Q(search_terms__match_title=expression) for expression in titles]
    # The engines find these without reading what else matches.
    found = [
        Terms.objects.filter(each).order_by("-pk").values("pk")[: most + 1] for each in matching
    ]
    found = [Terms.objects.filter(pk__in=keys).values("pk") for keys in found]
    return Once(found[0].union(*found[1:]))


class Once(Subquery):
    """A subquery that is answered once, not for each row of the query that it is in.

    PostgreSQL does the other where it does not know yet how many rows there are, as in the first
    minute after an import.
    """

    def as_postgresql(self, compiler, connection):
        template = "(SELECT unnest(ARRAY(%(subquery)s)))"
        return self.as_sql(compiler, connection, template=template)


class Found(NamedTuple):
    """A document as it is ranked and counted: the less its `rank`, the better it matches."""

    rank: float
    pk: int
    kind: str
    month: Month | None
    has_all: bool

    @property
    def order(self):
        """The best first, of equals the newest."""
        month = self.month and -(12 * self.month.year + self.month.month)
        return self.rank, month is None, month, self.pk


def find(asked, ends=(), join="all", most=None):
    """The `Found` of live documents, the best first: of many the newest, and those by their title.

    With `join` any, all that have one of the words if none has all of them. If the newest are all
    drafts, as after an import, more are looked at.
    """

    most = most or MOST

    def keys(*joins):
        expressions = [match(asked, ends, each) for each in joins]
        titles = [match(asked, ends, each, True) for each in joins]
        return newest(*expressions, titles=titles, most=most)

    wanted, has_all = keys("all"), Value(True)
    if join == "any":
        has_all = Case(When(pk__in=wanted, then=True), default=False)
        wanted = keys("all", "any")
    rank = Rank(match(asked, ends, join), alternatives(asked, ends))
    live = ExpressionWrapper(Document.objects.is_live(), BooleanField())
    rows = Document.objects.filter(pk__in=wanted)
    rows = [*rows.values_list(rank, "pk", KIND, MONTH, has_all, live)]
    found = [Found(*row) for *row, shown in rows if shown]
    if not found and most < ASKED and len(rows) > most:
        return find(asked, ends, join, ASKED)
    if any(each.has_all for each in found):
        found = [each for each in found if each.has_all]
    return sorted(found, key=lambda each: each.order)


def with_items(keys):
    """The documents of these keys, in this order, with what they are of."""
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
    found: list = field(default_factory=list)

    @property
    def more_than(self):
        """The number that there are more of than were counted; 0 if all were."""
        return MOST if len(self.found) > MOST else 0

    @cached_property
    def kinds(self):
        """How many there are of each kind in the chosen year, in the order of the site."""
        of = Counter(each.kind for each in self.found if self.is_of_year(each))
        return {kind: of[kind] for kind in KINDS if of[kind]}

    @cached_property
    def years(self):
        """How many there are of each year in the chosen kind, the latest first."""
        of = Counter(each.month.year for each in self.found if each.month and self.is_of_kind(each))
        return dict(sorted(of.items(), reverse=True))

    @cached_property
    def chosen(self):
        return [each.pk for each in self.found if self.is_of_kind(each) and self.is_of_year(each)]

    def is_of_kind(self, found):
        return self.kind in ("", found.kind)

    def is_of_year(self, found):
        return self.year is None or (found.month and found.month.year == self.year)

    @property
    def total(self):
        return len(self.chosen)

    @property
    def pages(self):
        return min(-(-self.total // PAGE), MOST_PAGES)

    @cached_property
    def documents(self):
        start = (self.page - 1) * PAGE
        documents = with_items(self.chosen[start : start + PAGE]) if self.chosen else []
        for document in documents:
            document.title_parts = marked(document.title, self.words)
            document.excerpt_parts = marked(excerpt(document.text, self.words), self.words)
        return documents


def search(text, kind="", year=None, page=1):
    """Results for what someone typed: all of its words, else those corrected, else any of them."""
    results = Results(text[:MOST_TYPED].strip(), kind, year, page)
    if not (asked := typed(text)):
        return results
    results.words, results.found = asked, find(asked)
    if results.found:
        # With more than are ranked, what the last word goes on as would change little.
        if not results.more_than and (ends := ends_of(asked[-1])):
            results.found = find(asked, ends)
        return results
    corrected, ends = correct(asked)
    results.words = [*chain.from_iterable(map(parts, corrected))][:MOST_PARTS]
    results.found = find(results.words, ends, "any" if len(results.words) > 1 else "all")
    results.loose = not any(each.has_all for each in results.found)
    if results.found and corrected != asked:
        results.corrected = " ".join(map(str, corrected))
    return results


def parts(asked):
    """What may be there one without the other: the pairs of what is only written together."""
    if not isinstance(asked, Phrase) or asked.is_quoted:
        return [asked]
    return [Phrase((pair,), pair) for pair in asked.words[::2]]


def begun_by(word):
    """The words that begin with a word, which is none of them."""
    if len(word) < 2:
        return Q(pk=None)
    return Q(head=word[:2], text__startswith=word) & ~Q(text=word)


def ends_of(word):
    """What a word that is being typed may go on as; a phrase does not."""
    if isinstance(word, Phrase):
        return []
    found = Word.objects.filter(begun_by(word)).order_by("-documents", "text")
    return [*found.values_list("text", flat=True)[:ENDS]]


def correct(asked):
    """The words, of which each that is in no live document is the nearest that is in one.

    Also the words that the last one may go on as. Phrases are left, and words that nothing is near.
    """
    alone = [each for each in asked if not isinstance(each, Phrase)]
    if not alone:
        return asked, []
    looked_at = Q(*(begun_by(word) | near(word) for word in alone), _connector=Q.OR)
    known = Word.objects.filter(looked_at).order_by("-documents", "text")
    known = [*known.values_list("text", flat=True)[: NEAR_WORDS * len(alone)]]
    ends = {word: [each for each in known if is_end(each, word)][:ENDS] for word in alone}
    nearest = {word: nearest_of(word, known) for word in alone if is_correctable(word)}
    others = [*dict.fromkeys(other for found in nearest.values() for other in found)]
    # The words of drafts are among them.
    live = are_live(
        {word: match([word], ends[word]) for word in nearest}
        | {f"={other}": match_exactly([other]) for other in others}
    )
    result = []
    for word in asked:
        if word in nearest and word not in live:
            word = next((other for other in nearest[word] if f"={other}" in live), word)
        result.append(word)
    return result, ends.get(result[-1], []) if result[-1] == asked[-1] else []


def is_end(other, word):
    return len(word) > 1 and other != word and other.startswith(word)


def is_correctable(word):
    return len(word) >= 4 and not word.isdecimal()


def mistakes_in(word):
    """How many mistakes a word may have."""
    return 1 if len(word) < 8 else 2


def near(word):
    # One mistake leaves either the beginning or the end of it.
    either = Q(head=word[:2]) | Q(tail=word[-2:])
    return either if is_correctable(word) else Q(pk=None)


def nearest_of(word, known):
    """The nearest of the known words, of equals the most used."""
    most = mistakes_in(word)
    near = [
        other
        for other in known
        if abs(len(other) - len(word)) <= most
        and (other[:2] == word[:2] or other[-2:] == word[-2:])
    ][:NEAR_WORDS]
    found = process.extract(
        word, near, scorer=OSA.distance, score_cutoff=most, limit=NEAREST, processor=None
    )
    return [other for other, *_ in found]


def are_live(expressions):
    """Those names of the expressions, given as {name: expression}, that something live matches."""
    parts, params = [], []
    for expression in expressions.values():
        # Without a limit of its own PostgreSQL reads the whole table, hoping for an early match.
        matching = Terms.objects.filter(search_terms__match=expression).values("pk")[:ASKED]
        found = Document.objects.live().filter(pk__in=matching)
        sql, values = found.order_by().values("pk")[:1].query.sql_with_params()
        parts.append(f"EXISTS ({sql})")
        params += values
    if not parts:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", params)
        return {name for name, found in zip(expressions, cursor.fetchone(), strict=True) if found}


def keys(kind, text, most):
    """The keys of at most so many items of a kind, drafts too, with all words of what was typed."""
    if not (asked := typed(text)):
        return []
    found = newest(match(asked, ends_of(asked[-1])), most=most)
    documents = Document.objects.filter(pk__in=found, **{f"{kind}__isnull": False})
    return [*documents.values_list(kind, flat=True)]


def suggest(text, limit=6):
    """The live documents whose titles have all words of what is being typed, the best first."""
    asked = typed(text)
    if not asked or (isinstance(asked[-1], str) and len(asked[-1]) < 2):
        return []
    return titled(asked, ends_of(asked[-1]), "all", limit)


def closest(text, limit=3):
    """Live items whose titles are closest to the words of a text, such as an address."""
    asked = typed(text)
    if not asked:
        return []
    return [document.item for document in titled(*correct(asked), "any", limit)]


def titled(asked, ends, join, limit):
    """The live documents with some words in their titles, with what they are of, the best first."""
    expression = match(asked, ends, join, title=True)
    order = (
        Rank(expression, alternatives(asked, ends), title=True),
        MONTH.desc(nulls_last=True),
        "pk",
    )
    best = Document.objects.live().filter(pk__in=newest(titles=[expression])).order_by(*order)
    # Not sorted with all their text, as everything that matches has to be.
    documents = Document.objects.filter(pk__in=best.values("pk")[:limit]).order_by(*order)
    return [*documents.defer("text").select_related(*KINDS)]


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
    """The places of a text that have what was asked for, as (start, end)."""
    phrases = [each.words for each in asked if isinstance(each, Phrase)]
    alone = [each for each in asked if not isinstance(each, Phrase)]
    whole = {each for each in alone if each[-1] in "+#"}
    stems = {stem(each) for each in alone if each not in whole}
    begun = tuple(each for each in alone if has_particles(each) or (each == asked[-1] and each[1:]))
    by_end = {row[-1]: [*filter(lambda other: other[-1] == row[-1], phrases)] for row in phrases}
    end, seen = 0, deque(maxlen=max(map(len, phrases), default=1))
    for word, start, word_end in places(text):
        seen.append((word, start))
        if not (word in whole or stem(word) in stems or word.startswith(begun)):
            row = next((row for row in by_end.get(word, ()) if ends_with(seen, row)), None)
            if row is None:
                continue
            start = seen[-len(row)][1]
        if start >= end:
            end = word_end
            yield start, end


def ends_with(seen, row):
    return len(seen) >= len(row) and all(
        word == other for (word, _), other in zip(reversed(seen), reversed(row), strict=False)
    )


def marked(text, asked):
    """The text in parts, each with whether it was asked for."""
    parts, end = [], 0
    for start, hit_end in hits(text, asked):
        parts += [(text[end:start], False), (text[start:hit_end], True)]
        end = hit_end
    return [(part, hit) for part, hit in [*parts, (text[end:], False)] if part]


def excerpt(text, asked, length=EXCERPT):
    """The part of a text around the first place with what was asked for, cut between words."""
    first, first_end = next(hits(text, asked), (0, 0))
    start = excerpts.after(text, first - length // 3, first)
    end = max(first_end, excerpts.before(text, start + length, start + length // 2))
    part = text[start:end].strip()
    return ("… " if start else "") + part + (" …" if end < len(text) else "")
