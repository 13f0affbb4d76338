"""Things with what is told as their parts, such as their tools, in one query."""

from dataclasses import dataclass
from datetime import date

from django.db import models
from django.db.models.functions import JSONArray
from django.db.models.query import ModelIterable

from .months import MonthField


class Rows(models.Subquery):
    """The rows of a queryset of a single JSON column, in their order, as one JSON array."""

    output_field = models.JSONField()

    def as_sqlite(self, compiler, connection):
        gather = "(SELECT json_group_array(json(row)) FROM (%(subquery)s) AS part)"
        return self.as_sql(compiler, connection, template=gather)

    def as_postgresql(self, compiler, connection):
        gather = "(SELECT coalesce(jsonb_agg(row), '[]') FROM (%(subquery)s) AS part)"
        return self.as_sql(compiler, connection, template=gather)


@dataclass(frozen=True)
class Part:
    """The items of `queryset`, with no more than these `fields`, such as `title`, or
    `role__id` and `role__title`.

    A field that is not among them is read when it is asked for, as with `only()`.
    """

    queryset: models.QuerySet
    fields: tuple

    def rows(self):
        return Rows(self.queryset.annotate(row=JSONArray("pk", *self.fields)).values("row"))

    def item(self, db, row):
        own, related = {self.queryset.model._meta.pk.name: row[0]}, {}
        for path, value in zip(self.fields, row[1:], strict=True):
            name, _, field = path.rpartition("__")
            (related.setdefault(name, {}) if name else own)[field] = value
        item = made(self.queryset.model, db, own)
        for name, values in related.items():
            setattr(item, name, made(item._meta.get_field(name).related_model, db, values))
        return item


def made(model, db, values):
    """An item of the database of which only these values are known, as JSON has them."""
    fields = [field for field in model._meta.concrete_fields if field.name in values]
    known = [read(field, values[field.name]) for field in fields]
    return model.from_db(db, [field.attname for field in fields], known)


def read(field, value):
    # A month is kept as a date, which is not how one writes it.
    if value and isinstance(field, MonthField):
        value = date.fromisoformat(value)
    return field.to_python(value)


class PartsQuerySet(models.QuerySet):
    _parts = {}

    def with_parts(self, **parts):
        """Each item with these parts: its relations' names and the `Part` that each is told as.

        What `prefetch_related` does with a query for each relation is done in the one of the items.
        """
        rows = {f"{name}_rows": part.rows() for name, part in parts.items()}
        found = self.annotate(**rows)
        found._parts = {**self._parts, **parts}
        return found

    def _clone(self):
        found = super()._clone()
        found._parts = self._parts
        return found

    def _fetch_all(self):
        is_new = self._result_cache is None
        super()._fetch_all()
        if is_new and self._parts and self._iterable_class is ModelIterable:
            for item in self._result_cache:
                told = {
                    name: [part.item(self.db, row) for row in item.__dict__.pop(f"{name}_rows")]
                    for name, part in self._parts.items()
                }
                item._prefetched_objects_cache = {
                    **getattr(item, "_prefetched_objects_cache", {}),
                    **told,
                }
