"""The content bundle: canonical, complete, whole or absent."""

import contextlib
import datetime
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import threading
import uuid
import zipfile
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from journal.models import CountedMonth, Entry
from portfolio.exchange import bundle, canonical, outgoing
from portfolio.exchange.canonical import CONTENT
from portfolio.models import (
    Edition,
    Evidence,
    Focus,
    FormerAddress,
    Image,
    Principle,
    Profile,
    ProfileLink,
    Tool,
)
from portfolio.months import Month
from roles.models import Outcome, Role

pytestmark = pytest.mark.django_db

AT = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, datetime.UTC)
# Models of our apps that hold no content, each with the reason.
NOT_EXPORTED = {
    CountedMonth: "what is counted follows from the entries",
    Edition: "it tells one state of this database from another",
}
# Engines and locales disagree about the order of these; UTF-16 about the last two.
NASTY = ["a", "B", "_", "z a", "z-a", "za", "É", "é", "e\u0301", "ß", "İ", "שלום", "مرحبا"]
NASTY += ["ﬁ", '" and \\', "two\nlines", "\u2028", "</script>", "\ufffd", "🙂"]


@pytest.fixture(autouse=True)
def media(media_root):
    """The folder of the pictures, with those of `build` in it."""
    media_root.mkdir(exist_ok=True)
    for name in ("a.png", "é.png"):
        (media_root / name).write_bytes(name.encode() * 1000)
    return media_root


def add(model, **fields):
    """Save as loaddata does: the given times stay."""
    row = model(**{"updated_at": AT} | fields)
    row.save_base(raw=True, force_insert=True)
    return row


def stamps(name):
    known = uuid.uuid5(uuid.NAMESPACE_URL, name)
    return {"publish_at": AT, "created_at": AT, "updated_at": AT, "uuid": known}


def build(order=list):
    """A site with something of every kind; `order` gives a list in the order to enter it."""
    tools = {slug: add(Tool, name=slug, slug=slug) for slug in order(["a", "b-1", "b2", "ba"])}
    images = {
        name: add(Image, file=name, width=1, height=1, alt="שלום", created_at=AT)
        for name in order(["a.png", "é.png"])
    }
    profile = add(Profile, name="Zoë", portrait=images["é.png"])
    for host in order(["b.example", "a.example"]):
        add(ProfileLink, profile=profile, label="x", url=f"https://{host}/")
    for text in order(NASTY):
        for since in order([None, Month(2025, 12), Month(2026, 1)]):
            add(Focus, text=text, since=since)
    roles = {}
    for slug in order(["z", "a"]):
        roles[slug] = add(Role, title=slug, slug=slug, started=Month(2020, 2), **stamps(slug))
        for tool in order(sorted(tools)):
            roles[slug].tools.add(tools[tool])
        for what in order(NASTY):
            add(Outcome, role=roles[slug], figure="10x", what=what)
    entries = {}
    for slug in order(["b", "a"]):
        for month in order([Month(2026, 1), Month(2025, 12)]):
            role = roles["a"] if slug == "a" else None
            times = stamps(f"{month}/{slug}")
            entry = add(Entry, title="🙂", slug=slug, month=month, role=role, **times)
            for tool in order(["a", "b2"]):
                entry.tools.add(tools[tool])
            entries[slug, month] = entry
    for slug in order(["q", "p"]):
        principle = add(Principle, title=slug, slug=slug, **stamps(slug))
        add(Evidence, principle=principle, role=roles["z"], verdict="broke")
        for key in order(sorted(entries)):
            add(Evidence, principle=principle, entry=entries[key])
    for path in order(["/roles/old/", "/roles/older/"]):
        add(FormerAddress, path=path, role=roles["z"])
    for path in order(["/tools/old/", "/journal/2020/01/old/"]):
        add(FormerAddress, path=path, tool=tools["a"])


def empty():
    for model in reversed(CONTENT):
        model.objects.all().delete()


