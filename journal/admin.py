from django.contrib import admin

from portfolio.admin import PublishableAdmin
from portfolio.editing.actions import add_tools, remove_tools
from portfolio.months import Month

from .models import CountedMonth, Entry


class MonthFilter(admin.SimpleListFilter):
    title = "month"
    parameter_name = "month"

    def lookups(self, request, model_admin):
        months = CountedMonth.objects.values_list("month", flat=True)
        return [(month.isoformat(), str(month)) for month in months]

    def queryset(self, request, queryset):
        try:
            return queryset.filter(month=Month.parse(self.value())) if self.value() else queryset
        except ValueError:
            return queryset.none()


@admin.register(Entry)
class EntryAdmin(PublishableAdmin):
    fieldsets = [
        (None, {"fields": ["title", ("month", "role", "tools"), "body"]}),
        *PublishableAdmin.publishing,
    ]
    actions = [*PublishableAdmin.actions, add_tools, remove_tools]
    autocomplete_fields = ["role", "tools"]
    list_display = ["title", "month", "state_now", "publish_at", "role"]
    list_select_related = ["role"]
    list_filter = [*PublishableAdmin.list_filter, MonthFilter, "tools"]
    search_fields = [*PublishableAdmin.search_fields, "body"]
    date_hierarchy = "month"

    def get_changeform_initial_data(self, request):
        return {"month": Month.now()} | super().get_changeform_initial_data(request)
