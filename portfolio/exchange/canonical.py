"""Content in its one canonical form: the same content is the same text, wherever it is kept.

An object is a fixture's dictionary of JSON's types, without primary key, its relations as natural
keys. Whatever compares, exports or imports content does it in this form.
"""

import contextlib
import datetime
import itertools
import re
import uuid
from collections import defaultdict
from functools import cached_property

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Collate

from journal.models import Entry
from portfolio.images import stem_of
from portfolio.models import (
    Evidence,
    Focus,
    FormerAddress,
    Image,
    MarkdownField,
    Principle,
    Profile,
    ProfileLink,
    Publishable,
    Tool,
    is_live,
)
from portfolio.months import Month
from roles.models import Outcome, Role

# What is content, each kind after those that it points at.
CONTENT = (
    *(Tool, Image, Profile, ProfileLink, Focus, Role, Outcome, Entry, Principle, Evidence),
    FormerAddress,
)
AT_ONCE = 1000  # objects in memory


def batches(items, size=AT_ONCE):
    """The items in lists of so many, the last of them shorter."""
    items = iter(items)
    while some := list(itertools.islice(items, size)):
        yield some


# Values.


def instant(value):
    """ISO 8601; Django's own encoder cuts microseconds to milliseconds."""
    return value.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")


AS_JSON = {
    datetime.datetime: instant,
    datetime.date: datetime.date.isoformat,
    Month: Month.isoformat,
    uuid.UUID: str,
}


def as_json(value):
    """What JSON has for a value that `values_list` gives."""
    convert = AS_JSON.get(type(value))
    return convert(value) if convert else value


class Kind:
    """A model as content: which of its fields are, and where they are read."""

    def __init__(self, model):
        meta = model._meta
        self.model, self.label = model, meta.label_lower
        self.to_many = {field.name: field for field in meta.many_to_many}
        to_one_or_none = [f for f in meta.concrete_fields if f.serialize and not f.primary_key]
        self.fields = {
            field.name: field
            for field in sorted([*to_one_or_none, *self.to_many.values()], key=lambda f: f.name)
        }

    @cached_property
    def columns(self):
        """The look-ups that give each field, as {name: [path, …]}; a relation has its key's."""
        return {
            name: [f"{name}__{path}" for path in field.related_model.natural_key_fields]
            if field.remote_field
            else [name]
            for name, field in self.fields.items()
            if name not in self.to_many
        }

    @cached_property
    def order(self):
        """By natural key, compared by code point, which the engines do not do by themselves."""
        return [self._by(path) for path in self.model.natural_key_fields or ["pk"]]

    def _by(self, path):
        field, place = None, self.model
        for name in path.split("__"):
            field = place._meta.pk if name == "pk" else place._meta.get_field(name)
            place = field.related_model
        is_text = field.get_internal_type() not in ("DateField", "PositiveSmallIntegerField")
        collated = is_text and connection.vendor == "postgresql"
        expression = Collate(F(path), "C") if collated else F(path)
        return expression.asc(nulls_first=True) if "__" in path or field.null else expression.asc()

    def rows(self, queryset=None):
        """Canonical objects of a queryset of the model, in no order, as (primary key, object)."""
        queryset = self.model._base_manager.all() if queryset is None else queryset
        paths = [path for paths in self.columns.values() for path in paths]
        read = queryset.values_list("pk", *paths).iterator(chunk_size=AT_ONCE)
        for some in batches(read):
            many = {name: self._related(name, [row[0] for row in some]) for name in self.to_many}
            for row in some:
                yield row[0], {"model": self.label, "fields": self._fields(row, many)}

    def _fields(self, row, many):
        # Every value of all content comes by here, so what each needs is looked up in place.
        convert, values = AS_JSON.get, iter(row)
        pk = next(values)
        fields = {}
        for name, field in self.fields.items():
            if name in many:
                fields[name] = many[name].get(pk, [])
            elif field.remote_field:
                key = [as_json(next(values)) for _ in self.columns[name]]
                # A natural key begins with what no object is without; the profile has none.
                fields[name] = None if key and key[0] is None else key
            else:
                value = next(values)
                shown = convert(type(value))
                fields[name] = shown(value) if shown else value
        return fields

    def _related(self, name, pks):
        """The natural keys, sorted, that each of some rows has in a many-to-many relation."""
        field = self.to_many[name]
        owner, other = field.m2m_field_name(), field.m2m_reverse_field_name()
        keys = [f"{other}__{path}" for path in field.related_model.natural_key_fields]
        links = field.remote_field.through._base_manager.filter(**{f"{owner}__in": pks})
        found = defaultdict(list)
        for pk, *key in links.values_list(f"{owner}_id", *keys).iterator():
            found[pk].append([*map(as_json, key)])
        for related in found.values():
            related.sort()
        return found

    def key(self, fields):
        """The natural key of an object, as a tuple, from its canonical fields."""
        key = []
        for path in self.model.natural_key_fields:
            name, _, rest = path.partition("__")
            value = fields.get(name)
            if rest and value is not None:
                value = value[self.columns[name].index(path)]
            key.append(value)
        return tuple(key)

    def name(self, key):
        """What a person calls the object of a natural key."""
        return " ".join(str(part) for part in key if part is not None) or self.label

    def with_keys(self, keys):
        """A queryset of all objects with these natural keys, and of some others."""
        filters = {}
        for path, parts in zip(
            self.model.natural_key_fields, zip(*keys, strict=True), strict=False
        ):
            if None not in parts:
                filters[f"{path}__in"] = {*parts}
        rows = self.model._base_manager.filter(**filters)
        return rows if keys else rows.none()

    def pks(self, keys):
        """{natural key: primary key} of those that are here."""
        rows = self.with_keys(keys).values_list("pk", *self.model.natural_key_fields)
        found = {tuple(map(as_json, key)): pk for pk, *key in rows.iterator()}
        return {key: found[key] for key in keys & found.keys()}


