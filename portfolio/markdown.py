"""Markdown: text in, safe HTML out.

CommonMark with raw HTML, and besides it tables, strikethrough, footnotes, task lists, definition
lists, coloured code, figures of our own pictures, headings with ids, and links from bare http(s)
addresses. What looks like a tag and is none that stays is shown as it was written: `raw_html`
decides. nh3 comes last: nothing changes what it lets through.

No text takes long. One that is over `LIMIT`, nested too deeply or almost all markup is shown as it
was written, and `validate_markdown` says so to whoever writes it.
"""

import html
import re
from contextlib import suppress
from functools import cache, lru_cache, partial
from hashlib import sha256
from itertools import chain
from threading import Lock
from typing import NamedTuple
from urllib.parse import urljoin

import nh3
from django.core.exceptions import ValidationError
from django.utils.safestring import mark_safe
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml, unescapeAll
from markdown_it.rules_block.html_block import html_block
from markdown_it.rules_block.table import escapedSplit
from markdown_it.rules_inline.autolink import autolink
from markdown_it.rules_inline.html_inline import html_inline
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_ref

from . import raw_html
from .excerpts import shorten
from .part_ids import PartIds
from .raw_html import KEPT_TAGS

LIMIT = 100_000  # characters
# What stands between a text and its footnotes.
FOOTNOTES = '<hr class="footnotes-sep">'
_NEWLINE = re.compile("\r\n?")


class Picture(NamedTuple):
    """What a text does not say about a picture that it shows; `portfolio.images` knows it."""

    address: str
    width: int
    height: int
    alt: str = ""
    caption: str = ""
    # (content type, srcset) for each format of its renditions, the best first.
    sources: tuple = ()


def render(text, pictures=(), under=1, ids=None):
    """The text as a SafeString of HTML, with what is known of the pictures that it shows.

    `under` is the level of the heading that it stands under. Its own headings follow at the next
    level, and none leaves one out, whatever the author wrote. Under 0 they stay as written.

    `ids` is what the ids of its parts begin with, where it is the page's own text: there each
    heading is a link to itself, to be shared. Without it they begin with a mark of the text, since
    many texts can share a page.

    The same text with the same pictures gives the same HTML; it is remembered.
    """
    return _rendered(text, pictures, under, ids)[0]


def validate_markdown(text):
    """For a field: ValidationError if `render` would show the text as it was written."""
    # Whoever validates a text is about to show it or to index it.
    if refusal := _rendered(text)[1]:
        raise refusal


def is_rendered(text):
    """Whether `render` shows the text as Markdown, and not as it was written."""
    return _rendered(text)[1] is None


def last_block(text):
    """The source of the last block if it is a paragraph that is in no other block, else None.

    Found in a fraction of the time that `render` takes.
    """
    env = {"work": WORK}
    blocks = _Tokens(env)
    with suppress(ValidationError):
        _PARSER.block.parse(_NEWLINE.sub("\n", _tidy(text)), _PARSER, env, blocks)
        if len(blocks) >= 3 and blocks[-3].type == "paragraph_open" and blocks[-3].level == 0:
            return blocks[-2].content
    return None


def plain(text):
    """What a reader sees of the text, in one line: no markup, no footnotes.

    What stood in a block of its own, such as a heading or the item of a list, ends as a sentence.
    """
    if not text:
        return ""
    markup = _BETWEEN_BLOCKS.sub("\x1e", _NOTES.sub("", render(text)))
    words = html.unescape(nh3.clean(_BETWEEN_WORDS.sub(" ", markup), tags=set()))
    blocks = [block for each in words.split("\x1e") if (block := " ".join(each.split()))]
    ended = [block if _SENTENCE_END.search(block) else f"{block}." for block in blocks[:-1]]
    return " ".join(ended + blocks[-1:])


@lru_cache(maxsize=256)
def excerpt(text, length=160):
    """The beginning of `plain(text)`, as `excerpts.shorten` cuts it."""
    return shorten(plain(text), length)


def absolute(markup, base):
    """HTML made of what `render` gave, sanitised again, with every address in it absolute.

    A relative one is read against `base`, the address of its page. For feeds, whose readers show
    the HTML elsewhere.
    """
    return _cleaner(
        attribute_filter=partial(_absolute_attribute, base),
        url_relative=("rewrite_with_base", base),
    ).clean(_ANCHOR.sub(r"\1", markup))


def _rendered(text, pictures=(), under=1, ids=None):
    """The HTML, and the ValidationError of a text that is shown as it was written, or None."""
    return (_remembered if len(text) <= LIMIT else _render)(text, pictures, under, ids)


