"""What is written is kept as it is typed, and the public sees nothing of it until published."""

import pytest
import reversion
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from reversion.models import Revision, Version

from journal.models import Entry
from portfolio.editing.models import WorkingCopy
from portfolio.models import Image
from roles.models import Role

from .desk import change, endpoint, fields_of
from .factories import make_entry, make_outcome, make_role, make_tool, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry():
    return make_entry(title="before", body="as it was.")


def keep(client, item, fields, **changes):
    return client.post(endpoint("keep", item), fields | {"_tab": "a window"} | changes)


def test_a_hundred_autosaves_are_one_copy_and_nothing_else(admin_client, client, entry):
    def public_queries():
        with CaptureQueriesContext(connection) as captured:
            assert "as it was." in Client().get(entry.get_absolute_url()).text
        return len(captured)

    public_queries()  # what is remembered from then on
    before = public_queries()
    fields = fields_of(admin_client, change(entry))
    stored = Entry.objects.values().get()
    for number in range(100):
        answer = keep(admin_client, entry, fields, body=f"text number {number}")
        assert answer.status_code == 200, answer.content
    assert WorkingCopy.objects.get().version == 100
    assert Entry.objects.values().get() == stored
    assert not Revision.objects.exists()
    assert public_queries() == before


def test_the_form_opens_with_what_was_typed_and_no_complaint(admin_client, entry):
    fields = fields_of(admin_client, change(entry))
    keep(admin_client, entry, fields, title="", month="smarch", body="half a sent")
    page = admin_client.get(change(entry))
    assert "half a sent" in page.text
    assert "smarch" in page.text
    assert "errornote" not in page.text
    again = fields_of(admin_client, change(entry))
    assert (again["title"].strip(), again["month"]) == ("", "smarch")


def test_saving_a_live_page_keeps_a_draft_and_publishing_puts_it_out(admin_client, client, entry):
    fields = fields_of(admin_client, change(entry)) | {"body": "as it will be."}
    assert admin_client.post(change(entry), fields | {"_save": ""}).status_code == 302
    assert "as it was." in client.get(entry.get_absolute_url()).text
    assert "live with changes" in admin_client.get(change(entry)).text
    assert "live with changes" in admin_client.get("/admin/journal/entry/").text
    again = fields_of(admin_client, change(entry))
    assert again["body"].strip() == "as it will be."
    assert admin_client.post(change(entry), again | {"_publish": ""}).status_code == 302
    assert "as it will be." in Client().get(entry.get_absolute_url()).text
    assert not WorkingCopy.objects.exists()


def test_a_draft_over_a_live_role_holds_its_tools_and_outcomes(admin_client, client):
    hammer, saw = make_tool(name="hammer"), make_tool(name="saw")
    role = make_role(tools=[hammer])
    make_outcome(role=role, figure="10x", what="speed")
    gone = make_outcome(role=role, figure="20%", what="cost")
    fields = fields_of(admin_client, change(role))
    number = next(n for n in range(2) if fields[f"outcomes-{n}-id"] == str(gone.pk))
    fields |= {
        "tools": [saw.pk],
        f"outcomes-{number}-DELETE": "on",
        f"outcomes-{1 - number}-what": "speed of light",
        "outcomes-TOTAL_FORMS": "3",
        "outcomes-2-figure": "3h",
        "outcomes-2-what": "a day",
        "outcomes-2-position": "2",
    }
    admin_client.post(change(role), fields | {"_save": ""})
    before = client.get(role.get_absolute_url()).text
    assert "hammer" in before
    assert "20%" in before
    assert "3h" not in before
    shown = admin_client.get(endpoint("page", role)).text
    assert "saw" in shown and "hammer" not in shown
    assert "speed of light" in shown and "3h" in shown and "20%" not in shown
    # Looking at it changed nothing.
    assert client.get(role.get_absolute_url()).text == before
    admin_client.post(change(role), fields_of(admin_client, change(role)) | {"_publish": ""})
    role = Role.objects.get()
    assert [tool.name for tool in role.tools.all()] == ["saw"]
    assert {(o.figure, o.what) for o in role.outcomes.all()} == {
        ("10x", "speed of light"),
        ("3h", "a day"),
    }


def test_something_new_is_kept_before_it_is_first_saved(admin_client):
    add = "/admin/journal/entry/add/"
    fields = fields_of(admin_client, add)
    answer = keep(admin_client, fields["_key"], fields, body="only a beginning")
    address = answer.json()["address"]
    assert not Entry.objects.exists()
    again = fields_of(admin_client, address)
    assert again["body"].strip() == "only a beginning"
    assert again["_key"] == fields["_key"]
    shown = admin_client.get(endpoint("page", fields["_key"]))
    assert "only a beginning" in shown.text and "untitled" in shown.text
    assert not Entry.objects.exists()
    admin_client.post(address, again | {"title": "begun", "slug": "begun", "_save": ""})
    assert Entry.objects.get().body == "only a beginning"
    assert not WorkingCopy.objects.exists()


