from django import template
from django.utils.html import format_html

from portfolio import markdown as renderer

register = template.Library()


@register.filter
def markdown(text, under=1):
    """Markdown as safe HTML, its headings below the level of the one that it stands under."""
    return renderer.render(text, under)


@register.filter
def time(month):
    """A month as `<time datetime="2026-01">jan 2026</time>`; nothing for no month."""
    if not month:
        return ""
    return format_html('<time datetime="{}">{}</time>', month.isoformat(), month)
