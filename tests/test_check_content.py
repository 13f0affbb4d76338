"""The checks over the whole site, and what the desk keeps of them."""

import io
import json
from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from journal.models import Entry
from portfolio.editing import site_check
from portfolio.editing.models import Finding, key_of
from portfolio.models import FormerAddress
from portfolio.months import Month
from portfolio.search.models import Document
from tests.factories import make_entry, make_principle, make_role, make_tool, make_user

pytestmark = pytest.mark.django_db

BAD = "[x](/no/)"


@pytest.fixture
def following():
    """The desk as it runs, which follows changes."""
    site_check.follow_changes()


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """Does what a transaction that ends would do."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def run(*arguments):
    """What the command says, and its last words if it fails."""
    out = io.StringIO()
    try:
        call_command("check_content", *arguments, stdout=out)
    except CommandError as error:
        return out.getvalue(), str(error)
    return out.getvalue(), ""


def entry(body, **overrides):
    return make_entry(**{"body": body, "tools": [make_tool()]} | overrides)


def kept(item):
    return [finding.check_name for finding in Finding.objects.filter(key=key_of(item))]


# The command.


def test_the_command_tells_of_each_page_and_where_to_put_it_right(settings):
    bad = entry(BAD, title="a bad one")
    make_role(title="a role")
    entry("fine", title="a good one")
    said, failed = run()
    assert failed == "Findings that block publishing: 1."
    address = reverse("admin:journal_entry_change", args=[bad.pk])
    assert f"entry “a bad one”, live\n  {settings.SITE_URL}{address}\n  blocks: the link" in said
    assert "role “a role”, live" in said
    assert "  advice: no tool is named. choose the tools" in said
    assert "a good one" not in said
    assert said.endswith("Pages looked at: 5; with findings: 2.\n")


def test_the_command_succeeds_where_there_is_advice_alone():
    make_entry()
    said, failed = run()
    assert "advice: no tool" in said
    assert not failed


def test_the_command_answers_programs_in_json():
    item = entry(BAD)
    said, failed = run("--json")
    answer = json.loads(said)
    assert failed
    assert answer["checked"] == 2
    [about] = answer["items"]
    assert (about["key"], about["title"], about["state"]) == (key_of(item), item.title, "live")
    [found] = about["findings"]
    assert found["check"] == "dead link"
    assert found["blocking"] is True
    assert found["reason"] == "Readers end at an error."


def test_drafts_are_looked_at_where_asked_as_if_they_were_live():
    draft = entry(f"{BAD} [me](/journal/2026/01/me/)", slug="me", publish_at=None)
    later = entry(BAD, publish_at=timezone.now() + timedelta(days=1))
    assert run() == ("Pages looked at: 2; with findings: 0.\n", "")
    said, failed = run("--drafts")
    assert failed == "Findings that block publishing: 2."
    assert f"“{draft.title}”, draft" in said
    assert f"“{later.title}”, scheduled" in said


@pytest.mark.parametrize("make", [make_entry, make_role, make_principle])
def test_a_draft_is_as_it_was_after_it_was_looked_at(make, client):
    draft = make(publish_at=None, title="a draft")
    before = type(draft).objects.values().get()
    documents = [*Document.objects.values()]
    assert draft.publish_at is None
    assert {each.check for each in site_check.check_item(draft)} <= {"tools"}
    assert draft.publish_at is None
    assert type(draft).objects.values().get() == before
    assert [*Document.objects.values()] == documents
    assert not FormerAddress.objects.exists()
    assert client.get(draft.get_absolute_url()).status_code == 404


def test_a_page_costs_the_same_queries_however_many_there_are():
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            run("--drafts")
        return len(captured)

    tool, role = make_tool(), make_role()
    text = f"[x]({role.get_absolute_url()}) [y](/no/)"
    numbers = []
    for _ in range(4):
        for _ in range(3):
            make_entry(body=text, tools=[tool], role=role)
        numbers.append(queries())
    # The first page has no neighbours and nothing near it.
    first, second, third = (b - a for a, b in pairwise(numbers))
    assert first == second == third <= 3 * 25


# What is kept.


def test_what_is_found_is_kept_in_place_of_what_was():
    item = entry(BAD)
    run()
    assert kept(item) == ["dead link"]
    Entry.objects.update(body="https://a.example/")
    run()
    assert kept(item) == ["bare link"]
    Entry.objects.update(body="fine")
    run()
    assert kept(item) == []


def test_findings_of_what_is_gone_or_no_longer_public_go():
    gone, back = entry(BAD), entry(BAD)
    run()
    assert kept(gone) == kept(back) == ["dead link"]
    gone.delete()
    back.publish_at = None
    back.save()
    run("--drafts")
    assert kept(gone) == []
    assert kept(back) == ["dead link"]
    run()
    assert kept(back) == []


def test_nothing_is_kept_of_what_was_deleted_meanwhile():
    item = entry(BAD)
    draft = entry(BAD, publish_at=None)
    found = site_check.check_item(item)
    Entry.objects.all().delete()
    site_check.remember(item, found)
    assert site_check.look_at(item) is site_check.look_at(draft) is None
    assert not Finding.objects.exists()


# The desk.


def test_the_desk_shows_what_blocks_first_and_leads_to_its_form(admin_user):
    advice, bad = (
        make_entry(title="no tools"),
        entry(f"{BAD} [y]() http://a.example/", title="<bad>"),
    )
    run()
    noted = site_check.noted(admin_user)
    assert [each.item for each in noted] == [bad, advice]
    assert [each.check_name for each in noted[0].findings] == [
        *("dead link", "empty link", "bare link", "plain http"),
    ]
    html = render_to_string("admin/editing/_desk_findings.html", {"noted": noted})
    assert reverse("admin:journal_entry_change", args=[bad.pk]) in html
    assert "&lt;bad&gt;" in html
    assert html.count("<strong>blocks:</strong>") == 2
    assert "nothing." in render_to_string("admin/editing/_desk_findings.html", {"noted": []})


def test_the_desk_shows_nobody_what_is_not_theirs_to_change():
    writer = make_user("journal.change_entry")
    theirs = entry(BAD, publish_at=None, author=writer)
    others = [entry(BAD, publish_at=None), entry(BAD), make_role()]
    run("--drafts")
    assert all(map(kept, [theirs, *others]))
    assert [each.item for each in site_check.noted(writer)] == [theirs]
    assert site_check.noted(make_user()) == []


def test_the_desk_takes_few_queries(admin_user, django_assert_num_queries):
    for make in (make_entry, make_role) * 5:
        make()
    run()
    with django_assert_num_queries(3):
        assert len(site_check.noted(admin_user)) == 10


# Pages that link to what changes.


def test_a_link_is_found_dead_when_its_end_is_unpublished(following, committed):
    other = make_entry(slug="other", month=Month(2025, 10))
    item = entry("[x](/journal/2025/10/other/)")
    bystander = entry("[x](/journal/2025/10/another/)")
    with committed():
        Entry.objects.filter(pk=other.pk).update(publish_at=None)
    assert kept(item) == ["dead link"]
    assert kept(bystander) == []
    with committed():
        Entry.objects.filter(pk=other.pk).update(publish_at=timezone.now())
    assert kept(item) == []


def test_a_link_is_found_dead_when_its_end_is_deleted(following, committed):
    other = make_role(slug="other")
    item = make_principle(body="[x](/roles/other)")
    with committed():
        other.delete()
    assert kept(item) == ["dead link"]


def test_a_link_is_found_to_take_a_detour_when_its_end_moves(following, committed):
    other = make_tool(slug="other")
    item = make_role(broke=f"[x]({other.get_absolute_url()})", tools=[other])
    with committed():
        other.slug = "another"
        other.save()
    assert kept(item) == ["moved link"]
    with committed():
        item.broke = "[x](/tools/another/)"
        item.save()
        site_check.look_at(item)
    assert kept(item) == []


@pytest.mark.parametrize("end", ["unpublished", "deleted"])
def test_an_old_address_is_found_dead_when_what_it_led_to_ends(end, following, committed):
    other = make_role(slug="old")
    item = entry("[x](/roles/old/)")
    with committed():
        other.slug = "new"
        other.save()
    assert kept(item) == ["moved link"]
    with committed():
        if end == "deleted":
            other.delete()
        else:
            other.publish_at = None
            other.save()
    assert kept(item) == ["dead link"]


def test_findings_go_with_their_item(following, committed):
    item = entry(BAD)
    run()
    assert kept(item)
    with committed():
        item.delete()
    assert kept(item) == []


def test_a_change_that_is_taken_back_changes_no_finding(following, committed):
    other = make_role(slug="other")
    item = entry("[x](/roles/other/)")
    with committed():
        with transaction.atomic():
            other.delete()
            transaction.set_rollback(True)
        make_tool()
    assert kept(item) == []


def test_a_mass_change_is_followed_as_far_as_a_moment_allows(following, committed):
    others = [make_role(slug=f"other-{number}") for number in range(site_check.MOST + 5)]
    items = [entry(f"[x]({other.get_absolute_url()})") for other in others]
    with committed():
        for other in others:
            other.delete()
    assert Finding.objects.count() == site_check.MOST
    assert kept(items[-1]) == ["dead link"]


def test_after_a_transaction_pages_are_looked_at_once(following, committed):
    other = make_role(slug="other")
    entry("[x](/roles/other/)")

    def queries(times):
        with CaptureQueriesContext(connection) as captured, committed():
            for number in range(times):
                Entry.objects.update(summary=str(number))
            Entry.objects.update(publish_at=None)
        Entry.objects.update(publish_at=timezone.now())
        return [query["sql"] for query in captured if "editing_finding" in query["sql"]]

    other.delete()
    assert len(queries(1)) == len(queries(5)) > 0