def tree(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def unzipped(data):
    with zipfile.ZipFile(data if isinstance(data, Path) else io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# What it says.


def test_every_model_is_content_or_has_a_reason_not_to_be():
    ours = {
        model
        for app in ("portfolio", "roles", "journal")
        for model in apps.get_app_config(app).get_models()
    }
    assert ours == set(CONTENT) | set(NOT_EXPORTED)
    assert not set(CONTENT) & set(NOT_EXPORTED)


def test_each_kind_comes_after_those_that_it_points_at():
    for place, model in enumerate(CONTENT):
        for field in [*model._meta.fields, *model._meta.many_to_many]:
            if field.remote_field and field.serialize:
                assert field.related_model in CONTENT[:place], field


FORM = """[
  {
    "model": "portfolio.tool",
    "fields": {
      "name": "aws",
      "note": "",
      "position": 1,
      "slug": "aws",
      "updated_at": "2026-01-02T03:04:05.678901Z",
      "url": ""
    }
  },
  {
    "model": "portfolio.tool",
    "fields": {
      "name": "gō",
      "note": "",
      "position": 0,
      "slug": "go",
      "updated_at": "2026-01-02T03:04:05.678901Z",
      "url": ""
    }
  },
  {
    "model": "portfolio.focus",
    "fields": {
      "detail": "\\"now\\"",
      "position": 0,
      "review_by": null,
      "since": null,
      "text": "שלום",
      "until": null,
      "updated_at": "2026-01-02T03:04:05.678901Z"
    }
  },
  {
    "model": "journal.entry",
    "fields": {
      "body": "",
      "created_at": "2026-01-02T03:04:05.678901Z",
      "month": "2026-01",
      "publish_at": null,
      "role": null,
      "slug": "s",
      "summary": "",
      "title": "🙂",
      "tools": [
        [
          "aws"
        ],
        [
          "go"
        ]
      ],
      "updated_at": "2026-01-02T03:04:05.678901Z",
      "uuid": "3c88babd-0bf8-55a8-9a73-98a084ec3a25"
    }
  }
]
"""


def test_the_form_is_the_same_on_every_engine():
    tools = [add(Tool, name="gō", slug="go"), add(Tool, name="aws", slug="aws", position=1)]
    add(Focus, text="שלום", detail='"now"')
    times = stamps("s") | {"publish_at": None}
    add(Entry, title="🙂", slug="s", month=Month(2026, 1), **times).tools.set(tools)
    assert bundle.content_json().decode() == FORM


def test_the_order_of_entry_leaves_no_trace():
    build()
    first = bundle.content_json()
    for order in (
        lambda items: items[::-1],
        lambda items: random.Random(1).sample(items, len(items)),
        lambda items: random.Random(2).sample(items, len(items)),
    ):
        empty()
        build(order)
        assert bundle.content_json() == first
    Tool.objects.filter(slug="a").update(note="x")
    assert bundle.content_json() != first


def test_objects_stand_in_the_order_of_their_code_points():
    build()
    texts = [
        item["fields"]["text"]
        for item in json.loads(bundle.content_json())
        if item["model"] == "portfolio.focus" and item["fields"]["since"] is None
    ]
    assert texts == sorted(NASTY)


def test_loaddata_brings_the_same_content_back(tmp_path):
    def values():
        """The content as the database tells it, without the code under test."""
        rows = {}
        for model in CONTENT:
            own = [field.name for field in model._meta.fields if not field.is_relation]
            rows[model] = sorted(map(repr, model.objects.values_list(*set(own) - {"id"})))
        for model in (Role, Entry):
            rows[model, "tools"] = sorted(model.objects.values_list("slug", "tools__slug"))
        ends = ("principle__slug", "role__slug", "entry__month", "entry__slug")
        rows["evidence"] = sorted(map(str, Evidence.objects.values_list(*ends)))
        rows["roles"] = sorted(map(str, Entry.objects.values_list("slug", "month", "role__slug")))
        rows["portrait"] = list(Profile.objects.values_list("portrait__file"))
        return rows

    build()
    before, told = bundle.content_json(), values()
    (tmp_path / "content.json").write_bytes(before)
    empty()
    assert bundle.content_json() == b"[]\n"
    call_command("loaddata", tmp_path / "content.json", verbosity=0)
    assert bundle.content_json() == before
    assert values() == told
    assert Entry.objects.filter(updated_at=AT).count() == 4
    # Again, over itself: every object is found by its natural key.
    call_command("loaddata", tmp_path / "content.json", verbosity=0)
    assert bundle.content_json() == before


def test_nothing_but_content_leaves(client):
    editor = User.objects.create_user("secret-editor", "secret@example.org", "secret-password")
    client.force_login(editor)
    build()
    text = bundle.content_json().decode()
    items = json.loads(text)
    assert {item["model"] for item in items} == {m._meta.label_lower for m in CONTENT}
    for item in items:
        assert list(item) == ["model", "fields"]
        assert not {"id", "pk"} & set(item["fields"])
    for secret in ("secret", editor.password, client.session.session_key):
        assert secret not in text
    assert "Zoë" in text


@pytest.mark.once
def test_the_number_of_queries_does_not_grow_with_the_content():
    def grow(start, stop):
        for n in map(str, range(start, stop)):
            tool = add(Tool, name=n, slug=n)
            add(Image, file=n, width=1, height=1, created_at=AT)
            add(ProfileLink, profile=profile, label=n, url=n)
            add(Focus, text=n)
            role = add(Role, title=n, slug=n, **stamps(n))
            role.tools.add(tool)
            add(Outcome, role=role, figure=n, what=n)
            entry = add(Entry, title=n, slug=n, month=Month(2026, 1), role=role, **stamps(n))
            entry.tools.add(tool)
            principle = add(Principle, title=n, slug=n, **stamps(n))
            add(Evidence, principle=principle, entry=entry)

    def count():
        with CaptureQueriesContext(connection) as queries:
            bundle.content_json()
        return len(queries)

    profile = add(Profile)
    grow(0, 10)
    few = count()
    grow(10, 200)
    assert count() == few
    assert few >= len(CONTENT)


def edit_between_two_queries():
    """The bundle's texts while another connection renames a tool and a statement at once."""

    def edit():
        try:
            if connection.vendor == "sqlite":
                connection.cursor().execute("PRAGMA busy_timeout = 0")
            # SQLite may refuse because the export is reading: it is then whole as well.
            with contextlib.suppress(OperationalError), transaction.atomic():
                Tool.objects.update(name="new")
                Focus.objects.update(detail="new")
        finally:
            connection.close()

    def after_the_tools(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if 'FROM "portfolio_tool"' in sql:
            thread = threading.Thread(target=edit)
            thread.start()
            thread.join()
        return result

    with connection.execute_wrapper(after_the_tools):
        items = json.loads(bundle.content_json())
    return items[0]["fields"]["name"], items[1]["fields"]["detail"]


@pytest.mark.django_db(transaction=True)
def test_an_edit_during_the_export_cannot_tear_it(monkeypatch):
    add(Tool, name="old", slug="a")
    add(Focus, text="a", detail="old")
    assert edit_between_two_queries() == ("old", "old")
    Tool.objects.update(name="old")
    Focus.objects.update(detail="old")
    # The control: without the snapshot it is half of each.
    monkeypatch.setattr(canonical, "snapshot", contextlib.nullcontext)
    assert edit_between_two_queries() == ("old", "new")


# The files it is made of.


def test_the_manifest_tells_every_file_and_its_digest(tmp_path):
    build()
    call_command("export_content", tmp_path / "out", stdout=io.StringIO())
    files = tree(tmp_path / "out")
    manifest = json.loads(files.pop("manifest.json"))
    assert set(files) == {"content.json", "media/a.png", "media/é.png"}
    assert manifest["format"] == 2
    assert manifest["files"] == {
        path: hashlib.sha256(data).hexdigest() for path, data in files.items()
    }
    assert manifest["counts"] == {m._meta.label_lower: m.objects.count() for m in CONTENT}
    assert files["content.json"] == bundle.content_json()
    assert files["media/é.png"] == "é.png".encode() * 1000


def test_a_folder_and_a_zip_carry_the_same_files(tmp_path):
    build()
    outgoing.export(tmp_path / "out")
    outgoing.export(tmp_path / "out.ZIP")
    assert tree(tmp_path / "out") == unzipped(tmp_path / "out.ZIP")


def test_only_pictures_that_a_row_names_are_in_it(tmp_path, media):
    build()
    (media / "stray.png").write_bytes(b"not content")
    outgoing.export(tmp_path / "out")
    assert "stray.png" not in str(list((tmp_path / "out").rglob("*")))


def test_the_same_content_gives_the_same_zip(tmp_path, media):
    build()
    outgoing.export(tmp_path / "a.zip")
    empty()
    build(lambda items: items[::-1])
    os.utime(media / "a.png", (1, 1))
    (media / "a.png").chmod(0o600)
    outgoing.export(tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    (media / "a.png").write_bytes(b"another")
    outgoing.export(tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() != (tmp_path / "b.zip").read_bytes()


def test_the_command_says_what_it_wrote(tmp_path):
    add(Tool, name="a", slug="a")
    out = io.StringIO()
    call_command("export_content", tmp_path / "out.zip", stdout=out)
    (line,) = out.getvalue().splitlines()
    assert str(tmp_path / "out.zip") in line
    assert "portfolio.tool 1" in line


@pytest.mark.parametrize("name", ["gone.png", "", "../outside.png", "x/../a.png"])
@pytest.mark.parametrize("target", ["new", "new.zip", "old", "old.zip"])
def test_a_picture_without_its_file_stops_the_export(tmp_path, name, target):
    (tmp_path / "outside.png").write_bytes(b"not a picture of the site")
    out = tmp_path / "exports"
    out.mkdir()
    outgoing.export(out / "old")
    outgoing.export(out / "old.zip")
    before = tree(out)
    add(Image, file=name, width=1, height=1, created_at=AT)
    with pytest.raises(CommandError) as error:
        call_command("export_content", out / target)
    assert repr(name) in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert tree(out) == before
    assert {path.name for path in out.iterdir()} == {"old", "old.zip"}


# Where it goes.


def foreign_folder(at):
    at.mkdir()
    (at / "thesis.tex").write_text("years of work")


def web_app(at):
    at.mkdir()
    (at / "manifest.json").write_text('{"name": "a web app", "files": {"media/a.png": ""}}')


def later_format(at):
    outgoing.export(at)
    manifest = json.loads((at / "manifest.json").read_text())
    (at / "manifest.json").write_text(json.dumps(manifest | {"format": bundle.FORMAT + 1}))


REFUSED = {
    "a folder of something else": ("out", foreign_folder),
    "a manifest of something else": ("out", web_app),
    "a bundle of a later format": ("out", later_format),
    "a file": ("out", Path.touch),
    "a folder called .zip": ("out.zip", foreign_folder),
    "a missing parent": ("missing/out", lambda at: None),
    "a missing parent of a zip": ("missing/out.zip", lambda at: None),
    "a parent that is a file": ("file/out.zip", lambda at: at.parent.touch()),
}


@pytest.mark.parametrize(("path", "make"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_target_is_refused_in_a_sentence_and_stays_as_it_was(tmp_path, path, make):
    make(tmp_path / path)
    before = tree(tmp_path)
    with pytest.raises(CommandError) as error:
        call_command("export_content", tmp_path / path)
    assert str(tmp_path / path) in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert tree(tmp_path) == before


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "out").mkdir()
    outgoing.export(tmp_path / "out")
    assert set(tree(tmp_path / "out")) == {"content.json", "manifest.json"}


def test_a_folder_with_a_bundle_is_brought_up_to_date_and_keeps_what_is_not_of_it(tmp_path):
    build()
    out = tmp_path / "out"
    outgoing.export(out)
    (out / ".git").mkdir()
    (out / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (out / "media/notes.txt").write_text("mine")
    Image.objects.get(file="a.png").delete()
    Tool.objects.update(note="newer")
    outgoing.export(out)
    files = tree(out)
    assert files.pop(".git/HEAD") == b"ref: refs/heads/main\n"
    assert files.pop("media/notes.txt") == b"mine"
    outgoing.export(tmp_path / "fresh")
    assert files == tree(tmp_path / "fresh")
    assert "media/a.png" not in files


@pytest.mark.parametrize(
    ("moves", "told"), [(0, "a.png"), (1, "a.png"), (2, "é.png"), (3, "é.png")]
)
def test_a_folder_names_no_missing_picture_wherever_its_update_is_cut_short(
    tmp_path, monkeypatch, moves, told
):
    out = tmp_path / "out"
    row = add(Image, file="a.png", width=1, height=1, created_at=AT)
    outgoing.export(out)
    row.delete()
    add(Image, file="é.png", width=1, height=1, created_at=AT)

    steps = iter(range(moves))

    def move(source, target):
        if next(steps, None) is None:
            raise OSError(28, "No space left on device")
        os.rename(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(outgoing.os, "replace", move)
        with contextlib.nullcontext() if moves == 3 else pytest.raises(bundle.ExportError):
            outgoing.export(out)
    (picture,) = json.loads((out / "content.json").read_text())
    assert picture["fields"]["file"] == told
    assert (out / "media" / told).exists()
    outgoing.export(out)
    assert set(tree(out)) == {"content.json", "manifest.json", "media/é.png"}


def test_a_forged_manifest_deletes_nothing_outside_the_folder(tmp_path):
    out = tmp_path / "out"
    outgoing.export(out)
    (tmp_path / "precious").touch()
    (out / "README").touch()
    (out / "media").mkdir()
    (out / "media/stale.png").touch()
    manifest = json.loads((out / "manifest.json").read_text())
    for path in ("../precious", str(tmp_path / "precious"), "media/../../precious", "README"):
        manifest["files"][path] = ""
    manifest["files"]["media/stale.png"] = ""
    (out / "manifest.json").write_text(json.dumps(manifest))
    outgoing.export(out)
    assert (tmp_path / "precious").exists()
    assert (out / "README").exists()
    assert not (out / "media/stale.png").exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("target", ["new", "new.zip", "old", "old.zip"])
def test_a_killed_export_leaves_what_was_there(tmp_path, media, target):
    out = tmp_path / "exports"
    out.mkdir()
    outgoing.export(out / "old")
    outgoing.export(out / "old.zip")
    before = tree(out)
    # A picture that is a pipe: the export stands still in the middle until someone writes into it.
    os.mkfifo(media / "pipe.png")
    add(Image, file="pipe.png", width=1, height=1, created_at=AT)
    name = str(connection.settings_dict["NAME"])
    url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + "/" + name.rsplit("/", 1)[-1]
    process = subprocess.Popen(
        [sys.executable, "manage.py", "export_content", out / target],
        cwd=Path(__file__).parent.parent,
        env=os.environ | {"DATABASE_URL": url, "VAR_DIR": str(tmp_path)},
    )
    try:
        pipe = None
        while pipe is None:
            try:
                # Fails for as long as nobody reads.
                pipe = os.open(media / "pipe.png", os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(timeout=0.02)
        os.write(pipe, b"half a picture")
    finally:
        process.kill()
        process.wait()
    os.close(pipe)
    after = {path: data for path, data in tree(out).items() if ".export-" not in path}
    assert after == before
    assert len(list(out.glob("**/.export-*"))) == 1, "it was killed before it wrote anything"
    (media / "pipe.png").unlink()
    (media / "pipe.png").write_bytes(b"a whole picture")
    outgoing.export(out / target)
    files = unzipped(out / target) if target.endswith(".zip") else tree(out / target)
    assert files["media/pipe.png"] == b"a whole picture"
