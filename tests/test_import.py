"""What was exported comes back: as a plan first, then all of it or nothing."""

import hashlib
import io
import json
import os
import re
import shutil
import zipfile

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from reversion.models import Version

from journal.models import Entry
from portfolio.editing.deleted import recoverable
from portfolio.editing.models import Deletion
from portfolio.exchange import bundle, files, forms, outgoing, plan
from portfolio.exchange.canonical import CONTENT
from portfolio.models import FormerAddress, Image, Principle, Profile, Tool
from portfolio.months import Month
from portfolio.search.models import Document
from roles.models import Outcome, Role
from tests.content import PICTURES, content
from tests.factories import make_entry, make_principle, make_role, make_tool
from tests.foreign import DATA
from tests.kills import commands
from tests.server import environment

pytestmark = pytest.mark.django_db

ROOT = "content.json"


@pytest.fixture(autouse=True)
def media(media_root):
    media_root.mkdir(exist_ok=True)
    return media_root


def empty():
    for model in reversed(CONTENT):
        model._base_manager.all().delete()


def as_fixture(items):
    """Written with the standard library alone."""
    items = [{"model": i["model"], "fields": dict(sorted(i["fields"].items()))} for i in items]
    return (json.dumps(items, ensure_ascii=False, indent=2) + "\n").encode()