def _render(text, pictures=(), under=1, ids=None):
    text, refusal = _tidy(text), None
    try:
        markup = _convert(text, pictures, under, ids)
    except ValidationError as error:
        markup = f'<pre class="unrendered">\n{escapeHtml(text)}</pre>\n'
        # Kept without what led to it, which holds the whole attempt.
        refusal = error.with_traceback(None)
    return mark_safe(_CLEANER.clean(markup)), refusal  # noqa: S308  (the one place: nh3 made it)


_remembered = lru_cache(maxsize=256)(_render)


def _tidy(text):
    """Without what parsers and encoders do not take: a byte order mark, NUL, lone surrogates."""
    return re.sub("[\0\ud800-\udfff]", "\ufffd", text.removeprefix("\ufeff"))


def _convert(text, pictures=(), under=1, ids=None):
    """Markdown to HTML that is not safe yet; ValidationError if that would take long."""
    if len(text) > LIMIT:
        raise ValidationError(
            f"This text is {len(text):,} characters long; the limit is {LIMIT:,}. "
            "Split it into two.",
            code="too_long",
        )
    return _PARSER.render(text, _env(text, pictures, under, ids))


def _env(text, pictures=(), under=1, ids=None):
    # Two texts can share a page, so the ids of footnotes carry a mark of their text.
    mark = sha256(_NEWLINE.sub("\n", text).encode()).hexdigest()[:8]
    return {
        "docId": mark,
        "work": WORK,
        "colour": COLOUR,
        "pictures": {picture.address: picture for picture in pictures},
        "under": under,
        "ids": f"{mark}-" if ids is None else ids,
        "own": ids is not None,
    }


# What an author wrote and no reader gets.


class LeftOut(NamedTuple):
    """`what` of the text's `line` is not shown, or not as the markup that it was meant for.

    `kind` is "element" (its tag is shown), "tag" (shown, it has no partner), "attribute",
    "comment", "footnote" (nothing refers to it), "second note" (of the same label),
    "definition" (of a link, and no link has it) or "cell" (its table's head has none).
    """

    line: int
    kind: str
    what: str


def left_out(text):
    """Each `LeftOut` of a text, in the order of its lines. A text shown as written has none."""
    text, found = _NEWLINE.sub("\n", _tidy(text)), []
    if len(text) > LIMIT or not any(mark in text for mark in ("<", "]:", "|", "```", "~~~")):
        return found
    references = _References()
    env = _env(text) | {"references": references}
    try:
        blocks = _PARSER.parse(text, env)
    except ValidationError:
        return found
    lines, line, columns = text.split("\n"), 1, 0
    for block in blocks:
        line = block.map[0] + 1 if block.map else line
        if block.type == "thead_open":
            columns = 0
        elif block.type == "th_open":
            columns += 1
        elif block.type == "tr_open" and columns:
            cells = escapedSplit(lines[line - 1].lstrip("> \t").rstrip().strip("|"))
            if len(cells) > columns:
                found.append(LeftOut(line, "cell", " | ".join(cells[columns:]).strip()))
        elif block.type == "fence" and (unsaid := block.info.split()[1:]):
            found.append(LeftOut(line, "info", " ".join(unsaid)))
        elif block.type == "literal_block":
            found.append(LeftOut(line, "element", block.content.strip()))
        for token in (block, *(block.children or ())):
            at = line + block.content.count("\n", 0, token.meta.get("at", 0))
            for _, piece in token.meta.get("pieces", ()):
                found += [LeftOut(at, *each) for each in raw_html.left_out(piece, _is_kept)]
                at += getattr(piece, "source", piece).count("\n")
    for line, label, is_first in env.get("notes", ()):
        if not is_first:
            found.append(LeftOut(line, "second note", f"[^{label}]"))
        elif env["footnotes"]["refs"][f":{label}"] < 0:
            found.append(LeftOut(line, "footnote", f"[^{label}]"))
    unused = [each for label, each in references.items() if label not in references.used]
    for each in env.get("duplicate_refs", ()):
        first = references[each["label"]]
        if (each["href"], each["title"]) != (first["href"], first["title"]):
            unused.append(each)
    for each in unused:
        line = each["map"][0]
        found.append(LeftOut(line + 1, "definition", lines[line][lines[line].find("[") :].strip()))
    return sorted(found)


class _References(dict):
    """The parser's definitions of links, which notes those that a link has."""

    def __init__(self):
        self.used = set()

    def get(self, label, default=None):
        self.used.add(label)
        return super().get(label, default)


