"""The whole database as one file: SQLite's own, or what pg_dump makes in its custom format."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import NamedTuple

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections, transaction
from django.db.migrations.recorder import MigrationRecorder

from portfolio.models import Image

from .canonical import snapshot

NAMES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}


class BackupError(Exception):
    """Why nothing is backed up, checked or restored, in a sentence for the person who asked."""


class Contents(NamedTuple):
    """What a database holds."""

    counts: dict  # the number of rows by the name of the table
    migrations: list  # such as "journal.0001_initial"
    pictures: list  # the names of their files


def take(path):
    """Copy the site's database to a path while it is written to; returns the copy's Contents.

    Raises BackupError.
    """
    path.unlink(missing_ok=True)
    return {"sqlite": take_sqlite, "postgresql": take_postgres}[connection.vendor](path)


def take_sqlite(path):
    connection.ensure_connection()
    with contextlib.closing(sqlite3.connect(path)) as copy:
        # All pages in one step: in several, each write of another process begins it anew.
        connection.connection.backup(copy)
        # One file, without the -wal and -shm of the original's mode.
        copy.execute("PRAGMA journal_mode = DELETE")
    with instead(path):
        refuse_broken()
        return contents()


def take_postgres(path):
    with snapshot(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        [shared] = cursor.fetchone()
        # Opened here: one that outlives a killed backup then cannot get into the next one's file.
        with path.open("xb") as file:
            run_postgres("pg_dump", "--format=custom", f"--snapshot={shared}", output=file)
        return contents()


def contents():
    migrations = sorted(map(".".join, MigrationRecorder(connection).applied_migrations()))
    pictures = list(Image.objects.order_by("file").values_list("file", flat=True))
    return Contents(count_rows(), migrations, pictures)


def count_rows():
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        tables = sorted(connection.introspection.table_names(cursor))
        counts = {}
        for table in tables:
            cursor.execute(f"SELECT count(*) FROM {quote(table)}")  # noqa: S608 (quoted)
            [counts[table]] = cursor.fetchone()
    return counts


def refuse_broken():
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check(1)")
        [found] = cursor.fetchone()
    if found != "ok":
        raise BackupError(f"The database is damaged ({found}): restore an earlier backup.")


@contextlib.contextmanager
def instead(name):
    """In this thread and block, the database of that name is the site's; SQLite's is one file."""
    own, other = connections[DEFAULT_DB_ALIAS], connection.copy()
    other.settings_dict["NAME"] = str(name)
    other.settings_dict["OPTIONS"].pop("init_command", None)
    connections[DEFAULT_DB_ALIAS] = other
    # Its numbers are another database's.
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        other.close()
        connections[DEFAULT_DB_ALIAS] = own
        ContentType.objects.clear_cache()


def run_postgres(tool, *options, output=subprocess.DEVNULL):
    """Run one of PostgreSQL's programs on the site's database. Raises BackupError."""
    program = shutil.which(tool)
    if not program:
        raise BackupError(
            f"{tool} is not on PATH: install PostgreSQL's client programs, of the server's version "
            "or newer."
        )
    # What it gives keeps the password in the environment, where `ps` does not show it.
    args, env = connection.client.settings_to_cmd_args_env(
        connection.settings_dict, [*options, "--no-password", "--dbname"]
    )
    done = subprocess.run(  # noqa: S603
        [program, *args[1:]],
        env=os.environ | (env or {}),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        # As pg_dump says where the server is newer than it is.
        hint = " Put the server's version of it first on PATH." if "mismatch" in said else ""
        raise BackupError(f"{tool} failed: {said[:1000]}.{hint}")


def load(path):
    """Put a copy in the place of the site's database, which is empty, at once or not at all."""
    {"sqlite": load_sqlite, "postgresql": load_postgres}[connection.vendor](path)


def load_sqlite(path):
    """The copy has to be in the same file system, and is gone from there."""
    target = sqlite_file()
    connection.close()
    try:
        with contextlib.closing(sqlite3.connect(target, timeout=0, isolation_level=None)) as old:
            # This takes -wal and -shm away, which the new file must not meet, and fails where
            # another process has the database open.
            [mode] = old.execute("PRAGMA journal_mode = DELETE").fetchone()
            if mode != "delete":
                raise sqlite3.OperationalError(f"journal mode {mode}")
            old.execute("BEGIN EXCLUSIVE")
            shutil.copymode(target, path)
            os.replace(path, target)
    except sqlite3.OperationalError as error:
        raise BackupError(
            f"{target} is in use ({error}): stop the site and restore again."
        ) from error


def sqlite_file():
    # A link stays one.
    return Path(connection.settings_dict["NAME"]).resolve()


def load_postgres(path):
    quote = connection.ops.quote_name
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            tables = ", ".join(map(quote, connection.introspection.table_names(cursor)))
            if tables:
                cursor.execute("SET LOCAL lock_timeout = '2s'")
                cursor.execute(f"LOCK TABLE {tables}")
                refuse_rows()
                cursor.execute(f"DROP TABLE {tables} CASCADE")
    except OperationalError as error:
        name = connection.settings_dict["NAME"]
        raise BackupError(
            f"{name} is in use ({str(error).strip()}): stop the site and restore again."
        ) from error
    # Nothing of what it had is lost if this is stopped here.
    run_postgres(
        "pg_restore",
        *("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", str(path)),
    )


# What `migrate` fills.
FILLED = {
    *("auth_group", "auth_group_permissions", "auth_permission"),
    *("django_content_type", "django_migrations"),
}


def refuse_rows():
    """Raises BackupError unless the database is empty, or as `migrate` leaves a new one."""
    known = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} | FILLED
    # FTS5 keeps its index in tables of its own.
    counts = {k: n for k, n in count_rows().items() if not k.startswith("search_terms_")}
    found = [
        f"{table} ({number})"
        for table, number in counts.items()
        if table not in known or (number and table not in FILLED)
    ]
    if found:
        raise BackupError(
            f"The database is not empty, it has {shortened(found)}: set DATABASE_URL to a new one."
        )


def shortened(names):
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
