"""Raw HTML in Markdown: which tags stay markup, and which are shown as they were written.

A tag is markup if its element is one of `KEPT_TAGS` and it has its partner in the same paragraph,
or among the blocks of the same list item, quotation or text. So the HTML of each block is closed
in itself, and words such as List<String> or <details> never take away what follows them.
"""

import html
import re

from markdown_it.common.html_re import attr_name, attr_value
from markdown_it.common.utils import escapeHtml

_TAGS = """
    a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em
    figcaption figure h1 h2 h3 h4 h5 h6 hr i img input ins kbd li mark ol p picture pre q rp rt ruby
    s samp section small source span strong sub summary sup table tbody td tfoot th thead time tr u
    ul var wbr
"""
# The elements of raw HTML that `markdown.render` keeps.
KEPT_TAGS = frozenset(_TAGS.split())
VOID = {"br", "col", "hr", "img", "input", "source", "wbr"}
TABLE_PARTS = {"caption", "col", "colgroup", "tbody", "td", "tfoot", "th", "thead", "tr"}
# Elements that are nothing outside of another.
_PARENTS = dict.fromkeys(TABLE_PARTS, "table") | {"source": "picture"}
# A block may leave these open: their end is implied, or harms nothing at the end of a text.
_MAY_STAY_OPEN = {"dd", "div", "dt", "li", "p", "rp", "rt", "section", *TABLE_PARTS}
# Those that begin a line of their own, and so have a direction of their own.
BLOCKS = {
    *("blockquote", "details", "div", "dl", "figure", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("ol", "p", "section", "table", "ul"),
}

_ATTRIBUTE = re.compile(rf"\s+({attr_name})(?:\s*=\s*({attr_value}))?")
# As CommonMark defines a tag. So many attributes and no more, since what looks like a tag may go on
# to the end of the text.
_TAG = re.compile(
    rf"<(?:!---?>|(!--)|(/?)([A-Za-z][A-Za-z0-9-]*)((?:{_ATTRIBUTE.pattern}){{0,50}})\s*(/?)>)?"
)
_START = re.compile(r"</?([a-z][a-z0-9-]*)", re.IGNORECASE)


class Tag:
    """A tag in a piece of HTML; `offset` is its place there."""

    __slots__ = (
        "attributes",
        "is_closed",
        "is_end",
        "name",
        "offset",
        "parent",
        "partner",
        "source",
    )

    def __init__(self, source, offset, match):
        self.source, self.offset = source, offset
        self.is_end, self.name = bool(match[2]), match[3].lower()
        self.is_closed = bool(match[7])
        # Values as they are written, without their quotation marks.
        self.attributes = [
            (name.lower(), value[1:-1].replace('"', "&quot;") if value[:1] in ("'", '"') else value)
            for name, value in _ATTRIBUTE.findall(match[4])
        ]
        self.partner = self.parent = None

    def get(self, name):
        """The value of an attribute, as browsers take it; None if there is none."""
        return next((html.unescape(value) for each, value in self.attributes if each == name), None)

    def set(self, name, value):
        """Give the attribute this value; None takes it away."""
        self.attributes = [each for each in self.attributes if each[0] != name]
        if value is not None:
            self.attributes.append((name, escapeHtml(value)))

    @property
    def is_markup(self):
        if self.name not in KEPT_TAGS or not self.partner:
            return False
        if self.name in _PARENTS and not (self.parent and self.parent.is_markup):
            return False
        if self.name == "input":
            return (self.get("type") or "").lower() == "checkbox"
        return self.name != "img" or bool(self.get("src"))

    def __str__(self):
        if not self.is_markup:
            return escapeHtml(self.source)
        if self.is_end:
            return f"</{self.name}>"
        attributes = "".join(f' {name}="{value}"' for name, value in self.attributes)
        end = f"</{self.name}>" if self.is_closed and self.name not in VOID else ""
        return f"<{self.name}{attributes}>{end}"


class Comment(str):
    """A comment, which nobody sees."""

    __slots__ = ()


def split(source):
    """The HTML in its pieces, as (offset, piece): each is a `Tag`, a `Comment` or text."""
    at, last_end = 0, source.rfind("-->")
    while (begin := source.find("<", at)) >= 0:
        if begin > at:
            yield at, source[at:begin]
        match = _TAG.match(source, begin)
        at = match.end()
        if match[1] and last_end >= at:
            at = source.index("-->", at) + 3
            yield begin, Comment(source[begin:at])
        elif match[3] and not (match[2] and match[4]):
            yield begin, Tag(match[0], begin, match)
        elif match[0].startswith("<!") and not match[1]:
            yield begin, Comment(match[0])
        else:
            yield begin, escapeHtml(match[0])
    if at < len(source):
        yield at, source[at:]


def pair(tags, is_block):
    """Find the partner of each of the tags, which stand in one paragraph or in sibling blocks."""
    waiting = {}
    for tag in tags:
        if parent := _PARENTS.get(tag.name):
            tag.parent = next(iter(waiting.get(parent, ())), None)
        if tag.is_end:
            if waiting.get(tag.name):
                tag.partner = waiting[tag.name].pop()
                tag.partner.partner = tag
        elif tag.is_closed or tag.name in VOID:
            tag.partner = tag
        else:
            waiting.setdefault(tag.name, []).append(tag)
    for name in waiting.keys() & _MAY_STAY_OPEN if is_block else ():
        for tag in waiting[name]:
            tag.partner = tag


# Attributes whose loss no reader notices.
_UNNOTICED = re.compile("aria-.*|border|cell(?:padding|spacing)|class|data-.*|name|role|target")
# What other systems write where a summary ends.
_MARKS = {"more", "excerpt"}


def left_out(piece, is_kept):
    """What readers do not get of a piece, as (kind, what); `is_kept(tag, attribute, value)`."""
    if isinstance(piece, Comment):
        words = piece[4:-3].strip()
        if words and words.lower() not in _MARKS:
            yield "comment", words
    elif isinstance(piece, Tag) and piece.is_markup:
        for name, value in () if piece.is_end else piece.attributes:
            if not _UNNOTICED.fullmatch(name) and not is_kept(piece.name, name, value):
                yield "attribute", name
    elif isinstance(piece, Tag):
        if piece.name in KEPT_TAGS and not piece.partner:
            yield "tag", piece.source
        # Words such as <your-name> or List<String> have neither.
        elif not piece.is_end and (
            piece.partner not in (None, piece) or any(value for _, value in piece.attributes)
        ):
            yield "element", piece.source


def starts_with(line):
    """The name of the element whose tag a line begins with, or “!--”, or nothing."""
    if line.startswith("<!--"):
        return "!--"
    match = _START.match(line)
    return match[1].lower() if match else ""
