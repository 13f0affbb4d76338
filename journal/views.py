from django.db.models import Count
from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from portfolio.detail import PublishableDetail
from portfolio.page import Page

from .models import Entry

NEWEST = 24


def above(year=None, month=None):
    """The pages above an entry, or above its month or year, as a `Page.trail`."""
    trail = [("journal", reverse("journal:index"))]
    if year:
        trail.append((str(year), reverse("journal:year", args=[year])))
    if month:
        trail.append((str(month), reverse("journal:month", args=[month])))
    return tuple(trail)


@require_safe
def index(request):
    entries = Entry.objects.live()
    years = entries.order_by("-month__year").values_list("month__year").annotate(Count("pk"))
    context = {"page": Page("journal"), "years": years, "entries": entries[:NEWEST]}
    return TemplateResponse(request, "journal/index.html", context)


@require_safe
def year(request, year):
    entries = Entry.objects.live().filter(month__year=year)
    page = Page(str(year), trail=above())
    return archive(request, "journal/year.html", entries, page=page, year=year)


@require_safe
def month(request, month):
    entries = Entry.objects.live().filter(month=month)
    page = Page(str(month), trail=above(month.year))
    return archive(request, "journal/month.html", entries, page=page, month=month)


def archive(request, template, entries, **context):
    if not entries:
        raise Http404("Nothing was published then.")
    return TemplateResponse(request, template, {"entries": entries, **context})


class EntryPage(PublishableDetail):
    template_name = "journal/entry.html"
    queryset = Entry.objects.prefetch_related("tools")

    def trail(self):
        month = self.object.month
        return above(month.year, month)

    def get_context_data(self, **kwargs):
        role = self.object.role
        return super().get_context_data(
            role=role if role and role.state == "live" else None,
            evidence=self.object.evidence.live().select_related("principle"),
            **kwargs,
        )
