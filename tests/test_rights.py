"""Who may do what on the desk, asked of the server by forms and by forged requests alike."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from journal.models import Entry
from portfolio.editing.models import WorkingCopy

from .desk import change, endpoint, fields_of, member
from .factories import (
    make_entry,
    make_image,
    make_outcome,
    make_principle,
    make_role,
    make_tool,
)

pytestmark = pytest.mark.django_db

ADD = "/admin/journal/entry/add/"


@pytest.fixture
def writer(db):
    return member("Writers", username="wren")


@pytest.fixture
def publisher(db):
    return member("Publishers", username="pia")


@pytest.fixture
def owner(db):
    return member("Owner", username="ola")


def test_a_writer_writes_a_draft_of_their_own(writer):
    fields = fields_of(writer, ADD)
    assert "publish_at_0" not in fields
    answer = writer.post(ADD, fields | {"title": "mine", "slug": "mine", "body": "b", "_save": ""})
    assert answer.status_code == 302, answer.text
    entry = Entry.objects.get()
    assert (entry.author, entry.state) == (writer.user, "draft")
    again = fields_of(writer, change(entry)) | {"body": "better", "_save": ""}
    assert writer.post(change(entry), again).status_code == 302
    assert Entry.objects.get().body == "better"


@pytest.mark.parametrize("verb", ["_publish", "_schedule", "_unpublish"])
def test_a_writer_publishes_nothing_however_they_ask(writer, verb):
    entry = make_entry(author=writer.user, publish_at=None, body="a draft.")
    fields = fields_of(writer, change(entry))
    forged = {"publish_at_0": "2020-01-01", "publish_at_1": "08:00", verb: ""}
    assert writer.post(change(entry), fields | forged).status_code == 403
    assert writer.post(ADD, fields | forged | {"slug": "other"}).status_code == 403
    # The field alone, without the button.
    saved = fields | {"publish_at_0": "2020-01-01", "publish_at_1": "08:00", "_save": ""}
    writer.post(change(entry), saved)
    assert Entry.objects.get().publish_at is None


def others():
    return [
        make_entry(publish_at=None, title="someone's draft"),
        make_entry(title="a live entry"),
        make_role(title="a live role"),
        make_principle(title="a live principle"),
    ]


def test_a_writer_changes_nothing_of_others(writer):
    for item in others():
        before = type(item).objects.values().get(pk=item.pk)
        forged = {"title": "forged", "slug": "forged", "month": "jan 2026", "_key": "", "_save": ""}
        for address in (change(item), endpoint("discard", item), endpoint("share_links", item)):
            assert writer.post(address, forged).status_code in (302, 403, 404), address
        for name in ("keep", "live_preview", "present"):
            assert writer.post(endpoint(name, item), forged).status_code in (403, 404)
        delete = change(item).replace("change", "delete")
        assert writer.post(delete, {"post": "yes"}).status_code in (302, 403)
        assert type(item).objects.values().get(pk=item.pk) == before
    # What they may not see is as if it were deleted: what they wrote is theirs, as something new.
    assert all(copy.is_new for copy in WorkingCopy.objects.all())


def test_the_same_requests_by_a_publisher_are_done(publisher):
    """The control: it is the rights that stop a writer."""
    entry = make_entry(title="a live entry")
    fields = fields_of(publisher, change(entry))
    assert publisher.post(endpoint("keep", entry), fields | {"title": "x"}).status_code == 200
    assert publisher.post(change(entry), fields | {"title": "x", "_publish": ""}).status_code == 302
    assert Entry.objects.get().title == "x"
    publisher.post(change(entry).replace("change", "delete"), {"post": "yes"})
    assert not Entry.objects.exists()


def test_a_writer_sees_no_draft_of_others_anywhere(writer):
    secret = make_entry(publish_at=None, title="unheard of")
    live = make_entry(title="well known", body="b")
    page = writer.get("/admin/journal/entry/").text
    assert "well known" in page
    assert "unheard of" not in page
    assert "unheard of" not in writer.get("/admin/").text
    assert writer.get(change(secret)).status_code == 302
    assert writer.get(secret.get_absolute_url()).status_code == 404
    assert writer.get(endpoint("page", secret)).status_code == 404
    query = {"app_label": "portfolio", "model_name": "evidence", "field_name": "entry"}
    found = writer.get("/admin/autocomplete/", query | {"term": "unheard"})
    assert "unheard of" not in found.text
    assert writer.get(change(live)).status_code == 200
    assert "_save" not in writer.get(change(live)).text


def test_a_relation_cannot_be_forged_to_a_draft_that_one_may_not_see(writer):
    role = make_role(publish_at=None, title="a secret role")
    entry = make_entry(author=writer.user, publish_at=None)
    fields = fields_of(writer, change(entry)) | {"role": role.pk}
    shown = writer.post(endpoint("live_preview", entry), fields)
    assert "a secret role" not in shown.text
    page = writer.post(change(entry), fields | {"_save": ""})
    assert "a secret role" not in page.text
    entry.refresh_from_db()
    assert entry.role is None
    role.author = writer.user
    role.save()
    writer.post(change(entry), fields | {"_save": ""})
    entry.refresh_from_db()
    assert entry.role == role


def test_parts_follow_the_item_that_they_are_told_of(writer):
    role = make_role(author=writer.user, publish_at=None)
    live = make_role()
    outcome = make_outcome(role=live, figure="10x")
    fields = fields_of(writer, change(role)) | {
        "outcomes-TOTAL_FORMS": "1",
        "outcomes-0-figure": "3x",
        "outcomes-0-what": "w",
        "outcomes-0-position": "0",
    }
    assert writer.post(change(role), fields | {"_save": ""}).status_code == 302
    assert [o.figure for o in role.outcomes.all()] == ["3x"]
    # A row of a role that is not theirs, sent with the form of one that is.
    stolen = fields_of(writer, change(role)) | {
        "outcomes-0-id": outcome.pk,
        "outcomes-0-role": live.pk,
        "outcomes-0-figure": "stolen",
        "_save": "",
    }
    writer.post(change(role), stolen)
    outcome.refresh_from_db()
    assert (outcome.figure, outcome.role) == ("10x", live)


def test_a_writer_describes_a_picture_of_theirs_while_only_they_show_it(writer):
    mine, other = make_image(alt="", author=writer.user), make_image(alt="")
    describe = reverse("editing:describe")
    words = {"alt": "a field"}
    assert writer.post(describe, words | {"name": mine.file.name}).status_code == 200
    assert writer.post(describe, words | {"name": other.file.name}).status_code == 403
    make_entry(body=f"![]({mine.file.url})")
    assert writer.post(describe, words | {"name": mine.file.name}).status_code == 403


ALWAYS_PUBLIC = [
    "portfolio_tool",
    "portfolio_focus",
    "portfolio_profile",
    "portfolio_formeraddress",
]


def test_what_is_public_at_once_is_not_a_writers(writer):
    tool = make_tool()
    for kind in ALWAYS_PUBLIC:
        assert writer.get(reverse(f"admin:{kind}_add")).status_code == 403
    assert writer.post(change(tool), {"name": "forged", "slug": "forged"}).status_code in (302, 403)
    assert writer.post(reverse("admin:portfolio_tool_changelist"), {"_save": ""}).status_code == 403


@pytest.mark.parametrize("address", ["/admin/auth/user/", "/admin/auth/group/"])
def test_users_and_groups_are_the_owners_alone(writer, publisher, owner, address):
    # Even with the permission itself.
    from django.contrib.auth.models import Permission

    for client in (writer, publisher):
        client.user.user_permissions.set(Permission.objects.filter(content_type__app_label="auth"))
        assert client.get(address).status_code == 403
        assert client.get(f"{address}add/").status_code == 403
        assert client.post(f"{address}add/", {"username": "x", "name": "x"}).status_code == 403
        own = f"/admin/auth/user/{client.user.pk}/change/"
        assert client.post(own, {"is_superuser": "on"}).status_code == 403
        client.user.refresh_from_db()
        assert not client.user.is_superuser
    assert owner.get(address).status_code == 200


def test_the_groups_stay_as_their_owner_left_them(db):
    from portfolio.rights import make_groups

    group = Group.objects.get(name="Writers")
    group.permissions.clear()
    make_groups()
    assert not group.permissions.exists()
    group.delete()
    make_groups()
    assert Group.objects.get(name="Writers").permissions.exists()


def test_somebody_elses_unsaved_draft_is_theirs(writer):
    other = member("Writers", username="other")
    fields = fields_of(other, ADD)
    key = fields["_key"]
    assert other.post(endpoint("keep", key), fields | {"body": "private"}).status_code == 200
    assert writer.post(endpoint("keep", key), fields | {"body": "forged"}).status_code == 403
    assert writer.post(endpoint("live_preview", key), fields).status_code == 403
    assert writer.get(endpoint("page", key)).status_code == 403
    assert "private" not in writer.get(f"{ADD}?copy={key.partition(':')[2]}").text
    forged = fields | {"title": "forged", "body": "forged", "_save": ""}
    assert writer.post(ADD, forged).status_code == 403
    assert not Entry.objects.exists()
    assert WorkingCopy.objects.get().data["body"] == ["private"]


def test_someone_signed_out_gets_nothing_but_the_way_in(db):
    entry = make_entry(publish_at=None)
    for name in ("page", "share_links", "discard"):
        assert "login" in Client().get(endpoint(name, entry))["Location"]
