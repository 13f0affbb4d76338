"""Two people, one item: nothing is overwritten that the writer has not seen."""

import random
import re

import pytest
from django.test import Client

from journal.models import Entry
from portfolio.editing.models import WorkingCopy
from portfolio.models import Tool
from roles.models import Role

from .desk import change, endpoint, fields_of
from .factories import make_entry, make_outcome, make_role, make_tool, make_user

pytestmark = pytest.mark.django_db

MAY = ("journal.view_entry", "journal.change_entry", "journal.publish_entry")


def signed_in(name, *permissions):
    client = Client()
    client.force_login(make_user(*permissions, username=name))
    return client


@pytest.fixture
def ana(db):
    return signed_in("ana", *MAY)


@pytest.fixture
def ben(db):
    return signed_in("ben", *MAY)


def test_whoever_saves_second_is_told_sees_both_and_chooses(ana, ben):
    entry = make_entry(title="one title", body="as it was.")
    hers, his = fields_of(ana, change(entry)), fields_of(ben, change(entry))
    ana.post(change(entry), hers | {"body": "as ana has it.", "_publish": ""})
    page = ben.post(change(entry), his | {"body": "as ben has it.", "_publish": ""})
    assert page.status_code == 200
    assert re.search(r"ana changed this at \d\d:\d\d", page.text)
    assert "as ana has it." in page.text
    assert "as ben has it." in page.text
    assert Entry.objects.get().body == "as ana has it."
    # He has seen it now, and keeps his own.
    again = fields_of_page(page)
    assert again["body"].strip() == "as ben has it."
    assert ben.post(change(entry), again | {"_publish": ""}).status_code == 302
    assert Entry.objects.get().body == "as ben has it."


def test_the_other_text_can_be_taken_field_by_field(ana, ben):
    entry = make_entry(title="one title", body="as it was.")
    hers, his = fields_of(ana, change(entry)), fields_of(ben, change(entry))
    ana.post(change(entry), hers | {"body": "ana's", "title": "ana's title", "_publish": ""})
    page = ben.post(change(entry), his | {"body": "ben's", "title": "ben's title", "_publish": ""})
    chosen = fields_of_page(page) | {"_take": ["body"], "_publish": ""}
    ben.post(change(entry), chosen)
    assert (Entry.objects.get().body, Entry.objects.get().title) == ("ana's", "ben's title")


def fields_of_page(page):
    class Said:
        def get(self, address):
            return page

    return fields_of(Said(), "")


def test_an_autosave_over_another_draft_is_refused_and_keeps_it(ana, ben):
    entry = make_entry(body="as it was.")
    hers, his = fields_of(ana, change(entry)), fields_of(ben, change(entry))
    assert ana.post(endpoint("keep", entry), hers | {"_tab": "a", "body": "a"}).status_code == 200
    answer = ben.post(endpoint("keep", entry), his | {"_tab": "b", "body": "b"})
    assert answer.status_code == 409
    assert "ana changed this" in answer.json()["error"]
    assert WorkingCopy.objects.get().data["body"] == ["a"]
    # Ana goes on in the window that she has, even where an answer was lost on the way.
    assert ana.post(endpoint("keep", entry), hers | {"_tab": "a", "body": "aa"}).status_code == 200


def test_a_change_of_something_else_is_a_conflict_as_well(ana, ben):
    """What one has not touched, the other one's save would take back."""
    entry = make_entry(title="a title", body="as it was.")
    hers, his = fields_of(ana, change(entry)), fields_of(ben, change(entry))
    ana.post(change(entry), hers | {"title": "a better title", "_publish": ""})
    page = ben.post(change(entry), his | {"body": "ben's", "_publish": ""})
    assert page.status_code == 200
    assert Entry.objects.get().title == "a better title"


def test_rows_that_are_told_as_a_part_count(ana):
    ana, ben = (
        signed_in(name, "roles.change_role", "roles.view_role", "roles.publish_role")
        for name in ("anna", "benno")
    )
    role = make_role()
    outcome = make_outcome(role=role, figure="10x", what="speed")
    hers, his = fields_of(ana, change(role)), fields_of(ben, change(role))
    ana.post(change(role), hers | {"outcomes-0-figure": "12x", "_publish": ""})
    page = ben.post(change(role), his | {"problem": "another", "_publish": ""})
    assert "12x" in page.text
    assert Role.objects.get().problem == "a problem."
    # Deleted meanwhile: what ben wrote in that row is not lost either.
    outcome.delete()
    page = ben.post(change(role), fields_of_page(page) | {"_publish": ""})
    again = fields_of_page(page) | {"_publish": ""}
    assert ben.post(change(role), again).status_code == 302
    assert [o.figure for o in role.outcomes.all()] == ["10x"]


