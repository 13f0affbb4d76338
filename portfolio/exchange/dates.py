"""Dates as other systems write them."""

import datetime
import re
from email.utils import parsedate_to_datetime

from django.utils import timezone

from portfolio.months import Month

# Beside ISO 8601 and RFC 5322, in which no month's name depends on a language that is set.
_ORDER = re.compile(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,2})(?=\D|\Z)")
_ZONE = re.compile(
    r"\s*(?:\b(Z|UTC|GMT)|([+-]\d\d):?(\d\d))(?:\s*\(?[A-Z]{2,5}\)?)?\Z", re.IGNORECASE
)


def moment(value):
    """The aware datetime of a datetime, a date or a text. Raises ValueError.

    What has no zone is in the site's own; what has no time is midnight there.
    """
    if isinstance(value, datetime.datetime):
        found = value
    elif isinstance(value, datetime.date):
        found = datetime.datetime(value.year, value.month, value.day)
    elif isinstance(value, str):
        found = _read(value.strip())
    else:
        raise ValueError(f"{value!r} is not a date")
    if timezone.is_naive(found):
        found = timezone.make_aware(found)
    try:
        found.astimezone(datetime.UTC)
    except OverflowError:
        raise ValueError(f"{value!r} is not a date") from None
    Month.of(found)
    return found


def _read(text):
    if match := _ORDER.match(text):
        year, month, day = match.groups()
        rest = _ZONE.sub(
            lambda zone: "Z" if zone[1] else f"{zone[2]}:{zone[3]}", text[match.end() :]
        )
        rest = re.sub(r"\A[ T]+(?=\d:)", "T0", rest.rstrip())
        return datetime.datetime.fromisoformat(f"{year}-{int(month):02}-{int(day):02}{rest}")
    try:
        return parsedate_to_datetime(text)
    except (TypeError, IndexError, OverflowError):
        raise ValueError(f"{text!r} is not a date") from None
