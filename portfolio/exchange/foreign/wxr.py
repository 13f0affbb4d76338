"""WordPress's export file, read an item at a time."""

from dataclasses import dataclass, field
from functools import partial

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from ..files import SourceError

CHUNK = 1 << 16
# The format has four levels below its root.
DEEPEST = 50


@dataclass
class Row:
    """An <item>: `fields` are the texts of its elements by their names, the last of each name."""

    line: int
    fields: dict = field(default_factory=dict)
    terms: list = field(default_factory=list)  # (taxonomy, slug, name)
    meta: dict = field(default_factory=dict)
    comments: int = 0


class Reader:
    """What expat tells, as rows. `site` has the texts of the channel itself."""

    def __init__(self):
        self.parser = None
        self.rows, self.site = [], {}
        self._row, self._open, self._text, self._attributes, self._key = None, [], [], {}, ""

    def start(self, tag, attributes):
        self._open.append(called(tag))
        if len(self._open) > DEEPEST:
            raise RecursionError
        if self._open[-1] == "item":
            self._row = Row(self.parser.parser.CurrentLineNumber)
        self._text, self._attributes = [], attributes

    def data(self, text):
        self._text.append(text)

    def end(self, tag):
        name, text = self._open.pop(), "".join(self._text)
        above = self._open[-1] if self._open else ""
        self._text = []
        if self._row is None:
            if above == "channel":
                self.site[name] = text.strip()
        elif name == "item":
            self.rows.append(self._row)
            self._row = None
        elif above == "postmeta":
            self._meta(name, text)
        elif above == "item":
            self._field(name, text)

    def close(self):
        pass

    def _field(self, name, text):
        if name == "category":
            domain = self._attributes.get("domain", "category")
            self._row.terms.append((domain, self._attributes.get("nicename", ""), text.strip()))
        elif name == "comment":
            self._row.comments += 1
        elif name != "postmeta":
            self._row.fields[name] = text if name == "content" else text.strip()

    def _meta(self, name, text):
        if name == "meta_key":
            self._key = text.strip()
        elif name == "meta_value":
            self._row.meta[self._key] = text.strip()


def called(tag):
    """The name of an element; there are two by the name of encoded."""
    space, _, name = tag.rpartition("}")
    if name == "encoded":
        return "excerpt" if "excerpt" in space else "content"
    return name


def read(file, name, site):
    """Each `Row` of an open file; what it says of its site goes into `site`. Raises SourceError."""
    reader = Reader()
    reader.site = site
    reader.parser = DefusedXMLParser(target=reader, forbid_dtd=True)
    try:
        for chunk in iter(partial(file.read, CHUNK), b""):
            reader.parser.feed(chunk)
            yield from reader.rows
            reader.rows.clear()
        reader.parser.close()
    except ParseError as error:
        line, reason = error.position[0], str(error).partition(":")[0]
        raise SourceError(
            f"{name}:{line} is broken XML ({reason}): export it from WordPress again."
        ) from None
    except DefusedXmlException:
        raise SourceError(
            f"{name} has a document type or entities of its own, as no export of WordPress has: "
            "nothing was read."
        ) from None
    except RecursionError:
        raise SourceError(f"{name} is nested too deeply: nothing was read.") from None
    except (LookupError, ValueError) as error:
        raise SourceError(f"{name} cannot be read: {error}.") from None
