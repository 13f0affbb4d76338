"""What is done to many items at once: told first, done as told, by those who may."""

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from playwright.sync_api import expect
from reversion.models import Revision, Version

from journal.models import Entry
from portfolio.editing import actions
from portfolio.editing.models import Finding, WorkingCopy, key_of
from portfolio.models import FormerAddress
from roles.models import Role

from .factories import make_entry, make_principle, make_role, make_tool, make_user
from .test_editor import signed_in  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db

LIST = "/admin/journal/entry/"
WRITER = ("journal.add_entry", "journal.change_entry", "journal.delete_entry")


def select(client, action, *items, address=LIST, **fields):
    """The answer to choosing an action for items of the list."""
    chosen = {"action": action, "index": 0, ACTION_CHECKBOX_NAME: [item.pk for item in items]}
    return client.post(address, chosen | fields)


def confirm(client, page, address=LIST, **fields):
    """The answer to a page's own form, as it stands but for what is typed."""
    inputs = re.findall(
        r'<input type="(?:hidden|text)" name="(\w+)"(?: [^>]*?)? value="([^"]*)"', page.text
    )
    sent = {}
    for name, value in inputs:
        sent.setdefault(name, []).append(value)
    sent.pop("csrfmiddlewaretoken", None)
    return client.post(address, sent | fields, follow=True)


def told(page):
    return " ".join(re.sub(r"<[^>]+>", "", page.text.split('class="bulk"')[1]).split())


def said(page):
    return " ".join(str(message) for message in page.context["messages"])


def draft(**fields):
    return make_entry(publish_at=None, **fields)


# Publishing, item by item.


def test_a_bulk_publish_tells_what_happens_to_each_and_does_just_that(admin_client, admin_user):
    new, later, live = (
        draft(title="new", slug="new"),
        make_entry(title="later", publish_at=timezone.now() + timedelta(days=3)),
        make_entry(title="there already"),
    )
    page = select(admin_client, "publish", new, later, live)
    text = told(page)
    assert "What happens to 2" in text
    assert "new is public from now on at /journal/2026/01/new/" in text
    assert "instead of from" in text
    assert "there already stays: it is live already" in text
    assert Entry.objects.live().count() == 1
    assert not Revision.objects.exists()

    answer = confirm(admin_client, page, _why="spring \0clean")
    assert answer.redirect_chain[-1][0] == LIST
    assert "2 entries published" in said(answer)
    assert Entry.objects.live().count() == 3
    revision = Revision.objects.get()
    assert (revision.user, revision.comment) == (admin_user, "published in bulk\nspring clean")
    kept = {version.object_id for version in revision.version_set.all()}
    assert kept == {str(new.pk), str(later.pk)}
    live_before = live.publish_at
    live.refresh_from_db()
    assert live.publish_at == live_before
    assert admin_client.get(new.get_absolute_url()).status_code == 200


def test_nothing_is_done_before_it_is_confirmed_or_when_it_would_change_nothing(admin_client):
    page = select(admin_client, "publish", make_entry())
    assert "Nothing would change" in page.text
    assert 'type="submit"' not in page.text.split('class="bulk"')[1].split("</form>")[0]


def test_what_is_published_in_bulk_is_what_was_saved_and_the_page_says_so(admin_client):
    entry = draft(body="as saved")
    WorkingCopy.objects.create(key=key_of(entry), data={"body": ["as written"]})
    page = select(admin_client, "publish", entry)
    assert "as it was saved: what is in its working copy stays there" in told(page)
    confirm(admin_client, page)
    assert "as saved" in admin_client.get(entry.get_absolute_url()).text
    assert WorkingCopy.objects.exists()


@pytest.mark.parametrize("is_blocking", [True, False])
def test_what_the_checks_found_before_is_told(admin_client, is_blocking):
    entry = draft()
    Finding.objects.create(
        key=key_of(entry), check_name="links", blocking=is_blocking, message="A link is dead."
    )
    page = select(admin_client, "publish", entry)
    assert ("stays: A link is dead." in told(page)) == is_blocking


