from django import template

from portfolio.editing.difference import SAME, words
from portfolio.editing.history import as_html
from portfolio.excerpts import after, before

register = template.Library()
register.filter(as_html)
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
