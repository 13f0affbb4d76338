"""How the site shows where its pages are not: in link previews, among tabs and on home screens."""

from pathlib import Path

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.templatetags.static import static
from django.urls import resolve, reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from journal.models import Entry
from roles.models import Role

from .cards import PAPER, card_of_item, card_of_list, lists
from .models import Principle, Tool
from .views import load_profile

# The things that have a card, by the name of their page's route.
ITEMS = {
    "roles:role": Role.objects.live,
    "journal:entry": Entry.objects.live,
    "principle": Principle.objects.live,
    "tool": Tool.objects.all,
}
FAVICON = Path(__file__).parent / "static/portfolio/icons/favicon.ico"


@require_safe
def card(request, name):
    """The share card of a public page, such as `journal/2026/01/one`; `home` is the first page's.

    Nothing of the request is drawn. Kept for ever at the address that names its version, and not
    for long at any other.
    """
    card = find_card("/" if name == "home" else f"/{name}/")
    etag = f'"{card.digest}"'
    response = get_conditional_response(request, etag) or HttpResponse(
        card.png(), content_type="image/png"
    )
    response["ETag"] = etag
    is_current = request.GET.get("v") == card.digest
    age = "max-age=31536000, immutable" if is_current else "max-age=300"
    response["Cache-Control"] = f"public, {age}"
    return response


def find_card(path):
    """The card of the page at a path; Http404 if the public may see none there."""
    if path in lists():
        return card_of_list(path, load_profile())
    match = resolve(path)
    if match.view_name not in ITEMS:
        raise Http404("This page has no card of its own.")
    item = get_object_or_404(ITEMS[match.view_name](), **match.kwargs)
    return card_of_item(item, load_profile())


@require_safe
@cache_control(public=True, max_age=3600)
def manifest(request):
    """What the site is called and looks like as an app: https://www.w3.org/TR/appmanifest/"""
    icons = [("192.png", "192x192", "any"), ("512.png", "512x512", "any")]
    icons += [("maskable.png", "512x512", "maskable")]
    brand = load_profile().brand
    return JsonResponse(
        {
            "name": brand,
            "short_name": brand,
            "id": reverse("home"),
            "start_url": reverse("home"),
            "scope": reverse("home"),
            "display": "minimal-ui",
            "background_color": PAPER,
            "theme_color": PAPER,
            "icons": [
                {
                    "src": static(f"portfolio/icons/{name}"),
                    "sizes": sizes,
                    "type": "image/png",
                    "purpose": purpose,
                }
                for name, sizes, purpose in icons
            ],
        },
        content_type="application/manifest+json",
    )


@require_safe
@cache_control(public=True, max_age=86400)
def favicon(request):
    """The icon where browsers look for one that they were not told of."""
    return HttpResponse(FAVICON.read_bytes(), content_type="image/x-icon")
