"""The editor's side: what every kind of content shares, and the kinds of models.py."""

import json
from contextlib import contextmanager, suppress
from functools import wraps
from itertools import count
from uuid import NAMESPACE_URL, UUID, uuid5

import reversion
from adminsortable2.admin import SortableAdminBase
from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR, InlineModelAdmin
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import (
    AdminEmailInputWidget,
    AdminTextareaWidget,
    AdminTextInputWidget,
    AdminURLFieldWidget,
)
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.forms import Script
from django.http import HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.html import format_html
from markdownx.widgets import AdminMarkdownxWidget

from . import html_rules, rights
from .editing import copies, users  # noqa: F401  (users registers its own)
from .editing.actions import BulkAdmin
from .editing.deleted import RecoverableAdmin
from .editing.form import ContentForm, PartFormSet, PublishableForm
from .editing.lists import ListedAdmin
from .editing.models import WorkingCopy
from .editing.moment import MomentField, MomentWidget
from .editing.ordering import OrderedAdmin, OrderedInline
from .editing.state import Forms, as_data, settled
from .editing.work import Work, badge, state_of
from .models import (
    Evidence,
    Focus,
    FormerAddress,
    MarkdownField,
    Principle,
    Profile,
    ProfileLink,
    Publishable,
    SlugField,
    Tool,
)
from .sign_in import SignInForm
from .templatetags.humane import ahead

admin.site.index_title = "desk"
admin.site.enable_nav_sidebar = False
admin.site.login_form = SignInForm


def module(name, **attributes):
    return Script(f"portfolio/{name}.js", type="module", **attributes)


NAMES = module("autocomplete-names")


class LineEnds:
    """For a widget: a browser sends line ends as CR LF, which would make every text another one."""

    def value_from_datadict(self, data, files, name):
        value = super().value_from_datadict(data, files, name)
        return value and value.replace("\r\n", "\n")


class TextWidget(LineEnds, AdminTextareaWidget):
    pass


class TitleWidget(TextWidget):
    """One line that may be longer than the screen is wide."""

    def __init__(self, attrs=None):
        # By `data-one-line` the script knows where Enter goes on to the text.
        super().__init__({"rows": 1, "data-one-line": "", "dir": "auto"} | (attrs or {}))

    def value_from_datadict(self, data, files, name):
        value = super().value_from_datadict(data, files, name)
        return value and value.replace("\n", " ")


class MarkdownWidget(LineEnds, AdminMarkdownxWidget):
    """django-markdownx's field with live preview, made to live with keyboards and failures."""

    class Media:
        css = {"all": ["portfolio/editor.css", "portfolio/tools.css", "portfolio/pictures.css"]}
        js = [
            "portfolio/editor.js",
            module("toolbar"),
            module("tally"),
            module("paste", **{"data-rules": html_rules.rules()}),
            module("link-picker", **{"data-links": reverse_lazy("editing:links")}),
            module("pictures"),
            module("descriptions"),
        ]


