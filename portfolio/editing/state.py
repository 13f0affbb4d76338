"""What a form holds, told the same way wherever it comes from, so that two can be compared.

A *state* is {name: value}: for each field of the form a string, or a list of them where it takes
several, and for each set of inline forms a list of such dictionaries, without those that are empty
or deleted. An *edition* is a state's short digests, which a form carries so that it can tell later
what has changed beneath it.
"""

import json
from hashlib import sha256

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import QueryDict


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

    @property
    def state(self):
        state = {name: value_of(self.form, name) for name in self.form.fields}
        for formset in self.formsets:
            state[formset.prefix] = sorted(rows_of(formset), key=json.dumps)
        return state

    @property
    def labels(self):
        """What each part of the state is called on the form."""
        labels = {name: str(self.form[name].label) for name in self.form.fields}
        return labels | {
            formset.prefix: str(formset.model._meta.verbose_name_plural)
            for formset in self.formsets
        }


def rows_of(formset):
    ignored = {"DELETE", formset.fk.name, formset.model._meta.pk.name}
    for form in formset.forms:
        names = [name for name in form.fields if name not in ignored]
        deleted = form.is_bound and formset.can_delete and formset._should_delete_form(form)
        blank = form.is_bound and not form.instance.pk and not form.has_changed()
        if not deleted and not blank and (form.is_bound or form.instance.pk):
            yield {name: value_of(form, name) for name in names}


def value_of(form, name):
    """The value of a form's field as a string or a list of strings; as typed if it is no value."""
    bound = form[name]
    if not form.is_bound:
        return canonical(bound.initial)
    typed = bound.data
    try:
        return canonical(bound.field.clean(typed))
    except ValidationError:
        return canonical(typed)


def canonical(value):
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip()
    if isinstance(value, Model):
        return str(value.pk)
    if hasattr(value, "isoformat"):
        # A form shows no smaller part of a second.
        return (
            value.isoformat(timespec="seconds") if hasattr(value, "tzinfo") else value.isoformat()
        )
    if hasattr(value, "__iter__"):
        return sorted(map(canonical, value))
    return str(value)


def edition_of(state):
    return {name: digest(value) for name, value in state.items()}


def digest(value):
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def changed_beneath(edition, theirs, mine):
    """The names of what has changed since `edition` from `mine`, and differs from it now."""
    return [
        name
        for name, value in theirs.items()
        if name in edition and edition[name] != digest(value) and value != mine.get(name)
    ]


def as_data(lists):
    """The QueryDict of {name: [values]}."""
    data = QueryDict(mutable=True)
    for name, values in lists.items():
        data.setlist(name, values)
    return data