def _is_kept(tag, name, value):
    """Whether an attribute stays that a reader would miss."""
    if name not in _ATTRIBUTES["*"] and name not in _ATTRIBUTES.get(tag, ()):
        return False
    if name in ("href", "src"):
        scheme = re.match(r"[\s\0-\x20]*([a-z][a-z0-9+.-]*):", value, re.IGNORECASE)
        return not scheme or scheme[1].lower() in _SCHEMES
    return True


# What a text may cost. The parser is quick with most texts but not with all (quotations in
# quotations, tables that fill up short rows, brackets in brackets), so each attempt at a rule and
# each token counts as one piece of work, and a raw tag as eight, since nh3 walks up the open ones
# at each. The count is the same on every machine. The densest of 165 README files took a quarter of
# a piece for each character, so what people write meets `LIMIT` first. At `LIMIT`, ordinary text
# took 0.13 seconds of a processor and the worst that was found 0.6.

WORK = 40_000


def _spend(env, pieces=1):
    env["work"] -= pieces
    if env["work"] < 0:
        raise ValidationError(
            "This text has too much markup to show. Split it into two, or make it simpler.",
            code="too_much_markup",
        )


class _Tokens(list):
    """The parser's list of blocks, which counts: a table makes thousands in a single attempt."""

    def __init__(self, env):
        self.env = env

    def append(self, token):
        _spend(self.env)
        super().append(token)


def _count_tokens(state):
    state.tokens = _Tokens(state.env)


def _count_inline(state, silent):
    _spend(state.env)
    return False


def _count_block(state, start, end, silent):
    _spend(state.env)
    # A list adds two levels, and from maxNesting on the parser drops what is inside.
    if state.level >= state.md.options.maxNesting - 2:
        raise ValidationError(
            "This text has lists or quotations too deep in one another. "
            "Take some levels out: eight lists are the most.",
            code="too_deep",
        )
    return False


# Coloured code. In the worst case Pygments takes time with the square of a block's length, so the
# squares are what is limited: one block of 5,000 characters, 25 of 1,000 or less. Its expressions
# are slowest in what is not code, so long lines and long stretches without punctuation stay plain.
# Only languages that were measured, and that do not call on others by name: for a name it does not
# know, Pygments searches every installed package.

COLOUR = 5_000**2
LANGUAGES = """
    bash c c# c++ clojure console cpp cs csharp css dart diff django docker dockerfile elixir erlang
    go golang graphql groovy haskell hs html ini java javascript jinja js json jsx kotlin less lua
    make makefile nginx nim objective-c ocaml php postgresql powershell proto py pycon pytb python
    rb rs ruby rust scala scss sh shell sql swift toml ts tsx typescript udiff vim vue xml yaml yml
    zig zsh
"""
_NOT_CODE = re.compile(r"""[^(){};,=:"'/#*-]{200}|.{300}""")
_ONE_AT_A_TIME = Lock()  # Pygments fails when two threads import it, or first use a language


@cache
def _highlighter(language):
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import get_lexer_by_name

    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    formatter = HtmlFormatter(nowrap=True)
    return lambda code: highlight(code, lexer, formatter)


def _coloured(code, language, env):
    cost = len(code) * max(len(code), 1_000)
    if language not in LANGUAGES.split() or cost > env["colour"] or _NOT_CODE.search(code):
        return escapeHtml(code)
    env["colour"] -= cost
    with _ONE_AT_A_TIME:
        return _highlighter(language)(code)


def _fence(self, tokens, index, options, env):
    words = unescapeAll(tokens[index].info).split()
    language = words[0] if words else ""
    code = _coloured(tokens[index].content, language.lower(), env)
    return _box(code, escapeHtml(language))


def _code_block(self, tokens, index, options, env):
    return _box(escapeHtml(tokens[index].content))


def _box(code, language=""):
    """Code as it stands on a page: what scrolls has a name, and the style sheet a label."""
    label, name, title = "", "", "code"
    if language:
        label, name = f' data-language="{language}"', f' class="language-{language}"'
        title = f"{language} code"
    return (
        f'<div class="code"{label}><pre role="group" aria-label="{title}">'
        f"<code{name}>{code}</code></pre></div>\n"
    )


# Pictures. One of ours that stands alone in a paragraph is a figure.

SIZES = "(min-width: 46rem) 37rem, 100vw"  # the column in site.css