# What is written, in whatever direction its letters have.
WORDS = {"dir": "auto"}
# What is spelt letter by letter, which a phone would correct and begin with a capital.
SPELT = {"dir": "ltr", "autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}
# The field grows with its text, so it can begin small.
MARKDOWN = WORDS | {
    "rows": 3,
    "data-pictures": reverse_lazy("editing:pictures"),
    "data-describe": reverse_lazy("editing:describe"),
}
FIELDS = {
    MarkdownField: {"widget": MarkdownWidget(MARKDOWN)},
    models.TextField: {"widget": TextWidget(WORDS | {"rows": 3})},
    models.CharField: {"widget": AdminTextInputWidget(WORDS)},
    SlugField: {"widget": AdminTextInputWidget(SPELT)},
    models.EmailField: {"widget": AdminEmailInputWidget(SPELT)},
    models.URLField: {"widget": AdminURLFieldWidget(SPELT), "assume_scheme": "https"},
}


def in_one_transaction(view):
    """For a view of an admin class: a POST sees and writes in one transaction.

    If somebody else was first with what has to be unique, it is looked at again as things are now.
    """

    @wraps(view)
    def guarded(self, request, *arguments, **options):
        if request.method != "POST":
            return view(self, request, *arguments, **options)
        # There is no such button; Django takes it for one all the same.
        request.POST = request.POST.copy()
        request.POST.pop("_saveasnew", None)
        for _ in range(3):
            with suppress(IntegrityError), transaction.atomic():
                return view(self, request, *arguments, **options)
        with transaction.atomic():
            return view(self, request, *arguments, **options)

    return guarded


class ContentAdmin(ListedAdmin, RecoverableAdmin, admin.ModelAdmin):
    """How every kind of content is edited: by whom, over what they have seen, with its history."""

    form = ContentForm
    formfield_overrides = FIELDS
    change_form_template = "admin/editing/change_form.html"
    delete_confirmation_template = "admin/editing/delete.html"
    delete_selected_confirmation_template = "admin/editing/delete_selected.html"

    class Media:
        js = [module("sending")]

    def get_form(self, request, obj=None, change=False, **kwargs):
        """Made once for a request, which takes Django longer than the form's queries."""
        made = request.__dict__.setdefault("form_classes", {})
        key = self.model, obj and obj.pk, change, repr(kwargs)
        if key not in made:
            form = super().get_form(request, obj, change, **kwargs)
            made[key] = type(form.__name__, (form,), {"request": request})
        return made[key]

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (
            obj is None or rights.may_change(request.user, obj)
        )

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and (
            obj is None or rights.may_delete(request.user, obj)
        )

    @in_one_transaction
    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """Refuses to save over what has changed since the form was made."""
        item = self.item_to_change(request, object_id)
        may = item and self.has_change_permission(request, item)
        stored = Forms(self, request, item) if may else None
        conflict = None
        if stored and request.method == "POST":
            request.POST = settled(request.POST, stored)
            conflict = copies.conflict_with(self, request, item, request.POST, None, stored)
            request.obstacles = [copies.SEE_ABOVE] if conflict else []
            copies.keep_first_version(item.stored())
        edition = json.dumps(stored.edition) if stored else ""
        context = {"conflict": conflict, "edition": edition, "base": edition}
        return self.changeform_in_revision(request, object_id, form_url, context)

    def item_to_change(self, request, object_id):
        """The item as it is stored, or None; nobody else writes one that is posted to."""
        item = self.get_object(request, unquote(object_id)) if object_id else None
        if request.method == "POST" and item and item.locked():
            return self.get_object(request, unquote(object_id))
        return item

    def changeform_in_revision(self, request, object_id, form_url, context):
        with revision(request):
            return super().changeform_view(request, object_id, form_url, context)

    def changelist_view(self, request, extra_context=None):
        with revision(request):
            return super().changelist_view(request, extra_context)

    def history_view(self, request, object_id, extra_context=None):
        key = f"{self.opts.label_lower}:{unquote(object_id)}"
        return HttpResponseRedirect(reverse("editing:history", args=[key]))

    def save_model(self, request, obj, form, change):
        if not change and hasattr(obj, "author"):
            obj.author = request.user
        super().save_model(request, obj, form, change)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        return super().formfield_for_foreignkey(
            db_field, request, **visible_choices(db_field, request) | kwargs
        )


class PartInline(InlineModelAdmin):
    """Rows that are told as a part of an item: whoever may write the item may write them."""

    formfield_overrides = FIELDS
    formset = PartFormSet
    extra = 0

    def has_add_permission(self, request, obj=None):
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request, obj=None):
        whole = self.admin_site.get_model_admin(self.parent_model)
        return whole.has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None):
        return self.has_change_permission(request, obj)

    def has_view_permission(self, request, obj=None):
        whole = self.admin_site.get_model_admin(self.parent_model)
        return whole.has_view_or_change_permission(request, obj)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        return super().formfield_for_foreignkey(
            db_field, request, **visible_choices(db_field, request) | kwargs
        )


