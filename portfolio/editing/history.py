"""What an item was before: its versions, what differs between two, and the way back to one.

A version is kept by django-reversion whenever an item is saved or published, and of its working
copy when that is saved over a page that is public. A version is compared and restored as the form
would show it, so what is told of it is a `state`, as in `state.py`.
"""

import json

from django.contrib import admin, messages
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from reversion.models import Version

from portfolio import images, markdown
from portfolio.models import MarkdownField, NaturalKeyModel

from . import copies
from .copies import belongs
from .models import WorkingCopy, model_of
from .state import Forms, as_data, canonical, is_key, row_fields
from .writing import for_person

A_PAGE = 50
# When something is public is no part of what a version says.
PUBLISH_AT = "publish_at"


class Subject:
    """An item whose history is looked at, as far as the request's user may see it."""

    def __init__(self, request, key):
        self.key, pk = key, key.partition(":")[2]
        try:
            self.admin = admin.site.get_model_admin(model_of(key))
        except (LookupError, admin.exceptions.NotRegistered):
            raise Http404 from None
        if not issubclass(self.admin.model, NaturalKeyModel):
            raise Http404
        self.item = self.admin.get_object(request, pk) if is_key(pk) else None
        if self.item is None:
            raise Http404
        if not self.admin.has_view_or_change_permission(request, self.item):
            raise PermissionDenied
        self.request = request
        self.forms = Forms(self.admin, request, self.item)

    @property
    def versions(self):
        """Its versions and those of its working copies, the newest first."""
        kind = ContentType.objects.get_for_model
        of_item = Q(content_type=kind(type(self.item)), object_id=str(self.item.pk))
        of_copy = Q(content_type=kind(WorkingCopy), object_id=self.key)
        versions = Version.objects.filter(of_item | of_copy).order_by("-revision_id", "-pk")
        return versions.select_related("revision__user", "content_type")

    def before(self, version):
        """The version before one, or None."""
        return self.versions.filter(revision_id__lt=version.revision_id).first()

    def state(self, version):
        """What the form would show of a version, and what it has no place for, as two states."""
        if version is None:
            return {}, {}
        if version.content_type.model_class() is WorkingCopy:
            data = json.loads(version.serialized_data)[0]["fields"]["data"]
            data = json.loads(data) if isinstance(data, str) else data
            return Forms(self.admin, self.request, self.item, as_data(data)).state, {}
        return self.state_of_item(version)

    def state_of_item(self, version):
        stored = json.loads(version.serialized_data)[0]["fields"]
        values = {name: value_in(type(self.item), stored, name) for name in stored}
        known = {name: values[name] for name in self.forms.form.fields if name in values}
        for formset in self.forms.formsets:
            known[formset.prefix] = sorted(self.rows(formset, version), key=json.dumps)
        names = {field.name for field in self.item._meta.get_fields()}
        return known, {name: values[name] for name in values if name not in names}

    def rows(self, formset, version):
        """The rows of a set of inline forms that were kept with a version."""
        for _, fields in self.kept_rows(formset, version):
            yield {name: fields[name] for name in row_fields(formset) if name in fields}

    def kept_rows(self, formset, version):
        """(primary key, {field: value}) of each row that was kept with a version."""
        kind = ContentType.objects.get_for_model(formset.model)
        for row in version.revision.version_set.filter(content_type=kind).order_by("pk"):
            stored = json.loads(row.serialized_data)[0]["fields"]
            if str(stored.get(formset.fk.name)) == str(self.item.pk):
                values = {name: value_in(formset.model, stored, name) for name in stored}
                yield row.object_id, values

    def differences(self, before, after):
        """What differs between two states: (name, label, text before, text after)."""
        for name in [name for name in self.forms.state if before.get(name) != after.get(name)]:
            sides = [
                self.forms.readable(name, state[name]) if name in state else ""
                for state in (before, after)
            ]
            if sides[0] != sides[1]:
                yield name, self.forms.label(name), *sides


def value_in(model, stored, name):
    """A serialized value as a state has it; as it is stored where the model has no such field."""
    value = stored[name]
    field = next((field for field in model._meta.get_fields() if field.name == name), None)
    if isinstance(value, list):
        return sorted(map(str, value))
    if field is None or value is None or field.is_relation:
        return canonical(value)
    try:
        return canonical(field.to_python(value))
    except ValidationError:
        return canonical(value)


# The pages.


@require_safe
def history(request, key):
    subject = Subject(request, key)
    page = Paginator(subject.versions, A_PAGE).get_page(request.GET.get("page"))
    return show(request, subject, "admin/editing/history.html", page=page)


