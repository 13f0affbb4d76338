"""What the author put on a page, read from its HTML."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from html.parser import HTMLParser

from portfolio import markdown
from portfolio.excerpts import shorten
from portfolio.models import MarkdownField

# Where the texts of an item stand inside `<article class="row page">`.
OWN = {"prose", "outcomes"}
VOID = {"br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
# Coloured code is mostly these, and no check asks for the colours.
COLOURS = re.compile(r'<span class="[a-z0-9]{1,4}">|</span>')
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass
class Heading:
    """`jump` is (the level before, its own) where the author left one out."""

    text: str = ""
    jump: tuple = ()


@dataclass
class Link:
    """`text` is what it shows, the alternative text of pictures included; `name` its label."""

    href: str
    name: str = ""
    text: str = ""


@dataclass
class Picture:
    src: str
    alt: str


@dataclass
class Code:
    language: str = ""
    text: str = ""


class Content:
    """An item with its page: the `things` of its author in their order, and what they refer to.

    `ids` are those of the whole page; `is_empty` says that the author's parts show nothing.
    """

    def __init__(self, item, page, addresses):
        self.item, self.addresses = item, addresses
        reader = Reader(page)
        self.things, self.ids, self.is_empty = reader.things, reader.ids, reader.is_empty
        self.mark_jumps()

    def of_kind(self, kind):
        return [thing for thing in self.things if type(thing) is kind]

    @cached_property
    def path(self):
        return self.item.get_absolute_url()

    def mark_jumps(self):
        """Tell the headings what the author wrote: the page has an outline without gaps."""
        headings = self.of_kind(Heading)
        if headings:
            for heading, jump in zip(headings, jumps(self.item), strict=False):
                heading.jump = jump


def jumps(item):
    """For each heading of an item's texts, in their order, its `jump`."""
    for text in texts(item):
        before = 6
        for level in Reader(markdown.render(text, under=0), own=True).levels:
            yield (before, level) if level > before + 1 else ()
            before = level


def texts(item):
    """The Markdown of an item, in the order of its fields, which is that of its page."""
    fields = item._meta.concrete_fields
    return [getattr(item, field.name) for field in fields if isinstance(field, MarkdownField)]


class Reader(HTMLParser):
    """Reads the author's parts of a page, or all of a text's HTML that is its `own`."""

    def __init__(self, page, own=False):
        super().__init__()
        self.things, self.levels, self.ids, self.is_empty = [], [], set(), True
        self.open, self.article, self.own = [], None, -1 if own else None
        # What is inside of something, as (how deep it is, the thing, where its text begins).
        self.around, self.said = [], []
        self.feed(COLOURS.sub("", page))
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = {name: value or "" for name, value in attributes}
        classes = attributes.get("class", "").split()
        if "id" in attributes:
            self.ids.add(attributes["id"])
        if self.own is not None:
            self.note(tag, attributes, classes)
        elif tag == "article" and "page" in classes:
            self.article = len(self.open)
        elif self.article is not None and OWN.intersection(classes):
            self.own = len(self.open)
        if tag not in VOID:
            self.open.append(tag)

    def note(self, tag, attributes, classes):
        if tag == "img":
            self.is_empty = False
            self.said.append(attributes.get("alt", ""))
            self.things.append(Picture(attributes.get("src", ""), attributes.get("alt", "")))
        elif tag == "a" and "anchor" not in classes:  # which a heading is to itself
            self.begin(Link(attributes.get("href", ""), attributes.get("aria-label", "")))
        elif tag in HEADINGS:
            self.levels.append(int(tag[1]))
            self.begin(Heading())
        elif "code" in classes and tag == "div":
            self.begin(Code(attributes.get("data-language", "")))

    def begin(self, thing):
        self.things.append(thing)
        self.around.append((len(self.open), thing, len(self.said)))

    def handle_endtag(self, tag):
        if tag not in self.open:
            return
        while self.open.pop() != tag:
            pass
        depth = len(self.open)
        while self.around and self.around[-1][0] >= depth:
            _, thing, start = self.around.pop()
            thing.text = "".join(self.said[start:])
        if self.own is not None and self.own >= depth:
            self.own = None
        if self.article is not None and self.article >= depth:
            self.article = None

    def handle_data(self, data):
        if self.own is not None:
            self.said.append(data)
            if not data.isspace():
                self.is_empty = False


# How a message names things.


def is_blank(text):
    return not any(c.isprintable() and not c.isspace() for c in text)


def quoted(text, length=40):
    """The beginning of a text in quotation marks, in one line that no character can disturb."""
    shown = "".join(c for c in " ".join(text[: 4 * length].split()) if c.isprintable())
    shown = shorten(shown, length)
    if any(unicodedata.bidirectional(c) in ("R", "AL", "AN") for c in shown):
        # Written from right to left, it would take what follows along.
        shown = f"\u2068{shown}\u2069"
    return f"“{shown}”"
