"""The plain form of a page: front matter and Markdown, at `index.html.md` below the page's address.

A page and its twin are one view: `page` routes both to it, and what the view answers is rendered by
the template of the same name that ends in `.md`. So the twin shows whatever the page does, to whom
the page does, and there is nothing else to keep in step.
"""

import re
from functools import lru_cache, partial, wraps
from hashlib import sha256
from html.parser import HTMLParser
from urllib.parse import quote, urljoin

from django.template.response import TemplateResponse
from django.urls import path
from django.utils.cache import patch_vary_headers

from .edge import public
from .markdown import FOOTNOTES, is_rendered, last_block, render
from .negotiation import MARKDOWN, PAGE, preferred_type
from .page import absolute

TWIN = "index.html.md"


def twin(path):
    """The absolute address of the plain form of the page at a path."""
    return absolute(path + TWIN)


def page(route, view, name):
    """The routes of a page that has a plain form: its own, which gives either, and the twin's.

    The view answers with a TemplateResponse that has the template `….html`, beside which is `….md`.
    """
    return [path(route, _either(view), name=name), path(route + TWIN, _either(view))]


def _either(view):
    @public
    @wraps(view)
    def either(request, **kwargs):
        response = view(request, **kwargs)
        # Anything else is about the request, such as a redirect, and has no plain form.
        if isinstance(response, TemplateResponse):
            _choose(request, response)
        return response

    return either


def _choose(request, response):
    own = request.path.removesuffix(TWIN)
    asked_by_address = own != request.path
    response.context_data = {
        **(response.context_data or {}),
        "address": absolute(own),
        "twin": own + TWIN,
    }
    if not asked_by_address:
        patch_vary_headers(response, ["Accept"])
    accept = request.headers.get("Accept", "*/*")
    if asked_by_address or preferred_type(accept, PAGE) == MARKDOWN:
        names = response.template_name
        first = names if isinstance(names, str) else names[0]
        response.template_name = first.removesuffix(".html") + ".md"
        response["Content-Type"] = f"{MARKDOWN}; charset=utf-8"
        response["Content-Location"] = twin(own)
        response["Link"] = f'<{absolute(own)}>; rel="canonical"'


# The author's Markdown in another place.