@pytest.mark.parametrize("action", ["publish", "schedule"])
def test_what_the_checks_find_now_stays_a_draft_and_is_no_version(admin_client, action):
    empty, good = draft(title="empty", body=""), draft(title="good")
    page = select(admin_client, action, empty, good)
    if action == "schedule":
        page = confirm(admin_client, page, when="2030-01-01T08:00")
    answer = confirm(admin_client, page)
    assert "1 entry" in said(answer)
    assert "Not done: “empty”: " in said(answer)
    assert set(Entry.objects.in_state("draft")) == {empty}
    assert not Version.objects.get_for_object(empty).exists()
    assert Version.objects.get_for_object(good).count() == 1


def test_unpublishing_leaves_an_address_that_comes_back_with_the_item(admin_client):
    live, later = make_entry(), make_entry(publish_at=timezone.now() + timedelta(days=3))
    page = select(admin_client, "unpublish", live, later, draft())
    text = told(page)
    assert f"readers no longer find {live.get_absolute_url()}" in text
    assert "does not go live on" in text
    assert "it is a draft already" in text
    confirm(admin_client, page)
    assert Client().get(live.get_absolute_url()).status_code == 404
    assert not Entry.objects.exclude(publish_at=None).exists()
    assert FormerAddress.objects.get().entry == live
    assert Revision.objects.get().comment == "unpublished in bulk"


# Scheduling.


def test_a_schedule_asks_when_in_the_time_zone_of_the_site(admin_client, settings):
    settings.TIME_ZONE = "Europe/Vienna"
    entry = draft()
    asked = select(admin_client, "schedule", entry)
    assert "in Europe/Vienna" in told(asked)
    page = confirm(admin_client, asked, when="2030-07-01T09:30")
    assert "goes live on 01 jul 2030, 09:30 (Europe/Vienna) at /journal/" in told(page)
    assert Entry.objects.get().state == "draft"
    confirm(admin_client, page)
    entry.refresh_from_db()
    assert entry.publish_at.isoformat() == "2030-07-01T07:30:00+00:00"
    assert Revision.objects.get().comment == "scheduled in bulk"


@pytest.mark.parametrize(
    ("when", "sentence"),
    [
        ("", "This field is required"),
        ("soon", "Enter a valid date/time"),
        ("2020-01-01T08:00", "still to come"),
        ("0001-01-01T00:00", "still to come"),
        ("9999-12-31T23:59", "within the next ten years"),
    ],
)
def test_a_time_that_is_none_or_past_comes_back_with_the_reason(admin_client, when, sentence):
    entry = draft()
    asked = select(admin_client, "schedule", entry)
    for page in (
        confirm(admin_client, asked, when=when),
        confirm(admin_client, asked, when=when, stage="do"),
    ):
        assert sentence in page.text
    entry.refresh_from_db()
    assert entry.state == "draft"


# Tools.


def test_tools_are_added_and_taken_away_item_by_item(admin_client):
    django, htmx = make_tool(name="django"), make_tool(name="htmx")
    has, has_not = make_role(title="has it", tools=[django]), make_role(title="has not")
    address = "/admin/roles/role/"
    asked = select(admin_client, "add_tools", has, has_not, address=address)
    page = confirm(admin_client, asked, address, tools=[django.pk, htmx.pk])
    assert "has it gets htmx, on its public page at once." in told(page)
    assert "has not gets django, htmx" in told(page)
    before = Role.objects.get(pk=has.pk).updated_at
    confirm(admin_client, page, address)
    assert all(set(role.tools.all()) == {django, htmx} for role in Role.objects.all())
    assert Role.objects.get(pk=has.pk).updated_at > before
    newest = Version.objects.get_for_object(has).first()
    assert set(newest.field_dict["tools"]) == {django.pk, htmx.pk}
    assert newest.revision.comment == "given tools in bulk"

    asked = select(admin_client, "remove_tools", has, address=address)
    page = confirm(admin_client, asked, address, tools=[django.pk])
    assert "has it loses django" in told(page)
    confirm(admin_client, page, address)
    assert set(has.tools.all()) == {htmx}
    assert has_not.tools.count() == 2


