"""A file of Hugo or Jekyll: front matter in YAML, TOML or JSON, and the text below it."""

import json
import re
import tomllib
from dataclasses import dataclass

import yaml

from .dates import moment

# A person writes a page of it at most; more is made to keep a parser busy.
MOST = 50_000  # characters
DEEPEST = 20
_EMPTY = {"", "~", "null"}
_YES, _NO = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


class Broken(Exception):
    """Why a file cannot be read, as (line, a sentence)."""


@dataclass
class Page:
    """What a file says. Its keys are lower case, as Hugo reads them."""

    name: str
    values: dict
    text: str
    front: str
    first_line: int  # of the text

    def where(self, key):
        """The line that has a key, as `name:line`."""
        match = re.search(rf'^[ \t]*"?{re.escape(key)}"?\s*[:=]', self.front, re.M | re.I)
        return f"{self.name}:{self.front.count(chr(10), 0, match.start()) + 1 if match else 1}"

    def string(self, *keys):
        """The first of the keys that says anything, as text without space around it."""
        for key in keys:
            value = self.values.get(key)
            if isinstance(value, bool | int | float | str) and _text(value) not in _EMPTY:
                return _text(value)
        return ""

    def strings(self, key):
        """The texts of a list; a single one is a list of one. None if it is something else."""
        value = self.values.get(key, [])
        values = value if isinstance(value, list) else [value]
        if any(not isinstance(value, bool | int | float | str) for value in values):
            return None
        return [text for text in map(_text, values) if text not in _EMPTY]

    def flag(self, key):
        """True, False, or None where the key says neither."""
        text = self.string(key).lower()
        return True if text in _YES else False if text in _NO else None

    def date(self, *keys):
        """The first of the keys that says anything, as an aware datetime, with the key.

        (None, None) if none does. Raises Broken for what is no date.
        """
        for key in keys:
            value = self.values.get(key)
            if value is None or (isinstance(value, str) and value.strip() in _EMPTY):
                continue
            try:
                return moment(value), key
            except ValueError as error:
                line = int(self.where(key).rpartition(":")[2])
                raise Broken(line, f"its {key} {error}") from None
        return None, None


def _text(value):
    return str(value).strip()


def read(name, text):
    """The `Page` of a file's text. Raises Broken."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.startswith("{"):
        front, values, rest = _json(text)
    elif match := re.match(r"(---|\+\+\+)[ \t]*\n", text):
        fence = match[1]
        end = re.compile(rf"^{re.escape(fence)}[ \t]*(?:\n|\Z)", re.M).search(text, match.end())
        if not end:
            raise Broken(1, f"the front matter that begins with {fence} has no {fence} at its end")
        front, rest = text[: end.start()], text[end.end() :]
        if len(front) > MOST:
            raise Broken(1, f"the front matter is longer than {MOST:,} characters")
        parse = parse_yaml if fence == "---" else parse_toml
        # With the first line empty, lines count as in the file.
        values = parse("\n" + front[match.end() :])
    else:
        front, values, rest = "", {}, text
    if not isinstance(values, dict):
        raise Broken(1, "the front matter has no names with values")
    values = {str(key).lower(): value for key, value in values.items()}
    return Page(name, values, rest, front, text.count("\n", 0, len(text) - len(rest)) + 1)


def parse_yaml(text):
    """What YAML says, every scalar as the text that was written. Raises Broken."""
    try:
        # Before anything is made of it: libyaml crashes on what is nested deeply, and aliases
        # make much of little.
        depth = 0
        for event in yaml.parse(text, yaml.CBaseLoader):
            line = event.start_mark.line + 1
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                raise Broken(line, "the front matter is nested too deeply")
            if getattr(event, "anchor", None):
                raise Broken(line, "the front matter has an anchor (& or *): write the value out")
        return yaml.load(text, yaml.CBaseLoader) or {}  # noqa: S506 (makes nothing but text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "it has characters that YAML does not take"
        raise Broken(mark.line + 1 if mark else 1, f"the YAML is broken: {reason}") from None


def parse_toml(text):
    """What TOML says. Raises Broken."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise Broken(1, "the front matter is nested too deeply") from None
    except ValueError as error:
        reason, _, at = str(error).partition(" (at ")
        line = re.match(r"line (\d+)", at)
        raise Broken(int(line[1]) if line else 1, f"the TOML is broken: {reason}") from None


def _json(text):
    try:
        values, end = json.JSONDecoder().raw_decode(text[:MOST])
    except RecursionError:
        raise Broken(1, "the front matter is nested too deeply") from None
    except ValueError as error:
        line, reason = getattr(error, "lineno", 1), getattr(error, "msg", error)
        raise Broken(line, f"the JSON is broken: {reason}") from None
    rest = re.sub(r"\A[ \t]*\n", "", text[end:])
    return text[:end], values, rest
