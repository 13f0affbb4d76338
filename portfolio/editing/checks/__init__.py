"""What to put right before an item goes live, found on its page as readers get it.

A check is a small function of one thing on the page; `CHECKS` lists them. What one finds either
blocks publishing, which an editor can overrule with a reason, or is advice.
"""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from . import links, markup, pictures, samples, texts
from .content import Code, Content, Heading, Link, Picture
from .links import Addresses


class Check(NamedTuple):
    """`find(thing, content)` yields what is wrong with a `thing` of that kind: (message, fix)."""

    name: str
    kind: type
    blocking: bool
    find: Callable
    reason: str


class Found(NamedTuple):
    """`message` says what is wrong and where, `fix` what to do about it; both are sentences."""

    check: str
    blocking: bool
    message: str
    fix: str


BLOCKS, ADVICE = True, False
CHECKS = (
    Check("title", Content, ADVICE, texts.long_title, "A heading is read at one glance."),
    Check("summary", Content, ADVICE, texts.long_summary, "Search results cut it."),
    Check("empty", Content, BLOCKS, texts.no_text, "Readers came for something."),
    Check("tools", Content, ADVICE, texts.no_tools, "Readers find work by its tools."),
    Check("left out", Content, ADVICE, markup.left_out, "Readers do not get what was meant."),
    Check("empty heading", Heading, BLOCKS, texts.empty_heading, "Screen readers list it."),
    Check("heading jump", Heading, ADVICE, texts.heading_jump, "It looks like a part left out."),
    Check("many links", Content, ADVICE, links.many, "Looking each up takes long."),
    Check("alt text", Picture, BLOCKS, pictures.no_alt, "Some readers do not see it."),
    Check("missing picture", Picture, BLOCKS, pictures.not_ours, "Nobody sees it."),
    Check("empty link", Link, BLOCKS, links.empty, "Nobody can tell or follow it."),
    Check("bare link", Link, ADVICE, links.bare, "Screen readers list links by their text."),
    Check("dead link", Link, BLOCKS, links.dead, "Readers end at an error."),
    Check("moved link", Link, ADVICE, links.moved, "It takes readers a detour."),
    Check("plain http", Link, ADVICE, links.plain_http, "Others can read along and change it."),
    Check("language", Code, ADVICE, samples.no_language, "Code is coloured by it."),
    Check("sample", Code, BLOCKS, samples.broken, "Readers copy it."),
    Check("fragment", Code, ADVICE, samples.fragment, "Readers copy it."),
)
# Of one check on one page. A page of a thousand bad links is one problem.
MOST = 10


def findings(item, page, addresses=None):
    """What the checks find on `page`, the HTML of the item's public page: `Found`s, in its order.

    `addresses` is shared by the pages of one run, so that each is looked up once.
    """
    content = Content(item, page, addresses or Addresses())
    found, number = [], Counter()
    for thing in (content, *content.things):
        for check in CHECKS:
            for message, fix in check.find(thing, content) if type(thing) is check.kind else ():
                number[check.name] += 1
                if number[check.name] <= MOST:
                    found.append(Found(check.name, check.blocking, message, fix))
    left_out = [(check, number[check.name] - MOST) for check in CHECKS]
    return found + [more(check, rest) for check, rest in left_out if rest > 0]


def more(check, number):
    message = f"the check “{check.name}” found {number:,} more like those above."
    return Found(check.name, check.blocking, message, "put right what is listed, then look again.")


def obstacles(found):
    """Those that block publishing."""
    return [each for each in found if each.blocking]