def _figures(state):
    """Make a figure of each paragraph that is nothing but one of our pictures."""
    for index, token in enumerate(state.tokens):
        if token.type != "inline" or [child.type for child in token.children] != ["image"]:
            continue
        image = token.children[0]
        picture = state.env.get("pictures", {}).get(image.attrs["src"])
        if not picture or state.tokens[index - 1].type != "paragraph_open":
            continue
        for paragraph in (state.tokens[index - 1], state.tokens[index + 1]):
            paragraph.tag, paragraph.hidden = "figure", False
        if picture.height > 2 * picture.width:
            # It is fitted to the screen, where it may be too small to read.
            attributes = {"href": picture.address, "aria-label": "The picture in full size"}
            token.children = _wrapped(image, "a", attributes)
        if caption := image.attrs.pop("title", picture.caption):
            token.children += _wrapped(Token("text", "", 0, content=caption), "figcaption")


def _wrapped(token, tag, attributes=()):
    return [
        Token(f"{tag}_open", tag, 1, attrs=dict(attributes)),
        token,
        Token(f"{tag}_close", tag, -1),
    ]


def _image(self, tokens, index, options, env):
    """A picture; one of ours takes no place until it is seen, and then just its own."""
    image = tokens[index]
    _spend(env, 4)  # what it becomes is long
    if picture := env.get("pictures", {}).get(image.attrs["src"]):
        if not image.content and picture.alt:
            image.children = [Token("text", "", 0, content=picture.alt)]
        image.attrs |= {"width": picture.width, "height": picture.height, "decoding": "async"}
        # The first may be what the reader sees at once.
        if env.get("seen"):
            image.attrs["loading"] = "lazy"
        env["seen"] = True
        if picture.sources:
            *better, (_, srcset) = picture.sources
            image.attrs |= {"srcset": srcset, "sizes": SIZES}
            choices = "".join(
                f'<source type="{kind}" srcset="{srcset}" sizes="{SIZES}">'
                for kind, srcset in better
            )
            return f"<picture>{choices}{self.image(tokens, index, options, env)}</picture>"
    return self.image(tokens, index, options, env)


# Raw HTML, as `raw_html` decides. What is no markup goes on as the text of a paragraph.

_LITERAL = re.compile(r"\s*<(script|style|textarea)\b.*</\1\s*>\s*", re.IGNORECASE | re.DOTALL)


def _html_block(state, start, end, silent):
    at = state.bMarks[start] + state.tShift[start]
    if not state.src.startswith("<", at):
        return False
    name = raw_html.starts_with(state.src[at : state.eMarks[start]])
    if name in ("script", "style", "textarea", "pre", "!--"):
        return _has_end(state, at, name) and _closed_block(state, start, end, silent, name)
    return name in KEPT_TAGS and html_block(state, start, end, silent)


def _has_end(state, at, name):
    """Whether what ends the block is anywhere behind its beginning; looked for once in a text."""
    mark = "-->" if name == "!--" else f"</{name}"
    last = state.env.setdefault("last", {})
    if mark not in last:
        last[mark] = state.src.lower().rfind(mark)
    return last[mark] > at


def _closed_block(state, start, end, silent, name):
    """The library's rule for what ends at its own mark, if that is there before its list ends."""
    if not html_block(state, start, end, silent) or silent:
        return silent
    token = state.tokens[-1]
    _spend(state.env, token.map[1] - token.map[0])
    if name == "!--":
        is_closed = "-->" in token.content
    elif name == "pre":
        is_closed = "</pre" in token.content.lower()
    else:
        token.type, is_closed = "literal_block", _LITERAL.fullmatch(token.content)
    if not is_closed:
        state.tokens.pop()
        state.line = start
    return bool(is_closed)


def _html_inline(state, silent):
    at = state.pos
    if not html_inline(state, silent):
        return False
    if not silent:
        state.tokens[-1].meta["at"] = at
    return True


def _literal_block(self, tokens, index, options, env):
    return f'<pre class="unrendered">\n{escapeHtml(tokens[index].content)}</pre>\n'


def _raw_html(self, tokens, index, options, env):
    return tokens[index].content


def _pair_tags(state):
    """Split raw HTML into its pieces, and find the partners of its tags."""
    if "<" not in state.src:
        return
    scopes = [[]]
    for block in state.tokens:
        if block.type == "html_block":
            scopes[-1] += _tags(block, state.env)
        elif block.type == "inline" and "<" in block.content:
            raw = [child for child in block.children if child.type == "html_inline"]
            raw_html.pair([tag for child in raw for tag in _tags(child, state.env)], False)
            for child in raw:
                _, piece = child.meta["pieces"][0]
                if not getattr(piece, "is_markup", isinstance(piece, raw_html.Comment)):
                    child.type = "text"
        elif block.nesting > 0:
            scopes.append([])
        elif block.nesting < 0:
            raw_html.pair(scopes.pop(), True)
    raw_html.pair(scopes.pop(), True)


