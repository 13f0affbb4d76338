"""The pages of this site that a text can link to, for the list that `[[` opens in a field."""

from django.db.models import Case, Q, Value, When
from django.http import JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portfolio.models import MarkdownField, Tool
from portfolio.search.models import Document
from portfolio.search.query import ends_of, match, newest, typed
from portfolio.search.words import words

from .views import editor_required, may_write

LONGEST = 100  # characters that are looked for
MOST = 20
# What has a page of its own, by the names that search has for it.
KINDS = ("role", "entry", "principle", "tool")
# Pages that are no item, by the names of their routes.
LISTS = {
    "now": "now",
    "roles": "roles:index",
    "thinking": "thinking",
    "journal": "journal:index",
    "tools": "tools",
    "lessons": "lessons",
    "cv": "cv",
}


@never_cache
@require_safe
@editor_required(may_write)
def links(request):
    """The pages whose titles have what `q` says, the likeliest first and then the newest.

    Answers {"links": [{"title", "kind", "state", "address"}]}, at most 20, with the drafts that
    the user may see.
    """
    text = request.GET.get("q", "").strip()[:LONGEST]
    asked = typed(text)
    found = newest(titles=[match(asked, ends_of(asked[-1]), title=True)]) if asked else None
    items = [item for kind in KINDS for item in likeliest(kind, text, found, request.user)]
    items.sort(key=lambda item: (rank(str(item), text), -last_edit(item)))
    pages = [
        {
            "title": str(item),
            "kind": item._meta.verbose_name,
            "state": item.state,
            "address": item.get_absolute_url(),
        }
        for item in items[:MOST]
    ]
    lists = [
        {"title": title, "kind": "list", "state": "live", "address": reverse(route)}
        for title, route in LISTS.items()
        if text and title.startswith(text.casefold())
    ]
    return JsonResponse({"links": [*lists, *pages][:MOST]})


def likeliest(kind, text, found, user):
    """At most 20 items of a kind: those whose titles begin with the text, then those that have a
    word which does, then those that have it anywhere or have its words in any order.

    Case is folded as far as the engine does it; accents by the index of search, for whole words
    and two letters or more of the last: `found` are the documents with those.
    """
    model = Document._meta.get_field(kind).related_model
    title = "name" if model is Tool else "title"
    items = model.objects.all() if model is Tool else model.objects.visible_to(user)
    if text:
        has = Q(**{f"{title}__icontains": text})
        if found is not None:
            documents = Document.objects.filter(pk__in=found, **{f"{kind}__isnull": False})
            has |= Q(pk__in=documents.values(kind))
        items = items.filter(has)
    begins = Case(
        When(**{f"{title}__istartswith": text}, then=Value(0)),
        When(**{f"{title}__icontains": f" {text}"}, then=Value(1)),
        default=Value(2),
    )
    latest = "position" if model is Tool else "-updated_at"
    texts = [field.name for field in model._meta.fields if isinstance(field, MarkdownField)]
    return items.defer(*texts).order_by(begins, latest, "-pk")[:MOST]


def rank(title, text):
    """As `likeliest` ranks them, with case and accents folded everywhere."""
    title, text = (" ".join(words(each)) for each in (title, text))
    return 0 if title.startswith(text) else 1 if f" {text}" in title else 2


def last_edit(item):
    return 0 if isinstance(item, Tool) else item.updated_at.timestamp()
