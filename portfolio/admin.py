"""The editor's side: what every publishable shares, and the kinds of models.py."""

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.db import models
from django.forms import Script
from django.http import HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.html import format_html
from markdownx.widgets import AdminMarkdownxWidget

from .models import (
    Evidence,
    Focus,
    FormerAddress,
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
        css = {"all": ["portfolio/editor.css", "portfolio/pictures.css"]}
        js = [
            "portfolio/editor.js",
            Script("portfolio/pictures.js", type="module"),
            Script("portfolio/descriptions.js", type="module"),
        ]


# The field grows with its text, so it can begin small.
MARKDOWN = {
    "rows": 3,
    "data-pictures": reverse_lazy("editing:pictures"),
    "data-describe": reverse_lazy("editing:describe"),
}
FIELDS = {
    MarkdownField: {"widget": MarkdownWidget(MARKDOWN)},
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


class PublishableChangeList(ChangeList):
    """Shows the whole list for a year that no date can have, where the stock one fails."""

    def __init__(self, *arguments):
        try:
            super().__init__(*arguments)
        except (OverflowError, ValueError) as error:
            raise IncorrectLookupParameters(error) from error


class PublishableAdmin(admin.ModelAdmin):
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

    def get_changelist(self, request, **kwargs):
        return PublishableChangeList

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
class PrincipleAdmin(PublishableAdmin):
    fieldsets = [(None, {"fields": ["title", "body", "position"]}), *PublishableAdmin.publishing]
    search_fields = [*PublishableAdmin.search_fields, "body"]
    list_display = [*PublishableAdmin.list_display, "position"]
    list_editable = ["position"]
    inlines = [EvidenceInline]


@admin.register(Tool)
class ToolAdmin(admin.ModelAdmin):
    formfield_overrides = FIELDS
    prepopulated_fields = {"slug": ["name"]}
    list_display = ["name", "url", "position"]
    list_editable = ["position"]
    search_fields = ["name", "slug", "note"]


@admin.register(Focus)
class FocusAdmin(admin.ModelAdmin):
    list_display = ["text", "since", "until", "review_by", "position"]
    list_editable = ["position"]
    list_filter = [("until", admin.EmptyFieldListFilter)]
    search_fields = ["text", "detail"]
    fields = ["text", "detail", ("since", "until"), "review_by", "position"]


@admin.register(FormerAddress)
class FormerAddressAdmin(admin.ModelAdmin):
    list_display = ["path", "target"]
    list_select_related = FormerAddress.KINDS
    search_fields = ["path"]
    autocomplete_fields = FormerAddress.KINDS


class ProfileLinkInline(admin.TabularInline):
    formfield_overrides = FIELDS
    model = ProfileLink
    extra = 0


@admin.register(Profile)
class ProfileAdmin(admin.ModelAdmin):
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


from .editing import library  # noqa: E402, F401  (it registers the pictures' own part)
