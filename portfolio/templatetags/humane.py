"""Moments as one says them, and what the history says."""

from django import template
from django.utils import timezone

register = template.Library()


@register.filter
def ago(moment):
    """`10:32` today, `yesterday`, `3 days ago`, and then the day."""
    local, today = timezone.localtime(moment), timezone.localdate()
    days = (today - local.date()).days
    if days <= 0:
        return f"{local:%H:%M}"
    if days == 1:
        return "yesterday"
    if days < 7:
        return f"{days} days ago"
    return f"{local.day} {local:%b}".lower() + (
        f" {local.year}" if local.year != today.year else ""
    )


@register.filter
def ahead(moment):
    """`in 40 min · 14:00`, `in 3 h · 14:00`, `in 3 days · 14 dec, 14:00`."""
    local = timezone.localtime(moment)
    minutes = max(0, round((moment - timezone.now()).total_seconds() / 60))
    if minutes < 60:
        return f"in {minutes} min · {local:%H:%M}"
    if minutes < 24 * 60:
        return f"in {round(minutes / 60)} h · {local:%H:%M}"
    days = round(minutes / 60 / 24)
    when = f"{local.day} {local:%b, %H:%M}".lower()
    return f"in {days} day{'s' if days > 1 else ''} · {when}"


@register.filter
def verb(comment):
    """What was done, of a comment in the history."""
    return comment.partition("\n")[0]


@register.filter
def why(comment):
    """The reason, of a comment in the history."""
    return comment.partition("\n")[2]
