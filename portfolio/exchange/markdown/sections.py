"""The Markdown fields of an object as one text: alone, or each below a heading of its name.

A field that would not come back as it is, such as one that has such a heading itself, is left to
the front matter.
"""

import re

from portfolio.models import MarkdownField

from ..files import SourceError
from .front_matter import survives, tidy


def markdown_fields(model):
    return [field for field in model._meta.fields if isinstance(field, MarkdownField)]


def compose(model, fields):
    """The text of an object, and those of its Markdown fields that cannot stand in it."""
    texts = {field.name: fields[field.name] for field in markdown_fields(model)}
    kept = {name: text for name, text in texts.items() if text and stands(model, text)}
    rest = {name: text for name, text in texts.items() if text and name not in kept}
    if len(texts) < 2:
        return "".join(kept.values()), rest
    titles = {field.name: field.verbose_name for field in markdown_fields(model)}
    return "\n\n".join(f"## {titles[name]}\n\n{text}" for name, text in kept.items()), rest


def stands(model, text):
    if not survives(text):
        return False
    return len(markdown_fields(model)) < 2 or not headings(model).search(text)


def headings(model):
    """Finds the headings that begin a field, in whatever case; its last group names the field."""
    titles = "|".join(f"(?P<{f.name}>{re.escape(f.verbose_name)})" for f in markdown_fields(model))
    return re.compile(rf"^##[ \t]+(?:{titles})(?:[ \t]+#+)?[ \t]*$", re.IGNORECASE | re.MULTILINE)


def parse(model, body, where):
    """The Markdown fields that a text says, and the text before the first heading, if any.

    Raises SourceError when one is there twice.
    """
    fields = markdown_fields(model)
    if len(fields) < 2:
        return {field.name: body for field in fields if body}, "" if fields else body
    found = [*headings(model).finditer(body)]
    ends = [*(match.start() for match in found), len(body)]
    texts = {}
    for match, end in zip(found, ends[1:], strict=True):
        name = match.lastgroup
        if name in texts:
            raise SourceError(
                f"{where} has the heading {match[0].strip()!r} twice: put both texts below one, or "
                "call one of them otherwise."
            )
        texts[name] = tidy(body[match.end() : end])
    return texts, body[: ends[0]].strip()
