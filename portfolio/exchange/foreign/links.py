"""Where a Markdown text leads to and which pictures it shows, with the addresses rewritten.

Not a parser: what it takes for code it leaves alone, and it changes nothing but addresses.
"""

import html
import re
from functools import partial

from .prose import prose

_TEXT = r"((?:[^\[\]\\]|\\[\s\S]|\[[^\[\]]*\])*)"
_PLACE = r"(<[^<>\n]*>|[^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*)"
_TITLE = r"""(?:\s+(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\([^()]*\)))?"""
_PICTURE = re.compile(rf"!\[{_TEXT}\]\(\s*{_PLACE}{_TITLE}\s*\)")
_LINK = re.compile(rf"\]\(\s*{_PLACE}{_TITLE}\s*\)")
_REFERENCE = re.compile(rf"^ {{0,3}}\[[^\[\]^][^\[\]]*\]:[ \t]*{_PLACE}", re.M)
_TAG = re.compile(r"""<(img|a)\b[^<>]*?\b(?:src|href)\s*=\s*(["'])([^"'<>]*)\2[^<>]*>""", re.I)
_ALT = re.compile(r"""\balt\s*=\s*(["'])(.*?)\1""", re.I | re.S)


def rewrite(text, picture, link):
    """The text with other addresses: what `picture(address, alt, place)` and `link(address, place)`
    give, of which None keeps the one that is there. A picture by reference has the alt None.
    """
    changes = []

    def change(match, group, new):
        if new is not None:
            changes.append((match.start(group), match.end(group), new))

    for begin, end in prose(text):
        pictures = set()
        for match in _PICTURE.finditer(text, begin, end):
            pictures.add(match.start(2))
            address, alt = match[2].strip("<>"), re.sub(r"\\([^\w\s])", r"\1", match[1])
            change(match, 2, picture(address, alt, match.start()))
        for match in _LINK.finditer(text, begin, end):
            if match.start(1) not in pictures:
                change(match, 1, link(match[1].strip("<>"), match.start()))
        for match in _REFERENCE.finditer(text, begin, end):
            address = match[1].strip("<>")
            shown = re.search(r"\.(?:png|jpe?g|gif|webp|avif|svg)\Z", address, re.I)
            change(
                match,
                1,
                (partial(picture, address, None) if shown else partial(link, address))(
                    match.start()
                ),
            )
        for match in _TAG.finditer(text, begin, end):
            address = html.unescape(match[3])
            if match[1].lower() == "a":
                change(match, 3, link(address, match.start()))
            else:
                alt = _ALT.search(match[0])
                alt = html.unescape(alt[2]) if alt else ""
                change(match, 3, picture(address, alt, match.start()))
    return _changed(text, changes)


def _changed(text, changes):
    parts, at = [], 0
    for begin, end, new in sorted(changes):
        if begin >= at:  # an address inside of another's title is left
            parts += [text[at:begin], new]
            at = end
    return "".join([*parts, text[at:]])
