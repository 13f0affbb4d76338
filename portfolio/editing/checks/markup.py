"""Checks of what an author wrote and readers do not get, with its lines."""

from itertools import groupby

from portfolio import markdown
from portfolio.models import MarkdownField

from .content import quoted

# Of one kind in one text, named with their lines.
NAMED = 3
FOUND = {
    "element": (
        "{} shown as words, since pages keep no such element",
        "take it out or link to what it shows, or put it in backquotes if the words are meant.",
    ),
    "tag": (
        "{} shown as words, for want of the other tag in the same paragraph",
        "write both its tags there, or put it in backquotes if the word is meant.",
    ),
    "attribute": (
        "the attribute {} left out",
        "take it out, and say in words what it did.",
    ),
    "comment": ("the comment {} not shown", "take it out, or write it as text."),
    "footnote": (
        "the footnote {} not shown, since nothing refers to it",
        "refer to it in the text, or take it out.",
    ),
    "second note": (
        "the note {} not shown, since one before it has the same label",
        "give it a label of its own and refer to that, or take it out.",
    ),
    "definition": (
        "the link definition {} not shown, since no link uses it",
        "use it in a link, put a backslash before it if the words are meant, or take it out.",
    ),
    "info": (
        "behind the language of a code block, {} not shown",
        "take it out, or say it in the text.",
    ),
    "cell": (
        "the cell {} not shown, since the head of its table has fewer",
        "give the head as many cells.",
    ),
}


def left_out(content, _content):
    for field in content.item._meta.concrete_fields:
        if isinstance(field, MarkdownField):
            found = markdown.left_out(getattr(content.item, field.name))
            for (_, kind), each in groupby(sorted(found, key=kind_of), kind_of):
                message, fix = FOUND[kind]
                yield f"in {field.verbose_name}, {message.format(listed([*each]))}.", fix


def kind_of(each):
    return [*FOUND].index(each.kind), each.kind


def listed(found):
    """The first of what is left out, with its lines, as the subject of a sentence."""
    lines = {}
    for each in found:
        lines.setdefault(each.what, []).append(each.line)
    named = [
        f"{quoted(what)} ({numbered([*dict.fromkeys(at)][:NAMED])})"
        for what, at in [*lines.items()][:NAMED]
    ]
    rest = len(lines) - NAMED
    if rest > 0:
        named.append(f"{rest:,} more")
    return " and ".join([", ".join(named[:-1]), named[-1]] if named[1:] else named) + (
        " are" if named[1:] else " is"
    )


def numbered(lines):
    return f"line{'s' if lines[1:] else ''} {', '.join(map(str, lines))}"
