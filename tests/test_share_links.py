"""A draft is shown to whoever has the link, and to nobody else."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from journal.models import Entry
from portfolio.editing.models import ShareLink, key_of

from .desk import change, endpoint, fields_of
from .factories import make_entry, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def entry():
    return make_entry(publish_at=None, title="in private", body="not for all.")


@pytest.fixture
def link(admin_client, entry):
    admin_client.post(endpoint("share_links", entry), {"share": "", "days": "7", "note": "for ana"})
    return ShareLink.objects.get()


def test_a_link_shows_the_draft_to_anyone_and_to_no_machine(link, entry):
    page = Client().get(link.get_absolute_url())
    assert page.status_code == 200
    assert "not for all." in page.text
    assert "shared with you until" in page.text
    assert page["X-Robots-Tag"] == "noindex"
    assert "no-store" in page["Cache-Control"]
    assert "sessionid" not in page.cookies
    assert Client().get(entry.get_absolute_url()).status_code == 404
    entry.refresh_from_db()
    assert entry.state == "draft"


def test_a_link_shows_the_working_copy(admin_client, link, entry):
    fields = fields_of(admin_client, change(entry))
    admin_client.post(endpoint("keep", entry), fields | {"body": "as it is now."})
    assert "as it is now." in Client().get(link.get_absolute_url()).text


def test_it_expires_in_a_week_unless_told_otherwise(admin_client, link, entry):
    assert timedelta(days=6) < link.expires_at - timezone.now() < timedelta(days=8)
    for days in ("0", "91", "-1", "x", ""):
        admin_client.post(endpoint("share_links", entry), {"share": "", "days": days})
    assert ShareLink.objects.count() == 1
    ShareLink.objects.update(expires_at=timezone.now())
    assert Client().get(link.get_absolute_url()).status_code == 404


def test_a_link_that_is_revoked_opens_nothing(admin_client, link, entry):
    page = admin_client.get(endpoint("share_links", entry)).text
    assert link.get_absolute_url() in page and "for ana" in page
    admin_client.post(endpoint("share_links", entry), {"revoke": link.pk})
    assert Client().get(link.get_absolute_url()).status_code == 404
    assert link.get_absolute_url() not in admin_client.get(endpoint("share_links", entry)).text


def test_whatever_else_is_in_the_address_is_not_found(admin_client, link, entry):
    other = make_entry(publish_at=None)
    admin_client.post(endpoint("share_links", other), {"share": "", "days": "7"})
    second = ShareLink.objects.exclude(pk=link.pk).get()
    good = link.get_absolute_url()
    for address in (
        good.replace(f"/{link.pk}/", f"/{second.pk}/"),
        good[:-2] + ("a" if good[-2] != "a" else "b") + "/",
        f"/shared/{link.pk}/x/",
        "/shared/99999999999999999999/x/",
    ):
        assert Client().get(address).status_code == 404, address
    # Not even a row that is forged in the database's own words opens another item.
    ShareLink.objects.filter(pk=link.pk).update(key=key_of(other))
    assert Client().get(good).status_code == 404


def test_it_shows_no_more_than_its_author_may(link, entry, admin_user):
    admin_user.is_active = False
    admin_user.save()
    assert Client().get(link.get_absolute_url()).status_code == 404
    admin_user.is_active, admin_user.is_superuser = True, False
    admin_user.save()
    assert Client().get(link.get_absolute_url()).status_code == 404


def test_a_published_draft_s_link_leads_to_its_page_and_shows_no_later_changes(
    admin_client, link, entry
):
    fields = fields_of(admin_client, change(entry)) | {"body": "as published."}
    admin_client.post(endpoint("keep", entry), fields)
    fields = fields_of(admin_client, change(entry)) | {"_publish": ""}
    assert admin_client.post(change(entry), fields).status_code == 302
    for _ in range(2):
        answer = Client().get(link.get_absolute_url())
        assert (answer.status_code, answer.url) == (302, entry.get_absolute_url())
        assert answer["X-Robots-Tag"] == "noindex"
        fields = fields_of(admin_client, change(entry)) | {"body": "a later change."}
        admin_client.post(endpoint("keep", entry), fields)
    assert "as published." in Client().get(answer.url).text


@pytest.mark.parametrize("how", ["scheduled", "in bulk"])
def test_a_link_leads_to_what_went_live_beside_its_working_copy(admin_client, link, entry, how):
    """However it went live, and whatever was written beside it before."""
    fields = fields_of(admin_client, change(entry)) | {"body": "not for all yet."}
    admin_client.post(endpoint("keep", entry), fields)
    admin_client.post(endpoint("share_links", entry), {"share": "", "days": "7"})
    links = ShareLink.objects.all()
    assert "not for all yet." in Client().get(links[0].get_absolute_url()).text
    ahead = timezone.now() + timedelta(days=1 if how == "scheduled" else 0)
    Entry.objects.update(publish_at=ahead)
    if how == "scheduled":
        # It is still to come.
        assert "not for all yet." in Client().get(links[0].get_absolute_url()).text
        Entry.objects.update(publish_at=timezone.now())
    for each in links:
        assert Client().get(each.get_absolute_url()).url == entry.get_absolute_url()


def test_a_link_over_a_public_page_shows_the_changes_that_it_was_made_for(admin_client):
    entry = make_entry(body="as published.")
    fields = fields_of(admin_client, change(entry))
    admin_client.post(endpoint("keep", entry), fields | {"body": "a change."})
    admin_client.post(endpoint("share_links", entry), {"share": "", "days": "7"})
    address = ShareLink.objects.get().get_absolute_url()
    assert "a change." in Client().get(address).text
    fields = fields_of(admin_client, change(entry)) | {"_publish": ""}
    admin_client.post(change(entry), fields)
    assert Client().get(address).url == entry.get_absolute_url()
    fields = fields_of(admin_client, change(entry)) | {"body": "another."}
    admin_client.post(endpoint("keep", entry), fields)
    assert Client().get(address).url == entry.get_absolute_url()


def test_a_deleted_item_is_not_found(link, entry):
    entry.delete()
    assert Client().get(link.get_absolute_url()).status_code == 404


def test_links_are_made_and_ended_by_those_who_may_write_the_item(client, link, entry):
    client.force_login(make_user("journal.view_entry"))
    for data in ({"share": "", "days": "7"}, {"revoke": link.pk}):
        assert client.post(endpoint("share_links", entry), data).status_code == 403
    other = make_entry(publish_at=None)
    client.force_login(
        make_user("journal.change_entry", "journal.publish_entry", "journal.view_entry")
    )
    assert client.post(endpoint("share_links", other), {"revoke": link.pk}).status_code == 404
    assert Client().get(link.get_absolute_url()).status_code == 200