def _tags(token, env):
    _spend(env, 8 * token.content.count("<"))
    token.meta["pieces"] = [*raw_html.split(token.content)]
    return [piece for _, piece in token.meta["pieces"] if isinstance(piece, raw_html.Tag)]


def _pieces(block):
    """The text of a block with raw HTML, and between it the tags that stay."""
    for token in block.children or (block,):
        for _, piece in token.meta.get("pieces", ((0, token.content),)):
            if isinstance(piece, raw_html.Tag):
                yield piece if piece.is_markup else escapeHtml(piece.source)
            elif not isinstance(piece, raw_html.Comment):
                yield piece


def _raw_tags(block):
    """The tags of raw HTML in a block that stay."""
    if "<" in block.content and block.type in ("html_block", "inline"):
        return [piece for piece in _pieces(block) if isinstance(piece, raw_html.Tag)]
    return []


def _join_tags(state):
    """Put raw HTML together again, with what has become of its tags."""
    for block in state.tokens:
        for token in (block, *(block.children or ())) if "<" in block.content else ():
            if token.type not in ("html_block", "html_inline") or "pieces" not in token.meta:
                continue
            pieces = [piece for _, piece in token.meta["pieces"]]
            shown = [piece for piece in pieces if not isinstance(piece, raw_html.Comment)]
            tags = [piece for piece in shown if isinstance(piece, raw_html.Tag)]
            content = "".join(map(str, shown))
            if content.strip() and not any(tag.is_markup for tag in tags):
                content = f"<p>{content.strip()}</p>\n"
            token.content = content if content.strip() else ""


# Headings. The page has its own, and an author may begin with any level. Each has an id.

# An id that the author gives, as Hugo and kramdown have it.
_ID = re.compile(r"\s*\{#([^\s{}]+)\}\s*$")
_OWN_ID = re.compile(rf"(?<=\S){_ID.pattern}")
_SEEN = {"code_inline", "text"}
_HEADINGS = {f"h{level}" for level in range(1, 7)}


def _outline(state):
    """Move the headings of Markdown and of raw HTML below the one that the text stands under."""
    under = state.env.get("under")
    if not under:
        return
    above, new = [], {}  # the levels of the headings that a text is under; what each has become

    def moved(tag, closes):
        level = int(tag[1])
        if not closes:
            while above and above[-1] >= level:
                above.pop()
            above.append(level)
            new[level] = min(6, under + len(above))
        return f"h{new.get(level, level)}"

    for block in state.tokens:
        if block.type in ("heading_open", "heading_close"):
            block.tag = moved(block.tag, block.nesting < 0)
        for tag in _raw_tags(block):
            if tag.name in _HEADINGS:
                tag.name = moved(tag.name, tag.is_end)


def _name_parts(state):
    """Give ids to the parts of a text, and lead its links there."""
    ids, links, tags = PartIds(state.env.get("ids", "")), [], []
    for index, block in enumerate(state.tokens):
        if block.type == "heading_open":
            _name_heading(block, state.tokens[index + 1], ids, state.env)
        elif block.type == "inline" and "[" in block.content:
            links += [child.attrs for child in block.children if child.type == "link_open"]
        if found := _raw_tags(block):
            _name_tags(block, ids)
            tags += found
    for link in links:
        if link["href"].startswith("#") and (found := ids.id_of(link["href"][1:])):
            link["href"] = state.md.normalizeLink(f"#{found}")
    for tag in tags:
        href = not tag.is_end and tag.get("href")
        if href and href.startswith("#") and (found := ids.id_of(href[1:])):
            tag.set("href", state.md.normalizeLink(f"#{found}"))


def _name_heading(opening, heading, ids, env):
    own = None
    if heading.children and heading.children[-1].type == "text":
        last = heading.children[-1]
        own = _OWN_ID.search(last.content) or (
            len(heading.children) > 1 and _ID.match(last.content)
        )
        if own:
            last.content = last.content[: own.start()]
            own = ids.of_author(own[1])
    words = "".join(
        " " if child.type == "softbreak" else child.content
        for child in heading.children
        if child.type in ("code_inline", "image", "softbreak", "text")
    )
    opening.attrs["id"] = name = own or ids.of_heading(words)
    has_link = {child.type for child in heading.children} & {"footnote_ref", "link_open"}
    has_link = has_link or any(tag.get("href") is not None for tag in _raw_tags(heading))
    if env.get("own") and words.strip() and not has_link:
        link = Token("link_open", "a", 1, attrs={"class": "anchor", "href": f"#{name}"})
        heading.children = [link, *heading.children, Token("link_close", "a", -1)]


