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


def moment(value, zone=None):
    """The aware datetime of a datetime, a date or a text. Raises ValueError.

    What has no zone is in `zone`, or else in the site's own; what has no time is midnight there.
    """
    try:
        found = _read(value)
        if timezone.is_naive(found):
            found = timezone.make_aware(found, zone or timezone.get_default_timezone())
        Month.of(found)
        found.astimezone(datetime.UTC)
        return found
    except (ValueError, TypeError, IndexError, OverflowError):
        raise ValueError(f"{str(value)[:100]!r} is no date") from None


def _read(value):
    if isinstance(value, datetime.datetime):
        return value
    if isinstance(value, datetime.date):
        return datetime.datetime(value.year, value.month, value.day)
    text = value.strip() if isinstance(value, str) else ""
    if match := _ORDER.match(text):
        year, month, day = match.groups()
        rest = _ZONE.sub(
            lambda zone: "Z" if zone[1] else f"{zone[2]}:{zone[3]}", text[match.end() :]
        )
        rest = re.sub(r"\A[ T]+(?=\d:)", "T0", rest.rstrip())
        return datetime.datetime.fromisoformat(f"{year}-{int(month):02}-{int(day):02}{rest}")
    return parsedate_to_datetime(text)
