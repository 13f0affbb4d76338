from urllib.parse import urlencode

from django.http import Http404, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portfolio.models import Tool
from portfolio.page import Page

from . import query
from .models import KINDS

LABELS = dict(zip(KINDS, ("roles", "journal", "thinking", "tools", "now"), strict=True))
TOOLS = 12


@require_safe
def search(request):
    kind, year = request.GET.get("kind", ""), request.GET.get("year", "")
    results = query.search(
        request.GET.get("q", ""),
        kind if kind in KINDS else "",
        int(year) if year in YEARS else None,
        page_number(request.GET.get("page") or "1"),
    )
    if results.page > max(results.pages, 1):
        raise Http404("The results have no such page.")
    return render(request, "search/search.html", context(results))


YEARS = {str(year) for year in range(1000, 10_000)}


def page_number(text):
    numbers = {str(number): number for number in range(1, query.MOST_PAGES + 1)}
    if text not in numbers:
        raise Http404("The results have no such page.")
    return numbers[text]


def context(results):
    def address(**changes):
        """The address of the same search with another filter or page; a new filter starts over."""
        wanted = {"q": results.text, "kind": results.kind, "year": results.year, **changes}
        return "?" + urlencode({name: value for name, value in wanted.items() if value})

    page = results.page
    for document in results.documents:
        document.kind_label = LABELS[document.kind]
    return {
        "page": Page("search", "everything here by its words", indexed=not results.text),
        "results": results,
        "kinds": [
            (LABELS[kind], number, kind == results.kind, address(kind=kind))
            for kind, number in results.kinds.items()
        ],
        "years": [
            (year, number, year == results.year, address(year=year))
            for year, number in results.years.items()
        ],
        "any_kind": address(kind=""),
        "any_year": address(year=None),
        "corrected": address(q=results.corrected),
        "before": address(page=page - 1) if page > 1 else "",
        "after": address(page=page + 1) if page < results.pages else "",
        "tools": Tool.objects.all()[:TOOLS],
    }


@require_safe
@never_cache
def suggest(request):
    suggestions = [
        {
            "title": document.title,
            "kind": LABELS[document.kind],
            "address": document.get_absolute_url(),
        }
        for document in query.suggest(request.GET.get("q", ""))
    ]
    return JsonResponse({"suggestions": suggestions})
