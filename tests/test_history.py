"""Each save is a version: who, when and why, what it changed, and the way back."""

import json
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from playwright.sync_api import expect
from reversion.models import Revision, Version

from journal.models import Entry
from portfolio.editing.models import WorkingCopy, key_of
from portfolio.models import Principle, Tool
from roles.models import Role

from .desk import change, endpoint, fields_of
from .factories import (
    make_entry,
    make_evidence,
    make_outcome,
    make_principle,
    make_role,
    make_tool,
    make_user,
)
from .test_editor import signed_in  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db


def save(client, item, verb="_publish", **changes):
    answer = client.post(change(item), fields_of(client, change(item)) | changes | {verb: ""})
    assert answer.status_code == 302, answer.text
    item.refresh_from_db()


def versions(item):
    """The versions of an item, the oldest first."""
    return [*Version.objects.get_for_object(item).order_by("pk")]


def page_of(item, version):
    return reverse("editing:version", args=[key_of(item), version.pk])


def restore(client, item, version):
    address = reverse("editing:restore", args=[key_of(item), version.pk])
    return client.post(address, follow=True)


def test_a_save_is_a_version_with_who_when_and_why(admin_client):
    entry = make_entry(publish_at=None, body="as it was.")
    save(admin_client, entry, "_save", body="saved.")
    save(admin_client, entry, "_publish", body="published.", _why="it was time")
    save(admin_client, entry, "_save", body="a draft over it.", _why="an idea")
    page = admin_client.get(endpoint("history", entry)).text
    told = re.findall(r'class="title"[^>]*>([^<]*)<', page)
    assert told == ["saved as a draft", "published", "saved", "as it was"]
    for words in ("it was time", "an idea", "admin"):
        assert words in page
    stock = admin_client.get(reverse("admin:journal_entry_history", args=[entry.pk]))
    assert stock["Location"] == endpoint("history", entry)


def test_what_was_there_before_versions_were_kept_is_the_first(admin_client):
    entry, tool = make_entry(body="from a fixture."), make_tool(note="from a fixture.")
    save(admin_client, entry, body="changed here.")
    admin_client.post(change(tool), fields_of(admin_client, change(tool)) | {"note": "changed."})
    for item in (entry, tool):
        first, *_ = versions(item)
        assert "from a fixture." in first.serialized_data
    restore(admin_client, entry, versions(entry)[0])
    save(admin_client, entry)
    assert entry.body == "from a fixture."


def test_a_version_is_compared_word_by_word_with_the_one_before(admin_client):
    hammer, saw = make_tool(name="hammer"), make_tool(name="saw")
    role = make_role(problem="it broke twice a week.", tools=[hammer])
    make_outcome(role=role, figure="10x", what="speed")
    save(admin_client, role)
    fields = {"tools": [saw.pk], "outcomes-0-figure": "11x", "problem": "it broke once a week."}
    save(admin_client, role, **fields)
    page = admin_client.get(page_of(role, versions(role)[-1])).text
    plain = re.sub("<span.*?</span>", "", page)
    assert "<del>twice</del><ins>once</ins>" in plain
    assert "<del>hammer</del><ins>saw</ins>" in plain
    assert "<del>10x</del><ins>11x</ins>" in plain
    assert "Approach" not in page
    first = admin_client.get(page_of(role, versions(role)[0])).text
    assert "It is the first that was kept" in first


def test_any_two_versions_are_compared_and_shown_as_they_look(admin_client):
    entry = make_entry(body="first")
    for body in ("*second*", "third <script>alert(1)</script>"):
        save(admin_client, entry, body=body)
    _, first, last = versions(entry)
    page = admin_client.get(page_of(entry, last), {"from": first.pk})
    assert "&lt;script&gt;" in page.text
    page = admin_client.get(page_of(entry, last) + f"?rendered&from={first.pk}").text
    assert "<em>second</em>" in page
    assert "<script>alert" not in page


