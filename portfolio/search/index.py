"""Writes the index, in the transaction of whatever changed."""

import json
from collections import Counter, defaultdict
from itertools import chain, islice

from django.db import connection, models, transaction

from portfolio import markdown

from .models import Document, Terms, Word
from .words import terms, words

# Characters of a text that are looked at, as many as one Markdown field has at most.
MOST_TEXT = 100_000
# https://www.postgresql.org/docs/current/textsearch-limitations.html
TSVECTOR_BYTES, LAST_PLACE, MOST_PLACES = 1_000_000, 16_383, 255
# Characters of a text whose terms always have room, however many there are.
NEVER_TOO_LARGE = 30_000
AT_ONCE = 500
TEXT = (models.CharField, models.TextField)
# A word that so many documents use is counted no further, nor back: nothing asks for more, and in
# one transaction PostgreSQL would read all earlier counts of a row for each that it writes.
MANY = 500
# How each engine has the rows of a list in JSON as `value`.
ROWS = {"sqlite": "json_each(%s)", "postgresql": "jsonb_array_elements(%s::jsonb)"}
ADD_WORDS = """
    INSERT INTO search_word (text, head, tail, documents)
    SELECT value ->> 0, value ->> 1, value ->> 2, CAST(value ->> 3 AS integer) FROM {} WHERE true
    ON CONFLICT (text) DO UPDATE SET documents = search_word.documents + excluded.documents
    WHERE search_word.documents < %s
"""


def follow(sender, pks, fields, **kwargs):
    """Receives `content_changed`: keeps the documents of what was written as it is now."""
    texts = {field.name for field in sender._meta.fields if isinstance(field, TEXT)}
    if sender in Document.kinds() and (fields is None or texts.intersection(fields)):
        refresh(sender, pks)


def fill(sender, plan=None, **kwargs):
    """Receives `post_migrate`: a migration of the index's tables leaves them filled.

    `flush` sends it too, without a plan: it empties all tables but the engine's own.
    """
    if plan is None or any(
        step.app_label == sender.label and not backwards for step, backwards in plan
    ):
        rebuild()


@transaction.atomic
def rebuild():
    """Write the whole index anew; returns how many documents it has."""
    take_turns()
    for model in (Terms, Document, Word):
        model.objects.all().delete()
    for model in Document.kinds():
        refresh(model, None)
    return Document.objects.count()


@transaction.atomic
def refresh(model, pks):
    """Write the documents of these items anew, None for all; those of items that are gone go."""
    take_turns()
    if pks is None:
        pks = model._base_manager.values_list("pk", flat=True)
    pks = sorted(pks)
    for start in range(0, len(pks), AT_ONCE):
        refresh_some(model, pks[start : start + AT_ONCE])


def take_turns():
    # SQLite has one writer. Here two that come upon the same words in another order would
    # otherwise wait for each other.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE search_word IN SHARE ROW EXCLUSIVE MODE")


def refresh_some(model, pks):
    kind = Document.kinds()[model]
    items = model._base_manager.in_bulk(pks)
    documents = Document.objects.filter(**{f"{kind}__in": pks})
    documents = {getattr(document, f"{kind}_id"): document for document in documents}
    gone = [document for pk, document in documents.items() if pk not in items]
    changed, uses = [], Counter()
    for document in gone:
        uses.subtract({*words(document.title), *words(document.text)})
    for pk, item in items.items():
        document = documents.get(pk) or Document(**{f"{kind}_id": pk})
        said = document.title, document.text
        document.title, document.text = str(item), text(item)
        if document.pk is None or said != (document.title, document.text):
            document.words = words(document.title), words(document.text)
            changed.append(document)
            uses.update({*chain(*document.words)})
            uses.subtract({*chain(*map(words, said))})
    write(gone, changed)
    write_words(uses)


def text(item):
    """What a document holds of an item beside its title: plain text."""
    return " ".join(filter(None, map(markdown.plain, item.searched)))[:MOST_TEXT]


def write(gone, changed):
    """Write what is changed, each with the `words` of its title and its text."""
    new = [document for document in changed if document.pk is None]
    known = [document for document in changed if document.pk is not None]
    Document.objects.filter(pk__in=[document.pk for document in gone]).delete()
    Document.objects.bulk_update(known, ["title", "text"])
    Document.objects.bulk_create(new)
    Terms.objects.filter(pk__in=[document.pk for document in gone + changed]).delete()
    insert, row = (
        ("INSERT INTO search_terms (rowid, title, text) VALUES (%s, %s, %s)", fts5_row)
        if connection.vendor == "sqlite"
        else ("INSERT INTO search_terms VALUES (%s, %s::tsvector)", tsvector_row)
    )
    with connection.cursor() as cursor:
        cursor.executemany(insert, [row(document) for document in changed])


def fts5_row(document):
    return document.pk, *(" ".join(terms(part)) for part in document.words)


def tsvector_row(document):
    """The terms at their places, those of the title with weight A, as a tsvector is written.

    One that lacks something, since PostgreSQL keeps no more, has the term `=` as well.
    """
    found, start, lacks = defaultdict(list), 1, False
    for weight, part in zip("AD", document.words, strict=True):
        for place, term in enumerate(terms(part), start):
            at = found[term]
            if at and (len(at) == MOST_PLACES or place > LAST_PLACE):
                lacks = True
            else:
                at.append(f"{place}{weight}")
                lacks = lacks or place > LAST_PLACE
        # Nothing is in a row with the end of the title.
        start = len(document.words[0]) * 2 + 2
    if len(document.text) > NEVER_TOO_LARGE:
        found, cut = fitting(found)
        lacks = lacks or cut
    if lacks:
        found["="] = ["1D"]
    return document.pk, " ".join(f"'{term}':{','.join(at)}" for term, at in found.items())


def fitting(found):
    """As many of the terms with their places as a tsvector has room for, and whether some go."""
    room = TSVECTOR_BYTES
    for number, (term, at) in enumerate(found.items()):
        room -= len(term.encode()) + 2 * len(at) + 4
        if room < 0:
            return dict(islice(found.items(), number)), True
    return found, False


def write_words(uses):
    """Add to the number of documents that use each word; words that none uses any more go."""
    changes = sorted((word, number) for word, number in uses.items() if number)
    if not changes:
        return
    # In one statement, which waits for the database once.
    rows = json.dumps([(word, word[:2], word[-2:], number) for word, number in changes])
    with connection.cursor() as cursor:
        cursor.execute(ADD_WORDS.format(ROWS[connection.vendor]), [rows, MANY])
    lost = [word for word, number in changes if number < 0]
    for start in range(0, len(lost), AT_ONCE):
        Word.objects.filter(text__in=lost[start : start + AT_ONCE], documents__lte=0).delete()
