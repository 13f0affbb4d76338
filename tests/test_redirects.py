"""Old addresses, and those that are nearly right: one permanent hop to where the page is."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from journal.models import Entry
from portfolio.models import FormerAddress
from portfolio.months import Month
from tests.factories import make_entry, make_principle, make_role, make_tool

pytestmark = pytest.mark.django_db

KINDS = [make_role, make_entry, make_principle, make_tool]


def move(item, slug, **changes):
    for name, value in ({"slug": slug} | changes).items():
        setattr(item, name, value)
    item.full_clean()
    item.save()
    return item.get_absolute_url()


def hop(client, address):
    """Where one hop leads, which must be permanent and must end at a page."""
    response = client.get(address)
    assert response.status_code == 301, (address, response.status_code)
    assert client.get(response["Location"]).status_code == 200
    return response["Location"]


# What moved.


@pytest.mark.parametrize("make", KINDS)
def test_the_old_address_of_something_public_leads_to_the_new_one(client, make):
    item = make(slug="before")
    old = item.get_absolute_url()
    assert client.get(old).status_code == 200
    new = move(item, "after")
    assert hop(client, old) == new != old


def test_another_month_is_another_address(client):
    entry = make_entry(month=Month(2025, 1), slug="x")
    old = entry.get_absolute_url()
    assert hop(client, old if move(entry, "x", month=Month(2025, 2)) else "") == (
        "/journal/2025/02/x/"
    )


def test_a_chain_of_moves_is_one_hop_from_each_address(client):
    role = make_role(slug="a")
    for slug in ("b", "c", "d"):
        move(role, slug)
    for slug in ("a", "b", "c"):
        assert hop(client, f"/roles/{slug}/") == "/roles/d/"


def test_there_and_back_again_is_no_loop(client):
    role = make_role(slug="a")
    move(role, "b")
    move(role, "a")
    assert client.get("/roles/a/").status_code == 200
    assert hop(client, "/roles/b/") == "/roles/a/"


def test_two_that_swap_their_addresses_are_both_found(client):
    one, other = make_role(slug="a"), make_role(slug="b")
    move(one, "between")
    move(other, "a")
    move(one, "b")
    assert client.get("/roles/a/").context["object"] == other
    assert client.get("/roles/b/").context["object"] == one
    assert hop(client, "/roles/between/") == "/roles/b/"


def test_an_old_address_can_be_used_again(client):
    first = make_role(slug="a")
    move(first, "b")
    second = make_role(slug="a", title="the second")
    assert "the second" in client.get("/roles/a/").text
    # What was public there last is what its address leads to.
    move(second, "c")
    assert hop(client, "/roles/a/") == "/roles/c/"


@pytest.mark.parametrize("publish_at", [None, timezone.now() + timedelta(days=1)])
@pytest.mark.parametrize("make", KINDS[:3])
def test_what_was_never_public_leaves_nothing(client, make, publish_at):
    item = make(slug="before", publish_at=publish_at)
    old = item.get_absolute_url()
    move(item, "after", publish_at=timezone.now())
    assert client.get(old).status_code == 404
    assert not FormerAddress.objects.exists()


def test_what_moved_while_it_was_unpublished_is_found_again(client):
    role = make_role(slug="a")
    move(role, "a", publish_at=None)
    move(role, "b")
    assert client.get("/roles/a/").status_code == 404
    move(role, "b", publish_at=timezone.now())
    assert hop(client, "/roles/a/") == "/roles/b/"


@pytest.mark.parametrize("publish_at", [None, timezone.now() + timedelta(days=1)])
def test_an_old_address_does_not_tell_of_what_is_hidden(client, publish_at):
    role = make_role(slug="a")
    move(role, "secret", publish_at=publish_at)
    hidden, nothing = client.get("/roles/a/"), client.get("/roles/z/")
    assert hidden.status_code == 404
    assert "secret" not in hidden.text + str(hidden.headers)
    assert hidden.text == nothing.text.replace("/roles/z/", "/roles/a/")


def test_what_was_deleted_leaves_nothing(client):
    role = make_role(slug="a")
    move(role, "b")
    role.delete()
    assert client.get("/roles/a/").status_code == 404


def test_a_save_that_moves_nothing_remembers_nothing():
    role = make_role()
    role.title = "another"
    role.save()
    assert not FormerAddress.objects.exists()


def test_the_editor_can_give_an_address_from_elsewhere(admin_client, client):
    make_entry(slug="here")
    entry = Entry.objects.get()
    address = "/admin/portfolio/formeraddress/add/"
    admin_client.post(address, {"path": "/2019/old-blog/post/", "entry": entry.pk})
    assert hop(client, "/2019/old-blog/post/") == entry.get_absolute_url()
    for path in ("no slash", "https://example.org/", "/Upper/", "//x/", "/é/"):
        with pytest.raises(ValidationError):
            FormerAddress(path=path, entry=entry).full_clean()


def test_an_address_leads_to_one_thing():
    role, entry = make_role(), make_entry()
    FormerAddress.objects.create(path="/one/", role=role)
    for targets in ({}, {"role": role, "entry": entry}):
        with pytest.raises(IntegrityError), transaction.atomic():
            FormerAddress.objects.create(path="/two/", **targets)
        with pytest.raises(ValidationError):
            FormerAddress(path="/two/", **targets).full_clean()


# What is nearly right.


@pytest.mark.parametrize(
    "asked",
    [
        "/Roles/A-b/",
        "/roles/a-b",
        "/ROLES/A-B",
        "/roles//a-b/",
        "/roles/a-b//",
        "/roles/a-b/index.html",
    ],
)
def test_another_spelling_leads_to_the_page_in_one_hop(client, asked):
    make_role(slug="a-b")
    assert hop(client, asked) == "/roles/a-b/"


def test_an_old_address_in_another_spelling_is_one_hop_too(client):
    role = make_role(slug="a")
    move(role, "b")
    assert hop(client, "/Roles//A") == "/roles/b/"


def test_the_query_comes_along(client):
    make_role(slug="a")
    assert client.get("/roles/A?x=%C3%A9&y=1")["Location"] == "/roles/a/?x=%C3%A9&y=1"


def test_a_head_is_sent_on_and_a_post_is_not(client):
    make_role(slug="a")
    assert client.head("/roles/A").status_code == 301
    assert client.post("/Roles/a/", {"text": "typed"}).status_code == 404


def test_the_redirect_is_not_kept_for_ever(client):
    make_role(slug="a")
    assert client.get("/roles/A")["Cache-Control"] == "max-age=3600"


def test_the_right_address_is_not_redirected(client):
    make_role(slug="a")
    assert client.get("/roles/a/").status_code == 200
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/evil.example/",
        "//evil.example/",
        "/%5Cevil.example/",
        "/roles/%00/",
        "/roles/a%00b",
        "/%F0%9F%99%82/",
        "/%ff/",
        "/roles/%0d%0aLocation:x",
        "/" + "a" * 5000,
        "/" * 5000,
        "/" + "a/" * 3000,
        "/roles/../../etc/passwd",
    ],
)
def test_a_hostile_path_is_answered_and_leads_nowhere_else(client, path):
    response = client.get(path)
    assert response.status_code in (200, 301, 404)
    assert response.get("Location", "/").startswith("/")
    assert not response.get("Location", "/").startswith("//")


def test_the_admin_keeps_its_own_addresses(admin_client):
    assert admin_client.get("/admin/Journal/Entry/").status_code == 404
    assert admin_client.get("/admin/journal/entry")["Location"] == "/admin/journal/entry/"
