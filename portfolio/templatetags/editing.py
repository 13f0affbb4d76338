from django import template
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from portfolio.editing.difference import SAME, words
from portfolio.editing.history import as_html
from portfolio.excerpts import after, before
from portfolio.rights import is_owner

register = template.Library()
register.filter(as_html)
register.filter(is_owner)
# Characters of what is the same that stand on either side of a change.
AROUND = 160


@register.inclusion_tag("admin/editing/_difference.html")
def difference(before, after):
    """The difference of two texts; long stretches that are the same are folded."""
    pieces = words(before, after)
    last = len(pieces) - 1
    return {
        "pieces": [
            (kind, folded(text, index > 0, index < last) if kind == SAME else text)
            for index, (kind, text) in enumerate(pieces)
        ]
    }


def folded(text, has_before, has_after):
    if len(text) <= 2 * AROUND + 20:
        return text
    head = text[: before(text, AROUND, AROUND // 2)]
    tail = text[after(text, len(text) - AROUND, len(text) - AROUND // 2) :]
    return f"{head.rstrip() if has_before else ''} […] {tail.lstrip() if has_after else ''}"


@register.inclusion_tag("admin/_nav_link.html", takes_context=True)
def section_link(context, model, label):
    """A link to the list of a kind, such as `journal.entry`, for whoever may do anything there.

    Who may only add some gets the form for that.
    """
    request, meta = context["request"], apps.get_model(model)._meta
    section = admin.site.get_model_admin(meta.model)
    if section.has_view_or_change_permission(request):
        name = "changelist"
    elif section.has_add_permission(request):
        name = "add"
    else:
        return {}
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_{name}")
    return {"label": label, "address": address, "request": request}
