"""What is deleted comes back with all that went with it, to those who may have it back."""

import json
import threading
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect
from reversion.models import Revision, Version

from journal.models import Entry
from portfolio.editing.models import Deletion, Finding, Presence, ShareLink, WorkingCopy, key_of
from portfolio.models import Evidence, Focus, FormerAddress, Profile, ProfileLink, Tool
from portfolio.months import Month
from roles.models import Outcome, Role

from .desk import change, endpoint, fields_of, member
from .factories import (
    make_entry,
    make_evidence,
    make_focus,
    make_image,
    make_outcome,
    make_principle,
    make_role,
    make_tool,
    make_user,
)
from .test_editor import signed_in  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db

PAGE = "/admin/history/deleted/"


def delete(client, item, **data):
    """Delete an item as the admin does; gives the page that one lands on."""
    address = change(item).replace("/change/", "/delete/")
    answer = client.post(address, {"post": "yes"} | data, follow=True)
    assert answer.status_code == 200
    assert not type(item).objects.filter(pk=item.pk).exists()
    return answer.text


def delete_all(client, items):
    address = change(items[0]).partition(f"{items[0].pk}/")[0]
    chosen = {"action": "delete_selected", "_selected_action": [item.pk for item in items]}
    return client.post(address, chosen | {"post": "yes"}, follow=True).text


def recover(client, deletion=None):
    deletion = deletion or Deletion.objects.first()
    return client.post(reverse("editing:recover", args=[deletion.pk]), follow=True)


def undo(client):
    revision = Deletion.objects.first().revision_id
    return client.post(reverse("editing:undo", args=[revision]), follow=True)