def test_no_tool_chosen_and_none_to_remove_are_said(admin_client):
    entry = make_entry()
    asked = select(admin_client, "remove_tools", entry)
    assert "None of these has any" in asked.text
    page = confirm(admin_client, asked, tools=["0", "x"], stage="do")
    assert "not a valid value" in page.text or "not one of the available" in page.text
    make_tool()
    page = confirm(admin_client, select(admin_client, "add_tools", entry))
    assert "This field is required" in page.text


# Who may.


@pytest.fixture
def writer(client):
    user = make_user(*WRITER)
    client.force_login(user)
    return user


@pytest.mark.parametrize("action", ["publish", "unpublish", "schedule"])
def test_a_writer_neither_sees_nor_forges_what_publishes(client, writer, admin_client, action):
    own, live = draft(author=writer), make_entry()
    browser = Client()
    browser.force_login(writer)
    assert f'value="{action}"' not in browser.get(LIST).text
    asked = select(admin_client, action, own, live)
    for stage in ("", "tell", "do"):
        forged = confirm(browser, asked, when="2030-01-01T08:00", stage=stage)
        assert forged.status_code == 200
        assert "published" not in said(forged)
    own.refresh_from_db()
    live.refresh_from_db()
    assert (own.state, live.state) == ("draft", "live")
    assert not Revision.objects.exists()


def test_a_writer_changes_the_tools_of_own_drafts_only(client, writer):
    tool = make_tool()
    own, others, live = draft(author=writer), draft(), make_entry(author=writer)
    asked = select(client, "add_tools", own, others, live)
    page = confirm(client, asked, tools=[tool.pk])
    assert told(page).count("you may not change it") == 1
    assert others.title not in told(page)
    # All of them, as if the page had offered it.
    everything = ",".join(f"{item.pk}:" for item in (own, others, live))
    confirm(client, page, tools=[tool.pk], items=everything)
    assert not tool.entries.exclude(pk=own.pk).exists()
    confirm(client, page, tools=[tool.pk])
    assert set(tool.entries.all()) == {own}


def test_a_writer_deletes_own_drafts_only(client, writer, admin_user):
    own, live, others = draft(author=writer), make_entry(author=writer), draft()
    forged = select(client, "delete_selected", own, live, others, post="yes")
    assert forged.status_code == 403
    assert Entry.objects.count() == 3
    select(client, "delete_selected", own, others, post="yes")
    assert set(Entry.objects.all()) == {live, others}
    admin = Client()
    admin.force_login(admin_user)
    select(admin, "delete_selected", live, others, post="yes")
    assert not Entry.objects.exists()


# Between the telling and the doing.


def test_what_changed_meanwhile_is_left_alone_and_said(admin_client):
    one, gone, out, edited = (draft(title=title) for title in ("one", "gone", "out", "edited"))
    page = select(admin_client, "publish", one, gone, out, edited)
    gone.delete()
    out.publish_at = timezone.now()
    out.save()
    edited.body = "something else"
    edited.save()
    answer = confirm(admin_client, page)
    assert "1 entry published" in said(answer)
    for sentence in ("deleted meanwhile", "“out”: it is live already", "“edited”: it was changed"):
        assert sentence in said(answer)
    assert set(Entry.objects.live()) == {one, out}


def test_a_confirmation_sent_twice_does_it_once(admin_client):
    page = select(admin_client, "publish", draft())
    confirm(admin_client, page)
    assert "live already" in said(confirm(admin_client, page))
    assert Revision.objects.count() == 1