def test_what_was_unpublished_meanwhile_is_not_put_back_unseen(ana, ben):
    entry = make_entry(body="as it was.")
    hers, his = fields_of(ana, change(entry)), fields_of(ben, change(entry))
    ana.post(change(entry), hers | {"_unpublish": ""})
    page = ben.post(change(entry), his | {"body": "ben's", "_publish": ""})
    assert page.status_code == 200
    assert "publish at" in page.text
    assert Entry.objects.get().state == "draft"


def test_what_has_no_drafts_is_not_overwritten_either(admin_client):
    tool = make_tool(note="as it was.")
    fields = fields_of(admin_client, change(tool))
    Tool.objects.update(note="changed elsewhere.")
    page = admin_client.post(change(tool), fields | {"note": "mine."})
    assert "Someone changed this while it was open here: note." in page.text
    assert Tool.objects.get().note == "changed elsewhere."
    again = fields_of_page(page)
    assert again["note"].strip() == "mine."
    admin_client.post(change(tool), again)
    assert Tool.objects.get().note == "mine."


@pytest.mark.once
def test_fifty_interleaved_saves_account_for_every_word(ana, ben):
    """Each adds one word at a time to the text that it sees; every word is there or was given up.

    The ledger has what was acknowledged as kept. A word leaves it only where its writer was shown
    the other text and took that.
    """
    entry = make_entry(body="begin")
    dice = random.Random(7)
    writers = {"a": ana, "b": ben}
    forms = {
        tab: fields_of(client, change(entry)) | {"_tab": tab} for tab, client in writers.items()
    }
    ledger = {"begin"}
    for number in range(50):
        tab = dice.choice("ab")
        client, word = writers[tab], f"{tab}{number}"
        form = forms[tab]
        form["body"] = f"{form['body'].strip()} {word}"
        verb = dice.choice(["keep", "_save", "_publish"])
        if verb == "keep":
            answer = client.post(endpoint("keep", entry), form)
            conflict = answer.status_code == 409
        else:
            answer = client.post(change(entry), form | {verb: ""})
            conflict = answer.status_code == 200
        if conflict:
            page = client.post(change(entry), form | {"_save": ""})
            theirs = page.context["conflict"].theirs.state["body"]
            seen = fields_of_page(page)
            # All of both: what the writer would do by hand.
            words = dict.fromkeys([*theirs.split(), *seen["body"].split()])
            merged = seen | {"_tab": tab, "body": " ".join(words)}
            answer = client.post(endpoint("keep", entry), merged)
        assert answer.status_code in (200, 302), (number, verb, answer.content)
        ledger.add(word)
        forms[tab] = fields_of(client, change(entry)) | {"_tab": tab}
        assert set(forms[tab]["body"].split()) == ledger
    form = fields_of(ana, change(entry))
    ana.post(change(entry), form | {"_publish": ""})
    assert set(Entry.objects.get().body.split()) == ledger


def test_without_the_editions_words_would_be_lost(ana, ben):
    """The control: a form that claims to have seen what is there overwrites the other text."""
    entry = make_entry(body="as it was.")
    hers, his = fields_of(ana, change(entry)), fields_of(ben, change(entry))
    ana.post(change(entry), hers | {"body": "ana's", "_publish": ""})
    now = fields_of(ben, change(entry))
    forged = {"_edition": now["_edition"], "_base": now["_base"]}
    ben.post(change(entry), his | forged | {"body": "ben's", "_publish": ""})
    assert Entry.objects.get().body == "ben's"


@pytest.mark.parametrize("said", ["", "{}", "null", "no JSON", "[1]"])
def test_a_form_that_does_not_say_what_it_has_seen_has_seen_nothing(ana, ben, said):
    entry = make_entry(body="as it was.")
    his = fields_of(ben, change(entry))
    unsaid = {"_edition": said, "_base": said, "body": "ben's", "_publish": ""}
    page = ben.post(change(entry), his | unsaid)
    assert page.status_code == 200
    assert "as it was." in page.text
    assert Entry.objects.get().body == "as it was."


def test_who_else_has_it_open_is_told_until_they_leave(ana, ben):
    entry = make_entry()
    address = endpoint("present", entry)
    assert ana.post(address, {"_tab": "a"}).json() == {"others": []}
    assert ben.post(address, {"_tab": "b"}).json() == {"others": ["ana"]}
    assert ana.post(address, {"_tab": "a2"}).json() == {"others": ["ben", "you, in another window"]}
    ana.post(address, {"_tab": "a", "left": "1"})
    ana.post(address, {"_tab": "a2", "left": "1"})
    assert ben.post(address, {"_tab": "b"}).json() == {"others": []}