def _name_tags(block, ids):
    pieces = [*_pieces(block)]
    for index, tag in enumerate(pieces):
        if not isinstance(tag, raw_html.Tag) or tag.is_end:
            continue
        name = tag.get("id") or (tag.get("name") if tag.name == "a" else None)
        name = ids.of_author(name) if name else None
        if not name and tag.name in _HEADINGS:
            words = []
            for piece in pieces[index + 1 : index + 100]:
                if piece is tag.partner:
                    break
                words.append("" if isinstance(piece, raw_html.Tag) else html.unescape(piece))
            name = ids.of_heading(" ".join("".join(words).split()))
        if name or tag.get("id") is not None:
            tag.set("id", name)
        if tag.name == "a" and tag.get("href") is None:
            # An anchor. The checks take an `a` without address for a link that lost it.
            tag.name = tag.partner.name = "span"


# Direction. Each block of a text with letters of both directions has that of its first letter; what
# is around others has it too, since browsers would not look into those.

_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_LETTER = re.compile(r"[^\W\d_]")
_LEAVES = {"dt_open", "heading_open", "paragraph_open", "td_open", "th_open"}
_AROUND = {
    *("blockquote_open", "bullet_list_open", "dd_open", "dl_open", "footnote_block_open"),
    *("footnote_open", "list_item_open", "ordered_list_open", "table_open"),
}


def _direct(state):
    """Give each block a direction, if any letter of the text is written from right to left."""
    source = state.src
    if (source.isascii() and "&" not in source) or not _RIGHT_TO_LEFT.search(html.unescape(source)):
        return
    around, depth = [], 0
    for block in state.tokens:
        if block.type in _LEAVES:
            block.attrs["dir"] = "auto"
        elif block.type in _AROUND:
            around.append(block)
        elif block.type == "inline" and around:
            words = "".join(child.content for child in block.children if child.type in _SEEN)
            if letter := _LETTER.search(words):
                side = "rtl" if _RIGHT_TO_LEFT.match(letter[0]) else "ltr"
                for each in around:
                    each.attrs["dir"] = side
                around.clear()
        elif block.type == "html_block":
            depth = 0
            for tag in _raw_tags(block):
                if tag.name in raw_html.VOID:
                    continue
                if (
                    not tag.is_end
                    and not depth
                    and tag.name in raw_html.BLOCKS
                    and tag.get("dir") is None
                ):
                    tag.set("dir", "auto")
                depth = max(0, depth - 1) if tag.is_end else depth + 1
        if (
            block.nesting < 0
            and around
            and around[-1].type.removesuffix("_open") == block.type.removesuffix("_close")
        ):
            around.pop()


# The rest of what differs from the libraries.

_SCHEME = re.compile(r"(?:^|[^a-z0-9])(https?)$", re.IGNORECASE)
_IN_URL = r"""[^\s\x00-\x1f<>()\[\]{}|\\^`"«»\u2010-\u203e\u3000-\u303f\uff00-\uff20]"""
# What follows the scheme. A string, because the browser has to know it too.
BARE_LINK = rf"://(?:{_IN_URL}|\({_IN_URL}*\))+(?<![?!.,:;*_~'])"
_AFTER_SCHEME = re.compile(BARE_LINK)
_FOOTNOTE = re.compile(r"\[\^[^\s\]]{1,999}\]")


def _bare_link(state, silent):
    """An http or https address in the text becomes a link.

    It ends before what RFC 3986 forbids, a bracket that it did not open, typographic punctuation,
    and any punctuation that would be its last. linkify-it-py takes time with the square of `://://…`
    and makes README.md a link to Moldova.
    """
    if silent or state.src[state.pos] != ":" or state.linkLevel:
        return False
    scheme = _SCHEME.search(state.src, max(0, state.pos - 6), state.pos)
    rest = scheme and _AFTER_SCHEME.match(state.src, state.pos, state.posMax)
    if not rest or not state.pending.endswith(scheme[1]):
        return False
    url = scheme[1] + rest[0]
    if not _is_address(url, state):
        return False
    state.pending = state.pending.removesuffix(scheme[1])
    state.push("link_open", "a", 1).attrs = {
        "href": state.md.normalizeLink(url),
        "class": "bare",
    }
    state.push("text", "", 0).content = url
    state.push("link_close", "a", -1)
    state.pos = rest.end()
    return True


_AUTOLINK = re.compile(r"<(?:(([a-z][a-z0-9+.-]*):[^\s<>]*)>|[^\s<>:]+@)", re.IGNORECASE)


