"""Text files that begin with YAML between two lines of `---`, as Hugo, Jekyll and Obsidian do.

Every scalar is read as the text that it is written as, so that a title may be `no` or `2026`: what
it means is for whoever knows the field. Only null is None.
"""

import re
from dataclasses import dataclass

import yaml

from ..files import SourceError

DEEPEST = 20
_FENCE = re.compile(r"---[ \t]*\Z")
_NULL = {"", "~", "null", "Null", "NULL"}
_KNOWN_TAGS = {None, "!", *(f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map"))}
# What an editor, Git or a web page may change, show as a line's end or not show at all.
_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Page:
    """A text file: the mapping that it begins with, and the text after it."""

    matter: dict
    body: str
    lines: dict  # the line of each key
    body_line: int  # the line that the text begins on


# Reading.


def parse(text, where):
    """The `Page` of a file's text, with lines that end as they do here. Raises SourceError."""
    lines = text.replace("\r\n", "\n").split("\n")
    if not _FENCE.match(lines[0]):
        return Page({}, tidy("\n".join(lines)), {}, 1)
    end = next((n for n, line in enumerate(lines[1:], start=1) if _FENCE.match(line)), None)
    if end is None:
        raise SourceError(
            f"{where}:1 begins with --- that nothing closes: put a line of --- after the fields."
        )
    matter, keys = load("\n".join(lines[1:end]), where, first_line=2)
    begin = next((n for n in range(end + 1, len(lines)) if lines[n].strip()), end)
    return Page(matter, tidy("\n".join(lines[end + 1 :])), keys, begin + 1)


def load(text, where, first_line=1):
    """A mapping of text, None, lists and mappings, and the line of each key at its top.

    Raises SourceError for what is no mapping or no YAML, for a key that is there twice, and for
    anchors, aliases and tags, which can make a small file very large or mean another program's own
    types.
    """
    reader = _Reader(text.replace("\r\n", "\n"), where, first_line)
    try:
        return reader.mapping_at_the_top(), reader.lines
    except yaml.MarkedYAMLError as error:
        reason = error.problem or error.context
        raise reader.refused(error.problem_mark, f"is no YAML ({reason}): correct it") from None
    except yaml.YAMLError as error:
        raise SourceError(f"{where} is no YAML ({error.reason}): correct it.") from None


def tidy(text):
    """Without what an editor adds or takes away: blank lines before, white space after."""
    return re.sub(r"\A(?:[ \t]*\n)+", "", text).rstrip()


def survives(text):
    """Whether the text is the same after it was in a file, and seen by an editor."""
    return tidy(text) == text and not _ODD.search(text)


class _Reader:
    """Builds values from the parser's events: PyYAML's composer crashes on what is too deep."""

    def __init__(self, text, where, first_line):
        self.events = yaml.parse(text, Loader=yaml.CSafeLoader)
        self.where, self.first_line, self.lines = where, first_line, {}

    def refused(self, mark, what):
        line = self.first_line + (mark.line if mark else 0)
        return SourceError(f"{self.where}:{line} {what}.")

    def mapping_at_the_top(self):
        next(self.events)  # the stream begins
        event = next(self.events)
        if isinstance(event, yaml.StreamEndEvent):
            return {}
        event = next(self.events)
        value = self.value(event, 0)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise self.refused(event.start_mark, "has no fields: write them as `name: value`")
        next(self.events)  # the document ends
        event = next(self.events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise self.refused(event.start_mark, "begins a second document: take it away")
        return value

    def value(self, event, depth):
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise self.refused(
                event.start_mark,
                "has an anchor or an alias (& or *): write the value out, or put it in quotes",
            )
        if event.tag not in _KNOWN_TAGS:
            raise self.refused(event.start_mark, f"has the tag {event.tag!r}: take it away")
        if depth > DEEPEST:
            raise self.refused(event.start_mark, "is nested too deep: make it flat")
        if isinstance(event, yaml.ScalarEvent):
            return None if event.implicit[0] and event.value in _NULL else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return [self.value(inner, depth + 1) for inner in self.until(yaml.SequenceEndEvent)]
        return self.mapping(depth)

    def mapping(self, depth):
        found = {}
        for event in self.until(yaml.MappingEndEvent):
            key = self.value(event, depth + 1)
            if not isinstance(key, str):
                raise self.refused(event.start_mark, "has a key that is no text: name the field")
            if key in found:
                raise self.refused(event.start_mark, f"says {key!r} again: keep one of the two")
            if depth == 0:
                self.lines[key] = self.first_line + event.start_mark.line
            found[key] = self.value(next(self.events), depth + 1)
        return found

    def until(self, end):
        while not isinstance(event := next(self.events), end):
            yield event


# Writing.


class Inline(list):
    """A list that is written on one line."""


class Instant(str):
    """A date or time, which YAML knows as such: written without quotes."""


class _Dumper(yaml.SafeDumper):
    """Knows what YAML 1.2 takes for a number too, so that other programs read text as text."""

    def ignore_aliases(self, data):
        return True


class _FastDumper(yaml.CSafeDumper):
    ignore_aliases = _Dumper.ignore_aliases


def _text(dumper, text):
    style = None
    if not survives(text):
        style = '"'
    elif "\n" in text:
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


def _instant(dumper, text):
    tag = dumper.resolve(yaml.ScalarNode, str(text), (True, False))
    return dumper.represent_scalar(tag, str(text))


def _inline(dumper, values):
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=True)


for _dumper in (_Dumper, _FastDumper):
    _dumper.add_representer(str, _text)
    _dumper.add_representer(Instant, _instant)
    _dumper.add_representer(Inline, _inline)
    _dumper.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z|0o[0-7]+\Z"),
        list("-+.0123456789"),
    )


def dump(mapping):
    """The mapping as YAML, which `load` gives back exactly; text with odd characters quoted."""
    options = {"allow_unicode": True, "sort_keys": False, "width": 1 << 30}
    text = yaml.dump(mapping, Dumper=_FastDumper, **options)
    # The fast one writes characters beyond U+FFFF, such as 🙂, as numbers.
    return yaml.dump(mapping, Dumper=_Dumper, **options) if "\\U" in text else text


def compose(matter, body):
    """The text of a file of which `parse` gives the mapping and the text back."""
    fields = dump(matter) if matter else ""
    return f"---\n{fields}---\n" + (f"\n{body}\n" if body else "")
