"""An object of a source, as it would be here."""

import datetime
from functools import cache

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import CheckConstraint
from django.utils import timezone

from .canonical import as_json

NO_TEXT = "It has a NUL or half a character, which no database keeps: take it out."


class Candidate:
    """Its `fields` are canonical and only those that the source tells; its `key` finds it here.

    What is wrong with it is told to `refuse(sentence)` as it is found, and then it is `broken`.
    """

    def __init__(self, kind, item, refuse):
        self.kind, self.where, self._refuse = kind, item.where, refuse
        self.broken = False
        self.fields, self._values, self._pointed = {}, {}, {}
        for name, value in item.fields.items():
            self._read(name, value)
        self.key = kind.key(self.fields)
        self.name = kind.name(self.key)
        self.updated_at = self._values.get("updated_at")
        if any(
            path.partition("__")[0] not in self.fields for path in kind.model.natural_key_fields
        ):
            self.refuse(f"It has no {' and '.join(kind.model.natural_key_fields)}.")

    def refuse(self, problem):
        self.broken = True
        self._refuse(self.where, problem)

    def _read(self, name, value):
        field = self.kind.fields.get(name)
        try:
            if field is None:
                raise ValidationError(f"{self.kind.label} has no field of this name.")
            if name in self.kind.to_many:
                self.fields[name] = sorted(read_key(field, key) for key in as_list(value))
            elif field.remote_field:
                self.fields[name] = None if value is None else read_key(field, value)
            else:
                self._values[name], self.fields[name] = read(field, value)
        except ValidationError as error:
            self.refuse(f"{name}: {' '.join(error.messages)}")

    def call_as_here(self, renamed):
        """Point at what was to be renamed before it by the name that it still has here."""
        for name, field in self.kind.fields.items():
            if field.remote_field and self.fields.get(name) and name not in self.kind.to_many:
                key = field.related_model._meta.label_lower, tuple(self.fields[name])
                self.fields[name] = list(renamed.get(key, self.fields[name]))
        self.key = self.kind.key(self.fields)

    # Compared with what is here.

    def differences(self, here):
        """{field: (value here, value in the source)} where the source tells another one."""
        found = {
            name: (here[name], value) for name, value in self.fields.items() if here[name] != value
        }
        # A file that was edited by hand keeps its date, and what was made of it has a later one.
        if found.keys() == {"updated_at"} and self.is_older_than(here["updated_at"]):
            return {}
        return found

    def is_older_than(self, updated_at):
        """Whether that was edited here since; so it may be if the source does not say when."""
        return self.updated_at is None or self.updated_at < datetime.datetime.fromisoformat(
            updated_at
        )

    # What it points at.

    def related(self, name):
        """The natural keys that a relation leads to."""
        value = self.fields.get(name)
        keys = value or [] if name in self.kind.to_many else [] if value is None else [value]
        return [tuple(key) for key in keys]

    def point(self, name, known):
        """Let a relation lead to the primary keys that are `known` by natural key."""
        if name not in self.fields:
            return
        keys = self.related(name)
        for key in keys:
            if key not in known:
                self.refuse(f"{name}: {' '.join(map(str, key))!r} is neither here nor before it.")
                return
        pks = [known[key] for key in keys]
        self._pointed[name] = pks if name in self.kind.to_many else pks[0] if pks else None

    # As a row.

    def instance(self, **measured):
        """A new, unsaved object."""
        return self.kind.model(**self._values | self._to_one() | measured)

    def write_to(self, instance):
        for name, value in {**self._values, **self._to_one()}.items():
            setattr(instance, name, value)

    def _to_one(self):
        return {
            self.kind.fields[name].attname: pk
            for name, pk in self._pointed.items()
            if name not in self.kind.to_many
        }

    def to_many(self, name):
        """The primary keys that a many-to-many relation leads to; None if the source says none."""
        return self._pointed.get(name)

    def validate(self, instance):
        """Check the fields as the admin's forms do, and what the database holds to."""
        for field in self.kind.fields.values():
            if not field.remote_field:
                try:
                    value = field.clean(getattr(instance, field.attname), instance)
                    for validator in form_validators(field):
                        validator(value)
                except ValidationError as error:
                    self.refuse(f"{field.name}: {' '.join(error.messages)}")
        if self.broken:
            return
        try:
            instance.clean()
            for constraint in instance._meta.constraints:
                # Those of uniqueness are about natural keys.
                if isinstance(constraint, CheckConstraint):
                    constraint.validate(self.kind.model, instance)
        except ValidationError as error:
            self.refuse(" ".join(error.messages))


def read(field, value):
    """A fixture's value as (Python's, canonical). Raises ValidationError."""
    if isinstance(value, list | dict):
        raise ValidationError("It is a list or an object, and has to be one value.")
    if isinstance(value, str):
        refuse_no_text(value)
    value = field.to_python(value)
    if isinstance(value, datetime.datetime) and timezone.is_naive(value):
        value = timezone.make_aware(value, timezone.get_default_timezone())
    try:
        return value, as_json(value)
    except OverflowError:
        raise ValidationError("It is before the year 1 or after 9999 in UTC.") from None


def refuse_no_text(value):
    try:
        if "\0" in value:
            raise ValidationError(NO_TEXT)
        value.encode()
    except UnicodeEncodeError:
        raise ValidationError(NO_TEXT) from None


def as_list(value):
    if not isinstance(value, list):
        raise ValidationError("It is not a list of natural keys.")
    return value


def read_key(field, key):
    """The canonical natural key, as a list, that a relation has in a fixture."""
    model = field.related_model
    parts = key if isinstance(key, list) else [key]
    if len(parts) != len(model.natural_key_fields):
        raise ValidationError(
            f"It has to be a natural key, [{', '.join(model.natural_key_fields)}]; "
            "export with natural keys."
        )
    return [
        read(model._meta.get_field(name), part)[1]
        for name, part in zip(model.natural_key_fields, parts, strict=True)
    ]


@cache
def form_validators(field):
    """What a form checks and a model does not."""
    validators = []
    if isinstance(field, models.TextField) and field.max_length:
        validators.append(MaxLengthValidator(field.max_length))
    if isinstance(field, models.CharField) and not field.blank:
        validators.append(refuse_blank)
    return validators


def refuse_blank(value):
    if not value.strip():
        raise ValidationError("This field has nothing but space.")