def row(item):
    """An item as the database has it, to the millisecond that a version keeps of a part."""
    values = type(item).objects.values().get(pk=item.pk)
    return {
        name: value.replace(microsecond=value.microsecond // 1000 * 1000)
        if isinstance(value, datetime)
        else value
        for name, value in values.items()
    }


# With its relations.


def test_a_role_comes_back_with_all_that_it_had_and_all_that_had_it(admin_client):
    tools = [make_tool(), make_tool()]
    user = make_user()
    role = make_role(tools=tools, author=user)
    parts = [
        make_outcome(role=role),
        make_evidence(role=role, principle=make_principle()),
        FormerAddress.objects.create(path="/roles/earlier/", role=role),
        # It moved away once, and back.
        FormerAddress.objects.create(path=role.get_absolute_url(), role=role),
    ]
    entry = make_entry(role=role)
    entries_before, parts_before = row(entry), [row(part) for part in parts]
    role_before = row(role)
    delete(admin_client, role)
    assert not any(model.objects.exists() for model in (Outcome, Evidence, FormerAddress))
    assert Entry.objects.get().role is None
    text = recover(admin_client).text
    assert "Recovered, and public" in text
    assert "Not as it was" not in text
    assert row(role) == role_before
    assert [*Role.objects.get().tools.all()] == tools
    assert [row(part) for part in parts] == parts_before
    assert row(entry) == entries_before


def test_an_entry_comes_back_with_its_role_its_tools_and_its_evidence(admin_client):
    role, tool = make_role(), make_tool()
    entry = make_entry(role=role, tools=[tool], publish_at=None, author=make_user())
    evidence = make_evidence(entry=entry, principle=make_principle())
    before = row(entry)
    delete(admin_client, entry)
    recover(admin_client)
    assert row(entry) == before
    assert [*entry.tools.all()] == [tool]
    assert Evidence.objects.get() == evidence
    # A draft was at no address that is to be kept.
    assert not FormerAddress.objects.exists()


def test_what_was_deleted_is_undone_at_once_in_every_public_output(admin_client):
    tool = make_tool()
    entry = make_entry(title="qwertz", slug="qwertz", tools=[tool], body="a zyxwvut text.")
    public = entry.get_absolute_url()
    outputs = ["/", "/journal/", "/feed.xml", "/sitemap.xml", "/search/?q=zyxwvut"]
    outputs += [tool.get_absolute_url(), f"{public}index.html.md", public]

    def missing():
        return [each for each in outputs if public not in html_of(each)]

    def html_of(path):
        answer = Client().get(path)
        return answer.text if answer.status_code == 200 else ""

    assert missing() == []
    delete(admin_client, entry)
    assert missing() == outputs
    undo(admin_client)
    assert missing() == []
    assert Entry.objects.get(pk=entry.pk).publish_at == entry.publish_at
    assert not FormerAddress.objects.exists()


def test_undo_of_what_was_live_leads_from_its_earlier_addresses_again(admin_client):
    entry = make_entry(slug="first")
    first = entry.get_absolute_url()
    entry.slug = "second"
    entry.save()
    second = entry.get_absolute_url()
    delete(admin_client, entry)
    assert Client().get(first).status_code == 404
    undo(admin_client)
    assert Client().get(first).url == second
    assert Client().get(second).status_code == 200


@pytest.mark.parametrize("make", [make_entry, make_role, make_principle])
@pytest.mark.parametrize(
    ("before", "meanwhile", "after"),
    [
        (None, 0, "draft"),
        (-400, 0, "live"),
        (+2, 0, "scheduled"),
        (+2, 1, "scheduled"),
        (+2, 3, "draft"),
    ],
)
def test_recovery_of_a_state(admin_client, make, before, meanwhile, after):
    """`before` are days until publish_at, `meanwhile` those that pass before it is recovered."""
    publish_at = before and timezone.now() + timedelta(days=before)
    item = make(publish_at=publish_at)
    public = item.get_absolute_url()
    delete(admin_client, item)
    days = timedelta(days=meanwhile)
    Revision.objects.update(date_created=F("date_created") - days)
    if meanwhile:
        publish_at -= days
        Deletion.objects.update(moments={"publish_at": publish_at.isoformat()})
        for version in Version.objects.all():
            data = json.loads(version.serialized_data)
            data[0]["fields"]["publish_at"] = publish_at.isoformat()
            version.serialized_data = json.dumps(data)
            version.save()
    text = undo(admin_client).text
    back = type(item).objects.get(pk=item.pk)
    assert back.state == after
    assert Client().get(public).status_code == (200 if after == "live" else 404)
    if after == "draft" and before:
        assert back.publish_at is None
        moment = timezone.localtime(publish_at).strftime("%d %b %Y, %H:%M").lower()
        assert f"the time that it was scheduled for, {moment}, has passed" in text
    else:
        assert back.publish_at == (publish_at and publish_at)
        assert "Not as it was" not in text
    said = {
        "draft": " as a draft",
        "scheduled": ", and scheduled as it was",
        "live": ", and public",
    }
    assert f"Recovered{said[after]}: " in text


@pytest.mark.parametrize("days", [-1, 1])
def test_recovery_by_a_writer_publishes_nothing(admin_client, days):
    """A writer may have back what was theirs, though not the decision to show it."""
    writer = member("Writers")
    entry = make_entry(
        author=writer.user, publish_at=timezone.now() + timedelta(days=days), slug="theirs"
    )
    delete(admin_client, entry)
    text = undo(writer).text
    assert "it is a draft, because your account may not publish it" in text
    assert Entry.objects.get().state == "draft"
    assert Client().get(entry.get_absolute_url()).status_code == 404
    # The control.
    delete(admin_client, entry)
    delete_again = make_entry(author=writer.user, slug="another")
    delete(admin_client, delete_again)
    undo(member("Publishers"))
    assert Entry.objects.get().state == "live"


def test_the_address_that_it_was_public_at_leads_to_it_once_it_is_published(admin_client):
    writer = member("Writers")
    entry = make_entry(author=writer.user)
    public = entry.get_absolute_url()
    delete(admin_client, entry)
    recover(writer)
    assert admin_client.get(change(entry)).status_code == 200
    assert Client().get(public).status_code == 404
    Entry.objects.filter(pk=entry.pk).update(slug="elsewhere", publish_at=timezone.now())
    assert Client().get(public).url == Entry.objects.get().get_absolute_url()


@pytest.mark.parametrize("first", ["the entry", "what it is about"])
def test_what_was_deleted_after_an_entry_is_its_own_again_in_any_order(admin_client, first):
    role, tool = make_role(), make_tool()
    entry = make_entry(role=role, tools=[tool])
    for item in (entry, role, tool):
        delete(admin_client, item)
    for item in (entry, role, tool) if first == "the entry" else (tool, role, entry):
        recover(admin_client, Deletion.objects.get(key=key_of(item), recovered_as=""))
    assert Entry.objects.get().role == role
    assert [*Entry.objects.get().tools.all()] == [tool]


def test_a_principle_comes_back_with_its_evidence(admin_client):
    principle = make_principle()
    rows = [
        make_evidence(principle=principle, role=make_role(), verdict="broke"),
        make_evidence(principle=principle, entry=make_entry()),
    ]
    before = [row(each) for each in rows]
    delete(admin_client, principle)
    recover(admin_client)
    assert [row(each) for each in rows] == before


def test_a_tool_comes_back_to_the_roles_and_entries_that_use_it(admin_client):
    other = make_tool()
    tool = make_tool()
    role, entry = make_role(tools=[tool, other]), make_entry(tools=[tool])
    untouched = make_entry(tools=[other])
    text = delete(admin_client, tool)
    assert f"Deleted: “{tool}”" in text
    assert "Recovered, and public" in recover(admin_client).text
    assert {*role.tools.all()} == {tool, other}
    assert [*entry.tools.all()] == [tool]
    assert [*untouched.tools.all()] == [other]


def test_the_profile_and_a_statement_come_back(admin_client):
    profile = Profile.objects.create(name="ada", portrait=make_image())
    link = ProfileLink.objects.create(profile=profile, label="code", url="https://example.org/ada")
    focus = make_focus(since=Month(2026, 1))
    for item in (profile, focus):
        before = row(item)
        delete(admin_client, item)
        recover(admin_client)
        assert row(item) == before
    assert ProfileLink.objects.get() == link


def test_what_was_written_and_not_published_comes_back_too(admin_client, admin_user):
    role = make_role()
    make_outcome(role=role)
    fields = fields_of(admin_client, change(role)) | {"title": "a better title"}
    admin_client.post(endpoint("keep", role), fields)
    soon = timezone.now() + timedelta(days=1)
    link = ShareLink.objects.create(key=key_of(role), author=admin_user, expires_at=soon, note="n")
    link_before = row(link)
    Presence.objects.create(key=key_of(role), tab="t", user=admin_user, seen_at=timezone.now())
    Finding.objects.create(key=key_of(role), check_name="c", blocking=False, message="m")
    delete(admin_client, role)
    beside = (WorkingCopy, ShareLink, Presence, Finding)
    assert not any(model.objects.exists() for model in beside)
    recover(admin_client)
    again = fields_of(admin_client, change(role))
    assert again["title"].strip() == "a better title"
    # The public sees what it saw.
    assert "a better title" not in Client().get(role.get_absolute_url()).text
    # Nothing is in the way of publishing it, and it keeps the day that it was published on.
    assert admin_client.post(change(role), again | {"_publish": ""}).status_code == 302
    assert (role.publish_at - Role.objects.get().publish_at).total_seconds() < 1
    assert Role.objects.get().title == "a better title"
    assert Role.objects.get().outcomes.count() == 1
    assert row(link) == link_before
    assert ShareLink.find(link.pk, link.signature())
    assert not Presence.objects.exists()


def test_share_links_of_a_draft_open_it_again(admin_client, admin_user):
    entry = make_entry(publish_at=None, title="a secret title")
    soon = timezone.now() + timedelta(days=1)
    links = [
        ShareLink.objects.create(key=key_of(entry), author=admin_user, expires_at=soon, **ended)
        for ended in ({}, {"revoked_at": timezone.now()})
    ]
    before = [row(link) for link in links]

    def statuses():
        return [Client().get(link.get_absolute_url()).status_code for link in links]

    assert statuses() == [200, 404]
    delete(admin_client, entry)
    assert statuses() == [404, 404]
    undo(admin_client)
    assert statuses() == [200, 404]
    assert [row(link) for link in links] == before
    delete(admin_client, entry)
    make_entry(pk=entry.pk, publish_at=None)
    assert "2 of its share links no longer open it" in undo(admin_client).text
    assert statuses() == [404, 404]


# What is not as it was.


def test_a_slug_that_was_taken_gets_a_number_and_the_address_stays_with_its_taker(admin_client):
    entry = make_entry(slug="what-broke")
    delete(admin_client, entry)
    taker = make_entry(slug="what-broke", month=entry.month)
    make_entry(slug="what-broke-2", month=entry.month)
    text = recover(admin_client).text
    assert "its slug is what-broke-3 now, because what-broke was taken" in text
    assert f"“{taker}” is public at {taker.get_absolute_url()}, where it was" in text
    back = Entry.objects.get(pk=entry.pk)
    assert (back.slug, back.state) == ("what-broke-3", "live")
    assert Client().get(back.get_absolute_url()).status_code == 200
    assert admin_client.get(taker.get_absolute_url()).context["object"] == taker


def test_a_slug_that_a_draft_took_leaves_the_address_to_what_was_public(admin_client):
    entry = make_entry(slug="what-broke")
    delete(admin_client, entry)
    make_entry(slug="what-broke", month=entry.month, publish_at=None)
    text = recover(admin_client).text
    assert "its slug is what-broke-2 now" in text
    assert "is public at" not in text
    assert (
        Client().get(entry.get_absolute_url()).url == Entry.objects.live().get().get_absolute_url()
    )


def test_an_address_that_led_elsewhere_meanwhile_is_its_own_again_and_said(admin_client):
    entry = make_entry(slug="what-broke")
    delete(admin_client, entry)
    other = make_entry(slug="what-broke", month=entry.month, title="other")
    other.slug = "elsewhere"
    other.save()
    assert Client().get(entry.get_absolute_url()).status_code == 301
    text = undo(admin_client).text
    assert f"{entry.get_absolute_url()} led to “other” meanwhile, and is its own again" in text
    assert Client().get(entry.get_absolute_url()).context["object"] == entry


def test_a_tool_whose_slug_was_taken_is_numbered_and_said(admin_client):
    tool, entry = make_tool(slug="go"), make_entry()
    entry.tools.add(tool)
    delete(admin_client, tool)
    taker = make_tool(slug="go", name="other")
    text = undo(admin_client).text
    assert "its slug is go-2 now" in text
    assert "“other” is public at /tools/go/, where it was" in text
    assert {*Tool.objects.values_list("slug", flat=True)} == {"go", "go-2"}
    assert entry.tools.get() == tool != taker


def test_a_number_that_was_taken_is_another_and_its_parts_follow(admin_client):
    role = make_role()
    outcome = make_outcome(role=role)
    entry = make_entry(role=role)
    delete(admin_client, role)
    taker = make_role(pk=role.pk, slug="taker")
    make_outcome(pk=outcome.pk, role=taker)
    recover(admin_client)
    back = Role.objects.get(uuid=role.uuid)
    assert back.pk != role.pk
    assert [str(each) for each in back.outcomes.all()] == [str(outcome)]
    assert taker.outcomes.count() == 1
    assert Entry.objects.get(pk=entry.pk).role == back


def test_what_is_gone_meanwhile_or_lives_elsewhere_is_named(admin_client):
    role, principle, tools = make_role(), make_principle(), [make_tool(), make_tool()]
    entry = make_entry(role=role, tools=tools)
    make_evidence(entry=entry, principle=principle)
    FormerAddress.objects.create(path="/earlier/", entry=entry)
    delete(admin_client, entry)
    for gone in (role, principle, tools[0]):
        gone.delete()
    FormerAddress.objects.create(path="/earlier/", entry=make_entry())
    text = recover(admin_client, Deletion.objects.get(key=key_of(entry))).text
    for note in (
        "its role is gone",
        "1 of its tools is gone",
        "evidence “kept in",
        "former address “/earlier/” stays away",
    ):
        assert note in text, note
    back = Entry.objects.get(pk=entry.pk)
    assert (back.role, [*back.tools.all()]) == (None, tools[1:])


def test_an_entry_that_has_another_role_by_now_keeps_it(admin_client):
    role, other = make_role(), make_role()
    moved, gone, same = (make_entry(role=role) for _ in range(3))
    delete(admin_client, role)
    Entry.objects.filter(pk=moved.pk).update(role=other)
    gone.delete()
    text = recover(admin_client).text
    assert "2 entries that had it no longer can" in text
    assert Entry.objects.get(pk=moved.pk).role == other
    assert Entry.objects.get(pk=same.pk).role == role


def test_a_version_that_no_longer_fits_is_refused_in_a_sentence(admin_client):
    focus, entry = make_focus(), make_entry()
    delete(admin_client, focus)
    delete(admin_client, entry)
    Version.objects.filter(revision__deletions__key=key_of(focus)).update(serialized_data="[{")
    Version.objects.filter(revision__deletions__key=key_of(entry)).delete()
    for deletion in Deletion.objects.all():
        answer = recover(admin_client, deletion)
        assert answer.status_code == 200
        assert "does not come back" in answer.text
    assert not Focus.objects.exists()
    assert not Entry.objects.exists()


def test_who_presses_twice_is_told_that_it_is_there(admin_client):
    entry, focus = make_entry(), make_focus()
    for item in (entry, focus):
        delete(admin_client, item)
        deletion = Deletion.objects.first()
        recover(admin_client, deletion)
        assert "It is there already" in recover(admin_client, deletion).text
        assert type(item).objects.count() == 1
    assert Entry.objects.get().state == "live"
    delete(admin_client, focus)
    make_focus(text=focus.text)
    assert "It is there already" in recover(admin_client).text
    assert Focus.objects.count() == 1


def test_an_undo_pressed_again_changes_nothing_that_was_decided_since(admin_client):
    entry = make_entry()
    delete(admin_client, entry)
    first = Deletion.objects.get()
    undo(admin_client)
    Entry.objects.update(publish_at=None)
    assert "It is there already" in undo(admin_client).text
    assert Entry.objects.get().state == "draft"
    # Not by the old button either, whose version is of when it was live.
    delete(admin_client, entry)
    assert "was brought back and deleted again" in recover(admin_client, first).text
    assert not Entry.objects.exists()
    undo(admin_client)
    assert Entry.objects.get().state == "draft"


# Undo.


def test_a_deletion_is_told_with_a_button_that_takes_it_back(admin_client):
    entry = make_entry(title="<b>one</b>")
    text = delete(admin_client, entry, _why="a slip")
    deletion = Deletion.objects.get()
    assert "Deleted: “&lt;b&gt;one&lt;/b&gt;”." in text
    assert f'action="{reverse("editing:undo", args=[deletion.revision_id])}"' in text
    revision = deletion.revision
    assert (revision.comment, revision.user.username) == ("deleted\na slip", "admin")
    assert "a slip" in admin_client.get(PAGE).text
    answer = undo(admin_client)
    assert answer.redirect_chain == [(change(entry), 302)]
    assert "Recovered, and public" in answer.text
    assert Entry.objects.get().state == "live"
    assert Revision.objects.first().comment == "recovered"


def test_what_was_deleted_at_once_comes_back_at_once(admin_client):
    tool = make_tool()
    entries = [make_entry(tools=[tool], title=f"entry no. {number}") for number in range(5)]
    kept = make_entry()
    text = delete_all(admin_client, entries)
    assert "Deleted 5 entries: “entry no." in text
    assert "and 2 more" in text
    assert [*Entry.objects.all()] == [kept]
    assert Revision.objects.count() == 1
    text = undo(admin_client).text
    assert "Recovered, and public: " in text
    assert Entry.objects.live().count() == 6
    assert {*Entry.objects.all()} == {*entries, kept}
    assert tool.entries.count() == 5
    assert Revision.objects.count() == 2
    assert "They are there already" in undo(admin_client).text


def test_undo_of_several_gives_each_its_state(admin_client):
    ahead = timezone.now() + timedelta(days=1)
    items = [make_role(position=1), make_role(position=2, publish_at=None)]
    items += [make_role(position=3, publish_at=ahead), make_role(position=4)]
    before = [row(item) for item in items]
    delete_all(admin_client, items)
    text = undo(admin_client).text
    assert [row(item) for item in items] == before
    assert "Recovered as a draft: " in text
    assert "Recovered, and scheduled as it was: " in text
    assert "Recovered, and public: " in text
    assert "Not as it was" not in text


def test_an_undo_that_cannot_be_whole_brings_back_the_rest(admin_client):
    entries = [make_entry(), make_entry()]
    delete_all(admin_client, entries)
    Version.objects.filter(object_id=entries[0].pk).update(serialized_data="[{")
    text = undo(admin_client).text
    assert "does not come back" in text
    assert [*Entry.objects.all()] == entries[1:]


def test_a_second_list_of_deletions_is_no_second_deletion(admin_client):
    """A double click: the second finds nothing, and does no harm to what the first kept."""
    entry = make_entry()
    delete_all(admin_client, [entry])
    delete_all(admin_client, [entry])
    assert Deletion.objects.count() == 1


def test_without_a_version_nothing_comes_back(admin_client):
    """The control: it is the version kept before the deletion that it is made from."""
    entry = make_entry()
    entry.delete()
    assert not Deletion.objects.exists()
    assert "Nothing that you could bring back" in admin_client.get(PAGE).text


# Who.


@pytest.mark.parametrize(
    ("who", "whose", "may"),
    [
        ("Publishers", "someone", True),
        ("Owner", "someone", True),
        ("Writers", "own", True),
        ("Writers", "someone", False),
        (None, "own", False),
        ("anonymous", "own", False),
    ],
)
def test_who_may_bring_a_draft_back(admin_client, who, whose, may):
    client = Client() if who == "anonymous" else member(who or "Writers")
    author = client.user if whose == "own" and who != "anonymous" else make_user()
    if who is None:
        client.user.groups.clear()
    entry = make_entry(publish_at=None, author=author, title="a secret title")
    delete(admin_client, entry)
    deletion = Deletion.objects.get()
    assert ("a secret title" in client.get(PAGE, follow=True).text) is may
    for name, pk in (("recover", deletion.pk), ("undo", deletion.revision_id)):
        answer = client.post(reverse(f"editing:{name}", args=[pk]))
        assert (answer.status_code == 302 and "login" not in answer.url) is may
        assert Entry.objects.exists() is may
    if may:
        assert Entry.objects.get().author == author


def test_a_writer_takes_back_their_own_deletion_and_no_tool(admin_client):
    writer = member("Writers")
    entry = make_entry(publish_at=None, author=writer.user)
    assert "undo" in delete(writer, entry)
    undo(writer)
    assert Entry.objects.get().author == writer.user
    delete(admin_client, make_tool())
    assert recover(writer).status_code == 404
    # The control.
    assert recover(member("Publishers")).status_code == 200
    assert Tool.objects.exists()


def test_whose_author_is_gone_has_none_as_if_it_had_stayed(admin_client):
    author = make_user()
    entries = [make_entry(author=author), make_entry(author=author), make_entry()]
    delete_all(admin_client, entries[1:])
    author.delete()
    undo(admin_client)
    assert {*Entry.objects.values_list("author", flat=True)} == {None}


def test_what_is_not_there_is_not_found_and_a_link_changes_nothing(admin_client):
    delete(admin_client, make_entry())
    for pk in (0, 10**30):
        for name in ("recover", "undo"):
            assert admin_client.post(reverse(f"editing:{name}", args=[pk])).status_code == 404
    address = reverse("editing:recover", args=[Deletion.objects.get().pk])
    assert admin_client.get(address).url == PAGE
    assert not Entry.objects.exists()
    forged = Client(enforce_csrf_checks=True)
    forged.cookies = admin_client.cookies
    assert forged.post(address).status_code == 403


# The list.


def test_the_list_has_pages_and_takes_as_many_queries_for_many(admin_client):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert admin_client.get(PAGE).status_code == 200
        return len(captured)

    entries = [make_entry(author=make_user()) for _ in range(60)]
    delete_all(admin_client, entries[:2])
    few = queries()
    delete_all(admin_client, entries[2:])
    assert queries() == few
    first, second = (admin_client.get(f"{PAGE}?page={number}").text for number in (1, 2))
    assert (first.count(">recover<"), second.count(">recover<")) == (50, 10)
    for odd in ("x", "-1", "99999999999999999999"):
        assert admin_client.get(f"{PAGE}?page={odd}").status_code == 200
    assert PAGE in admin_client.get("/admin/").text


@pytest.mark.django_db(transaction=True)
def test_two_who_press_at_once_bring_back_one(admin_user):
    client = Client()
    client.force_login(admin_user)
    delete(client, make_entry(slug="once"))
    deletion, answers = Deletion.objects.get(), []

    def press():
        other = Client()
        other.cookies = client.cookies
        answers.append(recover(other, deletion).text)
        connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [*Entry.objects.values_list("slug", flat=True)] == ["once"]
    assert len(answers) == 3


@pytest.mark.django_db(transaction=True)
def test_two_of_one_slug_that_come_back_at_once_get_two(admin_user):
    client = Client()
    client.force_login(admin_user)
    deletions = []
    for _ in range(3):
        delete(client, make_entry(slug="same"))
        deletions.append(Deletion.objects.first())

    def press(deletion):
        other = Client()
        other.cookies = client.cookies
        recover(other, deletion)
        connections.close_all()

    threads = [threading.Thread(target=press, args=[deletion]) for deletion in deletions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slugs = {*Entry.objects.values_list("slug", flat=True)}
    assert slugs == {"same", "same-2", "same-3"}


@pytest.mark.django_db(transaction=True)
def test_deleted_by_a_slip_and_undone(page, live_server, signed_in):  # noqa: F811
    role = make_role()
    entry = make_entry(title="what broke", role=role, body="a text.", summary="a summary.")
    public = entry.get_absolute_url()
    page.goto(live_server.url + change(entry))
    page.get_by_role("link", name="delete", exact=True).click()
    page.get_by_label("why, for the history").fill("a slip")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".messagelist")).to_contain_text("Deleted: “what broke”.")
    assert page.request.get(live_server.url + public).status == 404
    page.locator(".messagelist").get_by_role("button", name="undo").press("Enter")
    expect(page.locator(".messagelist")).to_contain_text("Recovered, and public: what broke.")
    expect(page.locator("#id_title")).to_have_value("what broke")
    assert page.request.get(live_server.url + public).status == 200
    assert Entry.objects.get(pk=entry.pk).publish_at == entry.publish_at
    assert Entry.objects.get().role == role
