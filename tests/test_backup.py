"""`manage.py backup` and `restore`: everything, of one moment, whole or absent."""

import contextlib
import hashlib
import io
import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from journal.models import Entry
from portfolio import images
from portfolio.exchange import dump, restore
from portfolio.exchange.backup import backup
from portfolio.exchange.dump import BackupError
from portfolio.exchange.progress import Progress
from portfolio.models import Image

from .factories import make_entry, make_image, make_user

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).parent.parent


class Meanwhile(Progress):
    """Does something once, when a step begins."""

    def __init__(self, step, act):
        self.step, self.act = step, act

    def over(self, items, what, total=None):
        if what == self.step and self.act:
            act, self.act = self.act, None
            act()
        yield from items


@contextlib.contextmanager
def empty_place(settings, folder):
    """In this block the site has an empty database and no media."""
    folder.mkdir()
    own, settings.MEDIA_ROOT = settings.MEDIA_ROOT, folder / "media"
    try:
        with restore.scratch(folder):
            yield
    finally:
        settings.MEDIA_ROOT = own


def rows():
    """All that the database holds, as {table: its rows, sorted}."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            found[table] = sorted(map(repr, cursor.fetchall()))
    return found


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def forged(path, target, manifest=None, **changes):
    """A copy of a backup with another manifest."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as new:
        manifest = manifest or json.loads(old.read("manifest.json")) | changes
        for name in old.namelist():
            if name != "manifest.json":
                new.writestr(name, old.read(name))
        new.writestr("manifest.json", json.dumps(manifest))
    return target


def rename(picture, name):
    """Give the file of a picture another name, and its row with it."""
    os.rename(picture.file.path, Path(picture.file.path).parent / name)
    Image.objects.filter(pk=picture.pk).update(file=name)


# What is in it.


def test_everything_comes_back_but_what_is_derived(settings, tmp_path, client, media_root):
    client.force_login(make_user("journal.change_entry", username="Zoë"))
    make_entry(title="שלום 🙂", body="two\nlines")
    picture = make_image()
    rename(make_image(), "é שלום.png")
    default_storage.save("by-hand/terms.txt", ContentFile(b"not of our making"))
    before, media = rows(), files(media_root)
    # A rendition, what a write that was cut short left, and the file of a picture that is gone.
    stem = images.stem_of(picture.file.name)
    for name in (f"{stem}-480.webp", f"{stem}_abcdefg.png", f"{'0' * 19}f.png"):
        default_storage.save(name, ContentFile(b"derived or left"))
    path, manifest = backup(tmp_path / "a.zip")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p for p in tmp_path.iterdir() if "backup" in p.name] == []
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("manifest.json")) == manifest
        digests = {
            name: hashlib.sha256(archive.read(name)).hexdigest() for name in manifest["files"]
        }
    assert digests == manifest["files"]
    with empty_place(settings, tmp_path / "new"):
        restore.restore(path)
        assert rows() == before
        assert files(settings.MEDIA_ROOT) == media
        last = Entry.objects.get().pk
        assert make_entry().pk > last, "numbers go on where they were"
        assert client.get("/admin/").status_code == 200, "the session came back too"
        with pytest.raises(BackupError, match="not empty"):
            restore.restore(path)
    assert rows() == before, "the site itself is untouched"


@pytest.mark.once
def test_the_database_is_one_plain_file_where_a_copy_of_the_file_lacks_rows(tmp_path):
    name = connection.settings_dict["NAME"]
    make_entry(slug="fresh")
    with contextlib.closing(sqlite3.connect(name)) as reader:
        # Whoever reads keeps the newest rows from moving out of the -wal.
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM journal_entry").fetchone()
        make_entry(slug="fresher")
        path, _ = backup(tmp_path / "a.zip")
        shutil.copyfile(name, tmp_path / "copied.sqlite3")
    with zipfile.ZipFile(path) as archive:
        archive.extract("database.sqlite3", tmp_path)

    def slugs(file):
        with contextlib.closing(sqlite3.connect(tmp_path / file)) as found:
            assert file == "copied.sqlite3" or (
                found.execute("PRAGMA journal_mode").fetchone() == ("delete",)
            )
            return {slug for (slug,) in found.execute("SELECT slug FROM journal_entry")}

    assert slugs("database.sqlite3") == {"fresh", "fresher"}
    assert "fresher" not in slugs("copied.sqlite3"), "the control"


