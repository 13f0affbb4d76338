"""A bundle from elsewhere, or a fixture by itself, as a source of an import."""

import codecs
import hashlib
import json
import re

from .bundle import FORMAT
from .files import SourceError
from .source import Item, Source

MOST_MANIFEST = 200 * 1024**2  # bytes
# Characters that are read at once, and that one object may have: every field at its longest.
PART, MOST_OBJECT = 1024**2, 16 * 1024**2
SPACE = re.compile(r"[ \t\r\n]*")


class Bundle(Source):
    """Whole: what it does not have, the place that it comes from does not have either."""

    whole = True

    def __init__(self, files):
        super().__init__(files)
        self.fixture = "content.json" if "content.json" in files else files.names[0]
        self.pictures = {
            name.removeprefix("media/"): lambda name=name: files.open(name)
            for name in files.names
            if name.startswith("media/")
        }
        if "manifest.json" in files:
            self.check(self.manifest())

    @staticmethod
    def recognises(files):
        if "content.json" in files:
            return True
        if [name for name in files.names if not name.endswith(".json")] or len(files.names) != 1:
            return False
        with files.open(files.names[0]) as file:
            return file.read(1000).lstrip().startswith(b"[")

    def manifest(self):
        try:
            with self.files.open("manifest.json") as file:
                manifest = json.loads(file.read(MOST_MANIFEST))
            version, digests = int(manifest["format"]), dict(manifest["files"])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise SourceError("manifest.json is damaged: export the content again.") from None
        if not 1 <= version <= FORMAT:
            raise SourceError(
                f"The bundle has format {version}, and this version of the software knows formats "
                f"1 to {FORMAT}: bring the software up to date and import again."
            )
        return digests

    def check(self, digests):
        """Raises SourceError unless there are these files, with these SHA-256s, and no others."""
        present = {name for name in self.files.names if name != "manifest.json"}
        # A bundle may be kept in a repository, beside other files.
        present = {name for name in present if name == self.fixture or name.startswith("media/")}
        if missing := sorted(set(digests) - present):
            raise SourceError(f"{missing[0]} is missing from the bundle: export it again.")
        if strange := sorted(present - set(digests)):
            raise SourceError(
                f"{strange[0]} is not in the bundle's manifest: take it out, or export again."
            )
        for name, expected in digests.items():
            with self.files.open(name) as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                    raise SourceError(
                        f"{name} is not as the bundle's manifest tells it. If it was edited on "
                        "purpose, delete manifest.json; if not, export the content again."
                    )

    def items(self):
        with self.files.open(self.fixture) as file:
            try:
                for number, item in enumerate(objects(file), start=1):
                    yield self.item(item, f"{self.fixture}, object {number}")
            except (ValueError, RecursionError) as error:
                raise SourceError(
                    f"{self.fixture} is not a JSON list of objects: {error}."
                ) from None

    def item(self, item, where):
        if not (
            isinstance(item, dict)
            and isinstance(item.get("model"), str)
            and isinstance(item.get("fields"), dict)
        ):
            raise SourceError(f"{where} is not an object with a model and fields.")
        return Item(item["model"], item["fields"], where)


def objects(file):
    """What a JSON list in a binary file holds, one after the other; ValueError if it is none.

    The whole list may be larger than the memory.
    """
    decode = json.JSONDecoder().raw_decode
    text = codecs.getreader("utf-8-sig")(file)
    read, at = "", 0

    def read_on():
        nonlocal read, at
        part = text.read(PART)
        read, at = read[at:] + part, 0
        return part

    def following():
        """The next character that is no space; none at the end."""
        nonlocal at
        while True:
            at = SPACE.match(read, at).end()
            if at < len(read) or not read_on():
                return read[at : at + 1]

    before = "["
    while (sign := following()) == before:
        at += 1
        if following() == "]":
            return
        while True:
            try:
                item, at = decode(read, at)
                break
            except ValueError:
                # It may be that it goes on.
                if len(read) - at > MOST_OBJECT or not read_on():
                    raise
        yield item
        before = ","
    if sign != "]":
        raise ValueError(f"it has {sign!r} where {before!r} belongs")
