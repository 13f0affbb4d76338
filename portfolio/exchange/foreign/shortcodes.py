"""Hugo's shortcodes as Markdown."""

import re

from .prose import CODE, Lines, fenced, image

_TAG = re.compile(
    r"\{\{(?P<mark>[<%])(?P<inside>(?:[^\"`{}]|\"(?:\\.|[^\"\\])*\"|`[^`]*`)*?)[>%]\}\}"
)
_WORD = re.compile(
    r"(?:(?P<name>[\w-]+)\s*=\s*)?(?:\"(?P<quoted>(?:\\.|[^\"\\])*)\"|`(?P<raw>[^`]*)`|(?P<bare>[^\s\"`=]+))"
)
_END_OF_HIGHLIGHT = re.compile(r"\{\{[<%]\s*/\s*highlight\s*[>%]\}\}")
# Where each is to be found, as the arguments by number or by name.
PLACES = {
    "gist": "https://gist.github.com/{0}/{1}",
    "instagram": "https://www.instagram.com/p/{0}/",
    "tweet": "https://twitter.com/{user}/status/{id}",
    "twitter": "https://twitter.com/{user}/status/{id}",
    "vimeo": "https://vimeo.com/{0}",
    "x": "https://x.com/{user}/status/{id}",
    "youtube": "https://www.youtube.com/watch?v={0}",
}
SHOWN = {"src", "alt", "caption", "title", "link"}  # what of a figure is kept


def replaced(text, tag, answer):
    """The text with what `answer(match)` gives for each tag that is not in code.

    It is the new text and where the old one ends; None leaves it. Lines stay where they are.
    """
    token = re.compile(f"{CODE.pattern}|(?P<tag>{tag.pattern})", CODE.flags)
    parts, at = [], 0
    while match := token.search(text, at):
        parts.append(text[at : match.start()])
        new, at = (match["tag"] and answer(match)) or (match[0], match.end())
        lines = text.count("\n", match.start(), at) - new.count("\n")
        parts.append(new + "\n" * lines)
    return "".join([*parts, text[at:]])


def translate(text, first_line, post, source):
    """A post's text without the shortcodes that Markdown can say; the rest is remarked."""
    line = Lines(text, first_line)

    def answer(match):
        inside = match["inside"].strip()
        if inside.startswith("/*") and inside.endswith("*/"):
            # Shown, not run.
            return re.sub(r"/\*|\*/", "", match[0]), match.end()
        words = inside.removesuffix("/").split(None, 1)
        name = words[0] if words else ""
        if name.startswith("/"):
            return None
        given = arguments(words[1]) if len(words) > 1 else {}
        where = f"{post.where}:{line(match.start())}"
        if name == "highlight" and (end := _END_OF_HIGHLIGHT.search(text, match.end())):
            code = text[match.end() : end.start()].strip("\n")
            return fenced(code, given.get("0", "")), end.end()
        new = None
        if name == "figure" and "src" in given:
            new = figure(given, where, source)
        elif name in ("ref", "relref"):
            new = source.reference(post, given.get("0") or given.get("path") or "")
        elif name in PLACES:
            new = place(PLACES[name], given)
        if new is None:
            source.remark(where, f"The shortcode “{name}” stays in the text as it is: {match[0]}")
            return None
        return new, match.end()

    return replaced(text, _TAG, answer)


def arguments(text):
    """What a shortcode is given, by name, or else by number."""
    given = {}
    for match in _WORD.finditer(text):
        quoted = match["quoted"]
        value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else None
        value = next(v for v in (value, match["raw"], match["bare"]) if v is not None)
        given[match["name"] or str(len(given))] = value
    return given


def place(address, given):
    numbered = [given.get(str(number)) or given.get("id") for number in (0, 1)]
    try:
        found = address.format(*numbered, **{"user": given.get("user"), "id": given.get("id")})
    except (IndexError, KeyError):
        return None
    return None if "None" in found else found


def figure(given, where, source):
    """A figure as a picture, whose title is its caption here."""
    for name in given.keys() - SHOWN:
        source.remark_often(where, f"The “{name}” of figures is left out.")
    caption = ": ".join(filter(None, (given.get("title"), given.get("caption"))))
    picture = image(given["src"], given.get("alt") or given.get("caption") or "", caption)
    return f"[{picture}](<{given['link']}>)" if given.get("link") else picture
