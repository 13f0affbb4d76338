from django.contrib import admin

from portfolio.admin import PartInline, PublishableAdmin
from portfolio.editing.actions import add_tools, remove_tools
from portfolio.editing.ordering import OrderedAdmin, OrderedInline

from .models import Outcome, Role


class OutcomeInline(OrderedInline, PartInline, admin.StackedInline):
    model = Outcome
    fields = [("figure", "what"), ("baseline", "as_of"), ("source", "position")]


@admin.register(Role)
class RoleAdmin(OrderedAdmin, PublishableAdmin):
    fieldsets = [
        (None, {"fields": ["title", ("organisation", "started", "ended"), "tools"]}),
        ("The case", {"fields": ["problem", "approach", "impact"]}),
        ("The lessons", {"fields": ["learned", "broke"]}),
        *PublishableAdmin.publishing,
    ]
    inlines = [OutcomeInline]
    actions = [*PublishableAdmin.actions, add_tools, remove_tools]
    autocomplete_fields = ["tools"]
    list_display = [*PublishableAdmin.list_display, "started", "ended"]
    list_filter = [*PublishableAdmin.list_filter, "tools"]
    search_fields = [
        *PublishableAdmin.search_fields,
        *("organisation", "problem", "approach", "impact", "learned", "broke"),
    ]
