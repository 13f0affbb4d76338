"""The editor's side: what every publishable shares, and the kinds of models.py."""

from adminsortable2.admin import SortableAdminBase
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.db import models
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from markdownx.widgets import AdminMarkdownxWidget

from .editing.actions import BulkAdmin
from .editing.lists import ListedAdmin
from .editing.ordering import OrderedAdmin, OrderedInline
from .images import PictureForm
from .models import (
    Evidence,
    Focus,
    FormerAddress,
    Image,
    MarkdownField,
    Principle,
    Profile,
    ProfileLink,
    Tool,
)
from .sign_in import SignInForm

admin.site.index_title = "desk"
admin.site.enable_nav_sidebar = False
admin.site.login_form = SignInForm


class LineEnds:
    """For a widget: a browser sends line ends as CR LF, which would make every text another one."""

    def value_from_datadict(self, data, files, name):
        value = super().value_from_datadict(data, files, name)
        return value and value.replace("\r\n", "\n")


class TextWidget(LineEnds, AdminTextareaWidget):
    pass


class MarkdownWidget(LineEnds, AdminMarkdownxWidget):
    """django-markdownx's field with live preview, made to live with keyboards and failures."""

    class Media:
        css = {"all": ["portfolio/editor.css"]}
        js = ["portfolio/editor.js"]


# The field grows with its text, so it can begin small.
FIELDS = {
    MarkdownField: {"widget": MarkdownWidget({"rows": 3})},
    models.TextField: {"widget": TextWidget({"rows": 3})},
    models.URLField: {"assume_scheme": "https"},
}


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [(state, state) for state in ("draft", "scheduled", "live")]

    def queryset(self, request, queryset):
        return queryset.in_state(self.value()) if self.value() else queryset


class PublishableAdmin(BulkAdmin, ListedAdmin, admin.ModelAdmin):
    """How every publishable is listed, found and edited. Its state is shown, never set apart."""

    formfield_overrides = FIELDS
    prepopulated_fields = {"slug": ["title"]}
    readonly_fields = ["state_now"]
    list_display = ["title", "state_now", "publish_at"]
    list_filter = [StateFilter]
    search_fields = ["title", "slug", "summary"]
    date_hierarchy = "publish_at"
    save_on_top = True
    # Each kind puts its own fields before these.
    publishing = [
        ("Publishing", {"fields": ["publish_at", "state_now"]}),
        ("Address and description", {"fields": ["slug", "summary"]}),
    ]

    def get_changeform_initial_data(self, request):
        """What an address asks a new form to begin with, as far as its fields accept that."""
        fields = self.get_form(request).base_fields
        initial = super().get_changeform_initial_data(request).items()
        return {name: value for name, value in initial if accepts(fields.get(name), value)}

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
        return format_html('<span class="state {}">{}</span>', item.state, item.state)


def accepts(field, value):
    """Whether a form field takes this value; no field takes none."""
    try:
        if field is not None:
            field.clean(value)
    except ValidationError:
        return False
    return field is not None


class EvidenceInline(admin.TabularInline):
    model = Evidence
    extra = 0
    autocomplete_fields = ["role", "entry"]


@admin.register(Principle)
class PrincipleAdmin(OrderedAdmin, PublishableAdmin):
    fieldsets = [(None, {"fields": ["title", "body"]}), *PublishableAdmin.publishing]
    search_fields = [*PublishableAdmin.search_fields, "body"]
    inlines = [EvidenceInline]


@admin.register(Tool)
class ToolAdmin(OrderedAdmin, ListedAdmin, admin.ModelAdmin):
    formfield_overrides = FIELDS
    prepopulated_fields = {"slug": ["name"]}
    fields = ["name", "slug", "note", "url"]
    list_display = ["name", "url"]
    search_fields = ["name", "slug", "note"]


@admin.register(Focus)
class FocusAdmin(OrderedAdmin, ListedAdmin, admin.ModelAdmin):
    list_display = ["text", "since", "until", "review_by"]
    list_filter = [("until", admin.EmptyFieldListFilter)]
    search_fields = ["text", "detail"]
    fields = ["text", "detail", ("since", "until"), "review_by"]


@admin.register(FormerAddress)
class FormerAddressAdmin(ListedAdmin, admin.ModelAdmin):
    list_display = ["path", "target"]
    list_select_related = FormerAddress.KINDS
    search_fields = ["path"]
    autocomplete_fields = FormerAddress.KINDS


@admin.register(Image)
class ImageAdmin(ListedAdmin, admin.ModelAdmin):
    formfield_overrides = FIELDS
    form = PictureForm
    list_display = ["thumbnail", "__str__", "decorative", "size", "created_at"]
    list_display_links = ["thumbnail", "__str__"]
    list_filter = ["decorative"]
    search_fields = ["file", "alt", "caption"]
    date_hierarchy = "created_at"

    def get_readonly_fields(self, request, obj=None):
        # The file is named by its content, so another file is another picture.
        return ["thumbnail", "size", "file"] if obj else []

    @admin.display(description="picture")
    def thumbnail(self, image):
        return format_html('<img class="thumbnail" src="{}" alt="{}">', image.file.url, image.alt)

    @admin.display(description="size in pixels")
    def size(self, image):
        return f"{image.width} × {image.height}"


class ProfileLinkInline(OrderedInline, admin.TabularInline):
    formfield_overrides = FIELDS
    model = ProfileLink
    extra = 0


@admin.register(Profile)
class ProfileAdmin(SortableAdminBase, admin.ModelAdmin):
    formfield_overrides = FIELDS
    autocomplete_fields = ["portrait"]
    inlines = [ProfileLinkInline]
    fields = ["name", "headline", "about", "email", "location", "portrait"]

    def changelist_view(self, request, extra_context=None):
        """There is one profile at most, so its list is its form."""
        profile = Profile.objects.first()
        if profile is None or not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        return HttpResponseRedirect(reverse("admin:portfolio_profile_change", args=[profile.pk]))

    def has_add_permission(self, request):
        return super().has_add_permission(request) and not Profile.objects.exists()
