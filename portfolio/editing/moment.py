"""Form fields for a moment: an author types local time, and what is kept is an instant.

A form says in which time zone it shows a time, and which instant that is. So a time that nobody
touched stays the same instant to the microsecond, wherever and whenever the form is sent, and what
is typed is meant in the zone that stands beside it.
"""

from contextlib import suppress
from datetime import UTC, datetime

from django import forms
from django.contrib.admin.widgets import AdminDateWidget, AdminSplitDateTime, AdminTimeWidget
from django.core.exceptions import ValidationError
from django.forms.utils import from_current_timezone
from django.utils import timezone

from .clock import named, zone_name

FIRST_YEAR, LAST_YEAR = 1000, 9998  # with a day to spare for any time zone


class MomentWidget(AdminSplitDateTime):
    """A box for the date and one for the time; hidden, their zone and the instant they show."""

    template_name = "admin/widgets/moment.html"
    supports_microseconds = True

    def __init__(self, attrs=None):
        hidden = {"autocomplete": "off"}
        boxes = {"0": AdminDateWidget(), "1": AdminTimeWidget()}
        beside = {"zone": forms.HiddenInput(hidden), "shown": forms.HiddenInput(hidden)}
        forms.MultiWidget.__init__(self, boxes | beside, attrs)

    def decompress(self, value):
        zone = zone_name()
        if not value:
            return ["", "", zone, ""]
        local = timezone.localtime(value)
        shown = value.astimezone(UTC).isoformat()
        return [f"{local:%Y-%m-%d}", f"{local:%H:%M:%S}", zone, shown]


class MomentField(forms.SplitDateTimeField):
    """The instant of a `MomentWidget`; None for an empty one."""

    widget = MomentWidget

    def clean(self, value):
        """Raises ValidationError, which explains the hour that a clock change takes or doubles."""
        if isinstance(value, str):
            raise ValidationError(self.error_messages["invalid_date"], code="invalid_date")
        *typed, zone, shown = value if isinstance(value, list) else self.widget.decompress(value)
        with timezone.override(named(zone or "") or timezone.get_current_timezone()):
            local, instant = super().clean(typed), instant_of(shown)
            if instant and local == timezone.make_naive(instant).replace(microsecond=0):
                return instant
            return local and aware(local)

    def compress(self, data_list):
        if not data_list:
            return None
        for part, code in zip(data_list, ("invalid_date", "invalid_time"), strict=True):
            if part in self.empty_values:
                raise ValidationError(self.error_messages[code], code=code)
        return datetime.combine(*data_list)

    def settle(self, data, name):
        """Put the moment of a form's data, a mutable QueryDict, on the current clock.

        What is no moment yet stays as it was typed, in the zone that it was typed in.
        """
        names = [name + suffix for suffix in self.widget.widgets_names]
        if names[0] not in data:
            return
        values = self.widget.value_from_datadict(data, {}, name)
        if not named(values[2] or ""):
            values[2] = zone_name()
        with suppress(ValidationError):
            values = self.widget.decompress(self.clean(values))
        for part, value in zip(names, values, strict=True):
            data[part] = value or ""


class LocalMomentField(forms.DateTimeField):
    """A moment of the current clock in one box."""

    widget = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value):
        try:
            return super().to_python(value)
        except ValidationError as error:
            raise explained(error) from None


def instant_of(text):
    """The instant that a form says it shows; None if it shows none."""
    try:
        instant = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return instant if instant.tzinfo and FIRST_YEAR <= instant.year <= LAST_YEAR else None


def aware(local):
    """The instant of a time on the current clock. Raises ValidationError."""
    if not FIRST_YEAR <= local.year <= LAST_YEAR:
        raise ValidationError(f"Give a year between {FIRST_YEAR} and {LAST_YEAR}.")
    try:
        return from_current_timezone(local)
    except ValidationError as error:
        raise explained(error) from None


def explained(error):
    """The ValidationError of a time, in a sentence if a clock change is the reason."""
    if error.code != "ambiguous_timezone":
        return error
    return ValidationError(explain(error.params["datetime"]))


def explain(local):
    """Why a moment without a zone is none, or is two, on the current clock, and what to do."""
    zone = timezone.get_current_timezone()
    first, second = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    name = zone_name()
    if first < second:
        meant = local + (second - first)
        day = "" if meant.date() == local.date() else f"{meant:%d %b %Y}, "
        return (
            f"{local:%H:%M} does not exist on {local:%d %b %Y} in {name}: the clocks go forward. "
            f"Write {day}{meant:%H:%M} for the moment that it would have been."
        )
    return (
        f"{local:%H:%M} comes twice on {local:%d %b %Y} in {name}: the clocks go back. "
        f"Write a time before or after that hour, so that it is clear which is meant."
    )