def _autolink(state, silent):
    # The library's rule takes std::vector<std::string> and <host:port> for addresses.
    found = _AUTOLINK.match(state.src, state.pos)
    if not found or (found[2] and found[2].lower() not in _SCHEMES):
        return False
    if found[1] and not _is_address(found[1], state):
        return False
    return autolink(state, silent)


# Most addresses, which need no look.
_ORDINARY = re.compile(r"https?://(?:[a-z0-9]+[.-])*[a-z]+(?::\d{1,4})?(?:[/?#]|$)", re.IGNORECASE)


def _is_address(url, state):
    """Whether the sanitiser leaves it as an address, as it does not http://host:port."""
    if _ORDINARY.match(url):
        return True
    _spend(state.env, 4)
    href = escapeHtml(state.md.normalizeLink(url))
    return "href=" in _CLEANER.clean(f'<a href="{href}"></a>')


def _footnote_ref(state, silent):
    # The plugin's rule looks for the bracket's end through the whole paragraph, at each bracket.
    return bool(_FOOTNOTE.match(state.src, state.pos)) and footnote_ref(state, silent)


def _sort_notes(state):
    """Keep the first note of a label as GitHub does, and both of a note in a note.

    The plugin keeps the last, and loses the text of what another stands in.
    """
    text, notes, labels = [], [], set()
    inside = [text]
    for token in state.tokens:
        if token.type == "footnote_reference_open":
            label, line = token.meta["label"], token.map[0] + 1
            state.env.setdefault("notes", []).append((line, label, label not in labels))
            if label in labels:
                token.meta["label"] = f"{label} again"  # nothing refers to a label with a space
            labels.add(label)
            notes.append([])
            inside.append(notes[-1])
        inside[-1].append(token)
        if token.type == "footnote_reference_close":
            inside.pop()
    state.tokens = [*text, *chain.from_iterable(notes)]


def _footnote_number(self, tokens, index, options, env):
    number, again = tokens[index].meta["id"] + 1, tokens[index].meta["subId"]
    note, nth = f"{env['docId']}-{number}", f":{again}" if again else ""
    return (
        f'<sup class="footnote-ref"><a href="#fn-{note}" id="fnref-{note}{nth}"'
        f' aria-label="Footnote {number}">{number}</a></sup>'
    )


def _footnote_return(self, tokens, index, options, env):
    number, again = tokens[index].meta["id"] + 1, tokens[index].meta["subId"]
    nth, place = (f":{again}", f"-{again + 1}") if again else ("", "")
    return (
        f' <a href="#fnref-{env["docId"]}-{number}{nth}" class="footnote-backref"'
        f' aria-label="Back to reference {number}{place}">↑</a>'
    )


def _footnotes(self, tokens, index, options, env):
    """The list of notes, not in a section as the plugin has it: that should have a heading."""
    if tokens[index].type == "footnote_block_close":
        return "</ol>\n</div>\n"
    return (
        f'{FOOTNOTES}\n<div class="footnotes">\n<ol class="footnotes-list"{_dir(tokens[index])}>\n'
    )


def _footnote_open(self, tokens, index, options, env):
    note = f"{env['docId']}-{tokens[index].meta['id'] + 1}"
    return f'<li id="fn-{note}" class="footnote-item"{_dir(tokens[index])}>'


def _dir(token):
    return f' dir="{token.attrs["dir"]}"' if "dir" in token.attrs else ""


def _cell(self, tokens, index, options, env):
    """A table's cell: the parser aligns by style, which the content policy forbids."""
    if tokens[index].tag == "th":
        tokens[index].attrs["scope"] = "col"
    if style := tokens[index].attrs.pop("style", ""):
        tokens[index].attrs["class"] = style.replace("text-align:", "align-")
    return self.renderToken(tokens, index, options, env)


def _parser():
    parser = MarkdownIt("commonmark", {"tasklists": True}).enable(["table", "strikethrough"])
    parser.use(footnote_plugin, inline=False).use(deflist_plugin)
    everywhere = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.core.ruler.before("block", "count", _count_tokens)
    for rule in (_pair_tags, _outline, _name_parts, _direct, _join_tags):
        parser.core.ruler.push(rule.__name__.strip("_"), rule)
    parser.block.ruler.before("table", "count", _count_block, everywhere)
    parser.inline.ruler.before("text", "count", _count_inline)
    parser.inline.ruler.after("count", "bare_link", _bare_link)
    parser.inline.ruler.at("autolink", _autolink)
    parser.inline.ruler.at("footnote_ref", _footnote_ref)
    parser.inline.ruler.at("html_inline", _html_inline)
    parser.core.ruler.before("footnote_tail", "sort_notes", _sort_notes)
    interrupts = {"alt": ["paragraph", "reference", "blockquote"]}
    parser.block.ruler.at("html_block", _html_block, interrupts)
    parser.core.ruler.after("inline", "figures", _figures)
    for name, rule in {
        "code_block": _code_block,
        "fence": _fence,
        "footnote_anchor": _footnote_return,
        "footnote_block_close": _footnotes,
        "footnote_block_open": _footnotes,
        "footnote_open": _footnote_open,
        "footnote_ref": _footnote_number,
        "html_block": _raw_html,
        "html_inline": _raw_html,
        "image": _image,
        "literal_block": _literal_block,
        "td_open": _cell,
        "th_open": _cell,
    }.items():
        parser.add_render_rule(name, rule)
    # The rules are arranged on first use, which two threads must not do at once.
    parser.render("x", {"work": 100})
    return parser


