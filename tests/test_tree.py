"""The content as Markdown files: it reads well, and comes back exactly."""

import contextlib
import datetime
import io
import json
import string

import pytest
import yaml
from django.core.management import call_command
from django.db import models
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.models import Entry
from portfolio.exchange import bundle, front_matter, notation, tree
from portfolio.exchange.files import Files, SourceError
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
from portfolio.months import Month, MonthField
from roles.models import Outcome, Role
from tests.factories import make_entry, make_role, make_tool
from tests.test_export import build, empty

KINDS = (Tool, Image, Profile, ProfileLink, Focus, Role, Outcome, Entry, Principle, Evidence)
KINDS += (FormerAddress,)
# What YAML, editors, Git and our own form give a meaning to.
TRICKY = [
    "",
    " ",
    "\n",
    "a\n",
    "\n\na",
    " a",
    "    code",
    "a ",
    "a\u00a0",
    "a  \nb",
    "\ta\t",
    "---",
]
TRICKY += ["---\ntitle: x\n---", "a\n---\nb", "- a", "? a", "a: b", "a #b", "#", "[a", "{a}", "&a"]
TRICKY += ["*a", "!a", "!!int 1", "|", ">", "%YAML", "@", "`", "'", '"', "\\", "no", "Yes", "null"]
TRICKY += [
    "~",
    "true",
    "1",
    "007",
    "0x1F",
    "0o7",
    "1_000",
    "1e3",
    ".inf",
    "1:20",
    "=",
    "<<",
    "2026",
]
TRICKY += ["2026-01", "2026-01-02", "2026-01-02T03:04:05Z", "a\r\nb", "a\rb", "\x00", "\x1b[31m"]
TRICKY += ["a\x85b", "a\u2028b", "\ufeffa", "a\ufeff", "\ufffe", "\uffff", "\U0010ffff", "🙂\n🙂"]
TRICKY += ["שלום", "\u202eabc", "e\u0301", "## problem", "a\n\n## What Broke ##\n\nb", "##problem"]
TRICKY += [
    "```\n## impact\n```",
    "a\n...\nb",
    "a" * 3000,
    "\n".join("ab" * 9),
    "<!-- a -->",
    "\x7f",
]


class Memory(Files):
    """The files of a dictionary, {path: bytes}."""

    def __init__(self, contents):
        self.contents = self._known = contents
        self.names = sorted(contents)

    def open(self, name):
        return io.BytesIO(self.contents[name])


def files_of(items, open_picture=lambda name: io.BytesIO(name.encode())):
    """The tree of some items, as {path: bytes}."""
    files = {}

    @contextlib.contextmanager
    def create(path):
        assert path not in files
        file = io.BytesIO()
        yield file
        files[path] = file.getvalue()

    def read(model):
        return (item for item in items if item["model"] == model._meta.label_lower)

    tree.write(read, create, open_picture)
    return files


@contextlib.contextmanager
def source_of(files):
    source = tree.Tree(Memory(files))
    assert tree.Tree.recognises(source.files)
    try:
        yield source
    finally:
        source._folder.cleanup()


def told(files):
    """What a tree says, as (a fixture's dictionaries, remarks)."""
    with source_of(files) as source:
        items = [{"model": item.model, "fields": item.fields} for item in source.items()]
        return items, [(remark.where, remark.what) for remark in source.remarks]


def exported():
    return json.loads(bundle.content_json())


# Any content.

texts = st.one_of(
    st.sampled_from(TRICKY),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.lists(st.sampled_from(TRICKY), min_size=2, max_size=3).map("\n".join),
)
slugs = st.one_of(
    st.sampled_from(["con", "con-1", "nul", "lpt1", "a", "a-b", "2026-01", "no", "1", "s" * 100]),
    st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=4),
)
times = st.datetimes(timezones=st.just(datetime.UTC)).map(bundle.Encoder().default)
months = st.builds(Month, st.integers(1000, 9999), st.integers(1, 12)).map(Month.isoformat)


def values(field):
    """Any value of a field that is no relation, in a fixture's form."""
    kinds = (
        (MonthField, months),
        (models.DateTimeField, times),
        (models.DateField, st.dates().map(str)),
        (models.BooleanField, st.booleans()),
        (models.IntegerField, st.integers(0, 2**31 - 1) | st.just(0)),
        (models.UUIDField, st.uuids().map(str)),
        (models.Field, texts),
    )
    strategy = next(strategy for kind, strategy in kinds if isinstance(field, kind))
    return st.none() | strategy if field.null else strategy


