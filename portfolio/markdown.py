"""Markdown: text in, safe HTML out.

CommonMark with raw HTML, and besides it tables, strikethrough, footnotes, task lists, definition
lists, coloured code, figures of our own pictures, and links from bare http(s) addresses. nh3 comes
last: nothing changes what it lets through.

No text takes long. One that is over `LIMIT`, nested too deeply or almost all markup is shown as it
was written, and `validate_markdown` says so to whoever writes it.
"""

import html
import re
from contextlib import suppress
from functools import cache, lru_cache, partial
from hashlib import sha256
from threading import Lock
from typing import NamedTuple
from urllib.parse import urljoin

import nh3
from django.core.exceptions import ValidationError
from django.utils.safestring import mark_safe
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml, unescapeAll
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_ref

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


def render(text, pictures=(), under=1):
    """The text as a SafeString of HTML, with what is known of the pictures that it shows.

    `under` is the level of the heading that it stands under. Its own headings follow at the next
    level, and none leaves one out, whatever the author wrote. Under 0 they stay as written.

    The same text with the same pictures gives the same HTML; it is remembered.
    """
    return _rendered(text, pictures, under)[0]


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
    """What a reader sees of the text, in one line: no markup, no footnotes."""
    if not text:
        return ""
    without_notes = _NOTES.sub("", render(text))
    return " ".join(html.unescape(nh3.clean(without_notes, tags=set())).split())


@lru_cache(maxsize=256)
def excerpt(text, length=160):
    """The beginning of `plain(text)`, as `shorten` cuts it."""
    return shorten(plain(text), length)


def shorten(text, length):
    """The beginning of a plain text, at most `length` characters, cut between words with “…”."""
    if len(text) <= length:
        return text
    head = text[:length].rpartition(" ")[0] or text[: length - 1]
    return head.rstrip(" ,.;:–—-") + "…"


def absolute(markup, base):
    """HTML made of what `render` gave, sanitised again, with every address in it absolute.

    A relative one is read against `base`, the address of its page. For feeds, whose readers show
    the HTML elsewhere.
    """
    return _cleaner(
        attribute_filter=partial(_absolute_attribute, base),
        url_relative=("rewrite_with_base", base),
    ).clean(markup)


def _rendered(text, pictures=(), under=1):
    """The HTML, and the ValidationError of a text that is shown as it was written, or None."""
    return (_remembered if len(text) <= LIMIT else _render)(text, pictures, under)


def _render(text, pictures=(), under=1):
    text, refusal = _tidy(text), None
    try:
        markup = _convert(text, pictures, under)
    except ValidationError as error:
        markup = f'<pre class="unrendered">\n{escapeHtml(text)}</pre>\n'
        # Kept without what led to it, which holds the whole attempt.
        refusal = error.with_traceback(None)
    return mark_safe(_CLEANER.clean(markup)), refusal  # noqa: S308  (the one place: nh3 made it)


_remembered = lru_cache(maxsize=256)(_render)


def _tidy(text):
    """Without what parsers and encoders do not take: a byte order mark, NUL, lone surrogates."""
    return re.sub("[\0\ud800-\udfff]", "\ufffd", text.removeprefix("\ufeff"))


def _convert(text, pictures=(), under=1):
    """Markdown to HTML that is not safe yet; ValidationError if that would take long."""
    if len(text) > LIMIT:
        raise ValidationError(
            f"This text is {len(text):,} characters long; the limit is {LIMIT:,}. "
            "Split it into two.",
            code="too_long",
        )
    # Two texts can share a page, so the ids of footnotes carry a mark of their text.
    mark = sha256(text.encode()).hexdigest()[:8]
    known = {picture.address: picture for picture in pictures}
    env = {"docId": mark, "work": WORK, "colour": COLOUR, "pictures": known, "under": under}
    return _PARSER.render(text, env)


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


def _raw_html(self, tokens, index, options, env):
    _spend(env, 8 * tokens[index].content.count("<"))
    return tokens[index].content


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


# Headings. The page has its own, and an author may begin with any level.

_RAW_HEADING = re.compile(r"<!--.*?(?:-->|\Z)|<(/?)h([1-6])(?![a-z0-9-])", re.I | re.DOTALL)


