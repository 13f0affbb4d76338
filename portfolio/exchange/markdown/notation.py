"""How the fields of an object stand in YAML that people read and write.

What is as empty as when nobody says anything is left out. A relation is the name of what it leads
to, such as `2026-01-title` of an entry.
"""

import re
from functools import cache

from django.db import models

from ..canonical import KINDS
from ..files import SourceError
from .front_matter import Inline, Instant

# Keys by which Hugo knows what a page says.
OF_A_PAGE = {
    "name": "title",
    "position": "weight",
    "publish_at": "date",
    "updated_at": "lastmod",
    "url": "address",  # Hugo's `url` is the page's own
}
WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
UNSAID = object()


@cache
def fields_of(model):
    """The fields that are content, as they are declared; those that a person fills in first."""
    fields = KINDS[model._meta.label_lower].fields.values()
    return sorted(fields, key=lambda field: (not field.editable, field.creation_counter))


def unsaid(field):
    """The value of a field that nothing is said of; `UNSAID` if that is for the import to find."""
    if field.many_to_many:
        return []
    if field.null:
        return None
    if field.has_default() and not callable(field.default):
        return field.default
    return "" if field.blank and field.empty_strings_allowed else UNSAID


# Names.


def name_of(key):
    """A natural key as one word: a slug, or `2026-01-title`."""
    return "-".join(key)


def key_of(model, name):
    """The natural key that the name is of; None if it cannot be one."""
    if len(model.natural_key_fields) == 1:
        return [name]
    match = re.fullmatch(r"([0-9]{4}-[0-9]{2})-(.+)", name, re.DOTALL)
    return match and [match[1], match[2]]


# Writing.


def written(model, fields, names=None, without=()):
    """The fields as a mapping for YAML, with `names` for some of the keys."""
    found = {}
    for field in fields_of(model):
        value = fields[field.name]
        if field.name not in without and value != unsaid(field):
            found[(names or {}).get(field.name, field.name)] = shown(field, value)
    return found


def shown(field, value):
    if field.many_to_many:
        return Inline(map(name_of, value))
    if value is not None and field.remote_field:
        return name_of(value)
    if value is not None and isinstance(field, models.DateField):
        return Instant(value)
    return value


# Reading.


def read(model, mapping, where, names=None, without=()):
    """The fixture's fields that a mapping says, whose keys it takes out of it.

    A value that means nothing stays as it is, for the validation of the import. Raises SourceError
    for a relation that is no name, or no list of names.
    """
    found = {}
    for field in fields_of(model):
        if field.name in without:
            continue
        key = (names or {}).get(field.name, field.name)
        value = mapping.pop(key, None)
        value = unsaid(field) if value is None else told(field, value, f"{key!r} in {where}")
        if value is not UNSAID:
            found[field.name] = value
    return found


def told(field, value, where):
    if field.many_to_many:
        names = value if isinstance(value, list) else [value]
        return sorted(related(field, name, where) for name in names)
    if field.remote_field:
        return related(field, value, where)
    if not isinstance(value, str):
        return value
    if isinstance(field, models.BooleanField):
        return WORDS.get(value.lower(), value)
    if isinstance(field, models.IntegerField):
        return int(value) if re.fullmatch(r"[-+]?[0-9]{1,18}", value, re.ASCII) else value
    return value


def related(field, name, where):
    key = key_of(field.related_model, name) if isinstance(name, str) else None
    if key is None:
        example = "2026-01-title" if field.related_model.natural_key_fields[1:] else "some-title"
        raise SourceError(f"{where} is not the name of its file, such as {example}: write that.")
    return key