def natural_key(model, fields):
    key = []
    for path in model.natural_key_fields:
        name, _, rest = path.partition("__")
        value = fields[name]
        if rest and value:
            related = model._meta.get_field(name).related_model
            value = value[related.natural_key_fields.index(rest)]
        key.append(value)
    return key


@st.composite
def contents(draw):
    """A fixture in the order of an export: any values, and relations to what is there."""
    keys, items = {}, []

    def add(model, number, ends=None, **own):
        objects = {}
        for _ in range(number):
            fields = {
                field.name: draw(own[field.name] if field.name in own else values(field))
                for field in notation.fields_of(model)
                if field.name in own or not field.remote_field
            }
            fields |= draw(ends) if ends is not None else {}
            key = natural_key(model, fields)
            objects[tuple(part or "" for part in key)] = fields, key
        keys[model] = [key for _, key in objects.values()]
        for _, (fields, _) in sorted(objects.items()):
            items.append({"model": model._meta.label_lower, "fields": fields})

    def some(model):
        return st.lists(st.sampled_from(keys[model]), unique_by=tuple, max_size=3).map(sorted)

    def one_or_none(model):
        return st.none() | st.sampled_from(keys[model]) if keys[model] else st.none()

    def one_of(kinds):
        """The relations, of which one leads to something."""
        return st.sampled_from(
            [
                dict.fromkeys(kinds) | {name: key}
                for name, model in kinds.items()
                for key in keys[model]
            ]
        )

    add(Tool, draw(st.integers(1, 3)), slug=slugs)
    add(Image, draw(st.integers(0, 2)), file=st.sampled_from(["a.png", "é/שלום.jpg", "1", "no"]))
    add(Profile, draw(st.integers(0, 1)), portrait=one_or_none(Image))
    if keys[Profile]:
        add(ProfileLink, draw(st.integers(0, 2)), profile=st.just([]))
    add(Focus, draw(st.integers(0, 2)))
    add(Role, draw(st.integers(1, 2)), slug=slugs, tools=some(Tool))
    add(Outcome, draw(st.integers(0, 2)), role=st.sampled_from(keys[Role]))
    entry = {"slug": slugs, "tools": some(Tool), "role": one_or_none(Role)}
    add(Entry, draw(st.integers(0, 2)), **entry)
    add(Principle, draw(st.integers(0, 2)), slug=slugs)
    ends = {"role": Role, "entry": Entry}
    if keys[Principle]:
        principle = st.sampled_from(keys[Principle])
        add(Evidence, draw(st.integers(0, 2)), one_of(ends), principle=principle)
    kinds = {"tool": Tool, "principle": Principle} | ends
    add(FormerAddress, draw(st.integers(0, 2)), one_of(kinds))
    return items


def as_an_editor_saves(data):
    """As Notepad would have it, and Obsidian: a byte order mark, CRLF, one more line."""
    return b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n") + b"\r\n"


@pytest.mark.once
@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(contents())
def test_any_content_comes_back_exactly(items):
    files = files_of(items)
    assert told(files) == (items, [])
    assert files_of(told(files)[0]) == files
    assert len({path.lower() for path in files}) == len(files)
    saved = {
        path: data if path.startswith("media/") else as_an_editor_saves(data)
        for path, data in files.items()
    }
    assert told(saved) == (items, [])


@pytest.mark.once
@settings(max_examples=300, derandomize=True, deadline=None, database=None)
@given(st.dictionaries(texts, texts, min_size=1, max_size=5), texts)
def test_other_software_reads_the_same_text_in_the_front_matter(mapping, body):
    text = front_matter.dump(mapping)
    assert front_matter.load(text, "x")[0] == mapping
    assert yaml.safe_load(text) == mapping
    if front_matter.survives(body):
        page = front_matter.parse(front_matter.compose(mapping, body), "x")
        assert (page.matter, page.body) == (mapping, body)


@pytest.mark.django_db
def test_a_site_comes_back_from_its_tree(media_root):
    media_root.mkdir()
    for name in ("a.png", "é.png"):
        (media_root / name).write_bytes(name.encode() * 1000)
    build()
    before = bundle.content_json()
    files = files_of(json.loads(before), bundle.open_picture)
    assert files["media/é.png"] == "é.png".encode() * 1000
    empty()
    with source_of(files) as source:
        items = [{"model": item.model, "fields": item.fields} for item in source.items()]
        for name, open_picture in source.pictures.items():
            assert open_picture().read() == files[f"media/{name}"]
    assert set(source.pictures) == {"a.png", "é.png"}
    (media_root / "content.json").write_text(json.dumps(items))
    call_command("loaddata", media_root / "content.json", verbosity=0)
    assert bundle.content_json() == before
    assert files_of(exported(), bundle.open_picture) == files


