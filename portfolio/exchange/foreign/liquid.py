"""Jekyll's Liquid tags, and kramdown's attributes, as Markdown."""

import re
from urllib.parse import urlsplit

from .prose import Lines, fenced
from .shortcodes import replaced

_TAG = re.compile(
    r"\{%-?[ \t]*(?P<name>\w+)(?P<rest>[^%{}\n]*)-?%\}"
    r"|\{\{-?(?P<value>[^{}\n]*?)-?\}\}"
    r"|^[ \t]*\{:[^{}\n]*\}[ \t]*$"
)
_ENDS = {
    name: re.compile(rf"\{{%-?\s*end{name}\s*-?%\}}") for name in ("highlight", "raw", "comment")
}
_BASE = re.compile(r"site\.baseurl\s*(?:\|\s*\w+_url\s*)?")
_PATH = re.compile(
    r"""(["'])([^"']*)\1\s*\|\s*(?:relative_url|absolute_url|prepend:\s*site\.baseurl)\s*"""
)


def translate(text, first_line, post, source):
    """A post's text without the tags that Markdown can say; the rest is remarked."""
    line = Lines(text, first_line)
    folder = urlsplit(source.base).path.rstrip("/")

    def paired(match):
        end = _ENDS[match["name"]].search(text, match.end())
        if not end:
            return None
        inside = text[match.end() : end.start()]
        if match["name"] == "highlight":
            language = (match["rest"].split() or [""])[0]
            return fenced(inside.strip("\n"), language), end.end()
        if match["name"] == "comment":
            source.remark(f"{post.where}:{line(match.start())}", f"A comment is left out: {inside}")
            return "", end.end()
        return inside, end.end()

    def answer(match):
        new = None
        if match["name"] in _ENDS:
            if found := paired(match):
                return found
        elif match["name"] in ("link", "post_url"):
            new = source.reference(post, match["rest"].strip())
        elif match["name"] == "gist":
            new = f"https://gist.github.com/{(match['rest'].split() or [''])[0]}"
        elif match["value"] is not None:
            value = match["value"].strip()
            if value == "site.url":
                new = ""
            elif _BASE.fullmatch(value):
                new = folder
            elif path := _PATH.fullmatch(value):
                new = f"{folder}/{path[2].lstrip('/')}"
        if new is None:
            if not (match["name"] or "").startswith("end"):
                source.remark(
                    f"{post.where}:{line(match.start())}",
                    f"This stays in the text as it is: {match[0].strip()}",
                )
            return None
        return new, match.end()

    return replaced(text, _TAG, answer)
