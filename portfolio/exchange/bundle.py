"""The content bundle: all that the owner wrote, in files that other software reads.

`content.json` is a fixture for stock `loaddata`, `media/` has the pictures and `manifest.json` says
what is there. The same content gives the same bytes, from either engine, entered in any order.
"""

import hashlib
import json
import os
import tempfile
import zipfile
from pathlib import Path

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.core.files.utils import validate_file_name

from . import canonical
from .canonical import KINDS
from .progress import Progress

FORMAT = 2


class ExportError(Exception):
    """Why there is no bundle, in a sentence for the person who asked for it."""


def content_json():
    """The bytes of `content.json`."""
    with canonical.snapshot():
        return b"".join(canonical.fixture(canonical.content()))


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


def write_files(create, live_only=False, progress=None):
    """Write the bundle's files, each into what `create(path)` opens, the manifest last.

    Returns the manifest. Raises ExportError when the file of a picture is missing.
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
        add("content.json", canonical.fixture(counted()))
    for name in progress.over(pictures, "Pictures", len(pictures)):
        with open_picture(name) as picture:
            add(f"media/{name}", picture.chunks())
    manifest = {"format": FORMAT, "counts": counts, "files": files}
    with create("manifest.json") as file:
        file.write((json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode())
    return manifest


def write_zip(file, **options):
    """Write the bundle as a zip into a binary file that can seek; returns the manifest."""
    with zipfile.ZipFile(file, "w") as archive:

        def create(path):
            # Fixed dates and modes, and not compressed, as that depends on the library's version.
            info = zipfile.ZipInfo(path)
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            return archive.open(info, "w", force_zip64=True)

        return write_files(create, **options)


def write_folder(folder, **options):
    """Write the bundle as files into a new folder; returns the manifest."""

    def create(path):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        return open(folder / path, "xb")

    return write_files(create, **options)


# Where it goes.


def export(target, **options):
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
                    manifest = write_zip(file, **options)
            else:
                manifest = write_folder(made, **options)
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
        if manifest["format"] in range(1, FORMAT + 1):
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
