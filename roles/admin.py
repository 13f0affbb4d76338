from django.contrib import admin

from portfolio.admin import FIELDS, PublishableAdmin

from .models import Outcome, Role


class OutcomeInline(admin.StackedInline):
    formfield_overrides = FIELDS
    model = Outcome
    extra = 0
    fields = [("figure", "what"), ("baseline", "as_of"), ("source", "position")]


@admin.register(Role)
class RoleAdmin(PublishableAdmin):
    fieldsets = [
        (None, {"fields": ["title", "organisation", ("started", "ended")]}),
        ("The case", {"fields": ["problem", "approach", "impact"]}),
        ("The lessons", {"fields": ["learned", "broke"]}),
        (None, {"fields": ["tools", "position"]}),
        *PublishableAdmin.publishing,
    ]
    inlines = [OutcomeInline]
    autocomplete_fields = ["tools"]
    list_display = [*PublishableAdmin.list_display, "started", "ended", "position"]
    list_editable = ["position"]
    list_filter = [*PublishableAdmin.list_filter, "tools"]
    search_fields = [
        *PublishableAdmin.search_fields,
        *("organisation", "problem", "approach", "impact", "learned", "broke"),
    ]