KINDS = {model._meta.label_lower: Kind(model) for model in CONTENT}


# Reading.


@contextlib.contextmanager
def snapshot():
    """Whatever the block reads is of one moment; it only reads, and holds up no one who writes."""
    outermost = not connection.in_atomic_block
    if outermost and connection.vendor == "sqlite":
        # Any transaction is a snapshot; an immediate one would be the only one that may write.
        connection.ensure_connection()
        mode, connection.transaction_mode = connection.transaction_mode, "DEFERRED"
    try:
        with transaction.atomic():
            if outermost and connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    finally:
        if outermost and connection.vendor == "sqlite":
            connection.transaction_mode = mode


def content(live_only=False):
    """All content in canonical form and order, read as it is asked for: belongs in a `snapshot`."""
    for kind in KINDS.values():
        yield from read(kind, live_only)


def read(kind, live_only=False):
    """The canonical objects of a kind in order; of what is public alone, if told so."""
    queryset = kind.model._base_manager.all()
    if live_only:
        queryset = public(queryset)
    for _, item in kind.rows(queryset.order_by(*kind.order)):
        yield without_drafts(kind, item) if live_only else item


# What is public.


def public(queryset):
    model = queryset.model
    if model is Image:
        return queryset.filter(pk__in=shown())
    if model is Outcome:
        return queryset.filter(is_live("role__"))
    return queryset.live() if hasattr(queryset, "live") else queryset


def shown():
    """The keys of the pictures that the public sees."""
    stems = {
        stem_of(name) for name in Profile.objects.values_list("portrait__file", flat=True) if name
    }
    for model in CONTENT:
        names = [f.name for f in model._meta.fields if isinstance(f, MarkdownField)]
        if names:
            named = Q(
                *((f"{name}__contains", settings.MEDIA_URL) for name in names), _connector=Q.OR
            )
            texts = public(model._base_manager.all()).filter(named).values_list(*names)
            for text in itertools.chain.from_iterable(texts.iterator()):
                stems.update(re.findall(rf"{re.escape(settings.MEDIA_URL)}([0-9a-f]{{20}})", text))
    return [
        pk
        for pk, name in Image.objects.values_list("pk", "file").iterator()
        if stem_of(name) in stems
    ]


def without_drafts(kind, item):
    """A public object without what it says of a draft, such as the role where it happened."""
    for name, field in kind.fields.items():
        related = field.related_model
        if related and issubclass(related, Publishable) and item["fields"][name] is not None:
            key = dict(zip(related.natural_key_fields, item["fields"][name], strict=True))
            if not related._base_manager.filter(**key).live().exists():
                item["fields"][name] = None
    return item


# Writing.


def text(item):
    """The bytes of an object as it stands in a fixture: `json.dumps(…, indent=2)` within a list."""
    told = {"model": item["model"], "fields": dict(sorted(item["fields"].items()))}
    return b"  " + orjson.dumps(told, option=orjson.OPT_INDENT_2).replace(b"\n", b"\n  ")


def fixture(items):
    """The bytes of the fixture that holds the objects, in parts."""
    between = b"[\n"
    for some in batches(items, 100):
        yield between + b",\n".join(map(text, some))
        between = b",\n"
    yield b"[]\n" if between == b"[\n" else b"\n]\n"
