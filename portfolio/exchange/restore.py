"""A backup is checked, and brought back into an empty place.

Whoever can write the zip can write what the database is made of, so it is as trusted as the site.
What is tested of it is whether it is whole, and whether this version of the site can use it.
"""

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path

from django.core.exceptions import SuspiciousFileOperation
from django.core.files import File
from django.core.files.storage import default_storage
from django.core.files.utils import validate_file_name
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from portfolio import images
from portfolio.media import Unavailable

from . import dump
from .backup import FORMAT, staging, stored, sync
from .dump import BackupError, shortened
from .progress import Progress

# How zipfile says that a file is no zip, or not what it was.
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, OverflowError),
    *(OSError, RuntimeError, ValueError),
)
MOST_MANIFEST = 1 << 28  # bytes; two million pictures
ENGINES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def check(path, progress=None):
    """Restore a backup into a scratch place; returns its manifest. Raises BackupError."""
    with told(path), Archive(path) as archive:
        archive.refuse_other_version()
        archive.verify(progress or Progress())
        with tempfile.TemporaryDirectory(prefix="backup-") as folder, scratch(folder):
            copy = archive.unpack(Path(folder, "copy"))
            dump.load(copy)
            settle(archive.manifest)
        return archive.manifest


def restore(path, progress=None):
    """Restore a backup into the site's empty database and media; returns its manifest.

    All of it or nothing: the database comes last and at once. What a restore that was killed left
    of the media is in nobody's way. Raises BackupError.
    """
    progress = progress or Progress()
    with told(path), Archive(path) as archive:
        archive.refuse_other_version()
        with place() as folder:
            dump.refuse_rows()
            archive.verify(progress)
            refuse_occupied(archive)
            copy = archive.unpack(folder / "copy")
            if connection.vendor == "sqlite":
                with dump.instead(copy):
                    settle(archive.manifest)
            put_media(archive, progress)
            refuse_occupied(archive)
            dump.load(copy)
            if connection.vendor == "postgresql":
                settle(archive.manifest)
        return archive.manifest


@contextlib.contextmanager
def told(path):
    """Errors of the system as a BackupError."""
    try:
        yield
    except Unavailable as error:
        raise BackupError(f"{path} was not restored. {error}") from error
    except OSError as error:
        raise BackupError(f"{path} cannot be restored: {error}.") from error
    except DatabaseError as error:
        raise BackupError(f"The database cannot be used: {str(error).strip()}.") from error


@contextlib.contextmanager
def place():
    """A folder of our own to unpack the database in, for SQLite beside where it will be."""
    if connection.vendor == "sqlite":
        beside = dump.sqlite_file().parent
        beside.mkdir(parents=True, exist_ok=True)
        with staging(beside, ".portfolio-restore") as folder:
            yield folder
            sync(beside)
    else:
        with tempfile.TemporaryDirectory(prefix="restore-") as folder:
            yield Path(folder)


@contextlib.contextmanager
def scratch(folder):
    """In this block the site's database is an empty one, which is gone afterwards."""
    if connection.vendor == "sqlite":
        with dump.instead(Path(folder, "scratch")):
            connection.ensure_connection()
            yield
        return
    name = f"portfolio_check_{secrets.token_hex(8)}"
    with connection.cursor() as cursor:
        try:
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        except DatabaseError as error:
            raise BackupError(
                f"A check restores into a new database on the same server ({str(error).strip()}): "
                "let the site's role create one (ALTER ROLE … CREATEDB), or check elsewhere."
            ) from error
        try:
            with dump.instead(name):
                yield
        finally:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


# What is in the zip.