# How it reads.

ROLE = """\
---
title: 'Lead: 🙂 & more'
draft: true
summary: |-
  two
  lines
organisation: 'no'
started: 2020-02
weight: 3
tools: [a, b-1]
uuid: 3c88babd-0bf8-55a8-9a73-98a084ec3a25
created_at: 2026-01-02T03:04:05.678901Z
lastmod: 2026-01-02T03:04:05.678901Z
outcomes:
- figure: 10x
  what: '2026'
- figure: 40%
  what: fewer
  as_of: 2021-01
aliases:
- /roles/boss/
- /roles/old/
impact: "ends with a space "
broke: |-
  ## problem

  is a heading
---

## problem

too *slow*.

  ## not a heading of ours

## what i learned

a lesson.
"""


@pytest.mark.django_db
@pytest.mark.once
def test_a_role_reads_well():
    at = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, datetime.UTC)
    role = make_role(
        title="Lead: 🙂 & more",
        slug="lead",
        summary="two\nlines",
        publish_at=None,
        organisation="no",
        started=Month(2020, 2),
        position=3,
        tools=[make_tool(slug="b-1"), make_tool(slug="a")],
        uuid="3c88babd-0bf8-55a8-9a73-98a084ec3a25",
        problem="too *slow*.\n\n  ## not a heading of ours",
        impact="ends with a space ",
        learned="a lesson.",
        broke="## problem\n\nis a heading",
    )
    role.outcomes.create(figure="10x", what="2026")
    role.outcomes.create(figure="40%", what="fewer", as_of=Month(2021, 1))
    for path in ("/roles/old/", "/roles/boss/"):
        role.former_addresses.create(path=path)
    Role.objects.update(created_at=at, updated_at=at)
    files = files_of(exported())
    assert files["roles/lead.md"].decode() == ROLE
    assert told(files) == (exported(), [])


# What a person does to it.

MARKED = {"portfolio.yaml": b"format: 1\n"}


def edited(files, path, old, new):
    assert files[path].count(old.encode()) == 1
    return files | {path: files[path].replace(old.encode(), new.encode())}


def changed(before, after):
    """What differs between two lists of items, as [(model, field, before, after), …]."""
    assert [item["model"] for item in before] == [item["model"] for item in after]
    return [
        (old["model"], name, old["fields"][name], new["fields"][name])
        for old, new in zip(before, after, strict=True)
        for name in old["fields"]
        if old["fields"][name] != new["fields"][name]
    ]


@pytest.mark.django_db
@pytest.mark.once
def test_an_edit_by_hand_is_that_one_change():
    at = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    role = make_role(slug="lead", problem="slow.", approach="", learned="a lesson.")
    role.outcomes.create(figure="10x", what="speed", position=1)
    tools = [make_tool(slug="a"), make_tool(slug="b")]
    make_entry(slug="x", title="old", body="text.", publish_at=at, role=role, tools=tools)
    before, entry = exported(), "journal/2026-01-x.md"
    files = files_of(before)
    of_entry, of_role = "journal.entry", "roles.role"
    day = "2026-01-02T00:00:00Z"
    for path, old, new, change in (
        (entry, "title: old", 'title:   "new"   # why', (of_entry, "title", "old", "new")),
        (entry, "title: old", "title: 007", (of_entry, "title", "old", "007")),
        (entry, "title: old", "title: no", (of_entry, "title", "old", "no")),
        (entry, f"date: {day}", "draft: true", (of_entry, "publish_at", day, None)),
        (entry, f"date: {day}\n", "", (of_entry, "publish_at", day, None)),
        (
            entry,
            f"date: {day}",
            "date: 2026-01-03",
            (of_entry, "publish_at", day, f"{day[:9]}3{day[10:]}"),
        ),
        (entry, f"date: {day}", f"date: {day}\ndraft: false", None),
        (entry, "tools: [a, b]", "tools:\n  - b\n  - a", None),
        (entry, "tools: [a, b]", "tools: b", (of_entry, "tools", [["a"], ["b"]], [["b"]])),
        (entry, "role: lead\n", "", (of_entry, "role", ["lead"], None)),
        (entry, "\ntext.", "more\n\n    code\n", (of_entry, "body", "text.", "more\n\n    code")),
        (entry, "\ntext.", "\n\n\ntext.   \n\n", None),
        (
            "roles/lead.md",
            "slow.",
            "fast.\n\n## Why",
            (of_role, "problem", "slow.", "fast.\n\n## Why"),
        ),
        ("roles/lead.md", "## problem", "##  Problem ##", None),
        (
            "roles/lead.md",
            "## problem",
            "## approach\n\nnew\n\n## problem",
            (of_role, "approach", "", "new"),
        ),
        ("roles/lead.md", "what: speed", "what: size", ("roles.outcome", "what", "speed", "size")),
        ("roles/lead.md", "position: 1", "position: 2", ("roles.outcome", "position", 1, 2)),
    ):
        items, remarks = told(edited(files, path, old, new))
        assert changed(before, items) == ([change] if change else []), (old, new)
        assert remarks == []
    # A file's name is what its object is called.
    moved = files | {"journal/2025-12-y.md": files[entry]}
    del moved[entry]
    assert changed(before, told(moved)[0]) == [
        (of_entry, "month", "2026-01", "2025-12"),
        (of_entry, "slug", "x", "y"),
    ]


