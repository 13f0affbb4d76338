from django.contrib import admin
from django.db.models import Sum

from portfolio import rights
from portfolio.admin import PublishableAdmin
from portfolio.editing.actions import add_tools, remove_tools
from portfolio.editing.lists import NearerEnd, narrowed_by
from portfolio.models import Tool
from portfolio.months import Month
from portfolio.search import query

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


class ToolFilter(admin.SimpleListFilter):
    """Without the join of the stock filter, for which all entries of the tool are sorted."""

    title = "tools"
    parameter_name = "tools__id__exact"

    def lookups(self, request, model_admin):
        return [(str(tool.pk), tool.name) for tool in Tool.objects.only("name")]

    def queryset(self, request, queryset):
        if self.value() is None:
            return queryset
        known = self.value() in dict(self.lookup_choices)
        return queryset.naming(self.value()) if known else queryset.none()


def dates(changelist):
    """The years of the journal, or the months of the year that a list is narrowed to.

    As the stock template has them, which would look for them in all entries of the list.
    """

    def link(**chosen):
        return changelist.get_query_string(chosen, ["month__"])

    year, month = (changelist.params.get(f"month__{name}") for name in ("year", "month"))
    months = [*CountedMonth.objects.order_by("month").values_list("month", flat=True)]
    if month:
        return {"back": {"link": link(month__year=year), "title": year}}
    if year:
        choices = [
            {"link": link(month__year=year, month__month=each.month), "title": str(each)}
            for each in months
            if str(each.year) == year
        ]
        return {"back": {"link": link(), "title": "all"}, "choices": choices}
    years = dict.fromkeys(each.year for each in months)
    return {"choices": [{"link": link(month__year=each), "title": each} for each in years]}


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
    list_filter = [*PublishableAdmin.list_filter, MonthFilter, ToolFilter]
    search_fields = [*PublishableAdmin.search_fields, "body"]
    search_help_text = "Finds words, and in the newest thousand entries any letters."
    date_hierarchy = "month"
    paginator = NearerEnd
    # Entries that are looked at for letters, and those that are found by words.
    most_searched = 1_000

    def get_changeform_initial_data(self, request):
        return {"month": Month.now()} | super().get_changeform_initial_data(request)

    def get_queryset(self, request):
        # No month is later. Without this SQLite takes an index of another order, and sorts all.
        return super().get_queryset(request).filter(month__lte=Month(9999, 12))

    def count_all(self, request):
        if not rights.may(request.user, "view", Entry):
            return super().count_all(request)
        return CountedMonth.objects.aggregate(all=Sum("entries", default=0))["all"]

    def get_paginator(self, request, queryset, *arguments, **options):
        """Counts no entries whose number is known: that of all, and that of a tool's."""
        paginator = super().get_paginator(request, queryset, *arguments, **options)
        names = narrowed_by(request)
        is_of_tool = names == {ToolFilter.parameter_name} and not queryset.query.is_empty()
        if not names:
            paginator.count = self.count_all(request)
        elif is_of_tool and rights.may(request.user, "view", Entry):
            tool = request.GET[ToolFilter.parameter_name]
            paginator.count = Entry.tools.through.objects.filter(tool=tool).count()
        return paginator

    def get_changelist_instance(self, request):
        changelist = super().get_changelist_instance(request)
        changelist.dates = dates(changelist)
        return changelist

    def get_search_results(self, request, queryset, search_term):
        """By words as readers search, since any letters can only be looked for one by one."""
        if not search_term:
            return super().get_search_results(request, queryset, search_term)
        newest = [*queryset.values_list("pk", flat=True)[: self.most_searched]]
        looked_at = queryset.filter(pk__in=newest)
        found, _ = super().get_search_results(request, looked_at, search_term)
        keys = query.keys("entry", search_term, self.most_searched)
        return queryset.filter(pk__in={*found.values_list("pk", flat=True), *keys}), False
