"""What the plain forms of pages are made with."""

from datetime import UTC, datetime

import yaml
from django import template

from portfolio.months import Month
from portfolio.page import absolute
from portfolio.plain import among_others, before_others, link, literal

register = template.Library()
register.filter(absolute)
register.filter(among_others)
register.filter(before_others)
register.filter(link)
register.filter(literal)


@register.filter
def markdown_link(item):
    """A Markdown link to the page of an item, under its name."""
    return link(str(item), absolute(item.get_absolute_url()))


@register.simple_tag(takes_context=True)
def front_matter(context, **facts):
    """The page in YAML between two lines of `---`: what its head says, its dates, and `facts`.

    A fact is a string, a `Month`, something named or a list of such; an empty one is left out.
    """
    page = context["page"]
    facts = {
        "title": page.title or context["profile"].brand,
        "description": page.description or context["profile"].headline,
        "address": context["address"],
        **_dates(page.item),
        **facts,
        **_neighbours(*context.get("neighbours", (None, None))),
    }
    written = {name: _written(value) for name, value in facts.items() if value}
    text = yaml.dump(written, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000)
    return f"---\n{text}---\n"


def _dates(item):
    if getattr(item, "publish_at", None) is None:
        return {}
    if item.state != "live":
        return {"published": item.publish_at}
    return {"published": item.publish_at, "updated": item.changed_at}


def _neighbours(before, after):
    return {
        name: item and absolute(item.get_absolute_url())
        for name, item in (("previous", before), ("next", after))
    }


def _written(value):
    if isinstance(value, Month):
        return _Quoted(value.isoformat())
    if isinstance(value, datetime):
        return _Quoted(value.astimezone(UTC).isoformat(timespec="seconds"))
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return _Quoted(value)
    return [_Quoted(each) for each in value]


class _Quoted(str):
    """A string that YAML cannot take for a number, a date or a word of its own."""


class _Dumper(yaml.CSafeDumper):
    pass


_Dumper.add_representer(
    _Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), '"')
)
