"""The content bundle: all that the owner wrote, in files that other software reads.

`content.json` is a fixture for stock `loaddata`, `media/` has the pictures and `manifest.json` says
what is there. The same content gives the same bytes, from either engine, entered in any order.
"""

import contextlib
import datetime
import hashlib
import io
import json
import os
import tempfile
import zipfile
from pathlib import Path

from django.core import serializers
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.core.files.utils import validate_file_name
from django.db import connection, transaction

from journal.models import Entry
from portfolio.models import (
    Evidence,
    Focus,
    FormerAddress,
    Image,
    Principle,
    Profile,
    ProfileLink,
    Tool,
)
from roles.models import Outcome, Role

FORMAT = 1
# What is content, each kind after those that it points at.
CONTENT = (
    *(Tool, Image, Profile, ProfileLink, Focus, Role, Outcome, Entry, Principle, Evidence),
    FormerAddress,
)


class ExportError(Exception):
    """Why there is no bundle, in a sentence for the person who asked for it."""


# What it says.


class Encoder(json.JSONEncoder):
    """Dates in ISO 8601; Django's own encoder cuts microseconds to milliseconds."""

    def default(self, value):
        if isinstance(value, datetime.datetime):
            return value.astimezone(datetime.UTC).isoformat().replace("+00:00", "Z")
        if isinstance(value, datetime.date):
            return value.isoformat()
        return super().default(value)


def dump(value):
    return (json.dumps(value, cls=Encoder, ensure_ascii=False, indent=2) + "\n").encode()


@contextlib.contextmanager
def snapshot():
    """Whatever the block reads is of one moment, and the block only reads."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        # On SQLite every transaction is a snapshot.
        if outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def read(model):
    """The objects of a model as a fixture's dictionaries, without primary keys, sorted."""
    to_one = [field.name for field in model._meta.fields if field.many_to_one]
    to_many = [field.name for field in model._meta.many_to_many]
    rows = model._default_manager.select_related(*to_one).prefetch_related(*to_many)
    # Sorted here because the engines collate differently, and fetched in parts because SQLite
    # limits how many keys one query for the many-to-many may name.
    rows = sorted(
        rows.iterator(chunk_size=2000), key=lambda row: [part or "" for part in row.natural_key()]
    )
    for item in serializers.serialize("python", rows, use_natural_foreign_keys=True):
        fields = item["fields"]
        for name in to_many:
            fields[name].sort()
        yield {"model": item["model"], "fields": dict(sorted(fields.items()))}


def content():
    """All content as of now, as a list of a fixture's dictionaries in canonical order."""
    with snapshot():
        return [item for model in CONTENT for item in read(model)]


def content_json():
    """The bytes of `content.json`."""
    return dump(content())


# The files it is made of.


def open_picture(name):
    try:
        # The name becomes a path in the bundle too, so it must stay inside `media/` there.
        validate_file_name(name, allow_relative_path=True)
        return default_storage.open(name)
    except (OSError, SuspiciousFileOperation) as error:
        raise ExportError(
            f"The file of the picture {name!r} cannot be read ({error}): put it back or delete "
            "the picture, then export again."
        ) from error


def write_files(create):
    """Write the bundle's files, each into what `create(path)` opens, the manifest last.

    Returns the manifest. Raises ExportError when the file of a picture is missing.
    """
    items = content()
    digests = {}

    def add(path, source):
        digest = hashlib.sha256()
        with create(path) as file:
            while chunk := source.read(1 << 20):
                digest.update(chunk)
                file.write(chunk)
        digests[path] = digest.hexdigest()

    add("content.json", io.BytesIO(dump(items)))
    for item in items:
        if item["model"] == Image._meta.label_lower:
            with open_picture(item["fields"]["file"]) as picture:
                add(f"media/{item['fields']['file']}", picture)

    counts = dict.fromkeys((model._meta.label_lower for model in CONTENT), 0)
    for item in items:
        counts[item["model"]] += 1
    manifest = {"format": FORMAT, "counts": counts, "files": digests}
    with create("manifest.json") as file:
        file.write(dump(manifest))
    return manifest


def write_zip(file):
    """Write the bundle as a zip into a binary file that can seek; returns the manifest."""
    with zipfile.ZipFile(file, "w") as archive:

        def create(path):
            # Fixed dates and modes, and not compressed, as that depends on the library's version.
            info = zipfile.ZipInfo(path)
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            return archive.open(info, "w")

        return write_files(create)


def write_folder(folder):
    """Write the bundle as files into a new folder; returns the manifest."""

    def create(path):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        return open(folder / path, "xb")

    return write_files(create)


# Where it goes.


def export(target):
    """Write the bundle to a path that ends in `.zip`, or else to a folder; returns the manifest.

    Whatever stops it, an earlier zip stays as it was and a new target appears whole or not at all.
    In a folder that holds a bundle only the bundle's own files are replaced, so that it can be a
    repository. Raises ExportError.
    """
    target = Path(target).resolve()
    zipped = target.suffix.lower() == ".zip"
    present = not zipped and target.exists()
    replaced = earlier_files(target) if present else []
    try:
        # Beside the target, as moving is atomic only within a file system.
        beside = target if present else target.parent
        with tempfile.TemporaryDirectory(prefix=".export-", dir=beside) as staging:
            made = Path(staging, "bundle")
            if zipped:
                with open(made, "xb") as file:
                    manifest = write_zip(file)
            else:
                manifest = write_folder(made)
            if present:
                replace_files(target, made, manifest["files"], replaced)
            else:
                os.replace(made, target)
    except OSError as error:
        raise ExportError(
            f"{target} cannot be written ({error.strerror}): choose a place in a folder that "
            "exists and that you may write."
        ) from error
    return manifest


def earlier_files(folder):
    """The paths of the bundle in a folder; none if it is empty. ExportError for anything else."""
    if not folder.is_dir():
        raise ExportError(f"{folder} is a file: name a folder, or a file that ends in .zip.")
    try:
        if not any(folder.iterdir()):
            return []
        manifest = json.loads((folder / "manifest.json").read_bytes())
        if manifest["format"] == FORMAT:
            return list(manifest["files"])
    except (OSError, ValueError, TypeError, KeyError):
        pass
    raise ExportError(
        f"{folder} is not empty and holds no bundle of this format: name a new folder."
    )


def replace_files(target, made, files, replaced):
    # Pictures come first and go last, so that whenever this is cut short content.json names none
    # that is not there.
    for path in [*sorted(files, reverse=True), "manifest.json"]:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        os.replace(made / path, target / path)
    for path in set(replaced) - set(files):
        # The earlier manifest is a file that anyone may have written.
        if (target / path).resolve().is_relative_to(target / "media"):
            (target / path).unlink(missing_ok=True)