_ADDRESS = re.compile(
    r"""
    \](?:\(|:)\s* (?: <(?P<pointed>[^<>\n]*)>
                    | (?P<bare>(?: \\. | [^\s\\()<>] | \((?:\\.|[^\s\\()])*\) )*) )
    | \b(?:href|src)\s*=\s* (?: "(?P<double>[^"]*)" | '(?P<single>[^']*)' | (?P<free>[^\s"'=<>`]+) )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SCHEME = re.compile("[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_ROOTED = re.compile("/(?!/)")
_FOOTNOTE = re.compile("#fn(?:ref)?-[0-9a-f]{8}-")


@lru_cache(maxsize=256)
def absolute_links(text, base):
    """The Markdown with relative links and images made absolute, as seen from the address `base`.

    What looks like an address may be code, so the renderer is asked: each is replaced by a mark,
    and those whose marks come out as addresses are links. If the result would not read and lead
    as the text does, the text is left alone.
    """
    found = [match for match in _ADDRESS.finditer(text) if not _SCHEME.match(_written(match))]
    result = _with_links(text, found, partial(_join, base))
    if result == text or _seen(result, base) == _seen(text, base):
        return result
    return text


def rooted(text, prefix):
    """The Markdown with links and images that begin at the root, as `/now/`, below a path.

    As in `absolute_links`, a text that would not read and lead as before is left alone.
    """

    def moved(address):
        return prefix + address[1:] if _ROOTED.match(address) else address

    result = _with_links(text, filter(_at_root, _ADDRESS.finditer(text)), moved)
    if result == text:
        return text
    before, after = _seen(text), _seen(result)
    before.addresses = [*map(moved, before.addresses)]
    return result if before == after else text


def _at_root(match):
    return _ROOTED.match(_written(match))


def _with_links(text, found, moved):
    """The text with `moved(address)` in place of the address of each match that is a link."""
    found = [*found]
    if not found:
        return text
    secret = sha256(text.encode(errors="replace")).hexdigest()
    marks = {match: f"/{secret}/{number}" for number, match in enumerate(found)}
    addresses = {*_seen(_replaced(text, marks)).addresses}
    links = {match: moved(_written(match)) for match, mark in marks.items() if mark in addresses}
    return _replaced(text, links)


def _written(match):
    return match[match.lastgroup]


def _replaced(text, replacements):
    """The text with the address of each match replaced; the matches are in the text's order."""
    parts, end = [], 0
    for match, address in replacements.items():
        start, next_end = match.span(match.lastgroup)
        parts += [text[end:start], address]
        end = next_end
    return "".join([*parts, text[end:]])


def _join(base, address):
    try:
        return urljoin(base, address)
    except ValueError:  # such as //[
        return address


def _seen(text, base=""):
    # With the ids of its own page, which are the same for both of two texts.
    return _Seen(render(text, ids=""), base)


class _Seen(HTMLParser):
    """What a reader gets of our HTML: its text, and the addresses in it as seen from `base`."""

    def __init__(self, html, base=""):
        super().__init__()
        self.base, self.addresses, self.text = base, [], ""
        self.feed(html)
        self.close()

    def __eq__(self, other):
        return (self.addresses, self.text) == (other.addresses, other.text)

    __hash__ = None

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            # The addresses of footnotes carry a mark of the text, which differs.
            if name in ("href", "src") and not _FOOTNOTE.match(value):
                self.addresses.append(_join(self.base, value))

    def handle_data(self, data):
        self.text += data


def before_others(text, base):
    """`absolute_links(text, base)`, fit to have other texts after it on one page.

    A text can reach beyond its end, as by a fence that it leaves open. Such a one is given as HTML,
    which Markdown may hold.
    """
    text = absolute_links(text, base)
    return text if _ends(text) else _as_html(text)


_DEFINITION = re.compile(r"^(?:[ \t>*+\-\d.)]*\[[^\n]*?|[^\[\n]*)\]:", re.MULTILINE)


def among_others(text, base):
    """`absolute_links(text, base)`, fit to have other texts on either side of it on one page.

    As `before_others`, and one that defines a link or a note is HTML, too: so may another text.
    """
    text = absolute_links(text, base)
    return text if _ends(text) and not _DEFINITION.search(text) else _as_html(text)


def _ends(text):
    """Whether a paragraph that follows the text is none of it."""
    following = sha256(text.encode(errors="replace")).hexdigest()
    together = f"{text}\n\n{following}"
    # Only HTML can hold on to a block that Markdown has ended.
    if "<" not in text and is_rendered(text):
        return last_block(together) == following
    html, _, _ = render(together, under=0).partition(FOOTNOTES)
    return html.endswith((f"<p>{following}</p>\n", f'<p dir="auto">{following}</p>\n'))


def _as_html(text):
    # HTML in Markdown ends at a blank line.
    html = re.sub(r"\n(?=[ \t]*\n)", "&#10;", render(text, under=0).strip())
    return f"<div>\n{html}\n</div>"


def link(label, address):
    """A Markdown link."""
    return f"[{literal(label)}]({quote(address, safe=_IN_ADDRESS)})"


_IN_ADDRESS = ":/?#[]@!$&'*+,;=%~"
_MARKUP = re.compile(r"[\\`*_\[\]<>&#~|]|^[-+=:]")
_NUMBER = re.compile(r"^([0-9]+)([.)])")


def literal(text):
    """Markdown, on one line, that reads as the text does and has no markup."""
    line = _MARKUP.sub(r"\\\g<0>", " ".join(str(text).split()))
    return _NUMBER.sub(r"\1\\\2", line)
