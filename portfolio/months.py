"""A month, and the model and form fields that hold one.

The content is dated by month (`jan 2026`), and a day must never be invented for it. `Month` has no
day to show; `MonthField` keeps it in a date column, whose day the database holds to the first.
"""

import datetime
import re
import unicodedata
from dataclasses import dataclass

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from .excerpts import shorten

NAMES = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_NUMBER_OF = {
    name: number
    for number, full in enumerate(NAMES, start=1)
    for name in (full, full[:3], *(["sept"] if full == "september" else []))
}
_NAME, _BETWEEN = "|".join(_NUMBER_OF), r"\s*[-/.\u2010-\u2013]\s*"
_NUMBERS = re.compile(rf"([0-9]{{4}}){_BETWEEN}([0-9]{{1,2}})|([0-9]{{1,2}}){_BETWEEN}([0-9]{{4}})")
_WORDS = re.compile(
    rf"({_NAME})(?:[.,]?\s*|{_BETWEEN})([0-9]{{4}})|([0-9]{{4}})(?:,?\s*|{_BETWEEN})({_NAME})\.?"
)


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month; orders by time, prints as `jan 2026`. ValueError when there is no such."""

    year: int
    month: int

    def __post_init__(self):
        if not (1000 <= self.year <= 9999 and 1 <= self.month <= 12):
            raise ValueError(f"{self.year}-{self.month} is not a month")

    def __str__(self):
        return f"{NAMES[self.month - 1][:3]} {self.year}"

    def isoformat(self):
        """ISO 8601's `2026-01`, as `<time datetime>`, fixtures and addresses want it."""
        return f"{self.year}-{self.month:02}"

    @property
    def first_day(self):
        return datetime.date(self.year, self.month, 1)

    @classmethod
    def of(cls, date):
        return cls(date.year, date.month)

    @classmethod
    def now(cls):
        return cls.of(timezone.localdate())

    @classmethod
    def parse(cls, text):
        """The month written as `2026-09`, `09/2026`, `sept 2026` or the like; else ValueError.

        Nothing with a day is a month, since the day would be lost.
        """
        # Full-width digits and hyphens of all kinds are what they look like.
        written = unicodedata.normalize("NFKC", text).strip().lower()
        if match := _NUMBERS.fullmatch(written):
            return cls(int(match[1] or match[4]), int(match[2] or match[3]))
        if match := _WORDS.fullmatch(written):
            return cls(int(match[2] or match[3]), _NUMBER_OF[match[1] or match[4]])
        raise ValueError(f"{text!r} is not a month")


def to_month(value):
    """A `Month` from what a form, a fixture, a query or the database gives; None stays None."""
    if value is None or value == "":
        return None
    if isinstance(value, Month):
        return value
    if isinstance(value, datetime.date):
        return Month.of(value)
    try:
        return Month.parse(str(value))
    except ValueError:
        raise ValidationError(
            "“%(value)s” is not a month. Write it as jan 2026 or 2026-01, 2026/01 or 01/2026.",
            code="invalid",
            params={"value": shorten(str(value), 40)},
        ) from None


class MonthInput(forms.TextInput):
    """A text box, since `type=month` is a plain box in Firefox and Safari and takes no words."""

    def __init__(self, attrs=None):
        super().__init__(
            {"placeholder": "jan 2026", "size": 10, "autocomplete": "off"} | (attrs or {})
        )

    def format_value(self, value):
        return None if value in (None, "") else str(value)


class MonthFormField(forms.Field):
    widget = MonthInput

    def to_python(self, value):
        return to_month(value.strip() if isinstance(value, str) else value)

    def has_changed(self, initial, data):
        try:
            return to_month(initial) != self.to_python(data)
        except ValidationError:
            return True


class MonthField(models.DateField):
    """A `Month` in a date column; the database refuses any day but the first."""

    description = "Month"

    def from_db_value(self, value, expression, connection):
        return to_month(value)

    def to_python(self, value):
        return to_month(value)

    def get_prep_value(self, value):
        month = to_month(value)
        return month and month.first_day

    def get_db_prep_value(self, value, connection, prepared=False):
        value = value if prepared else self.get_prep_value(value)
        return connection.ops.adapt_datefield_value(value)

    def value_to_string(self, obj):
        month = self.value_from_object(obj)
        return None if month is None else month.isoformat()

    def formfield(self, **kwargs):
        return super().formfield(**kwargs | {"form_class": MonthFormField, "widget": MonthInput})

    def db_check(self, connection):
        column = connection.ops.quote_name(self.column)
        if connection.vendor == "sqlite":
            return f"{column} LIKE '%-01'"
        return f"EXTRACT(DAY FROM {column}) = 1"


class YearConverter:
    """The year of an address, as an int."""

    regex = "[1-9][0-9]{3}"
    to_python = int
    to_url = str


class MonthConverter:
    """The `2026/01` of an address, as a `Month`."""

    regex = "[1-9][0-9]{3}/(?:0[1-9]|1[0-2])"

    def to_python(self, value):
        return Month.parse(value)

    def to_url(self, month):
        return month.isoformat().replace("-", "/")