class Archive:
    """An open backup with its `manifest`. Raises BackupError for what is none."""

    def __init__(self, path):
        self.path = path
        try:
            self.zip = zipfile.ZipFile(path)
            with self.zip.open("manifest.json") as file:
                self.manifest = json.loads(file.read(MOST_MANIFEST))
        except DAMAGE as error:
            raise BackupError(f"{path} cannot be read as a backup: {error}.") from error
        if not is_manifest(self.manifest):
            raise BackupError(
                f"{path} is no backup of this format; what export_content wrote is for "
                "import_content."
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.zip.close()

    @property
    def pictures(self):
        """The SHA-256 of each file of the media by its name there."""
        files = self.manifest["files"].items()
        return {k.removeprefix("media/"): digest for k, digest in files if k.startswith("media/")}

    def refuse_other_version(self):
        engine = self.manifest["engine"]
        if engine != connection.vendor:
            raise BackupError(
                f"{self.path} is of {ENGINES[engine]}, and the site's database is "
                f"{ENGINES[connection.vendor]}: restore it into {ENGINES[engine]} and take the "
                "content over with export_content and import_content."
            )
        disk = MigrationLoader(None).disk_migrations
        known = {*disk, *(name for migration in disk.values() for name in migration.replaces)}
        unknown = sorted({*self.manifest["migrations"]} - {*map(".".join, known)})
        if unknown:
            raise BackupError(
                f"{self.path} is of a newer version of the site, with {shortened(unknown)}: "
                "install that version and restore again."
            )

    def verify(self, progress):
        """Read all of it. Raises BackupError where it is not what was backed up."""
        files = self.manifest["files"]
        for name, digest in progress.over(files.items(), "Files checked", len(files)):
            try:
                with self.zip.open(name) as file:
                    found = hashlib.file_digest(file, "sha256").hexdigest()
            except DAMAGE as error:
                raise BackupError(f"{name} in {self.path} cannot be read: {error}.") from error
            if found != digest:
                raise BackupError(f"{name} in {self.path} is not what was backed up.")

    def unpack(self, copy):
        """Write its database to a path, which is returned."""
        with (
            self.zip.open(dump.NAMES[self.manifest["engine"]]) as source,
            copy.open("xb") as file,
        ):
            shutil.copyfileobj(source, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
        return copy


def is_manifest(manifest):
    """Whether a value from outside is a manifest of this format that names only places of ours."""
    try:
        engine, files = manifest["engine"], manifest["files"]
        for name in files.keys():  # noqa: SIM118 (a list has none)
            validate_file_name(name.removeprefix("media/"), allow_relative_path=True)
        return (
            manifest["backup"] == FORMAT
            and {name for name in files if not name.startswith("media/")} == {dump.NAMES[engine]}
            and all(isinstance(number, int) for number in manifest["counts"].values())
            and all(isinstance(name, str) for name in manifest["migrations"])
            and isinstance(manifest["made_at"], str)
        )
    except (AttributeError, KeyError, TypeError, SuspiciousFileOperation):
        return False


# Where it goes.


def refuse_occupied(archive):
    """Raises BackupError unless the database and the media are empty."""
    dump.refuse_rows()
    strangers = [name for name in stored() if not is_left(name, archive)]
    if strangers:
        raise BackupError(
            f"The media are not empty, there is {shortened(strangers)}: set VAR_DIR to a new "
            "folder or S3_BUCKET to a new bucket, or move them away."
        )


def is_left(name, archive):
    """Whether a file is what a restore of the same backup put there, or the beginning of it."""
    if name not in archive.pictures:
        return False
    with default_storage.open(name) as file, archive.zip.open(f"media/{name}") as whole:
        while chunk := file.read(1 << 20):
            if whole.read(len(chunk)) != chunk:
                return False
    return True


def put_media(archive, progress):
    pictures = archive.pictures
    for name in progress.over(pictures, "Pictures", len(pictures)):
        with archive.zip.open(f"media/{name}") as source:
            file = File(source, name)
            file.size = archive.zip.getinfo(f"media/{name}").file_size
            images.write(file)
    # The rows that name them come only when they would outlive a loss of power.
    os.sync()


def settle(manifest):
    """Prove that the database is what the manifest says, then bring it to this version."""
    if connection.vendor == "sqlite":
        dump.refuse_broken()
    found = dump.contents()
    if found.counts != manifest["counts"]:
        tables = sorted({*found.counts.items()} ^ {*manifest["counts"].items()})
        said = shortened([f"{table} ({number})" for table, number in tables])
        raise BackupError(f"The database is not what the manifest says: {said}.")
    missing = [name for name in found.pictures if f"media/{name}" not in manifest["files"]]
    if missing:
        raise BackupError(f"The backup lacks the files of pictures: {shortened(missing)}.")
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        try:
            call_command("migrate", verbosity=0, interactive=False)
        except CommandError as error:
            raise BackupError(f"The database cannot be migrated: {error}") from error
