"""What is new, for feed readers: JSON Feed 1.1 and Atom (RFC 4287), each with the whole text.

A feed is described once, in JSON Feed's own words, and Atom is a template over that. Django's
syndication framework is not used: it takes the site's address from the request, has no content
beside the summary, and sends a Last-Modified that goes back when something is unpublished.
"""

import re
from datetime import UTC, datetime
from hashlib import sha256
from operator import attrgetter

from django.conf import settings
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import (
    get_conditional_response,
    patch_cache_control,
    patch_vary_headers,
)
from django.utils.feedgenerator import rfc3339_date
from django.views.decorators.http import require_safe

from journal.models import Entry
from roles.models import Outcome, Role

from . import images, markdown
from .models import Tool, tools_of
from .negotiation import FEED, preferred_type
from .page import absolute
from .views import load_profile

NEWEST = 30

# When a feed of nothing last changed: a constant, since what it held once is nobody's business. The
# W3C's validator takes no date before 1990 for plausible.
NEVER = datetime(2000, 1, 1, tzinfo=UTC)

# What XML 1.0 has no way to write, not even escaped: https://www.w3.org/TR/xml/#charsets
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@require_safe
def feed(request):
    """The journal as Atom."""
    entries = newest(Entry.objects, "entries")
    return atom(request, entries, describe_journal(reverse("feed"), entries))


@require_safe
def json_feed(request):
    """The journal as JSON Feed."""
    entries = newest(Entry.objects, "entries")
    description = describe_journal(reverse("json_feed"), entries)
    as_text = {"ensure_ascii": False}
    content_type = "application/feed+json"
    response = JsonResponse(description, json_dumps_params=as_text, content_type=content_type)
    return answer(request, response)


@require_safe
def tool_feed(request, slug):
    """What used the tool, as Atom."""
    tool = get_object_or_404(Tool, slug=slug)
    items = [*newest_entries(tool), *newest_roles(tool)]
    items = sorted(items, key=attrgetter("publish_at"), reverse=True)[:NEWEST]
    address = reverse("tool_feed", args=[tool.slug])
    about = describe(tool.get_absolute_url(), address, items, tool.name, tool.description)
    return atom(request, items, about)


def newest_entries(tool):
    return newest(Entry.objects.naming(tool), "entries")


def newest_roles(tool):
    return newest(tool.roles.with_parts(outcomes=Outcome.part()), "roles")


def newest(publishables, relation):
    """The newest with their tools; `relation` leads from a tool to them."""
    # By the uuid, too, since that is the same on every machine.
    in_order = publishables.live().order_by("-publish_at", "uuid")
    return in_order.with_parts(tools=tools_of(relation))[:NEWEST]


def describe_journal(address, entries):
    return describe(reverse("home"), address, entries)


def describe(page, address, items, title="", description=""):
    """A feed in the words of https://www.jsonfeed.org/version/1.1/

    `page` and `address` are paths: of what the feed is about, and of the feed. Without a title it
    is the person's, and described by their headline.
    """
    profile = load_profile()
    brand = profile.brand
    if not title and profile.headline != brand:
        description = profile.headline
    images.look_up(text for item in items for text in item.texts)
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"{title} · {brand}" if title else brand,
        **({"description": description} if description else {}),
        "home_page_url": absolute(page),
        "feed_url": absolute(address),
        "icon": absolute(static("portfolio/icons/512.png")),
        "authors": [{"name": brand, "url": absolute(reverse("home"))}],
        "language": settings.LANGUAGE_CODE,
        "items": [describe_item(item) for item in items],
    }


def describe_item(item):
    address = absolute(item.get_absolute_url())
    return {
        "id": item.uuid.urn,
        "url": address,
        "title": item.title,
        "summary": item.description,
        "content_html": markdown.absolute(content(item), address),
        "date_published": rfc3339_date(item.publish_at),
        "date_modified": rfc3339_date(item.changed_at),
        "tags": [tool.name for tool in item.tools.all()],
    }


def content(item):
    if isinstance(item, Role):
        # Part by part, as on its page, so that the footnotes have the page's anchors.
        return render_to_string("feeds/role.html", {"role": item})
    return markdown.render(item.text, images.shown_in(item.text), ids="")


def atom(request, items, description):
    updated = max((item.changed_at for item in items), default=NEVER)
    context = {"feed": description, "updated": rfc3339_date(updated)}
    document = _NOT_XML.sub("\ufffd", render_to_string("feeds/atom.xml", context))
    # Browsers ask for XML before anything; Chromium shows Atom by its own name as source.
    content_type = preferred_type(request.headers.get("Accept", "*/*"), FEED)
    response = HttpResponse(document, content_type=f"{content_type}; charset=utf-8")
    patch_vary_headers(response, ["Accept"])
    return answer(request, response)


def answer(request, response):
    """The response, or 304 to who has it. Asked for again each time, which is then cheap.

    The ETag is of the content, so whatever changes that changes it. No Last-Modified: unpublishing
    the newest item would send it back, and readers would keep what they have.
    """
    content = response["Content-Type"].encode() + response.content
    response["ETag"] = f'"{sha256(content).hexdigest()[:32]}"'
    patch_cache_control(response, public=True, max_age=0, must_revalidate=True)
    return get_conditional_response(request, response["ETag"], response=response)
