"""The forms of content: what each may be told to do, and when it goes live."""

from datetime import datetime
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.utils import timezone
from django.utils.text import slugify
from django.utils.timezone import get_current_timezone_name

from portfolio.search.words import words

# What a publishable can be told to do, by the name of the button; the first is meant where none is.
VERBS = ("save", "publish", "schedule", "unpublish", "preview")


def verb_of(data):
    """The verb of a form's data."""
    return next((verb for verb in VERBS[1:] if f"_{verb}" in data), VERBS[0])


class ContentForm(forms.ModelForm):
    """A form that can be refused for what it does not know itself: `request.obstacles`."""

    request = None

    def clean(self):
        for obstacle in getattr(self.request, "obstacles", ()):
            self.add_error(None, obstacle)
        return super().clean()


class PublishableForm(ContentForm):
    """Shows what the working copy holds, and sets `publish_at` by the verb alone."""

    def __init__(self, data=None, files=None, **kwargs):
        begun = getattr(self.request, "begun", None) if data is None else None
        super().__init__(begun if begun is not None else data, files, **kwargs)
        self.stored_publish_at = self.instance.publish_at
        if "slug" in self.fields:
            self.fields["slug"].required = False
        if begun is not None:
            # Nobody has asked yet whether it is finished.
            self._errors = ErrorDict()

    def clean_slug(self):
        """The slug, or else one that is made from the title."""
        kind = self._meta.model._meta.model_name
        title = slugify("-".join(words(self.cleaned_data.get("title", ""))))
        return self.cleaned_data["slug"] or title[:80].strip("-") or f"{kind}-{uuid4().hex[:6]}"

    def clean(self):
        cleaned = super().clean()
        if "publish_at" in self.fields:
            try:
                cleaned["publish_at"] = self.publish_at(cleaned.get("publish_at"))
            except ValidationError as error:
                self.add_error("publish_at", error)
        return cleaned

    def publish_at(self, typed):
        """When it is public from, by the verb; None for never. Raises ValidationError."""
        now, verb = timezone.now(), verb_of(self.data)
        if verb == "unpublish":
            return None
        if verb == "publish":
            return self.publish_now(typed, now)
        if verb == "schedule":
            if typed is None or typed <= now:
                raise ValidationError("Give a date and a time that are still to come.")
            return typed
        return self.stored_publish_at

    def publish_now(self, typed, now):
        """Now, or the time past that was typed: nothing that is to wait goes public by mistake."""
        stored = self.stored_publish_at
        if typed is None:
            return now
        if stored and typed == stored.replace(microsecond=0):
            # The time that was shown: of what is live already, or is scheduled and not to wait.
            return stored if stored <= now else now
        if typed > now:
            raise ValidationError(
                "This is a time to come: press schedule, or empty it to publish now."
            )
        return typed


class PartFormSet(forms.BaseInlineFormSet):
    """Rows of a part; `quiet` ones are shown as they were typed, with no word on mistakes."""

    def __init__(self, *args, quiet=False, **kwargs):
        super().__init__(*args, **kwargs)
        if quiet:
            self._errors, self._non_form_errors = [], self.error_class()
            for form in self.forms:
                form._errors = ErrorDict()


class MomentField(forms.SplitDateTimeField):
    """A date and a time on the author's clock; explains the hour that a clock change takes."""

    def compress(self, data_list):
        try:
            return super().compress(data_list)
        except ValidationError as error:
            if error.code != "ambiguous_timezone":
                raise
            raise ValidationError(explain(datetime.combine(*data_list))) from None


def explain(moment):
    """Why a moment without a zone is none, or is two, on the current clock, and what to do."""
    zone = timezone.get_current_timezone()
    first, second = (moment.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    name = get_current_timezone_name()
    if first < second:
        skipped = second - first
        return (
            f"{moment:%H:%M} does not exist on {moment:%d %b %Y} in {name}: the clocks go forward. "
            f"Write {moment + skipped:%H:%M} for the moment that it would have been."
        )
    return (
        f"{moment:%H:%M} comes twice on {moment:%d %b %Y} in {name}: the clocks go back. "
        f"Write a time before or after that hour, so that it is clear which is meant."
    )