def visible_choices(db_field, request):
    """What a relation may be set to: what the user may see."""
    model = db_field.related_model
    if not issubclass(model, Publishable):
        return {}
    return {"queryset": model._default_manager.visible_to(request.user)}


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        states = ("draft", "scheduled", "live", "changed")
        return [(state, state.replace("changed", "with changes")) for state in states]

    def queryset(self, request, queryset):
        if self.value() == "changed":
            return queryset.exclude(publish_at=None).filter(has_changes=True)
        return queryset.in_state(self.value()) if self.value() else queryset


class PublishableAdmin(BulkAdmin, ContentAdmin):
    """How every publishable is listed, found, written and published.

    It is written in a working copy. Saving a draft saves the item; saving one that is live or
    scheduled keeps the copy, and what the public sees stays until it is published.
    """

    form = PublishableForm
    formfield_overrides = FIELDS | {
        models.DateTimeField: {"form_class": MomentField, "widget": MomentWidget}
    }
    prepopulated_fields = {"slug": ["title"]}
    list_display = ["title", "state_now", "publish_at"]
    list_filter = [StateFilter]
    search_fields = ["title", "slug", "summary"]
    date_hierarchy = "publish_at"
    save_on_top = True
    # Each kind puts its own fields before these.
    publishing = [
        ("Time of publication", {"fields": ["publish_at"], "classes": ["collapse"]}),
        ("Address and description", {"fields": ["slug", "summary"], "classes": ["collapse"]}),
    ]

    class Media:
        css = {"all": ["portfolio/writing.css"]}
        js = [
            NAMES,
            module("new-tool", **{"data-new-tool": reverse_lazy("editing:new_tool")}),
            module("presence"),
            module("pane"),
        ]

    def get_queryset(self, request):
        queryset = super().get_queryset(request).visible_to(request.user)
        return queryset.annotate(has_changes=WorkingCopy.objects.exists_for(self.model))

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "title":
            kwargs["widget"] = TitleWidget()
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_fieldsets(self, request, obj=None):
        """Without the time of publication for those who may not publish."""
        fieldsets = super().get_fieldsets(request, obj)
        if rights.may_publish(request.user, self.model):
            return fieldsets
        return [row for row in fieldsets if "publish_at" not in row[1]["fields"]]

    def get_changeform_initial_data(self, request):
        """What an address asks a new form to begin with, as far as its fields accept that."""
        fields = self.get_form(request).base_fields
        initial = super().get_changeform_initial_data(request).items()
        return {name: value for name, value in initial if accepts(fields.get(name), value)}

    @in_one_transaction
    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """Keeps what was posted, does what the verb says, and shows the working copy."""
        item = self.item_to_change(request, object_id)
        if object_id and not item and request.method == "POST":
            return self.rescue(request, object_id)
        try:
            request.work = work = Work(self, request, item)
        except PermissionDenied:
            if request.method == "POST":
                raise
            # Perhaps they may look at it; the stock view knows.
            return self.changeform_in_revision(request, object_id, form_url, extra_context)
        if work.item and not item:
            # It was saved from this form, or from another window of it.
            if request.method != "POST":
                return HttpResponseRedirect(work.address)
            return self.changeform_view(request, str(work.item.pk), work.address)
        if request.method == "POST" and (answer := work.take()):
            return answer
        context = work.context()
        if request.method != "POST" and work.copy:
            request.begun = settled(as_data(work.copy.data), work.forms())
        return self.changeform_in_revision(request, object_id, form_url, context)

    def rescue(self, request, object_id):
        """What was deleted while someone wrote it is kept for them as something new.

        If it is sent again, that is the same new thing; another text is another.
        """
        for number in count():
            new = uuid5(NAMESPACE_URL, f"{object_id} {request.user.pk} {number}")
            work = Work(self, request, None, f"{self.opts.label_lower}:{new}")
            data = settled(request.POST, work.forms())
            if not work.item and not copies.keep(self, request, work.key, None, data)[1]:
                break
        messages.warning(
            request, "This was deleted while you wrote. Your text is kept here as a new draft."
        )
        return HttpResponseRedirect(work.address)

    def response_add(self, request, obj, post_url_continue=None):
        return super().response_add(request, obj) if is_popup(request) else request.work.done()

    def response_change(self, request, obj):
        return super().response_change(request, obj) if is_popup(request) else request.work.done()

    def get_formset_kwargs(self, request, obj, inline, prefix):
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        begun = getattr(request, "begun", None)
        return kwargs if begun is None else kwargs | {"data": begun, "quiet": True}

    def save_model(self, request, obj, form, change):
        if not change:
            obj.uuid = UUID(request.work.key.rpartition(":")[2])
        super().save_model(request, obj, form, change)
        request.work.saved(obj)
        reversion.set_comment(request.work.comment())

    def save_related(self, request, form, formsets, change):
        """Dates a change of what the item's own row does not hold: its tools, a role's outcomes."""
        super().save_related(request, form, formsets, change)
        related = {field.name for field in self.opts.many_to_many}
        changed = related.intersection(form.changed_data)
        if change and (changed or any(formset.has_changed() for formset in formsets)):
            form.instance.updated_at = timezone.now()
            form.instance.save(update_fields=["updated_at"])

    @admin.display(description="state", ordering="publish_at")
    def state_now(self, item):
        shown = badge(state_of(item, item.has_changes))
        if item.state != "scheduled":
            return shown
        return format_html('{} <span class="said">{}</span>', shown, ahead(item.publish_at))