def test_a_backup_under_writes_is_of_one_moment(settings, tmp_path):
    stop, wrote, failed = threading.Event(), threading.Semaphore(0), []

    def write(who):
        try:
            for number in range(10_000):
                if stop.is_set():
                    break
                with transaction.atomic():
                    picture = make_image()
                    for half in ("a", "b"):
                        make_entry(slug=f"{half}-{who}-{number}", body=picture.file.url)
                if number % 3 == 0:
                    picture.delete()
                    images.discard(picture.file.name)
                wrote.release()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    def more():
        # Those of before do not count. Of four, two may have been about to be told.
        while wrote.acquire(blocking=False):
            pass
        for _ in range(4):
            assert wrote.acquire(timeout=30), failed

    threads = [threading.Thread(target=write, args=[who]) for who in range(2)]
    for thread in threads:
        thread.start()
    try:
        more()
        made = [
            backup(tmp_path / f"{number}.zip", progress=Meanwhile("Pictures", more))
            for number in range(3)
        ]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failed
    sizes = []
    for number, (path, manifest) in enumerate(made):
        with empty_place(settings, tmp_path / f"new-{number}"):
            restore.restore(path)
            slugs = {*Entry.objects.values_list("slug", flat=True)}
            assert {f"b{slug[1:]}" for slug in slugs if slug[0] == "a"} == {
                slug for slug in slugs if slug[0] == "b"
            }
            pictures = {*Image.objects.values_list("file", flat=True)}
            assert pictures and pictures == {*files(settings.MEDIA_ROOT)}
            sizes.append(manifest["counts"]["journal_entry"])
            assert sizes[-1] == len(slugs)
    assert sizes == sorted({*sizes}), "there were writes during each"


def test_a_picture_that_is_deleted_meanwhile_is_left_out_and_one_that_is_lost_is_named(
    settings, tmp_path
):
    kept, gone = make_image(), make_image()

    def delete():
        gone.delete()
        images.discard(gone.file.name)

    path, manifest = backup(tmp_path / "a.zip", progress=Meanwhile("Pictures", delete))
    assert [*manifest["files"]][1:] == [f"media/{kept.file.name}"]
    assert manifest["counts"]["portfolio_image"] == 1
    restore.check(path)

    def lose():
        default_storage.delete(kept.file.name)

    before = path.read_bytes()
    with pytest.raises(BackupError, match=kept.file.name):
        backup(path, progress=Meanwhile("Pictures", lose))
    assert path.read_bytes() == before
    with empty_place(settings, tmp_path / "new"):
        path = forged(path, tmp_path / "b.zip", files={**without_media(manifest)})
        with pytest.raises(BackupError, match=kept.file.name):
            restore.restore(path)
        if connection.vendor == "sqlite":
            assert not connection.introspection.table_names()


def without_media(manifest):
    return {k: v for k, v in manifest["files"].items() if not k.startswith("media/")}


# Where it goes.


def test_keep_leaves_the_newest_of_our_backups_and_all_else(tmp_path):
    ours = [f"portfolio-2026-01-0{day}T03-00-00Z.zip" for day in range(1, 6)]
    others = ["portfolio-2026-01-01.zip", "notes.txt", "portfolio-2026-01-01T03-00-00Z.zip.bak"]
    for name in ours + others:
        (tmp_path / name).write_text(name)
    (tmp_path / "portfolio-2025-01-01T03-00-00Z.zip").mkdir()
    (tmp_path / "portfolio-2025-01-02T03-00-00Z.zip").symlink_to(tmp_path / "notes.txt")
    there = {p.name for p in tmp_path.iterdir()}
    output = io.StringIO()
    call_command("backup", tmp_path, keep=3, stdout=output, stderr=io.StringIO())
    now = {p.name for p in tmp_path.iterdir()}
    [new] = now - there
    assert there - now == {*ours[:3]}
    assert new in output.getvalue()
    # The clock was ahead before: the new one stays all the same.
    (tmp_path / "portfolio-9999-01-01T03-00-00Z.zip").touch()
    newest, _ = backup(tmp_path, keep=1)
    assert {p.name for p in tmp_path.iterdir()} == (now - {*ours, new}) | {newest.name}


