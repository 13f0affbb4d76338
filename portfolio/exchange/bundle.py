"""The content bundle: all that the owner wrote, in files that other software reads.

`content.json` is a fixture for stock `loaddata`, `media/` has the pictures and `manifest.json` says
what is there. The same content gives the same bytes, from either engine, entered in any order.
"""

import codecs
import hashlib
import json
import re

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.core.files.utils import validate_file_name

from portfolio.media import Unavailable

from . import canonical
from .canonical import KINDS
from .files import SourceError
from .progress import Progress
from .source import Item, Source

FORMAT = 2
FIXTURE, MANIFEST = "content.json", "manifest.json"
MOST_MANIFEST = 200 * 1024**2  # bytes
# Characters that are read at once, and that one object may have: every field at its longest.
PART, MOST_OBJECT = 1024**2, 16 * 1024**2
SPACE = re.compile(r"[ \t\r\n]*")


class ExportError(Exception):
    """Why there is no bundle, in a sentence for the person who asked for it."""


def content_json():
    """The bytes of `content.json`."""
    with canonical.snapshot():
        return b"".join(canonical.fixture(canonical.content()))


# Writing.


def open_picture(name):
    try:
        # The name becomes a path in the bundle too, so it must stay inside `media/` there.
        validate_file_name(name, allow_relative_path=True)
        return default_storage.open(name)
    except Unavailable as error:
        raise ExportError(str(error)) from error
    except (OSError, SuspiciousFileOperation) as error:
        raise ExportError(
            f"The file of the picture {name!r} cannot be read ({error}): put it back or delete "
            "the picture, then export again."
        ) from error


def write_files(create, live_only=False, progress=None):
    """Write the bundle's files, each into what `create(path)` opens, the manifest last.

    Returns how many objects of each kind. Raises ExportError when a picture's file is missing.
    """
    progress = progress or Progress()
    counts, files, pictures = dict.fromkeys(KINDS, 0), {}, []

    def counted():
        for item in progress.over(canonical.content(live_only), "Objects"):
            counts[item["model"]] += 1
            if item["model"] == "portfolio.image":
                pictures.append(item["fields"]["file"])
            yield item

    def add(path, parts):
        digest = hashlib.sha256()
        with create(path) as file:
            for part in parts:
                digest.update(part)
                file.write(part)
        files[path] = digest.hexdigest()

    with canonical.snapshot():
        add(FIXTURE, canonical.fixture(counted()))
    for name in progress.over(pictures, "Pictures", len(pictures)):
        with open_picture(name) as picture:
            add(f"media/{name}", picture.chunks())
    manifest = {"format": FORMAT, "counts": counts, "files": files}
    with create(MANIFEST) as file:
        file.write((json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode())
    return counts


def files_in(folder):
    """The paths of what only a bundle puts in a folder; None if there is none of a known format."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        if manifest["format"] in range(1, FORMAT + 1):
            return [path for path in manifest["files"] if path.startswith("media/")]
    except (OSError, ValueError, TypeError, KeyError):
        pass
    return None


# Reading.


class Bundle(Source):
    """Whole: what it does not have, the place that it comes from does not have either."""

    whole = True

    def __init__(self, files):
        super().__init__(files)
        self.fixture = FIXTURE if FIXTURE in files else files.names[0]
        self.pictures = {
            name.removeprefix("media/"): lambda name=name: files.open(name)
            for name in files.names
            if name.startswith("media/")
        }
        if MANIFEST in files:
            self.check(self.manifest())

    @staticmethod
    def recognises(files):
        if FIXTURE in files:
            return True
        if [name for name in files.names if not name.endswith(".json")] or len(files.names) != 1:
            return False
        with files.open(files.names[0]) as file:
            return file.read(1000).lstrip().startswith(b"[")

    def manifest(self):
        try:
            with self.files.open(MANIFEST) as file:
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
        present = {name for name in self.files.names if name != MANIFEST}
        # A bundle may be kept in a repository, beside other files.
        present = {name for name in present if name == self.fixture or name.startswith("media/")}
        if missing := sorted(set(digests) - present):
            raise SourceError(f"{missing[0]} is missing from the bundle: export it again.")
        if strange := sorted(present - set(digests)):
            raise SourceError(
                f"{strange[0]} is not in the bundle's manifest: take it out, or export again."
            )
        for name, expected in digests.items():
            if self.files.digest(name) != expected:
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
