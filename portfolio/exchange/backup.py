"""A backup: the whole database, users and history included, and the media, in one zip.

`database.sqlite3`, or `database.dump` in pg_dump's custom format, is of one moment, while the site
goes on. `media/` has the picture of each of its rows, and files that are not of our making;
renditions are made again. `manifest.json` says what is there.
"""

import contextlib
import datetime
import fcntl
import hashlib
import json
import os
import platform
import re
import shutil
import zipfile
from pathlib import Path

import django
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection

from portfolio import images
from portfolio.media import Unavailable
from portfolio.models import Image

from . import dump
from .dump import BackupError
from .progress import Progress

FORMAT = 1
NAME = "portfolio-{:%Y-%m-%dT%H-%M-%SZ}.zip"
OURS = r"portfolio-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.zip"
# Each is over because a picture was deleted meanwhile, and the next has to copy only the rest.
TRIES = 10


def backup(target, keep=None, progress=None):
    """Write a backup to a path that ends in `.zip`, or into a folder under the name of its moment.

    With `keep`, that many of the folder's backups stay, the newest. Returns (path, manifest).
    Whatever stops it, earlier backups stay as they were and a new one appears whole or not at all.
    Raises BackupError.
    """
    target = Path(target).resolve()
    folder = target.is_dir()
    if keep is not None and (not folder or keep < 1):
        raise BackupError(
            f"--keep {keep} needs a folder to keep at least one backup in, and {target} is "
            f"{'one' if folder else 'none'}: name a folder that exists and a number from 1."
        )
    if not folder and target.suffix.lower() != ".zip":
        raise BackupError(f"{target} is no folder: name one that exists, or a file such as a.zip.")
    refuse_public(target)
    path = target / NAME.format(datetime.datetime.now(datetime.UTC)) if folder else target
    try:
        with staging(path.parent, ".portfolio-backup") as place:
            manifest = write(place, progress or Progress())
            os.replace(place / "backup.zip", path)
            sync(path.parent)
        if keep:
            delete_older(path, keep)
    except Unavailable as error:
        raise BackupError(f"{path} was not written. {error}") from error
    except OSError as error:
        raise BackupError(
            f"{path} was not written ({error}): look at that file or folder, and at the room that "
            "is left on the disk."
        ) from error
    except DatabaseError as error:
        raise BackupError(f"The database cannot be read: {str(error).strip()}.") from error
    return path, manifest


def refuse_public(path):
    for folder in (settings.MEDIA_ROOT, settings.STATIC_ROOT):
        if path.is_relative_to(Path(folder).resolve()):
            raise BackupError(
                f"{folder} is open to everyone, and a backup holds the users: choose another place."
            )


def delete_older(path, keep):
    """Leave the backup at `path` and the newest of the others in its folder, `keep` in all."""
    others = [
        other
        for other in path.parent.iterdir()
        if re.fullmatch(OURS, other.name) and other.is_file() and not other.is_symlink()
    ]
    # The new one stays even if the clock was wrong before.
    others = sorted({*others} - {path}, reverse=True)
    for other in others[keep - 1 :]:
        other.unlink()


# Where it is made.


@contextlib.contextmanager
def staging(folder, name):
    """A folder in `folder` that is closed to others, and goes even if an earlier one was killed.

    Beside the target, as moving is atomic only within a file system.
    """
    place = folder / name
    place.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(lock).st_uid != os.geteuid():
            raise BackupError(f"{place} belongs to another user: take it away.")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"{folder} is being written by another run: wait for it.") from None
        try:
            for left in place.iterdir():
                left.unlink()
            yield place
        finally:
            shutil.rmtree(place)
    finally:
        os.close(lock)


def sync(folder):
    """Make what was moved in a folder outlive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# What is in it.


def write(place, progress):
    """Write `backup.zip` into a folder that is ours alone; returns the manifest."""
    with open(place / "backup.zip", "xb") as file:
        os.fchmod(file.fileno(), 0o600)
        with zipfile.ZipFile(file, "w") as archive:
            manifest = fill(archive, place / "database", progress)
        file.flush()
        os.fsync(file.fileno())
    return manifest


def fill(archive, copy, progress):
    digests = {}
    for _ in range(TRIES):
        # First the database: a picture is there before its row, and goes after it.
        for _ in progress.over([copy], "Database", 1):
            contents = dump.take(copy)
        media = sorted({*contents.pictures, *not_ours()})
        gone = add_media(archive, media, digests, progress)
        if gone is None:
            break
    else:
        raise BackupError(f"Files such as {gone!r} go while they are copied: try again later.")
    name = dump.NAMES[connection.vendor]
    with copy.open("rb") as source:
        # Pictures and PostgreSQL's dump are packed already.
        packed = zipfile.ZIP_DEFLATED if connection.vendor == "sqlite" else zipfile.ZIP_STORED
        files = {name: add(archive, name, source, packed)}
    # What an earlier try copied and is deleted now stays in the zip, and is not restored.
    files |= {f"media/{name}": digests[name] for name in media if name in digests}
    manifest = {
        "backup": FORMAT,
        "made_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "engine": connection.vendor,
        "versions": {
            "python": platform.python_version(),
            "django": django.get_version(),
            connection.vendor: ".".join(map(str, connection.get_database_version())),
        },
        "migrations": contents.migrations,
        "counts": contents.counts,
        "files": files,
    }
    archive.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=2) + "\n")
    return manifest


def add(archive, path, source, packed=zipfile.ZIP_STORED):
    """Copy an open file to a path in the zip; returns its SHA-256 in hexadecimal."""
    digest = hashlib.sha256()
    info = zipfile.ZipInfo(path, datetime.datetime.now(datetime.UTC).timetuple()[:6])
    info.compress_type = packed
    info.external_attr = 0o100600 << 16
    with archive.open(info, "w", force_zip64=True) as file:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest()


def add_media(archive, names, digests, progress):
    """Copy what is not in `digests` yet; returns the first that is gone meanwhile, or None."""
    left = [name for name in names if name not in digests]
    for name in progress.over(left, "Pictures", len(left)):
        try:
            with default_storage.open(name) as source:
                digests[name] = add(archive, f"media/{name}", source)
        except FileNotFoundError:
            # Asked in this order: it may be deleted and uploaded again at any time.
            if Image.objects.filter(file=name).exists() and not default_storage.exists(name):
                raise BackupError(
                    f"The file of the picture {name!r} is missing: put it back or delete the "
                    "picture, then back up again."
                ) from None
            return name
    return None


def not_ours():
    """The names of files that someone else put into the storage."""
    return (name for name in stored() if not images.is_ours(name))


def stored(folder=""):
    """The names of all files in the storage."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}{name}" for name in files)
    for name in folders:
        yield from stored(f"{folder}{name}/")