_PARSER = _parser()

# What remains of what the parser and the author wrote.

_CLASS = re.compile(
    r"language-\S+|align-(?:left|center|right)|anchor|bare|code|unrendered|contains-task-list"
    r"|task-list-item(?:-checkbox)?|footnote-(?:ref|item|backref)|footnotes(?:-list|-sep)?"
)
_VALUES = {
    "data-language": re.compile(r"[\w#+.-]{1,30}"),
    # As `_name_parts` gives them: it takes away what an author wrote.
    "id": re.compile(r"""[^\s"'<>&=`\\]{1,1200}"""),
    "role": re.compile("group"),
    "srcset": re.compile(r"(?:/[\w-][\w./-]* \d+w(?:, (?=.)|$))+"),
}
_ADDRESSES = re.compile(r"/[^ ]+")  # of a srcset


@cache
def _token_classes():
    from pygments.token import STANDARD_TYPES

    return frozenset(STANDARD_TYPES.values())


def _attribute(tag, name, value):
    """Classes, ids, roles and the like only as they are made here, so that none poses as ours."""
    if name == "class":
        kept = (
            word
            for word in value.split()
            if _CLASS.fullmatch(word) or (tag == "span" and word in _token_classes())
        )
        return " ".join(kept) or None
    if name in _VALUES:
        return value if _VALUES[name].fullmatch(value) else None
    return value


def _absolute_attribute(base, tag, name, value):
    # nh3 would leave these relative.
    value = _attribute(tag, name, value)
    if name == "srcset" and value:
        return _ADDRESSES.sub(lambda found: urljoin(base, found[0]), value)
    return value


_ATTRIBUTES = {
    "*": {"class", "dir", "id", "lang", "title"},
    "a": {"aria-label", "href", "hreflang", "rel"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"datetime"},
    "details": {"open"},
    "div": {"data-language"},
    "img": {
        *("alt", "decoding", "height", "loading", "sizes", "src", "srcset", "width"),
    },
    "input": {"checked"},
    "ins": {"datetime"},
    "li": {"value"},
    "ol": {"reversed", "start", "type"},
    "pre": {"aria-label", "role"},
    "source": {"sizes", "srcset", "type"},
    "td": {"colspan", "rowspan"},
    "th": {"abbr", "colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_cleaner = partial(
    nh3.Cleaner,
    tags=set(KEPT_TAGS),
    attributes=_ATTRIBUTES,
    # An input is a task's box whatever its author wrote. What scrolls can be reached with a key.
    set_tag_attribute_values={
        "input": {"type": "checkbox", "disabled": "", "aria-label": "Task"},
        "pre": {"tabindex": "0"},
        "table": {"tabindex": "0"},
    },
    url_schemes=_SCHEMES,
    link_rel=None,
)
_CLEANER = _cleaner(attribute_filter=_attribute)

# Our own markup of the link that a heading is to itself.
_ANCHOR = re.compile(r'<a class="anchor" href="#[^"]*">(.*?)</a>', re.DOTALL)
# Our own markup of footnotes, for `plain`; the section of notes is the last element.
_NOTES = re.compile(rf'<sup class="footnote-ref">.*?</sup>|{FOOTNOTES}.*', re.DOTALL)

# Where a block begins or ends, and where a table's cell or a line does, for `plain`.
_BETWEEN_BLOCKS = re.compile(
    r"(?=</?(?:blockquote|caption|d[dlt]|details|div|figcaption|figure|h[1-6r]|li|[ou]l|p|pre"
    r"|section|summary|table)[ >])"
)
_BETWEEN_WORDS = re.compile(r"(?=<(?:br|td|th|tr)[ >])")
_SENTENCE_END = re.compile(r"""[.!?:;,…‥·。！？：；，、؟؛،।]["'”’»)\]]*\Z""")
