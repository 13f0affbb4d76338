"""The content as Markdown files: it reads well, and comes back exactly."""

import contextlib
import datetime
import io
import itertools
import json
import string

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.exchange import bundle, plan
from portfolio.exchange.files import Files, SourceError
from portfolio.exchange.markdown import front_matter, sections, tree
from portfolio.exchange.markdown.sections import markdown_fields
from portfolio.models import FormerAddress, Profile
from portfolio.months import Month
from roles.models import Outcome, Role
from tests.content import PICTURES, content
from tests.factories import make_entry, make_focus, make_image, make_principle, make_role, make_tool
from tests.test_export import build, empty

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


def told(files):
    """What a tree says, as (a fixture's dictionaries, remarks)."""
    source = tree.Tree(Memory(files))
    assert tree.Tree.recognises(source.files)
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
# Fields that may say anything; natural keys are in the names of files, or told by `content`.
FREE = {"title", "summary", "name", "note", "about", "caption", "detail", "organisation", "body"}
FREE |= {field.name for field in markdown_fields(Role)}


def as_an_editor_saves(data):
    """As Notepad would have it, and Obsidian: a byte order mark, CRLF, one more line."""
    return b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n") + b"\r\n"


@pytest.mark.once
@settings(max_examples=100, derandomize=True, deadline=None, database=None)
@given(content(), st.lists(texts, min_size=1, max_size=20).map(itertools.cycle))
def test_any_content_comes_back_exactly(items, said):
    for item in items:
        item["fields"] |= {name: next(said) for name in FREE & item["fields"].keys()}
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


@pytest.mark.once
@pytest.mark.parametrize("text", ["1e3", "0o7", ".5", "no", "2026-01-02", "null", "1:20"])
def test_text_that_some_yaml_takes_for_something_else_is_quoted(text):
    assert front_matter.dump({"title": text}) == f"title: '{text}'\n"


@pytest.mark.django_db
@pytest.mark.once
def test_pictures_lie_beside_the_pages(media_root):
    media_root.mkdir()
    for name in ("a.png", "é.png"):
        (media_root / name).write_bytes(name.encode() * 1000)
    build()
    files = files_of(exported(), bundle.open_picture)
    assert files["media/é.png"] == "é.png".encode() * 1000
    assert told(files) == (exported(), [])
    source = tree.Tree(Memory(files))
    assert [*source.items()]
    assert {name: source.pictures[name]().read() for name in ("a.png", "é.png")} == {
        name: files[f"media/{name}"] for name in source.pictures
    }
    (media_root / "a.png").unlink()
    with pytest.raises(bundle.ExportError, match=r"a\.png"):
        files_of(exported(), bundle.open_picture)


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
tools: [a, b-1]
weight: 3
lastmod: 2026-01-02T03:04:05.678901Z
uuid: 3c88babd-0bf8-55a8-9a73-98a084ec3a25
created_at: 2026-01-02T03:04:05.678901Z
outcomes:
- figure: 10x
  what: '2026'
  updated_at: 2026-01-02T03:04:05.678901Z
- figure: 40%
  what: fewer
  as_of: 2021-01
  updated_at: 2026-01-02T03:04:05.678901Z
aliases:
- /roles/old/
alias_fields:
  /roles/old/:
    updated_at: 2026-01-02T03:04:05.678901Z
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
    role.former_addresses.create(path="/roles/old/")
    for model in (Role, Outcome, FormerAddress):
        model.objects.update(updated_at=at)
    Role.objects.update(created_at=at)
    files = files_of(exported())
    assert files["roles/lead.md"].decode() == ROLE
    assert told(files) == (exported(), [])


# What a person does to it.

MARKED = {"portfolio.yaml": b"format: 1\n"}


def edited(files, path, old, new):
    assert files[path].count(old.encode()) == 1
    return files | {path: files[path].replace(old.encode(), new.encode())}


def changes(files):
    """What importing a tree would change, as [(what, kind, field, here, in the tree), …]."""
    made = plan.make(tree.Tree(Memory(files)), prune=True)
    assert (made.problems, made.remarks, made.newer_here) == ([], [], [])
    return [
        (change.what, change.label, name, *values)
        for change in made.changes
        for name, values in (change.fields or {"": ()}).items()
    ]