def is_popup(request):
    return IS_POPUP_VAR in request.POST


@contextmanager
def revision(request):
    """Makes what a request writes inside a version, by its user."""
    if request.method != "POST":
        yield
        return
    with reversion.create_revision():
        reversion.set_user(request.user)
        reversion.set_comment("saved")
        yield


def accepts(field, value):
    """Whether a form field takes this value; no field takes none."""
    try:
        if field is not None:
            field.clean(value)
    except ValidationError:
        return False
    return field is not None


class EvidenceInline(PartInline, admin.TabularInline):
    model = Evidence
    autocomplete_fields = ["role", "entry"]


@admin.register(Principle)
class PrincipleAdmin(OrderedAdmin, PublishableAdmin):
    fieldsets = [(None, {"fields": ["title", "body"]}), *PublishableAdmin.publishing]
    search_fields = [*PublishableAdmin.search_fields, "body"]
    inlines = [EvidenceInline]


@admin.register(Tool)
class ToolAdmin(OrderedAdmin, ContentAdmin):
    prepopulated_fields = {"slug": ["name"]}
    fields = ["name", "slug", "note", "url"]
    list_display = ["name", "url"]
    search_fields = ["name", "slug", "note"]


@admin.register(Focus)
class FocusAdmin(OrderedAdmin, ContentAdmin):
    list_display = ["text", "since", "until", "review_by"]
    list_filter = [("until", admin.EmptyFieldListFilter)]
    search_fields = ["text", "detail"]
    fields = ["text", "detail", ("since", "until"), "review_by"]


@admin.register(FormerAddress)
class FormerAddressAdmin(ListedAdmin, admin.ModelAdmin):
    formfield_overrides = {models.CharField: {"widget": AdminTextInputWidget(SPELT)}}
    list_display = ["path", "target"]
    list_select_related = FormerAddress.KINDS
    search_fields = ["path"]
    autocomplete_fields = FormerAddress.KINDS

    class Media:
        js = [NAMES]


class ProfileLinkInline(OrderedInline, PartInline, admin.TabularInline):
    model = ProfileLink


@admin.register(Profile)
class ProfileAdmin(SortableAdminBase, ContentAdmin):
    autocomplete_fields = ["portrait"]
    inlines = [ProfileLinkInline]
    fields = ["name", "headline", "about", "email", "location", "portrait"]

    class Media:
        js = [NAMES]

    def changelist_view(self, request, extra_context=None):
        """There is one profile at most, so its list is its form."""
        profile = Profile.objects.first()
        if profile is None or not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        return HttpResponseRedirect(reverse("admin:portfolio_profile_change", args=[profile.pk]))

    def has_add_permission(self, request):
        return super().has_add_permission(request) and not Profile.objects.exists()


from .editing import library  # noqa: E402, F401  (it registers the pictures' own part)