def test_what_fails_halfway_is_taken_back_whole(admin_client, settings):
    first, second = draft(), draft()
    page = select(admin_client, "publish", first, second)
    from portfolio.changes import content_changed

    def fail(sender, pks, **kwargs):
        if sender is Entry and pks == {second.pk}:
            raise RuntimeError("the disk is full")

    content_changed.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            confirm(admin_client, page)
    finally:
        content_changed.disconnect(fail)
    assert not Entry.objects.live().exists()
    assert not Revision.objects.exists()
    confirm(admin_client, page)
    assert Entry.objects.live().count() == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"items": "x"},
        {"items": "1"},
        {"items": "1:zz"},
        {"items": "9999999999999999999:"},
        {"items": "1:" * 3},
        {"items": "١:"},
    ],
)
def test_a_selection_that_no_page_sent_is_a_bad_request(admin_client, fields):
    page = select(admin_client, "publish", draft())
    assert confirm(admin_client, page, **fields).status_code == 400


@pytest.mark.parametrize("key", ["x", "", "-1", "9" * 30, "1.5"])
@pytest.mark.parametrize("action", ["publish", "delete_selected"])
def test_a_row_that_no_list_has_is_explained(admin_client, action, key):
    draft()
    page = admin_client.post(
        LIST, {"action": action, "index": 0, ACTION_CHECKBOX_NAME: key}, follow=True
    )
    assert page.status_code == 200
    assert "select it again" in said(page)


# Many.


def many(number):
    """Drafts in bulk, which are many at once."""
    template = {"month": Entry._meta.get_field("month").to_python("2026-01"), "body": "text"}
    Entry.objects.bulk_create(
        [Entry(title=f"entry {n}", slug=f"many-{n}", **template) for n in range(number)]
    )


def test_all_of_a_filtered_list_are_chosen_across_its_pages(admin_client, monkeypatch):
    monkeypatch.setattr(actions, "SHOWN", 4)
    monkeypatch.setattr(admin.site.get_model_admin(Entry), "list_per_page", 3)
    many(7)
    make_entry()
    address = f"{LIST}?state=draft"
    page = select(admin_client, "publish", Entry.objects.first(), address=address, select_across=1)
    text = told(page)
    assert "What happens to 7" in text
    assert "The same happens to 3 more." in text
    assert text.count("is public from now on") == 4
    confirm(admin_client, page, address)
    assert not Entry.objects.in_state("draft").exists()


def test_the_queries_of_the_confirmation_do_not_grow(admin_client):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            select(admin_client, "publish", *Entry.objects.all())
        return len(captured)

    many(2)
    before = queries()
    Entry.objects.all().delete()
    many(50)
    assert queries() == before


def test_more_than_can_be_done_at_once_are_refused_with_the_way_out(admin_client, monkeypatch):
    monkeypatch.setattr(actions, "LIMIT", 3)
    many(4)
    select(admin_client, "publish", Entry.objects.first(), select_across=1)
    page = admin_client.get(LIST)
    assert "choose at most 3 at once" in said(page)


def test_principles_are_published_in_bulk_and_have_no_tools(admin_client):
    address = "/admin/portfolio/principle/"
    principle = make_principle(publish_at=None)
    assert "add_tools" not in admin_client.get(address).text
    confirm(admin_client, select(admin_client, "publish", principle, address=address), address)
    principle.refresh_from_db()
    assert principle.state == "live"


# In a browser.


@pytest.mark.django_db(transaction=True)
def test_entries_are_published_by_keyboard_after_a_look_at_what_happens(
    page,
    live_server,
    signed_in,  # noqa: F811
):
    make_entry(title="there already")
    for title in ("one", "two"):
        draft(title=title, slug=title)
    errors = []
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(f"{live_server.url}{LIST}?o=1")
    page.locator("#action-toggle").press("Space")
    page.locator("[name=action]").select_option("publish")
    page.locator("[name=index]").press("Enter")
    expect(page.locator(".bulk-items").first).to_contain_text("/journal/2026/01/two/")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.get_by_label("Why").fill("together")
    page.keyboard.press("Enter")
    expect(page.locator(".messagelist")).to_have_text("2 entries published.")
    # The list is as it was left.
    assert page.url == f"{live_server.url}{LIST}?o=1"
    assert Entry.objects.live().count() == 3
    assert Revision.objects.get().comment == "published in bulk\ntogether"
    assert not errors