@pytest.mark.once
def test_a_new_file_may_say_little():
    files = MARKED | {
        "tools/aws.md": b"just a note\r\n\r\nof two lines",
        "journal/2026-01-a.md": b"---\ntitle: A\ndate: 2026-01-02 03:04:05+01:00\n---\ntext",
        "thinking/b.md": b"---\naliases: /thinking/c/\nevidence:\n- entry: 2026-01-a\n---\n",
        "now.md": b"---\nstatements:\n- text: 10\n  since: jan 2026\n---\n",
        "profile.md": b"",
    }
    items, remarks = told(files)
    assert remarks == []
    by_model = {item["model"]: item["fields"] for item in items}
    assert by_model["portfolio.tool"] == {
        **{"slug": "aws", "note": "just a note\n\nof two lines", "url": "", "position": 0},
    }
    entry = {"month": "2026-01", "slug": "a", "title": "A", "body": "text", "summary": ""}
    entry |= {"publish_at": "2026-01-02T02:04:05Z", "role": None, "tools": []}
    assert by_model["journal.entry"] == entry
    assert by_model["portfolio.evidence"] == {
        **{"principle": ["b"], "role": None, "entry": ["2026-01", "a"], "verdict": "kept"},
    }
    assert by_model["portfolio.focus"]["text"] == "10"
    assert by_model["portfolio.formeraddress"]["path"] == "/thinking/c/"
    assert by_model["portfolio.formeraddress"]["principle"] == ["b"]
    assert by_model["portfolio.profile"]["name"] == ""


@pytest.mark.once
def test_what_is_not_taken_over_is_told():
    files = MARKED | {
        "README.md": b"about",
        "journal/undated.md": b"",
        "journal/_index.md": b"",
        "journal/2026-01-a.md": b"---\n\n\ntags: [x]\nslug: b\nalias_fields: {/a/: {}}\n---\n",
        "roles/a.md": b"---\ntitle: A\noutcomes:\n- {figure: 1x, what: w, unit: s}\n---\n\nstray\n",
        "now.md": b"---\ntitle: then\n---\ntext",
        "media.yaml": b"a.png: {alt: x, size: 3}\n",
        "media/b.png": b"",
    }
    items, remarks = told(files)
    assert {where for where, _ in remarks} == {
        *("README.md", "journal/undated.md", "journal/_index.md", "media/b.png", "now.md:4"),
        *("journal/2026-01-a.md:4", "journal/2026-01-a.md:5", "journal/2026-01-a.md:6", "now.md:2"),
        *("roles/a.md:3", "roles/a.md:7", "media.yaml:1"),
    }
    assert {"'tags'", "'slug'", "'unit'", "'size'", "'title'", "'/a/'"} == {
        word for _, what in remarks for word in what.split() if word.startswith("'")
    }
    assert len(items) == 4