def write(folder, items):
    """A folder with a fixture and all `PICTURES`, without a manifest."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "media").mkdir(parents=True)
    (folder / ROOT).write_bytes(as_fixture(items))
    for name, data in PICTURES.items():
        (folder / "media" / name).write_bytes(data)
    return folder


def imported(path, **options):
    """The plan of an import that is carried out."""
    with files.opened(path) as opened:
        return plan.carry_out(forms.source_of(opened), **options)


def planned(path, **options):
    with files.opened(path) as opened:
        return plan.make(forms.source_of(opened), **options)


def counts(made):
    return {what: n for what in ("add", "change", "delete", "leave") if (n := made.count(what))}


def edited(folder, change):
    """The bundle in a folder with `change` made to its items, and without its manifest."""
    items = json.loads((folder / ROOT).read_text())
    items = change(items) or items
    (folder / ROOT).write_bytes(as_fixture(items))
    (folder / "manifest.json").unlink(missing_ok=True)
    return folder


def only(items, model, **fields):
    """The fields of the one object that has these."""
    [found] = [
        item["fields"]
        for item in items
        if item["model"] == model and fields.items() <= item["fields"].items()
    ]
    return found


@pytest.fixture
def exported(tmp_path, media):
    """A folder with the bundle of a site that has something of every kind."""
    tools = [make_tool(name="A", slug="a"), make_tool(name="B", slug="b")]
    role = make_role(slug="lead")
    role.tools.set(tools)
    Outcome.objects.create(role=role, figure="10x", what="faster")
    entry = make_entry(slug="first", month=Month(2026, 1), role=role)
    entry.tools.set(tools[:1])
    principle = make_principle(slug="simple")
    principle.evidence.create(role=role)
    principle.evidence.create(entry=entry, verdict="broke")
    name, data = next(iter(PICTURES.items()))
    (media / name).write_bytes(data)
    image = Image.objects.create(file=name, width=2, height=3)
    profile = Profile.objects.create(name="Zoë", portrait=image)
    profile.links.create(label="x", url="https://x.example/")
    FormerAddress.objects.create(path="/roles/old/", role=role)
    outgoing.export(tmp_path / "out")
    return tmp_path / "out"


# There and back.


@hypothesis(
    max_examples=25,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(content())
def test_whatever_is_imported_is_exported_byte_for_byte(tmp_path, items):
    empty()
    made = imported(write(tmp_path / "in", items))
    assert counts(made) == ({"add": len(items)} if items else {})
    assert bundle.content_json() == as_fixture(items)
    again = imported(tmp_path / "in")
    assert counts(again) == ({"leave": len(items)} if items else {})
    assert again.is_empty
    # And as Markdown.
    shutil.rmtree(tmp_path / "tree", ignore_errors=True)
    outgoing.export(tmp_path / "tree", "markdown")
    empty()
    imported(tmp_path / "tree")
    assert bundle.content_json() == as_fixture(items)


def test_content_goes_through_engines_and_markdown_and_stays_the_same(tmp_path, exported):
    """The engine under test in the middle, and SQLite at both ends."""
    before = (exported / ROOT).read_bytes()
    with commands(environment(tmp_path / "one")) as one:
        one.run("migrate", "-v0")
        one.run("import_content", exported)
        one.run("export_content", tmp_path / "a.zip")
    empty()
    imported(tmp_path / "a.zip")
    outgoing.export(tmp_path / "tree", "markdown")
    with commands(environment(tmp_path / "two")) as two:
        two.run("migrate", "-v0")
        two.run("import_content", tmp_path / "tree")
        two.run("export_content", tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert archive.read(ROOT) == before


def test_a_tree_is_brought_up_to_date_and_loses_what_is_gone(tmp_path, exported):
    outgoing.export(tmp_path / "tree", "markdown")
    (tmp_path / "tree" / "README").write_text("mine")
    assert (tmp_path / "tree" / "roles" / "lead.md").exists()
    Role.objects.get().delete()
    outgoing.export(tmp_path / "tree", "markdown")
    assert not (tmp_path / "tree" / "roles" / "lead.md").exists()
    assert (tmp_path / "tree" / "README").read_text() == "mine"
    # One form does not go where another is.
    with pytest.raises(bundle.ExportError, match="no bundle"):
        outgoing.export(tmp_path / "tree")


def test_only_what_is_public_leaves_if_told_so(tmp_path, exported, media):
    names = [*PICTURES]
    for name in names[1:]:
        (media / name).write_bytes(PICTURES[name])
        Image.objects.create(file=name, width=2, height=3)
    make_entry(slug="draft", body=f"![](/media/{names[1]})", publish_at=None)
    lead, first = Role.objects.get(), Entry.objects.get(slug="first")
    first.body = f"![](/media/{names[2].replace('.', '-480.')})"
    first.save()
    lead.publish_at = None
    lead.save()
    outgoing.export(tmp_path / "live", live_only=True)
    items = json.loads((tmp_path / "live" / ROOT).read_text())
    found = {item["model"] for item in items}
    assert only(items, "journal.entry")["role"] is None
    assert only(items, "portfolio.evidence")["entry"] == ["2026-01", "first"]
    assert not found & {"roles.role", "roles.outcome"}
    assert {*os.listdir(tmp_path / "live" / "media")} == {names[0], names[2]}
    everything = json.loads(bundle.content_json())
    assert {"roles.role", "roles.outcome"} < {item["model"] for item in everything}
    # Whole in itself.
    empty()
    imported(tmp_path / "live")
    assert json.loads(bundle.content_json()) == items


def test_a_bundle_comes_back_with_its_pictures_into_an_empty_site(exported, media, tmp_path):
    before, [picture] = bundle.content_json(), [*media.iterdir()]
    data = picture.read_bytes()
    empty()
    picture.unlink()
    imported(exported)
    assert bundle.content_json() == before
    assert picture.read_bytes() == data
    # A zip of it, and over itself with the file lost meanwhile.
    outgoing.export(tmp_path / "out.zip")
    picture.unlink()
    assert imported(tmp_path / "out.zip").is_empty
    assert picture.read_bytes() == data


def test_what_is_imported_is_found_and_can_be_added_to(exported):
    empty()
    assert not Document.objects.exists()
    imported(exported)
    assert set(Document.objects.values_list("title", flat=True)) >= {str(Entry.objects.get())}
    # PostgreSQL counts keys by itself.
    make_tool(slug="c")
    make_entry(slug="later").tools.set(Tool.objects.all())


def test_the_number_of_queries_grows_with_the_batches_and_not_with_the_objects(tmp_path):
    def asked(number):
        empty()
        for n in range(number):
            make_entry(slug=f"e{n}").tools.set(Tool.objects.get_or_create(name="t", slug="t")[:1])
        outgoing.export(tmp_path / str(number))
        empty()
        with CaptureQueriesContext(connection) as queries:
            imported(tmp_path / str(number))
        return len(queries)

    # SQLite takes so many values in one statement, and words are written one by one.
    assert asked(60) < asked(10) + 60


def test_an_export_is_proven_by_what_comes_back(exported, tmp_path):
    said = io.StringIO()
    call_command("export_content", tmp_path / "a.zip", verify=True, stdout=said)
    assert "come back the same" in said.getvalue()


@pytest.mark.once
def test_the_proof_of_an_export_fails_when_something_does_not_come_back(exported, tmp_path):
    # What no import takes: an entry of a title that no form takes.
    Entry.objects.update(title="")
    with pytest.raises(CommandError, match="import_content"):
        call_command("export_content", tmp_path / "b.zip", verify=True)


# The plan.


def test_a_plan_tells_what_would_be_done_and_does_nothing(exported, media):
    def change(items):
        only(items, "portfolio.tool", slug="a")["note"] = "new"
        items.remove({"model": "portfolio.tool", "fields": only(items, "portfolio.tool", slug="b")})
        only(items, "roles.role")["tools"] = [["a"], ["c"]]
        added = only(items, "portfolio.tool", slug="a") | {"slug": "c", "name": "C"}
        items.insert(0, {"model": "portfolio.tool", "fields": added})

    edited(exported, change)
    before = bundle.content_json()
    made = planned(exported)
    assert counts(made) == {"add": 1, "change": 2, "leave": 9}
    [added, tool, role] = made.changes
    assert (added.what, added.label, added.name) == ("add", "portfolio.tool", "c")
    assert tool.fields == {"note": ("", "new")}
    assert role.fields == {"tools": ([["a"], ["b"]], [["a"], ["c"]])}
    pruned = planned(exported, prune=True)
    assert counts(pruned) == {"add": 1, "change": 2, "delete": 1, "leave": 9}
    assert bundle.content_json() == before
    # The control: carried out, it is as it was planned.
    assert imported(exported, prune=True, force=True).changes == pruned.changes
    assert bundle.content_json() != before
    assert [*Role.objects.get().tools.values_list("slug", flat=True)] == ["a", "c"]
    assert imported(exported, prune=True).is_empty


def test_the_command_tells_the_plan_and_then_what_was_done(exported):
    said = io.StringIO()
    edited(exported, lambda items: only(items, "roles.role").update(summary="x" * 50 + "new"))
    for told in ("0 would be added, 1 changed", "0 were added, 1 changed", "0 changed and 0"):
        call_command("import_content", exported, plan="would" in told, stdout=said)
        assert told in said.getvalue()
    assert re.search(
        r"~ roles.role lead  \(content.json, object \d+\)\n    summary: ", said.getvalue()
    )


def test_what_the_source_does_not_tell_stays_as_it_is(exported):
    Tool.objects.filter(slug="a").update(note="mine", url="https://a.example/")
    tool = {"model": "portfolio.tool", "fields": {"slug": "a", "name": "new"}}
    edited(exported, lambda items: [tool])
    made = imported(exported, force=True)
    assert counts(made) == {"change": 1}
    tool = Tool.objects.get(slug="a")
    assert (tool.name, tool.note, tool.url) == ("new", "mine", "https://a.example/")


@pytest.mark.once
def test_a_picture_name_may_be_missing_and_is_cleaned(exported):
    def names(*fields):
        empty()
        edited(exported, lambda items: [image(item, *fields) for item in items])
        imported(exported)
        return {*Image.objects.values_list("name", flat=True)}

    def image(item, *name):
        if item["model"] == "portfolio.image":
            item["fields"].pop("name", None)
            item["fields"] |= dict.fromkeys(["name"][: len(name)], *name)
        return item

    # A bundle from before pictures had one.
    assert names() == {""}
    assert names("../a\u202e.png") == {"a.png"}


# What was edited here.


def test_what_was_edited_here_later_is_refused_unless_forced_and_named(exported):
    before = bundle.content_json()
    for model in (Tool, Role, Profile, Outcome, Image):
        item = model.objects.first()
        name = {Tool: "note", Outcome: "baseline", Image: "caption", Profile: "location"}
        setattr(item, name.get(model, "problem"), "here")
        item.save()
    here = bundle.content_json()
    said = io.StringIO()
    with pytest.raises(CommandError):
        call_command("import_content", exported, stdout=said)
    for name in ("portfolio.tool a", "roles.role lead", "portfolio.profile", "roles.outcome"):
        assert re.search(rf"! {name}.* was edited here later", said.getvalue())
    assert bundle.content_json() == here
    call_command("import_content", exported, force=True, stdout=said)
    assert bundle.content_json() == before
    assert "undone by --force" in said.getvalue()


def test_what_was_edited_there_later_is_taken(exported):
    """The control of the refusal: the same difference, the other way round."""
    before = bundle.content_json()
    role = Role.objects.get()
    role.problem = "there"
    role.save()
    later = bundle.content_json()
    outgoing.export(exported)
    empty()
    (exported / "manifest.json").unlink()
    new = (exported / ROOT).read_bytes()
    (exported / ROOT).write_bytes(before)
    imported(exported)
    (exported / ROOT).write_bytes(new)
    assert counts(imported(exported))["change"] == 1
    assert bundle.content_json() == later


def test_what_is_only_here_and_newer_is_not_pruned_without_force(exported):
    before = bundle.content_json()
    make_tool(slug="mine")
    with pytest.raises(plan.ImportRefused) as refused:
        imported(exported, prune=True)
    assert [change.name for change in refused.value.plan.newer_here] == ["mine"]
    assert imported(exported).is_empty
    imported(exported, prune=True, force=True)
    assert bundle.content_json() == before


def test_the_history_tells_of_an_import_and_keeps_what_it_undid(exported, admin_user):
    edited(exported, lambda items: only(items, "roles.role").update(problem="imported"))
    imported(exported, user=admin_user)
    versions = Version.objects.get_for_object(Role.objects.get())
    assert [v.revision.comment for v in versions] == ["imported", "as it was"]
    assert versions[0].revision.user == admin_user
    edited(exported, lambda items: [i for i in items if i["model"] != "portfolio.evidence"][:-4])
    assert Principle.objects.exists()
    imported(exported, prune=True, force=True, user=admin_user)
    assert not Principle.objects.exists()
    assert Deletion.objects.filter(pk__in=[d.pk for d in recoverable(admin_user)]).exists()


def test_another_system_does_not_say_what_is_gone(exported):
    before = bundle.content_json()
    with pytest.raises(CommandError, match="without deleting"):
        call_command("import_content", DATA / "ghost.json", prune=True)
    assert bundle.content_json() == before
    # The control: without it, it is imported, and the rest stays.
    call_command("import_content", DATA / "ghost.json", stdout=io.StringIO())
    assert Role.objects.filter(slug="lead").exists()


def test_one_that_is_stopped_says_so_and_changes_nothing(exported):
    def stop(execute, sql, params, many, context):
        if sql.startswith("INSERT"):
            raise KeyboardInterrupt
        return execute(sql, params, many, context)

    edited(exported, lambda items: only(items, "roles.role").update(problem="there"))
    before = bundle.content_json()
    with (
        connection.execute_wrapper(stop),
        pytest.raises(CommandError, match="Stopped") as stopped,
    ):
        call_command("import_content", exported)
    assert stopped.value.returncode == 130
    assert bundle.content_json() == before


# Other addresses.


def test_what_moved_there_moves_here_and_its_address_is_remembered(exported):
    entry = Entry.objects.get()
    edited(exported, lambda items: rename(items, "second"))
    made = planned(exported)
    assert counts(made) == {"change": 1, "leave": 11}
    assert imported(exported).changes == made.changes
    moved = Entry.objects.get()
    assert (moved.pk, moved.slug) == (entry.pk, "second")
    assert FormerAddress.objects.get(path=entry.get_absolute_url()).entry == moved
    # An older bundle brings it back.
    edited(exported, lambda items: rename(items, "first"))
    imported(exported, force=True)
    assert Entry.objects.get().slug == "first"


def rename(items, slug):
    only(items, "journal.entry")["slug"] = slug
    for item in items:
        if item["fields"].get("entry"):
            item["fields"]["entry"][1] = slug


# What is wrong.

BAD = {
    "no title": ("journal.entry", {"title": " "}, "title"),
    "a title too long": ("journal.entry", {"title": "x" * 301}, "title"),
    "a summary too long": ("journal.entry", {"summary": "x" * 301}, "summary"),
    "a text too long": ("journal.entry", {"body": "x" * 100_001}, "body"),
    "no slug": ("portfolio.tool", {"slug": "A b"}, "slug"),
    "no month": ("journal.entry", {"month": "2026-13"}, "month"),
    "no time": ("journal.entry", {"publish_at": "yesterday"}, "publish_at"),
    "a time before all": ("roles.role", {"created_at": "0001-01-01T00:00:00+14:00"}, "created_at"),
    "no number": ("roles.role", {"position": "many"}, "position"),
    "a negative number": ("roles.role", {"position": -1}, "position"),
    "no address": ("portfolio.tool", {"url": "javascript:alert(1)"}, "url"),
    "no verdict": ("portfolio.evidence", {"verdict": "maybe"}, "verdict"),
    "a NUL": ("portfolio.tool", {"note": "\0"}, "note"),
    "an object for a text": ("portfolio.tool", {"note": {"a": 1}}, "note"),
    "nothing for a text": ("portfolio.tool", {"note": None}, "note"),
    "a field of another kind": ("portfolio.tool", {"password": "x"}, "password"),
    "a primary key for a relation": ("journal.entry", {"role": 1}, "role"),
    "a relation that leads nowhere": ("journal.entry", {"role": ["missing"]}, "missing"),
    "tools that are none": ("roles.role", {"tools": [["missing"]]}, "missing"),
    "tools that are no list": ("roles.role", {"tools": "a"}, "tools"),
    "an end before the start": (
        "roles.role",
        {"started": "2026-02", "ended": "2026-01"},
        "ends before it starts",
    ),
    "two ends of evidence": (
        "portfolio.evidence",
        {"role": ["lead"], "entry": ["2026-01", "first"]},
        "one of the two",
    ),
    "a decorative picture with words": ("portfolio.image", {"decorative": True, "alt": "x"}, "alt"),
    "a picture of another size": ("portfolio.image", {"width": 7}, "width"),
    "a picture outside": ("portfolio.image", {"file": "../../etc/passwd"}, "name"),
    "an address that is none": ("portfolio.formeraddress", {"path": "//evil.example/"}, "path"),
}


@pytest.mark.parametrize(("model", "fields", "told"), BAD.values(), ids=BAD)
def test_what_the_admin_refuses_is_refused_with_its_place(exported, media, model, fields, told):
    good = (exported / ROOT).read_bytes()
    empty()
    for picture in media.iterdir():
        picture.unlink()
    edited(exported, lambda items: first(items, model).update(fields))
    for attempt in (planned, imported):
        try:
            made = attempt(exported)
        except plan.ImportRefused as error:
            made = error.plan
        [problem, *_] = made.problems
        assert told in problem.what
        assert re.fullmatch(r"content\.json, object \d+", problem.where)
    assert not any(model.objects.exists() for model in CONTENT)
    assert not any(media.iterdir())
    # The control.
    (exported / ROOT).write_bytes(good)
    imported(exported)
    assert bundle.content_json() == good


def first(items, model):
    return next(item["fields"] for item in items if item["model"] == model)


def test_users_and_whatever_is_no_content_are_refused(exported):
    user = {"model": "auth.user", "fields": {"username": "evil", "is_superuser": True}}
    edited(exported, lambda items: [*items, user])
    with pytest.raises(plan.ImportRefused) as refused:
        imported(exported)
    assert "auth.user" in refused.value.plan.problems[0].what


def test_the_same_twice_and_a_uuid_of_another_are_refused(exported):
    make_entry(slug="second")
    taken = str(Entry.objects.get(slug="second").uuid)
    edited(exported, lambda items: [*items, items[0]])
    assert "twice" in planned(exported).problems[0].what
    edited(exported, lambda items: items.pop() and first(items, "journal.entry").update(uuid=taken))
    assert taken in planned(exported).problems[0].what


NOT_JSON = {
    "no list": b'{"a": 1}',
    "cut short": b'[{"model": "portfolio.tool", "fie',
    "no object": b'["a"]',
    "no fields": b'[{"model": "portfolio.tool"}]',
    "no UTF-8": b'[{"model": "portfolio.tool", "fields": {"name": "\xff", "slug": "a"}}]',
    "a bomb": b'[{"model": "portfolio.tool", "fields": ' + b'{"a":' * 100_000,
}


@pytest.mark.parametrize("data", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_no_fixture_is_refused_in_a_sentence(tmp_path, data):
    (tmp_path / ROOT).write_bytes(data)
    with pytest.raises(CommandError) as error:
        call_command("import_content", tmp_path, stdout=io.StringIO())
    assert len(str(error.value)) < 300
    assert not Tool.objects.exists()


# Bundles of other versions, and damaged ones.


def test_a_bundle_of_the_first_format_is_taken_and_of_a_later_one_refused(exported):
    before = bundle.content_json()
    manifest = json.loads((exported / "manifest.json").read_text())
    later = {**manifest, "format": bundle.FORMAT + 1}
    (exported / "manifest.json").write_text(json.dumps(later))
    with pytest.raises(files.SourceError, match=f"format {bundle.FORMAT + 1}"):
        imported(exported)
    # The first had no dates of change but those of what is published.
    items = json.loads(before)
    for item in items:
        if "publish_at" not in item["fields"]:
            del item["fields"]["updated_at"]
    (exported / ROOT).write_bytes(as_fixture(items))
    digest = hashlib.sha256((exported / ROOT).read_bytes()).hexdigest()
    earlier = {"format": 1, "counts": {}, "files": manifest["files"] | {ROOT: digest}}
    (exported / "manifest.json").write_text(json.dumps(earlier))
    empty()
    imported(exported)
    assert len(json.loads(bundle.content_json())) == len(items)
    assert imported(exported).is_empty


def test_a_bundle_that_is_not_as_its_manifest_says_is_refused(exported):
    [picture] = (exported / "media").iterdir()

    def refused(told):
        with pytest.raises(files.SourceError, match=told):
            imported(exported)

    data = picture.read_bytes()
    picture.write_bytes(data + b"x")
    refused("not as the bundle's manifest")
    picture.unlink()
    refused("missing")
    picture.write_bytes(data)
    (exported / "media" / "more.png").write_bytes(data)
    refused("not in the bundle's manifest")
    (exported / "media" / "more.png").unlink()
    imported(exported)
    (exported / "manifest.json").write_text("[]")
    refused("damaged")


# Hostile archives.


def member(name, data=b"x", mode=0o100644, packed=False):
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    return info, data


HOSTILE = {
    "a path outside": [member("media/../../evil.png")],
    "an absolute path": [member("/tmp/evil.png")],
    "a path of Windows": [member("media\\..\\..\\evil.png")],
    "a drive": [member("C:/evil.png")],
    "a link": [member("media/link.png", b"/etc/passwd", 0o120777)],
    "a device": [member("media/device.png", b"", 0o020666)],
    "a name twice": [member("media/a.png"), member("media/a.png", b"y")],
    "a bomb": [member("media/a.png", b"\0" * 50_000_000, packed=True)],
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_archive_is_refused_and_writes_nothing(exported, tmp_path, media, members):
    before = bundle.content_json()
    empty()
    for picture in media.iterdir():
        picture.unlink()
    target = tmp_path / "hostile.zip"
    with zipfile.ZipFile(target, "w") as archive:
        archive.write(exported / ROOT, ROOT)
        for picture in (exported / "media").iterdir():
            archive.write(picture, f"media/{picture.name}")
        sound = target.with_name("sound.zip")
        archive.fp.flush()
        for info, data in members:
            archive.writestr(info, data)
    with zipfile.ZipFile(sound, "w") as archive:
        archive.write(exported / ROOT, ROOT)
        for picture in (exported / "media").iterdir():
            archive.write(picture, f"media/{picture.name}")
    there = {*tmp_path.rglob("*")}
    with pytest.raises(CommandError):
        call_command("import_content", target, stdout=io.StringIO())
    assert {*tmp_path.rglob("*")} == there
    assert not any(model.objects.exists() for model in CONTENT)
    # The control: without these members it is taken.
    call_command("import_content", sound, stdout=io.StringIO())
    assert bundle.content_json() == before


def test_links_in_a_folder_and_sizes_that_lie_are_refused(exported, tmp_path, monkeypatch):
    (exported / "media" / "link.png").symlink_to("/etc/passwd")
    with pytest.raises(files.SourceError, match="link"):
        imported(exported)
    (exported / "media" / "link.png").unlink()
    imported(exported)
    outgoing.export(tmp_path / "out.zip")
    for name, value, told in (("MOST_BYTES", 10, "at most"), ("MOST_FILES", 1, "more than")):
        with monkeypatch.context() as patch:
            patch.setattr(files, name, value)
            with pytest.raises(files.SourceError, match=told):
                imported(tmp_path / "out.zip")
    # A member that says that it is shorter than it is ends where it says, and its sum is wrong.
    data = (tmp_path / "out.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        size = archive.getinfo(ROOT).file_size.to_bytes(4, "little")
    lying = data.replace(size, (10).to_bytes(4, "little"))
    (tmp_path / "lying.zip").write_bytes(lying)
    with pytest.raises(files.SourceError):
        imported(tmp_path / "lying.zip")