def test_a_form_that_cannot_be_saved_is_kept_all_the_same(admin_client, entry):
    fields = fields_of(admin_client, change(entry))
    page = admin_client.post(change(entry), fields | {"title": "", "body": "b", "_publish": ""})
    assert "This field is required" in page.text
    assert WorkingCopy.objects.get().data["body"] == ["b"]
    assert Entry.objects.get().body == "as it was."


def test_discarding_asks_once_and_the_history_keeps_the_text(admin_client, entry):
    keep(admin_client, entry, fields_of(admin_client, change(entry)), body="not so good")
    address = endpoint("discard", entry)
    assert admin_client.get(address).status_code == 200
    assert WorkingCopy.objects.exists()
    admin_client.post(address)
    assert not WorkingCopy.objects.exists()
    assert "as it was." in admin_client.get(change(entry)).text
    version = Revision.objects.get().version_set.get()
    assert "not so good" in version.serialized_data


def test_what_was_deleted_while_it_was_written_becomes_something_new(admin_client, entry):
    fields = fields_of(admin_client, change(entry))
    address = change(entry)
    entry.delete()
    answer = admin_client.post(address, fields | {"body": "written on", "_save": ""}, follow=True)
    assert "written on" in answer.text
    assert "This was deleted while you wrote" in answer.text


def test_autosave_of_what_was_deleted_says_so(admin_client, entry):
    fields, address = fields_of(admin_client, change(entry)), endpoint("keep", entry)
    entry.delete()
    answer = admin_client.post(address, fields)
    assert answer.status_code == 404
    assert "deleted" in answer.json()["error"]


@pytest.mark.parametrize("name", ["keep", "live_preview", "present"])
def test_refusals_are_json_and_nothing_is_kept(client, entry, name):
    address = endpoint(name, entry)
    answers = [(client.post(address, {"body": "x"}), 403)]
    client.force_login(make_user("journal.view_entry"))
    answers += [(client.post(address, {"body": "x"}), 403)]
    client.force_login(make_user("journal.change_entry", "journal.publish_entry"))
    for key in ("journal.entry:999999999999", "nonsense", "auth.user:1", "journal.entry:x"):
        answers += [
            (client.post(endpoint(name, key), {"body": "x"}), 404 if key[-1] != "x" else 403)
        ]
    for answer, status in answers:
        assert answer.status_code == status
        assert answer.json()["error"]
    assert not WorkingCopy.objects.exists()


def test_the_control_is_kept(client, entry):
    client.force_login(make_user("journal.change_entry", "journal.publish_entry"))
    assert keep(client, entry, fields_of(client, change(entry)), body="x").status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"body": "nul \0 byte", "title": "nul \0 byte"},
        {"_tab": "nul \0 byte", "_why": "nul \0 byte", "_despite": "nul \0 byte"},
        {"title": "x" * 10_000, "slug": "x" * 10_000, "summary": "x" * 10_000},
        {"_edition": "[" * 100_000},
        {"_edition": "null", "_base": "7"},
        {"outcomes-TOTAL_FORMS": "99999999999"},
        {"outcomes-TOTAL_FORMS": "²"},
        {"outcomes-TOTAL_FORMS": "3", "outcomes-INITIAL_FORMS": "3", "outcomes-0-id": "77"},
        {"tools": ["x", "99999999999999999999"]},
        {"publish_at_0": "0001-01-01", "publish_at_1": "00:00"},
        {"started": "x" * 10_000},
        {"_tab": "x" * 10_000},
    ],
)
def test_absurd_forms_are_kept_and_shown_all_the_same(admin_client, changes):
    role = make_role()
    fields = fields_of(admin_client, change(role)) | {"broke": "a word"} | changes
    assert admin_client.post(endpoint("live_preview", role), fields).status_code == 200
    answer = admin_client.post(endpoint("keep", role), fields)
    assert answer.status_code in (200, 409), answer.content
    assert admin_client.get(change(role)).status_code == 200
    assert admin_client.get(endpoint("page", role)).status_code == 200
    assert admin_client.post(change(role), fields | {"_publish": ""}).status_code in (200, 302)
    assert admin_client.post(endpoint("present", role), fields).status_code == 200


def test_opening_a_form_costs_the_same_with_a_long_history_and_many_pictures(admin_client):
    entry = make_entry()

    def queries():
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(change(entry))
        return len(captured)

    queries()  # what is remembered from then on
    before = queries()
    for number in range(100):
        with reversion.create_revision():
            entry.body = f"version {number}"
            entry.save()
    Image.objects.bulk_create(
        Image(file=f"{number:020x}.png", width=4, height=3, alt="a picture")
        for number in range(1_000)
    )
    assert Version.objects.get_for_object(entry).count() == 100
    assert queries() == before <= 12
