from django.db.models import Count
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portfolio.detail import PublishableDetail

from .models import Entry

NEWEST = 24


@require_safe
def index(request):
    entries = Entry.objects.live()
    years = entries.order_by("-month__year").values_list("month__year").annotate(Count("pk"))
    return render(request, "journal/index.html", {"years": years, "entries": entries[:NEWEST]})


@require_safe
def year(request, year):
    entries = Entry.objects.live().filter(month__year=year)
    return archive(request, "journal/year.html", entries, year=year)


@require_safe
def month(request, month):
    entries = Entry.objects.live().filter(month=month)
    return archive(request, "journal/month.html", entries, month=month)


def archive(request, template, entries, **context):
    if not entries:
        raise Http404("Nothing was published then.")
    return render(request, template, {"entries": entries, **context})


class EntryPage(PublishableDetail):
    template_name = "journal/entry.html"
    queryset = Entry.objects.prefetch_related("tools")

    def get_context_data(self, **kwargs):
        role = self.object.role
        return super().get_context_data(
            role=role if role and role.state == "live" else None,
            evidence=self.object.evidence.live().select_related("principle"),
            **kwargs,
        )