def _outline(state):
    """Move the headings of Markdown and of raw HTML below the one that the text stands under."""
    under = state.env.get("under")
    if not under:
        return
    above, new = [], {}  # the levels of the headings that a text is under; what each has become

    def moved(level, closes):
        if not closes:
            while above and above[-1] >= level:
                above.pop()
            above.append(level)
            new[level] = min(6, under + len(above))
        return new.get(level, level)

    def raw(tag):
        return f"<{tag[1]}h{moved(int(tag[2]), tag[1])}" if tag[2] else tag[0]

    for token in (token for block in state.tokens for token in (block, *(block.children or ()))):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{moved(int(token.tag[1]), token.nesting < 0)}"
        elif token.type in ("html_block", "html_inline"):
            token.content = _RAW_HEADING.sub(raw, token.content)


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
    state.pending = state.pending.removesuffix(scheme[1])
    state.push("link_open", "a", 1).attrs = {
        "href": state.md.normalizeLink(url),
        "class": "bare",
    }
    state.push("text", "", 0).content = url
    state.push("link_close", "a", -1)
    state.pos = rest.end()
    return True


def _footnote_ref(state, silent):
    # The plugin's rule looks for the bracket's end through the whole paragraph, at each bracket.
    return bool(_FOOTNOTE.match(state.src, state.pos)) and footnote_ref(state, silent)


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
    return f'{FOOTNOTES}\n<div class="footnotes">\n<ol class="footnotes-list">\n'


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
    parser.core.ruler.push("outline", _outline)
    parser.block.ruler.before("table", "count", _count_block, everywhere)
    parser.inline.ruler.before("text", "count", _count_inline)
    parser.inline.ruler.after("count", "bare_link", _bare_link)
    parser.inline.ruler.at("footnote_ref", _footnote_ref)
    parser.core.ruler.after("inline", "figures", _figures)
    for name, rule in {
        "code_block": _code_block,
        "fence": _fence,
        "footnote_anchor": _footnote_return,
        "footnote_block_close": _footnotes,
        "footnote_block_open": _footnotes,
        "footnote_ref": _footnote_number,
        "html_block": _raw_html,
        "html_inline": _raw_html,
        "image": _image,
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
    r"language-\S+|align-(?:left|center|right)|bare|code|unrendered|contains-task-list"
    r"|task-list-item(?:-checkbox)?|footnote-(?:ref|item|backref)|footnotes(?:-list|-sep)?"
)
_VALUES = {
    "data-language": re.compile(r"[\w#+.-]{1,30}"),
    "id": re.compile(r"fn(?:ref)?-[0-9a-f]{8}-\d+(?::\d+)?"),
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


_TAGS = """
    a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em
    figcaption figure h1 h2 h3 h4 h5 h6 hr i img input ins kbd li mark ol p picture pre q rp rt ruby
    s samp section small source span strong sub summary sup table tbody td tfoot th thead time tr u
    ul var wbr
"""
# The elements of raw HTML that `render` keeps.
KEPT_TAGS = frozenset(_TAGS.split())
_cleaner = partial(
    nh3.Cleaner,
    tags=set(KEPT_TAGS),
    attributes={
        "*": {"class", "dir", "lang", "title"},
        "a": {"aria-label", "href", "hreflang", "id", "rel"},
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
        "li": {"id", "value"},
        "ol": {"reversed", "start", "type"},
        "pre": {"aria-label", "role"},
        "source": {"sizes", "srcset", "type"},
        "td": {"colspan", "rowspan"},
        "th": {"abbr", "colspan", "rowspan", "scope"},
        "time": {"datetime"},
    },
    # An input is a task's box whatever its author wrote. What scrolls can be reached with a key.
    set_tag_attribute_values={
        "input": {"type": "checkbox", "disabled": "", "aria-label": "Task"},
        "pre": {"tabindex": "0"},
        "table": {"tabindex": "0"},
    },
    url_schemes={"http", "https", "mailto", "tel"},
    link_rel=None,
)
_CLEANER = _cleaner(attribute_filter=_attribute)

# Our own markup of footnotes, for `plain`; the section of notes is the last element.
_NOTES = re.compile(rf'<sup class="footnote-ref">.*?</sup>|{FOOTNOTES}.*', re.DOTALL)