@pytest.mark.django_db
def test_a_site_comes_back_from_its_tree_and_an_edit_by_hand_is_that_one_change(media_root):
    at = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    name, data = next(iter(PICTURES.items()))
    media_root.mkdir()
    (media_root / name).write_bytes(data)
    image = make_image(file=name, width=2, height=3, caption="a\n\nb")
    role = make_role(slug="lead", problem="slow. 🙂", approach="", learned="a lesson. ")
    role.outcomes.create(figure="10x", what="speed", position=1)
    tools = [make_tool(slug="a"), make_tool(slug="b")]
    entry = make_entry(slug="x", title="old", body="text.", publish_at=at, role=role, tools=tools)
    entry.former_addresses.create(path="/journal/2026/01/older/")
    make_principle(slug="p", publish_at=None).evidence.create(entry=entry)
    profile = Profile.objects.create(name="Zoë", portrait=image)
    profile.links.create(label="x", url="https://example.org/")
    make_focus(since=Month(2025, 1), review_by=datetime.date(2026, 1, 1))
    before = bundle.content_json()
    files = files_of(json.loads(before), bundle.open_picture)

    empty()
    done = plan.carry_out(tree.Tree(Memory(files)))
    assert (done.problems, done.remarks) == ([], [])
    assert bundle.content_json() == before
    assert files_of(exported(), bundle.open_picture) == files
    assert changes(files) == []

    path = "journal/2026-01-x.md"
    of_entry, of_role = ("change", "journal.entry"), ("change", "roles.role")
    of_outcome = ("change", "roles.outcome")
    day, next_day = "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"
    for old, new, change in (
        ("title: old", 'title:   "new"   # why', (*of_entry, "title", "old", "new")),
        ("title: old", "title: 007", (*of_entry, "title", "old", "007")),
        ("title: old", "title: no", (*of_entry, "title", "old", "no")),
        (f"date: {day}", "draft: true", (*of_entry, "publish_at", day, None)),
        (f"date: {day}\n", "", (*of_entry, "publish_at", day, None)),
        (f"date: {day}", "date: 2026-01-03", (*of_entry, "publish_at", day, next_day)),
        (f"date: {day}", f"date: {day}\ndraft: false", None),
        ("tools: [a, b]", "tools:\n  - b\n  - a", None),
        ("tools: [a, b]", "tools: b", (*of_entry, "tools", [["a"], ["b"]], [["b"]])),
        ("role: lead\n", "", (*of_entry, "role", ["lead"], None)),
        ("\ntext.", "\nmore\n\n    code\n", (*of_entry, "body", "text.", "more\n\n    code")),
        ("\ntext.", "\n\n\ntext.   \n\n", None),
    ):
        assert changes(edited(files, path, old, new)) == ([change] if change else []), new
    for old, new, change in (
        ("slow. 🙂", "fast.\n\n## Why", (*of_role, "problem", "slow. 🙂", "fast.\n\n## Why")),
        ("## problem", "##  Problem ##", None),
        ("## problem", "## approach\n\nnew\n\n## problem", (*of_role, "approach", "", "new")),
        ("what: speed", "what: speed # of us", None),
        ("position: 1", "position: 2", (*of_outcome, "position", 1, 2)),
    ):
        assert changes(edited(files, "roles/lead.md", old, new)) == ([change] if change else [])
    removed = {name: data for name, data in files.items() if name != "thinking/p.md"}
    assert [change[:2] for change in changes(removed)] == [
        ("delete", "portfolio.evidence"),
        ("delete", "portfolio.principle"),
    ]
    # A file's name is what its object is called.
    moved = edited(files, "thinking/p.md", "2026-01-x", "2025-12-y")
    moved["journal/2025-12-y.md"] = moved.pop(path)
    assert changes(moved)[:2] == [
        (*of_entry, "month", "2026-01", "2025-12"),
        (*of_entry, "slug", "x", "y"),
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
    entry |= {"publish_at": "2026-01-02 03:04:05+01:00", "role": None, "tools": []}
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


@pytest.mark.once
def test_a_heading_with_much_space_takes_no_time():
    # The time would grow with the square of its length, and be minutes.
    line = "## problem" + " " * 300_000
    assert sections.parse(Role, line, "x") == ({"problem": ""}, "")
    assert sections.parse(Role, line + "x", "x") == ({}, line + "x")


# Names of files.


@pytest.mark.once
def test_each_file_can_be_on_any_system():
    names = ["con", "con-1", "nul", "a", "a-b", "s" * 100]
    tool = {"note": "", "url": "", "position": 0, "updated_at": "2026-01-01T00:00:00Z"}
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
