from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from portfolio.archive import part
from portfolio.detail import PublishableDetail
from portfolio.models import Evidence, tools_of
from portfolio.months import Month
from portfolio.page import Page

from .models import CountedMonth, Entry
from .related import nearest


def above(year=None, month=None):
    """The pages above an entry, or above its month or year, as a `Page.trail`."""
    trail = [("journal", reverse("journal:index"))]
    if year:
        trail.append((str(year), reverse("journal:year", args=[year])))
    if month:
        trail.append((str(month), reverse("journal:month", args=[month])))
    return tuple(trail)


@require_safe
def index(request, before=None):
    shown = part(request, Entry.objects.live(), "journal:index")
    years = {}
    for month in CountedMonth.objects.live() if shown.is_first else ():
        years[month.month.year] = years.get(month.month.year, 0) + month.count
    context = {"page": Page(shown.title("journal")), "part": shown, "years": years}
    return TemplateResponse(request, "journal/index.html", context)


@require_safe
def year(request, year, before=None):
    entries = Entry.objects.filter(month__year=year)
    shown = archive(request, entries, "journal:year")
    months = CountedMonth.objects.live()
    context = {
        "page": Page(shown.title(str(year)), trail=above()),
        "part": shown,
        "year": year,
        "months": [(each.month, each.count) for each in months if each.month.year == year],
        "beside": [
            month and (str(month.year), reverse("journal:year", args=[month.year]))
            for month in beside(months, Month(year, 1), Month(year, 12))
        ],
    }
    return TemplateResponse(request, "journal/year.html", context)


@require_safe
def month(request, month, before=None):
    shown = archive(request, Entry.objects.filter(month=month), "journal:month")
    context = {
        "page": Page(shown.title(str(month)), trail=above(month.year)),
        "part": shown,
        "month": month,
        "beside": [
            other and (str(other), reverse("journal:month", args=[other]))
            for other in beside(CountedMonth.objects.live(), month, month)
        ],
    }
    return TemplateResponse(request, "journal/month.html", context)


def archive(request, entries, name):
    shown = part(request, entries.live(), name)
    if not shown.entries:
        raise Http404("Nothing was published then.")
    return shown


def beside(months, first, last):
    """Of months, newest first, the nearest before the first and after the last."""
    earlier = (each.month for each in months if each.month < first)
    later = (each.month for each in reversed(months) if each.month > last)
    return next(earlier, None), next(later, None)


class EntryPage(PublishableDetail):
    template_name = "journal/entry.html"

    def get_queryset(self):
        parts = {"tools": tools_of("entries"), "evidence": Evidence.objects.of("entry")}
        return Entry.objects.select_related("role").with_parts(**parts)

    def trail(self):
        month = self.object.month
        return above(month.year, month)

    def get_context_data(self, **kwargs):
        role, keys = self.object.role, nearest(self.object)
        neighbours, found = self.object.around(keys)
        return super().get_context_data(
            role=role if role and role.state == "live" else None,
            evidence=self.object.evidence.all(),
            neighbours=neighbours,
            related=[found[pk] for pk in keys if pk in found],
            **kwargs,
        )