BOMB = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}]\n"
    for a, b in zip(string.ascii_lowercase, string.ascii_lowercase[1:], strict=False)
)
WRONG = {
    "---\ntitle: A\n": ":1 ",
    "---\ntitle: [\n---\n": ":3 ",
    "---\ntitle: A\nbad: 'x\n---\n": ":3 ",
    "---\ntitle: A\ntitle: B\n---\n": ":3 ",
    "---\n\n- title\n---\n": ":3 ",
    "---\njust text\n---\n": ":2 ",
    "---\ntitle: A\n--- {b: c}\n---\n": ":3 ",
    f"---\n{BOMB}---\n": ":2 ",
    "---\ntitle: *a\n---\n": ":2 ",
    "---\ntitle: !!python/object:os.system x\n---\n": ":2 ",
    "---\ndate: !!timestamp 2026-01-01\n---\n": ":2 ",
    "---\n[a]: b\n---\n": ":2 ",
    "---\n~: b\n---\n": ":2 ",
    "---\ntitle: \x01\n---\n": " ",
    "---\ntitle: A\ndate: 2026-01-01\ndraft: true\n---\n": ":4 ",
    "---\ntitle: A\ndraft: false\n---\n": ":3 ",
    "---\ntitle: A\ndraft: maybe\n---\n": ":3 ",
    "---\ntitle: A\ndraft: [true]\n---\n": ":3 ",
    "---\nbody: a\n---\nb": ":2 ",
    "---\nrole: [a]\n---\n": "",
    "---\ntools: {a: b}\n---\n": "",
    "---\naliases: {a: b}\n---\n": ":2 ",
    "---\nalias_fields: x\n---\n": ":2 ",
    "---\na: " + "[" * 400_000 + "\n---\n": ":2 ",
    "---\n" + "- " * 100_000 + "\n---\n": ":2 ",
}


@pytest.mark.once
@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_a_file_that_cannot_be_right_is_named_with_its_line(text):
    path = "journal/2026-01-a.md"
    with pytest.raises(SourceError) as error:
        told(MARKED | {path: text.encode()})
    (line,) = str(error.value).splitlines()
    assert path + WRONG[text] in line
    assert line.endswith(".")
    assert len(line) < 300


@pytest.mark.once
@pytest.mark.parametrize(
    "path, text, where",
    [
        ("roles/a.md", "## impact\n\na\n\n## Impact\n\nb\n", "roles/a.md "),
        ("roles/a.md", "---\noutcomes: none\n---\n", "roles/a.md:2 "),
        ("thinking/a.md", "---\nevidence:\n- entry: 2026\n---\n", "thinking/a.md:2 "),
        ("now.md", "---\nstatements:\n- working\n---\n", "now.md:2 "),
        ("media.yaml", "\na.png: x\n", "media.yaml:2 "),
        ("now.md", b"\xff", "now.md "),
        ("portfolio.yaml", "format: 2", "bring this site up to date"),
        ("portfolio.yaml", "format: x", "format: 1"),
        ("portfolio.yaml", "", "format: 1"),
    ],
)
def test_so_are_the_other_kinds_of_files(path, text, where):
    with pytest.raises(SourceError, match=where):
        told(MARKED | {path: text if isinstance(text, bytes) else text.encode()})


@pytest.mark.once
def test_a_value_of_the_wrong_type_is_left_to_the_import():
    text = b"---\ntitle: [a]\ndate: soon\nsummary: {a: b}\nuuid: x\nbody: [x]\n"
    text += b"created_at: 0001-01-01T00:00:00+14:00\n---\n"
    ([item], _) = told(MARKED | {"journal/2026-13-Ä b.md": text})
    assert item["fields"] == {
        **{"month": "2026-13", "slug": "Ä b", "title": ["a"], "publish_at": "soon", "body": ["x"]},
        **{"summary": {"a": "b"}, "uuid": "x", "created_at": "0001-01-01T00:00:00+14:00"},
        **{"role": None, "tools": []},
    }
    ([item], _) = told(MARKED | {"tools/a.md": b"---\nweight: 1.5\ntitle: a\naddress: 3\n---\n"})
    assert (item["fields"]["position"], item["fields"]["url"]) == ("1.5", "3")


# Names of files.


@pytest.mark.once
def test_each_file_can_be_on_any_system():
    names = ["con", "con-1", "nul", "a", "a-b", "s" * 100]
    tool = dict.fromkeys(("note", "url"), "") | {"position": 0}
    items = [{"model": "portfolio.tool", "fields": tool | {"slug": s, "name": s}} for s in names]
    files = files_of(items)
    assert {"tools/con-.md", "tools/con-1.md", "tools/nul-.md", "tools/a.md"} <= set(files)
    assert {item["fields"]["slug"] for item in told(files)[0]} == set(names)


@pytest.mark.once
@pytest.mark.parametrize("slug", ["../a", "A", "a/b", "", "a.", "é", "a\n"])
def test_a_slug_that_no_form_takes_stops_the_export(slug):
    item = {"slug": slug, "name": "x", "note": "", "url": "", "position": 0}
    with pytest.raises(bundle.ExportError, match="change it in the admin"):
        files_of([{"model": "portfolio.tool", "fields": item}])
