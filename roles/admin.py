from django.contrib import admin

from portfolio.admin import PartInline, PublishableAdmin

from .models import Outcome, Role


class OutcomeInline(PartInline, admin.StackedInline):
    model = Outcome
    fields = [("figure", "what"), ("baseline", "as_of"), ("source", "position")]


@admin.register(Role)
class RoleAdmin(PublishableAdmin):
    fieldsets = [
        (None, {"fields": ["title", ("organisation", "started", "ended"), "tools"]}),
        ("The case", {"fields": ["problem", "approach", "impact"]}),
        ("The lessons", {"fields": ["learned", "broke"]}),
        (None, {"fields": ["position"]}),
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
