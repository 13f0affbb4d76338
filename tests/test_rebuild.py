"""What a build of the site takes over from the one before, and when it may not."""

import json

import pytest

from journal.models import Entry
from portfolio.exchange.static import near, record, site, whole
from portfolio.exchange.static.entries import Entries
from portfolio.search import query
from portfolio.search.models import Document
from portfolio.views import load_profile
from tests.factories import make_entry, make_role, make_tool

pytestmark = pytest.mark.django_db
HOME = "http://localhost"


@pytest.fixture
def few(monkeypatch):
    """Words of more than two documents are usual, and none of more than three is kept."""
    monkeypatch.setattr(query, "TELLING", 2)
    monkeypatch.setattr(near, "RARE", 3)


def tree(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != record.NAME
    }


def anew(folder):
    site.build(folder, HOME)
    return tree(folder)


def test_the_texts_of_what_was_not_edited_are_not_read_again(tmp_path, monkeypatch):
    for number in range(3):
        make_entry(title=f"lighthouse {number}", body="words of its own")
    site.build(tmp_path / "site", HOME)
    edited = Entry.objects.first()
    edited.body = "a barometer"
    edited.save()
    read = []
    monkeypatch.setattr(query, "used", lambda title, text: read.append(title) or set())
    site.build(tmp_path / "site", HOME)
    assert read == [edited.title]


def grown_and_shrunk(folder):
    """A site in which the word that two entries share was usual while it was built before."""
    shared = [make_entry(title=f"lighthouse {number}", body="") for number in range(5)]
    make_entry(title="something else", body="")
    site.build(folder, HOME)
    for entry in shared[2:]:
        entry.delete()


def test_a_word_that_is_not_usual_any_more_makes_near(few, tmp_path):
    grown_and_shrunk(tmp_path / "site")
    site.build(tmp_path / "site", HOME)
    built = tree(tmp_path / "site")
    assert built == anew(tmp_path / "anew")
    assert any(b"near this" in content for content in built.values())


def test_without_the_note_of_what_was_usual_nothing_would_be_near(few, tmp_path):
    grown_and_shrunk(tmp_path / "site")
    note = tmp_path / "site" / record.NAME
    first, *lines = note.read_text().splitlines(keepends=True)
    head = json.loads(first)
    assert "lighthouse" in head["usual"]
    head["usual"] = []
    note.write_text(json.dumps(head) + "\n" + "".join(lines))
    site.build(tmp_path / "site", HOME)
    assert not any(b"near this" in content for content in tree(tmp_path / "site").values())


def test_of_a_long_text_all_words_count_each_time(few, tmp_path, monkeypatch):
    monkeypatch.setattr(query, "CANDIDATES", 3)
    make_entry(title="zeppelin", body="all better comes down")
    make_entry(title="zeppelin", body="")
    site.build(tmp_path / "site", HOME)
    make_entry(title="lighthouse", body="")
    site.build(tmp_path / "site", HOME)
    assert tree(tmp_path / "site") == anew(tmp_path / "anew")


@pytest.mark.parametrize(
    "edit",
    [
        lambda role, entry, tool: role.outcomes.create(figure="10x", what="as much", position=1),
        lambda role, entry, tool: type(tool).objects.filter(pk=tool.pk).update(name="anvil"),
        lambda role, entry, tool: type(role).objects.filter(pk=role.pk).update(broke="the bell"),
        lambda role, entry, tool: type(entry).objects.filter(pk=entry.pk).update(body="the sea"),
        lambda role, entry, tool: entry.tools.clear(),
    ],
    ids=["an outcome", "the tool's name", "a role's text", "an entry's text", "not used any more"],
)
def test_the_feed_of_a_tool_follows_what_is_in_it(tmp_path, edit):
    tool, role = make_tool(slug="hammer"), make_role()
    role.tools.add(tool)
    entry = make_entry(tools=[tool])
    site.build(tmp_path / "site", HOME)
    before = (tmp_path / "site/tools/hammer/feed.xml").read_bytes()
    edit(role, entry, tool)
    site.build(tmp_path / "site", HOME)
    after = (tmp_path / "site/tools/hammer/feed.xml").read_bytes()
    assert after != before
    assert after == anew(tmp_path / "anew")["tools/hammer/feed.xml"]


def test_an_entry_that_goes_live_meanwhile_does_not_stop_the_build():
    tool = make_tool()
    entries = Entries(load_profile(), "common")
    make_entry(tools=[tool])
    assert whole.tool_feed(entries, tool).name == f"tools/{tool.slug}/feed.xml"


def test_what_search_looks_in_has_each_document_once(tmp_path):
    make_entry(title="one"), make_entry(title="draft", publish_at=None), make_role(), make_tool()
    site.build(tmp_path / "site", HOME)
    found = json.loads((tmp_path / "site/search.json").read_text())
    assert len(found) == Document.objects.live().count() == 3
    assert {each["title"] for each in found} == {str(each) for each in Document.objects.live()}


@pytest.mark.parametrize("damage", [b"", b"{", b'{"format": 3, "tasks": 1}\n["/x/"', b"\xff"])
def test_a_note_that_cannot_be_read_is_as_none(tmp_path, damage):
    make_entry()
    site.build(tmp_path / "site", HOME)
    (tmp_path / "site" / record.NAME).write_bytes(damage)
    site.build(tmp_path / "site", HOME)
    assert tree(tmp_path / "site") == anew(tmp_path / "anew")