def test_a_version_is_restored_as_a_draft_with_its_rows_and_relations(admin_client):
    hammer, saw = make_tool(name="hammer"), make_tool(name="saw")
    role = make_role(problem="first.", tools=[hammer, saw])
    kept, dropped = (make_outcome(role=role, figure=f, what="speed") for f in ("1x", "2x"))
    save(admin_client, role)
    then = versions(role)[-1]
    fields = fields_of(admin_client, change(role))
    number = next(n for n in range(2) if fields[f"outcomes-{n}-id"] == str(dropped.pk))
    save(
        admin_client,
        role,
        **{
            "problem": "second.",
            "tools": [saw.pk],
            f"outcomes-{number}-DELETE": "on",
            f"outcomes-{1 - number}-figure": "11x",
        },
    )
    admin_client.post(change(hammer), fields_of(admin_client, change(hammer)))
    hammer.delete()
    page = restore(admin_client, role, then)
    assert "Gone meanwhile, and left out: hammer." in page.text
    # Nobody has seen anything of it yet.
    assert "second." in Client().get(role.get_absolute_url()).text
    assert Role.objects.get().problem == "second."
    save(admin_client, role)
    assert role.problem == "first."
    assert [tool.name for tool in role.tools.all()] == ["saw"]
    assert {outcome.figure for outcome in role.outcomes.all()} == {"1x", "2x"}
    assert role.outcomes.filter(pk=kept.pk).exists()


def test_evidence_is_restored_with_its_principle(admin_client):
    principle, entry = make_principle(body="first."), make_entry()
    make_evidence(principle=principle, entry=entry)
    save(admin_client, principle)
    then = versions(principle)[-1]
    save(admin_client, principle, **{"body": "second.", "evidence-0-DELETE": "on"})
    assert not principle.evidence.exists()
    restore(admin_client, principle, then)
    save(admin_client, principle)
    assert Principle.objects.get().body == "first."
    assert principle.evidence.get().entry == entry


def test_what_a_version_points_at_and_is_gone_is_said(admin_client):
    principle, entry = make_principle(body="first."), make_entry(title="an entry of then")
    make_evidence(principle=principle, entry=entry)
    save(admin_client, entry)
    save(admin_client, principle)
    then = versions(principle)[-1]
    entry.delete()
    save(admin_client, principle, body="second.")
    page = restore(admin_client, principle, then)
    assert "Gone meanwhile, and left out: an entry of then." in page.text
    tool = make_tool(name="hammer")
    entry = make_entry(tools=[tool])
    save(admin_client, entry, "_save", body="a draft.")
    draft = Version.objects.get_for_object_reference(WorkingCopy, key_of(entry)).get()
    tool.delete()
    assert "left out: tool" in restore(admin_client, entry, draft).text


@pytest.mark.parametrize(
    "odd",
    [{"month": "nonsense"}, {"publish_at": "zz"}, {"tools": "x", "role": []}, {"title": None}],
)
def test_a_version_that_no_longer_parses_is_shown_and_restored_as_far_as_it_goes(admin_client, odd):
    entry = make_entry()
    save(admin_client, entry)
    version = versions(entry)[-1]
    stored = json.loads(version.serialized_data)
    stored[0]["fields"] |= odd
    version.serialized_data = json.dumps(stored)
    version.save()
    assert admin_client.get(page_of(entry, version)).status_code == 200
    assert restore(admin_client, entry, version).status_code == 200


def test_a_version_from_before_a_field_was_renamed_is_restored_as_far_as_it_goes(admin_client):
    role = make_role(problem="first.", broke="what broke then.")
    save(admin_client, role)
    then = versions(role)[-1]
    stored = json.loads(then.serialized_data)
    fields = stored[0]["fields"]
    fields["failed"] = fields.pop("broke")
    then.serialized_data = json.dumps(stored)
    then.save()
    save(admin_client, role, problem="second.", broke="what broke now.")
    assert "what broke then." in admin_client.get(page_of(role, then)).text
    page = restore(admin_client, role, then)
    assert "“failed” has no place in the form any more" in page.text
    save(admin_client, role)
    assert (role.problem, role.broke) == ("first.", "what broke now.")


