from django import template
from django.utils.html import format_html

from portfolio import images
from portfolio import markdown as renderer
from portfolio.page import address

register = template.Library()


@register.filter
def markdown(text, under=1):
    """Markdown as safe HTML, its headings below the level of the one that it stands under."""
    return renderer.render(text, images.shown_in(text), under)


@register.simple_tag
def own_markdown(text, under=1, part=""):
    """The Markdown of what the page is about: its headings are links to themselves.

    `part` is the name of the text among several of a page, which the ids in it begin with.
    """
    return renderer.render(text, images.shown_in(text), under, ids=f"{part}-" if part else "")


@register.filter
def time(month, name=""):
    """A month as `<time datetime="2026-01">jan 2026</time>`, of a class if it has a name.

    Nothing for no month.
    """
    if not month:
        return ""
    machine = month.isoformat()
    if name:
        return format_html('<time class="{}" datetime="{}">{}</time>', name, machine, month)
    return format_html('<time datetime="{}">{}</time>', machine, month)


@register.simple_tag(takes_context=True)
def nav_link(context, name, label):
    """An item of a list of links, to the page of that name; it says so if it is this page."""
    path = address(name)
    # The page of an error of ours knows no request.
    is_here = getattr(context.get("request"), "path", None) == path
    here = '<li><a href="{}" aria-current="page">{}</a></li>'
    return format_html(here if is_here else '<li><a href="{}">{}</a></li>', path, label)


@register.filter
def bare(url):
    """An address as people write it: without `https://` and a last slash."""
    return url.removeprefix("https://").removeprefix("http://").removesuffix("/")
