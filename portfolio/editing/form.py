"""The forms of content: what each may be told to do, and when it goes live."""

from itertools import count
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.utils import timezone
from django.utils.text import slugify

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

    def clean(self):
        cleaned = super().clean()
        if "slug" in cleaned:
            cleaned["slug"] = self.slug(cleaned["slug"])
        # A moment that the field has refused is not judged again as if it were empty.
        if "publish_at" in self.fields and "publish_at" not in self.errors:
            try:
                cleaned["publish_at"] = self.publish_at(cleaned.get("publish_at"))
            except ValidationError as error:
                self.add_error("publish_at", error)
        return cleaned

    def slug(self, typed):
        """The slug that was typed; one that is the title's, or made from it, is a free one."""
        title = slugify("-".join(words(self.cleaned_data.get("title", ""))))[:80].strip("-")
        if typed and typed != title:
            return typed
        title = title or f"{self._meta.model._meta.model_name}-{uuid4().hex[:6]}"
        taken = self.taken_slugs(title)
        numbered = (f"{title}-{number}" for number in count(2))
        return title if title not in taken else next(slug for slug in numbered if slug not in taken)

    def taken_slugs(self, beginning):
        """Those of others that begin so, where a slug has to be another than theirs."""
        model = self._meta.model
        names = [name for name in model.natural_key_fields if name != "slug"]
        key = {name: self.cleaned_data.get(name) for name in names}
        if None in key.values():
            return set()
        others = model._base_manager.filter(**key, slug__startswith=beginning)
        return {*others.exclude(pk=self.instance.pk).values_list("slug", flat=True)}

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
        if stored and typed == stored:
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