@require_safe
def version(request, key, pk):
    """One version beside the one before it, or beside that which `from` names."""
    subject = Subject(request, key)
    this = get_object_or_404(subject.versions, pk=pk)
    other = request.GET.get("from", "")
    before = (
        get_object_or_404(subject.versions, pk=other) if is_key(other) else subject.before(this)
    )
    (old, _), (new, gone) = subject.state(before), subject.state(this)
    markdown_names = {f.name for f in subject.item._meta.fields if isinstance(f, MarkdownField)}
    differences = [
        (label, old_text, new_text, is_rendered(request, name, markdown_names))
        for name, label, old_text, new_text in subject.differences(old, new)
    ]
    return show(
        request,
        subject,
        "admin/editing/version.html",
        version=this,
        before=before,
        differences=differences,
        gone=gone,
        rendered="rendered" in request.GET,
        may_restore=hasattr(subject.admin, "publishing")
        and subject.admin.has_change_permission(request, subject.item),
    )


def is_rendered(request, name, markdown_names):
    return "rendered" in request.GET and name in markdown_names


def show(request, subject, template, **context):
    context |= admin.site.each_context(request) | {
        "title": f"history of “{subject.item}”",
        "subject": subject,
        "opts": subject.admin.opts,
    }
    return TemplateResponse(request, template, context)


def as_html(text):
    """The Markdown of a version as its page would have shown it."""
    return markdown.render(text, images.shown_in(text))


# The way back.


@require_POST
@for_person
def restore(request, work, pk):
    """Make what a version holds the working copy; the item stays as it is."""
    subject = Subject(request, work.key)
    kept = get_object_or_404(subject.versions, pk=pk)
    state, gone = subject.state(kept)
    data, missing = restored(subject, kept, state)
    with transaction.atomic():
        copy = WorkingCopy.objects.select_for_update().filter(key=work.key).first()
        if copy:
            copies.keep_version(copy, request.user, "replaced by an earlier version")
        copies.put(copy, work.key, as_data(data), subject.forms.edition, request.user)
    messages.success(
        request,
        "This is what it was. The page is as it is until you publish"
        + ("; what you had written here is in the history." if copy else "."),
    )
    for name in gone:
        messages.warning(request, f"“{name}” has no place in the form any more: see its version.")
    if missing:
        messages.warning(request, f"Gone meanwhile, and left out: {', '.join(missing)}.")
    return redirect(work.address)


def restored(subject, version, state):
    """The form's data with a state put in, and the names of what it pointed at and is gone."""
    if version.content_type.model_class() is WorkingCopy:
        data = json.loads(version.serialized_data)[0]["fields"]["data"]
        data = json.loads(data) if isinstance(data, str) else data
        data = {name: values for name, values in data.items() if not belongs(name, PUBLISH_AT)}
        now = subject.forms.posted()
        data |= {name: values for name, values in now.items() if belongs(name, PUBLISH_AT)}
    else:
        data, form = subject.forms.posted(), subject.forms.form
        for name in [name for name in form.fields if name in state]:
            if name != PUBLISH_AT:
                data[name] = state[name] if isinstance(state[name], list) else [state[name]]
        for formset in subject.forms.formsets:
            put_rows(data, formset, dict(subject.kept_rows(formset, version)))
    return data, left_out(data, subject.forms)


def left_out(data, forms):
    """Take out of the data what it points at and is gone; gives the names that it had."""
    fields = dict(forms.form.fields)
    for formset in forms.formsets:
        for name in row_fields(formset):
            for row in range(len(data)):
                if f"{formset.prefix}-{row}-{name}" not in data:
                    break
                fields[f"{formset.prefix}-{row}-{name}"] = formset.empty_form.fields[name]
    missing = []
    for name, field in fields.items():
        values = [value for value in data.get(name, []) if value]
        if values and hasattr(field, "queryset"):
            there = field.queryset.filter(pk__in=filter(is_key, values))
            keys = {str(pk) for pk in there.values_list("pk", flat=True)}
            gone = [value for value in values if value not in keys]
            missing += [name_of(field.queryset.model, value) for value in gone]
            data[name] = [value for value in values if value in keys]
    return missing


def put_rows(data, formset, rows):
    """Put the rows of a version, as {primary key: fields}, into the data of a formset."""
    prefix = formset.prefix
    for index, form in enumerate(formset.initial_forms):
        fields = rows.pop(str(form.instance.pk), None)
        if fields is None:
            data[f"{prefix}-{index}-DELETE"] = ["on"]
            continue
        for name in row_fields(formset):
            if name in fields:
                data[f"{prefix}-{index}-{name}"] = [fields[name]]
    total = len(formset.initial_forms)
    for index, fields in enumerate(rows.values(), start=total):
        for name in row_fields(formset):
            data[f"{prefix}-{index}-{name}"] = [fields.get(name, "")]
    data[f"{prefix}-TOTAL_FORMS"] = [str(total + len(rows))]


def name_of(model, pk):
    """What something that is gone was called last."""
    version = Version.objects.get_for_object_reference(model, pk).first()
    return version.object_repr if version else f"{model._meta.verbose_name} {pk}"


views = {
    name: admin.site.admin_view(never_cache(view))
    for name, view in (("history", history), ("version", version))
}
