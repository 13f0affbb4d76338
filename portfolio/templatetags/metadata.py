"""What the head of a page says of it to search engines and wherever a link to it is shown."""

from django import template
from django.utils.html import format_html

from portfolio import structured_data
from portfolio.cards import HEIGHT, WIDTH, card_of_page
from portfolio.excerpts import shorten
from portfolio.page import absolute

register = template.Library()

SCRIPT = '<script type="application/ld+json">{}</script>'
# What pages call the things that they list; a long list is there in part.
LISTED = "statements", "roles", "principles", "entries", "tools"


@register.simple_tag(takes_context=True)
def metadata(context):
    """The facts of a public page's head: addresses are absolute, `data` is a script element."""
    page, profile, path = context["page"], context["profile"], context["request"].path
    url = absolute(page.path or (page.item.get_absolute_url() if page.item else path))
    card, card_address = card_of_page(page, path, profile)
    image = absolute(card_address)
    things = structured_data.describe(page, profile, url, image)
    return {
        "url": url,
        "title": page.title or profile.brand,
        "description": describe(context),
        "type": kind(page),
        "tools": page.item.tools.all() if hasattr(page.item, "tools") else [],
        "image": {
            "url": image,
            "width": WIDTH,
            "height": HEIGHT,
            "alt": card.drawn_title or profile.brand,
        },
        "data": format_html(SCRIPT, structured_data.JsonLd(things)) if things else "",
    }


def kind(page):
    """One of https://ogp.me/#types."""
    if hasattr(page.item, "publish_at"):
        return "article"
    return "website" if page.title else "profile"


def describe(context):
    """A page's description; one that has none is described by what it lists."""
    page, profile = context["page"], context["profile"]
    if page.description or (not page.title and profile.headline):
        return page.description or profile.headline
    lists = *map(context.get, LISTED), getattr(context.get("part"), "entries", None)
    listed = next(filter(None, lists), [])
    text = " · ".join(map(str, listed)) or profile.headline or profile.brand
    text = f"{page.title}: {text}" if page.title else text
    return shorten(" ".join(text.split()), 160)
