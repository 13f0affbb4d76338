"""What a form holds, told the same way wherever it comes from, so that two can be compared.

A *state* is {name: value}: for each field of the form a string, or a list of them where it takes
several, and for each set of inline forms a list of such dictionaries, without those that are empty
or deleted. An *edition* is a state's short digests, which a form carries so that it can tell later
what has changed beneath it.
"""

import json
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.forms import CheckboxInput, MultiWidget
from django.forms.formsets import DELETION_FIELD_NAME
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import cached_property

from .clock import zone_name
from .moment import MomentField

ABSOLUTE_MAX = 2000  # inline forms of a kind, as Django has it


class Forms:
    """An item's form in the admin with its inline forms: of `data`, or of the item as it is stored.

    `data` is a QueryDict as a browser sends it. `item` is None for a new one.
    """

    def __init__(self, model_admin, request, item, data=None):
        form_class = model_admin.get_form(request, item, change=item is not None)
        self.form = form_class(data, instance=item)
        self.formsets = [
            formset_class(
                data,
                instance=self.form.instance,
                prefix=formset_class.get_default_prefix(),
                queryset=inline.get_queryset(request),
            )
            for formset_class, inline in model_admin.get_formsets_with_inlines(request, item)
        ]

    @cached_property
    def state(self):
        state = {name: value_of(self.form, name) for name in self.form.fields}
        for formset in self.formsets:
            state[formset.prefix] = sorted(rows_of(formset), key=json.dumps)
        return state

    @property
    def edition(self):
        return {name: digest(value) for name, value in self.state.items()}

    def label(self, name):
        """What a part of the state is called on the form."""
        if name in self.form.fields:
            return str(self.form[name].label)
        return str(self._formset(name).model._meta.verbose_name_plural)

    def readable(self, name, value):
        """A part of a state as a person reads it: texts, names of things, a line for each row."""
        if name in self.form.fields:
            return readable(self.form.fields[name], value)
        fields = self._formset(name).empty_form.fields
        return "\n".join(
            " · ".join(filter(None, (readable(fields[part], row[part]) for part in row)))
            for row in value
        )

    def posted(self):
        """The stored item as a browser would send its form, as {name: [values]}."""
        data = {}
        for form in [self.form, *(form for formset in self.formsets for form in formset.forms)]:
            for name in form.fields:
                data |= posted(form[name])
        for formset in self.formsets:
            for name in formset.management_form.fields:
                data |= posted(formset.management_form[name])
        return data

    def _formset(self, prefix):
        return next(formset for formset in self.formsets if formset.prefix == prefix)


def row_fields(formset):
    """The names of what a row of inline forms says."""
    ignored = {DELETION_FIELD_NAME, formset.fk.name, formset.model._meta.pk.name}
    return [name for name in formset.empty_form.fields if name not in ignored]


def rows_of(formset):
    for form in formset.forms:
        if form.is_bound:
            deleted = form.data.get(form.add_prefix(DELETION_FIELD_NAME))
            shown = not deleted and (form.instance.pk or form.has_changed())
        else:
            shown = form.instance.pk
        if shown:
            yield {name: value_of(form, name) for name in row_fields(formset)}


def readable(field, value):
    if hasattr(field, "queryset"):
        chosen = filter(is_key, [value] if isinstance(value, str) else value)
        return ", ".join(map(str, field.queryset.filter(pk__in=[*chosen])))
    if isinstance(field, MomentField):
        with suppress(ValueError):
            local = timezone.localtime(datetime.fromisoformat(value))
            return f"{local:%d %b %Y, %H:%M} ({zone_name()})"
    return ", ".join(value) if isinstance(value, list) else value


def posted(bound):
    """What a browser sends of a field that nobody has touched, as {name: [values]}."""
    widget, value, name = bound.field.widget, bound.value(), bound.html_name
    if isinstance(widget, MultiWidget):
        parts = value if isinstance(value, list) else widget.decompress(value)
        return {
            name + suffix: [part.format_value(value) or ""]
            for part, suffix, value in zip(widget.widgets, widget.widgets_names, parts, strict=True)
        }
    if isinstance(widget, CheckboxInput):
        return {name: ["on"]} if value else {}
    shown = getattr(widget, "widget", widget).format_value(value)
    return {name: shown if isinstance(shown, list) else ["" if shown is None else str(shown)]}


def value_of(form, name):
    """The value of a form's field as a string or a list of strings; as typed if it is no value."""
    bound = form[name]
    if not form.is_bound:
        return canonical(bound.initial)
    typed = bound.data
    try:
        return canonical(bound.field.clean(typed))
    except ValidationError:
        if isinstance(bound.field, MomentField):
            typed = " ".join(filter(None, typed[:2]))
        return canonical(typed)


def canonical(value):
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, datetime):
        # An instant, whichever clock it is read on.
        return value.astimezone(UTC).isoformat()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "__iter__"):
        return sorted(map(canonical, value))
    return str(value)


def digest(value):
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def changed_beneath(edition, theirs, mine):
    """The names of what differs from `mine` now, and is not as it was seen in `edition`.

    Of what the edition does not say, nothing was seen.
    """
    return [
        name
        for name, value in theirs.items()
        if value != mine.get(name) and edition.get(name) != digest(value)
    ]


def as_data(lists):
    """The QueryDict of {name: [values]}."""
    data = QueryDict(mutable=True)
    for name, values in lists.items():
        data.setlist(name, values)
    return data


def settled(data, forms):
    """The data as a form can show them now, wherever and whenever they were typed.

    Choices can be keys, moments are on the current clock, and rows that are there come first. A row
    that someone else deleted meanwhile becomes a new one: it would be no valid choice, and its text
    be lost.
    """
    data = data.copy()
    _settle_choices(data, forms.form.fields)
    for name, field in forms.form.fields.items():
        if isinstance(field, MomentField):
            field.settle(data, name)
    for formset in forms.formsets:
        prefix, key = formset.prefix, formset.model._meta.pk.name
        there = {str(item.pk) for item in formset.get_queryset()}
        rows = [_taken(data, f"{prefix}-{index}-") for index in range(_total(data, prefix))]
        rows = [row for row in rows if row]
        kept = [row for row in rows if there.intersection(row.get(key, ()))]
        new = [row | {key: [""]} for row in rows if there.isdisjoint(row.get(key, ()))]
        for index, row in enumerate([*kept, *new]):
            for name, values in row.items():
                data.setlist(f"{prefix}-{index}-{name}", values)
            _settle_choices(data, formset.empty_form.fields, f"{prefix}-{index}-")
        if f"{prefix}-TOTAL_FORMS" in data:
            data[f"{prefix}-TOTAL_FORMS"] = str(len(rows))
            data[f"{prefix}-INITIAL_FORMS"] = str(len(kept))
    return data


def _settle_choices(data, fields, prefix=""):
    settle_keys(data, [prefix + name for name in fields if hasattr(fields[name], "queryset")])


def settle_keys(data, names):
    """Leave out of these parts of the data what can be no key.

    The admin's boxes ask the database for whatever is chosen.
    """
    for name in names:
        if name in data:
            data.setlist(name, [value for value in data.getlist(name) if is_key(value)])


def is_key(text):
    """Whether a text can be a primary key."""
    return text.isascii() and text.isdigit() and len(text) < 19


def _total(data, prefix):
    total = data.get(f"{prefix}-TOTAL_FORMS", "")
    return min(int(total), ABSOLUTE_MAX) if is_key(total) else 0


def _taken(data, start):
    return {name.removeprefix(start): data.pop(name) for name in [*data] if name.startswith(start)}