@pytest.mark.once
def test_a_wrong_target_is_refused_in_a_sentence(tmp_path, media_root):
    media_root.mkdir()
    (tmp_path / "there.zip").write_text("an earlier one")
    before = files(tmp_path)
    for target, options, said in (
        ("a.zip", {"keep": 7}, "needs a folder"),
        ("there.zip", {"keep": 7}, "needs a folder"),
        (".", {"keep": 0}, "number from 1"),
        ("a.txt", {}, "is no folder"),
        ("no/a.zip", {}, "was not written"),
        ("media/a.zip", {}, "open to everyone"),
        ("there.zip", {"keep": 7, "check": True}, "leave out --keep"),
        ("there.zip", {"check": True}, "cannot be read as a backup"),
        ("no.zip", {"check": True}, "No such file"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("backup", tmp_path / target, **options)
        assert files(tmp_path) == before


RUN_AND_TELL = """
import os, sys, django
os.environ["DJANGO_SETTINGS_MODULE"] = "portfolio.settings"
django.setup()
from portfolio.exchange import backup, restore
run = {"backup": backup.backup, "restore": restore.restore}[sys.argv[1]]
while sys.stdin.readline():
    child = os.fork()
    if not child:
        run(sys.argv[2])
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


class Killed:
    """Runs of `backup` or `restore` in processes that are killed when a test wants it."""

    def __init__(self, what, path, folder):
        url, name = os.environ["DATABASE_URL"], str(connection.settings_dict["NAME"])
        url = f"sqlite:///{name}" if name[0] == "/" else f"{url.rsplit('/', 1)[0]}/{name}"
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN_AND_TELL, what, path],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": url, "VAR_DIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, seconds=None):
        """How long it ran, and whether it was killed, which it is after so many seconds."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        child = int(self.process.stdout.readline())
        start = time.monotonic()
        if seconds is not None:
            time.sleep(seconds)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        status = int(self.process.stdout.readline())
        assert status in (0, signal.SIGKILL)
        return time.monotonic() - start, status == signal.SIGKILL

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def make_large_pictures():
    for _ in range(6):
        Path(make_image().file.path).write_bytes(random.randbytes(1 << 20))


def test_a_killed_backup_leaves_the_earlier_one_or_the_new_one_whole(tmp_path):
    make_large_pictures()
    folder = tmp_path / "backups"
    folder.mkdir()
    path = folder / "a.zip"
    with Killed("backup", path, tmp_path) as runs:
        whole, _ = runs.run()
        kills = 0
        for moment in range(10):
            took, killed = runs.run(random.uniform(moment, moment + 1) / 10 * whole)
            kills += killed
            whole = whole if killed else took  # the machine is less busy than it was
            with restore.Archive(path) as archive:
                archive.verify(Progress())
            assert {p.name for p in folder.iterdir()} <= {"a.zip", ".portfolio-backup"}
        assert kills > 3
        runs.run()
    assert [p.name for p in folder.iterdir()] == ["a.zip"], "and the next takes the rest away"


def test_two_backups_at_once_do_not_meet(tmp_path):
    path, manifest = backup(tmp_path / "a.zip")
    make_entry()
    before = path.read_bytes()

    def again():
        with pytest.raises(BackupError, match="another run"):
            backup(path)
        assert path.read_bytes() == before

    _, later = backup(path, progress=Meanwhile("Pictures", again))
    assert restore.check(path) == later != manifest


# How it comes back.


def test_a_place_with_anything_in_it_is_refused_and_stays_as_it_was(settings, tmp_path):
    picture = make_image()
    path, _ = backup(tmp_path / "a.zip")
    with empty_place(settings, tmp_path / "new"):
        default_storage.save("other.png", ContentFile(b"another picture"))
        with pytest.raises(CommandError, match=r"media are not empty, there is other\.png"):
            call_command("restore", path, stderr=io.StringIO())
        default_storage.delete("other.png")
        # The same name and size, and not the same.
        size = Path(settings.MEDIA_ROOT, "x").parent
        size.mkdir(exist_ok=True)
        with zipfile.ZipFile(path) as archive:
            data = archive.read(f"media/{picture.file.name}")
        (size / picture.file.name).write_bytes(data[::-1])
        with pytest.raises(BackupError, match=picture.file.name):
            restore.restore(path)
        assert not connection.introspection.table_names()
        # What a restore that was killed leaves.
        (size / picture.file.name).write_bytes(data[:9])
        call_command("migrate", verbosity=0)
        user = User.objects.create_user("one")
        with pytest.raises(BackupError, match=r"it has auth_user \(1\)"):
            restore.restore(path)
        user.delete()
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE of_another_program (id integer)")
            with pytest.raises(BackupError, match="of_another_program"):
                restore.restore(path)
            cursor.execute("DROP TABLE of_another_program")
        site = connection.copy()
        if connection.vendor == "sqlite":
            site.cursor().execute("PRAGMA journal_mode = WAL")
        site.set_autocommit(False)
        with contextlib.closing(site), site.cursor() as cursor:
            cursor.execute("SELECT * FROM journal_entry")
            with pytest.raises(BackupError, match=r"in use \(.*lock.*\): stop the site"):
                restore.restore(path)
        output = io.StringIO()
        call_command("restore", path, stdout=output, stderr=io.StringIO())
        assert "1 files" in output.getvalue()
        assert files(settings.MEDIA_ROOT) == {Image.objects.get().file.name: data}


def test_other_engines_newer_versions_and_what_is_no_backup_are_refused(tmp_path):
    path, manifest = backup(tmp_path / "a.zip")
    other = {"sqlite": "postgresql", "postgresql": "sqlite"}[connection.vendor]
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("manifest.json", json.dumps({"format": 1, "counts": {}, "files": {}}))
    database = dump.NAMES[connection.vendor]
    digest = manifest["files"][database]
    migrations = [*manifest["migrations"], "journal.0999_later"]
    counts = manifest["counts"] | {"auth_user": 99}
    for changes, said in (
        ({"migrations": migrations}, r"newer version of the site, with journal\.0999_later"),
        ({"engine": other, "files": {dump.NAMES[other]: digest}}, "export_content and import_"),
        ({"backup": 2}, "no backup of this format"),
        ({"files": {}}, "no backup of this format"),
        ({"files": {database: digest, "media/../../evil.png": digest}}, "no backup of this"),
        ({"files": {database: digest, "media//etc/evil": digest}}, "no backup of this format"),
        ({"files": {database: digest, "evil.png": digest}}, "no backup of this format"),
        ({"files": [database]}, "no backup of this format"),
        (
            {"files": {database: digest, "media/no.png": digest}},
            r"media/no\.png in .* cannot be read",
        ),
        ({"files": {database: "0" * 64}}, "is not what was backed up"),
        ({"counts": counts}, r"not what the manifest says: auth_user \(0\), auth_user \(99\)"),
        ({"counts": 3}, "no backup of this format"),
    ):
        with pytest.raises(BackupError, match=said):
            restore.check(forged(path, tmp_path / "forged.zip", **changes))
    for content in ([], None, "x", {"backup": 1}):
        with pytest.raises(BackupError, match="no backup of this format"):
            restore.check(forged(path, tmp_path / "forged.zip", manifest=content or [0]))
    with pytest.raises(BackupError, match="import_content"):
        restore.check(tmp_path / "b.zip")
    output = io.StringIO()
    call_command("backup", path, check=True, stdout=output, stderr=io.StringIO())
    assert "can be restored" in output.getvalue(), "the control"
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'portfolio_check%'")
            assert cursor.fetchall() == []


@pytest.mark.once
def test_damage_is_found_and_never_crashes(tmp_path):
    make_image()
    make_entry()
    path, manifest = backup(tmp_path / "a.zip")
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        starts = [info.header_offset for info in archive.infolist()]
        directory = archive.start_dir
    damaged = tmp_path / "damaged.zip"

    def outcome(data):
        """What is said of it; None if everything in it is what was backed up."""
        damaged.write_bytes(data)
        try:
            with restore.Archive(damaged) as archive:
                archive.verify(Progress())
                assert archive.manifest == manifest
        except BackupError as error:
            return str(error)

    assert outcome(content) is None
    for length in (0, 1, len(content) // 2, directory, len(content) - 30, len(content) - 1):
        assert outcome(content[:length]), length
    # Past the headers, and before the bits that fill up the last byte of what is packed.
    inside = [start + 99 for start in starts] + [end - 9 for end in (*starts[1:], directory)]
    inside += [random.randrange(starts[1] + 99, starts[2] - 9) for _ in range(5)]
    for position in inside:
        assert outcome(flip(content, position)), position
    # In the headers a byte may mean nothing, such as a date's: then nothing is lost.
    for position in [*range(directory, len(content)), *range(starts[0], starts[0] + 70)]:
        outcome(flip(content, position))


def flip(content, position):
    return content[:position] + bytes([content[position] ^ 0xFF]) + content[position + 1 :]


def test_a_backup_of_an_older_version_is_brought_up_to_date(settings, tmp_path):
    make_entry(slug="old")
    path, _ = backup(tmp_path / "a.zip")
    with empty_place(settings, tmp_path / "older"):
        restore.restore(path)
        call_command("migrate", "editing", "0001", verbosity=0)
        older, manifest = backup(tmp_path / "older.zip")
    last = ("editing", "0002_deletions")
    assert ".".join(last) not in manifest["migrations"]
    with empty_place(settings, tmp_path / "new"):
        restore.restore(older)
        assert last in MigrationRecorder(connection).applied_migrations()
        assert Entry.objects.get().slug == "old"
    restore.check(older)


def test_a_killed_restore_leaves_nothing_or_everything_and_can_be_run_again(
    settings, tmp_path, media_root
):
    make_large_pictures()
    path, manifest = backup(tmp_path / "a.zip")
    place = tmp_path / "place"
    with empty_place(settings, place):
        begin()
        with Killed("restore", path, place) as runs:
            whole, _ = runs.run()
            kills = 0
            for moment in range(5):
                assert dump.contents().counts == manifest["counts"]
                assert files(place / "media") == files(media_root)
                begin()
                shutil.rmtree(place / "media")
                took, killed = runs.run(random.uniform(moment, moment + 1) / 5 * whole)
                kills += killed
                whole = whole if killed else took
                settled()
                empty = not connection.introspection.table_names()
                connection.close()
                if empty:
                    assert runs.run()[1] is False
            assert dump.contents().counts == manifest["counts"]
            assert kills > 1
    assert not [p.name for p in place.iterdir() if p.name.startswith((".portfolio", "scratch-"))]


def begin():
    """Empty the database, and put beside it what must not get into the next one."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
        return
    name = connection.settings_dict["NAME"]
    connection.close()
    Path(name).unlink(missing_ok=True)
    for end in ("-wal", "-shm"):
        Path(name + end).write_bytes(b"stale" * 1000)


def settled():
    """Wait for what a process that was killed has left behind on PostgreSQL."""
    connection.close()
    deadline = time.monotonic() + 30
    while connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid != pg_backend_pid() AND backend_type = 'client backend'"
            )
            if cursor.fetchone() == (0,):
                return
        assert time.monotonic() < deadline
        time.sleep(0.02)


# PostgreSQL's programs.


def test_the_password_is_in_no_command_line_and_what_is_missing_is_named(tmp_path, monkeypatch):
    if connection.vendor == "sqlite":
        monkeypatch.setenv("PATH", "")
        backup(tmp_path / "a.zip")  # needs none of them
        return
    path, _ = backup(tmp_path / "a.zip")
    before = path.read_bytes()
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(BackupError, match="pg_dump is not on PATH"):
        backup(path)
    told = tmp_path / "told"
    (programs / "pg_dump").write_text(
        f'#!/bin/sh\necho "$@" "/" "$PGPASSWORD" > {told}\necho version mismatch >&2\nexit 3\n'
    )
    (programs / "pg_dump").chmod(0o700)
    monkeypatch.setitem(connection.settings_dict, "PASSWORD", "geheim")
    with pytest.raises(BackupError, match=r"mismatch\. Put the server's version of it first"):
        backup(path)
    arguments, _, password = told.read_text().strip().rpartition(" / ")
    assert "geheim" not in arguments and password == "geheim"
    assert path.read_bytes() == before


def test_a_role_that_may_create_no_database_is_told_so(tmp_path, monkeypatch):
    if connection.vendor == "sqlite":
        return
    path, _ = backup(tmp_path / "a.zip")
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE meek LOGIN")
    connection.close()
    try:
        with monkeypatch.context() as changed:
            changed.setitem(connection.settings_dict, "USER", "meek")
            with pytest.raises(BackupError, match="CREATEDB"):
                restore.check(path)
            connection.close()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP ROLE meek")
