r"""HTML as Markdown: the rules for whoever converts it.

Imports do it in Python (`portfolio.exchange.foreign.html`), pasting in the browser
(`static/portfolio/markdown-rules.js`, which gets the rules with its script tag). What stays as an
element, and which characters of a text are no markup, is said here for both; tests/data/html.json
has what both have to make of the same HTML.
"""

import json

from .markdown import BARE_LINK, KEPT_TAGS

# Elements that Markdown has characters for, by their one name.
_MARKDOWN = """
    a b blockquote br code dd del dl dt em h1 h2 h3 h4 h5 h6 hr i img input li ol p pre s strong
    table tbody td tfoot th thead tr ul
"""
# Those that are nothing by themselves.
_BOXES = "caption col colgroup div figcaption figure picture section source span wbr"
# Those that stay as they are around Markdown; of details and summary each side has a rule.
INLINE = KEPT_TAGS - {*_MARKDOWN.split(), *_BOXES.split(), "details", "summary"}
ATTRIBUTES = ("title", "dir", "lang", "datetime")
# What stands around a text; where that would be no markup, the element does.
MARKS = {"strong": "**", "em": "*", "del": "~~"}
SAME = {
    **{"b": "strong", "i": "em", "s": "del", "strike": "del", "tt": "code", "acronym": "abbr"},
    **{"dir": "ul", "menu": "ul"},
}
_BLOCKS = """
    blockquote body caption dd details dialog dl dt fieldset figcaption h1 h2 h3 h4 h5 h6 hgroup hr
    legend li ol pre summary table tbody td tfoot th thead tr ul
"""
# Blocks of nothing but text, into which a mark around them goes.
_PARAGRAPHS = "address article aside center div figure footer form header main nav p section"
PARAGRAPHS = frozenset(_PARAGRAPHS.split())
BLOCKS = PARAGRAPHS | {*_BLOCKS.split()}

# What only screen readers say, by its class or its style.
HIDDEN = {
    "class": (
        r"(?:^|\s)(?:sr-only|sr_only|screen-?reader-(?:text|only)|visually-?hidden|assistive-text)"
        r"(?:-focusable)?(?=\s|$)"
    ),
    "style": r"(?<![\w-])(?:clip:\s*rect\(|clip-path:\s*inset\((?:50|100)%)",
}
# How Quill says of an item of what list it is.
LISTS = {"ordered": "ol", "bullet": "ul", "checked": "ul", "unchecked": "ul"}
# Cells of which each has a line of code.
CODE_CELLS = "td.blob-code, td.hljs-ln-code"
# What says how a cell is aligned, the strongest first: an attribute, and how it says it.
ALIGNMENT = {
    "style": r"(?<![\w-])text-align\s*:\s*(?:-\w+-)?(left|center|right|end)(?!\w)",
    "align": r"^\s*(left|center|right|end)\s*$",
    "class": r"(?:^|\s)(?:has-|org-|h)?(?:text-)?(?:align-?)?(left|center|right|end)(?=\s|$)",
}
# The line below a table's head says it of each column.
ALIGNED = {"": "---", "left": ":---", "center": ":---:", "right": "---:", "end": "---:"}

# Expressions that Python and the browser understand alike: of what has no backslash yet, the group
# or what follows it gets one.
_SIGNS = (
    r"([\\`]|\*(?!\s\S)|(?<!\S\s)\*|(?<![^\W_])_|_(?![^\W_])"
    r"|\[(?=\^|[ xX]\]|[^\[\]]{999}|[^\[\]]{0,999}(?:\][(\[:]|\[|$))"
    r"|!(?=$)|<(?=[\w/!?])|&(?=#?\w+;)|~(?=~|\s*$)|(?<!\S)(?<!\S\s)~)"
)
ESCAPES = {
    # An address that becomes a link stays whole.
    "text": rf"(?<![a-zA-Z0-9])https?{BARE_LINK}|{_SIGNS}",
    "link": rf"([\[\]])|{_SIGNS}",
    # At the beginning of a line.
    "line": r"^([^\S\n]*)(?=#{1,6}(?:\s|$)|>|[+*:|~=-](?=[\s=>:|~-]|$))",
    "number": r"^([^\S\n]*\d{1,9})(?=[.)](?:\s|$))",
}


def rules():
    """The rules as JSON, for the browser."""
    return json.dumps(
        {
            "inline": sorted(INLINE),
            "attributes": ATTRIBUTES,
            "marks": MARKS,
            "same": SAME,
            "blocks": sorted(BLOCKS),
            "paragraphs": sorted(PARAGRAPHS),
            "lists": LISTS,
            "code": CODE_CELLS,
            "hidden": HIDDEN,
            "alignment": ALIGNMENT,
            "aligned": ALIGNED,
            "escapes": ESCAPES,
        }
    )