def test_restoring_keeps_what_was_being_written(admin_client):
    entry = make_entry(body="first")
    save(admin_client, entry)
    then = versions(entry)[-1]
    fields = fields_of(admin_client, change(entry)) | {"body": "half a thought"}
    admin_client.post(endpoint("keep", entry), fields)
    page = restore(admin_client, entry, then)
    assert "what you had written here is in the history" in page.text
    assert WorkingCopy.objects.get().data["body"] == ["first"]
    draft = Version.objects.get_for_object_reference(WorkingCopy, key_of(entry)).get()
    assert "half a thought" in draft.serialized_data
    restore(admin_client, entry, draft)
    assert WorkingCopy.objects.get().data["body"] == ["half a thought"]


def test_what_has_no_drafts_has_a_history_too(admin_client):
    tool = make_tool(note="first")
    fields = fields_of(admin_client, change(tool))
    admin_client.post(change(tool), fields | {"note": "second"})
    assert Tool.objects.get().note == "second"
    page = admin_client.get(page_of(tool, versions(tool)[-1])).text
    assert "second" in page
    assert "Restore" not in page


def test_a_long_history_costs_the_same(admin_client):
    entry = make_entry()

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert admin_client.get(endpoint("history", entry)).status_code == 200
        return len(captured)

    save(admin_client, entry)
    queries()
    before = queries()
    version = versions(entry)[-1]
    for _ in range(120):
        revision = Revision.objects.create(date_created=version.revision.date_created)
        Version.objects.create(
            revision=revision,
            object_id=version.object_id,
            content_type=version.content_type,
            db=version.db,
            format=version.format,
            serialized_data=version.serialized_data,
            object_repr="x",
        )
    assert queries() <= before + 1  # the page's number of all
    page = admin_client.get(endpoint("history", entry) + "?page=99").text
    assert "page 3 of 3" in page


def test_the_history_is_for_those_who_may_see_the_item(admin_client, client):
    entry = make_entry(publish_at=None, body="first")
    save(admin_client, entry, "_save")
    version = versions(entry)[-1]
    addresses = [endpoint("history", entry), page_of(entry, version)]
    for address in addresses:
        assert "login" in client.get(address)["Location"]
    writer = make_user("journal.add_entry", "journal.change_entry")
    client.force_login(writer)
    for address in addresses:
        assert client.get(address).status_code == 404
    assert restore(client, entry, version).status_code == 404
    viewer = make_user("journal.view_entry")
    client.force_login(viewer)
    for address in addresses:
        page = client.get(address)
        assert page.status_code == 200
        assert "Restore" not in page.text
    assert restore(client, entry, version).status_code == 403
    # Another item's version is not this one's.
    other = make_entry()
    client.force_login(
        make_user("journal.change_entry", "journal.publish_entry", "journal.view_entry")
    )
    assert restore(client, other, version).status_code == 404
    assert not WorkingCopy.objects.exists()
    assert restore(client, entry, version).status_code == 200
    assert WorkingCopy.objects.exists()


@pytest.mark.parametrize("key", ["nonsense", "auth.user:1", "journal.entry:x", "journal.entry:9"])
def test_what_is_not_there_is_not_found(admin_client, key):
    assert admin_client.get(endpoint("history", key)).status_code == 404


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_an_earlier_version_is_found_looked_at_and_published_again(page, live_server, signed_in):  # noqa: F811
    entry = make_entry(body="the first thought")
    for text in ("the first thought", "the second thought"):
        page.goto(live_server.url + change(entry))
        page.locator("#id_body").fill(text)
        page.locator(".bar [name=_publish]").click()
        expect(page.locator(".messagelist")).to_contain_text("Published")
    page.locator(".bar").get_by_role("link", name="history").click()
    page.locator(".versions a").first.click()
    expect(page.locator("ins")).to_contain_text("second")
    page.get_by_role("link", name="as it looks").click()
    expect(page.get_by_label("before").locator("p")).to_have_text("the first thought")
    page.get_by_role("link", name="All versions").click()
    page.locator(".versions a").last.click()
    page.get_by_role("button", name="Restore as a draft").click()
    expect(page.locator("#id_body")).to_have_value("the first thought")
    expect(page.locator(".bar .state")).to_have_text("live with changes")
    assert Entry.objects.get().body == "the second thought"
    page.locator(".bar [name=_publish]").click()
    expect(page.locator(".messagelist")).to_contain_text("Published")
    assert Entry.objects.get().body == "the first thought"
