"""What every answer says to the browser, and who may come in."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import identify_hasher
from django.urls import get_resolver, reverse

from portfolio import sign_in
from tests.factories import make_entry, make_user

pytestmark = pytest.mark.django_db

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
ADMIN_PAGES = [
    "/admin/",
    "/admin/login/",
    "/admin/journal/entry/",
    "/admin/journal/entry/add/",
    "/admin/roles/role/add/",
    "/admin/portfolio/profile/add/",
    "/admin/auth/user/",
]


@pytest.mark.parametrize(
    "address", ["/", "/now/", "/nothing/", "/journal/2026/01/one/", *ADMIN_PAGES]
)
def test_every_page_carries_the_strict_policy(admin_client, address):
    make_entry(slug="one")
    response = admin_client.get(address)
    policy = dict(
        part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";")
    )
    assert policy == POLICY
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("address", ["/", "/nothing/", "/journal/2026/01/one/", *ADMIN_PAGES])
def test_no_page_needs_what_the_policy_forbids(admin_client, address):
    make_entry(slug="one")
    page = admin_client.get(address).text
    # A block of data is no script.
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/(?:ld\+)?json)", page)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)
    loaded = page.replace('<link rel="canonical" href="http://localhost/', "")
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", loaded)


def test_the_routes_of_markdownx_are_not_included():
    assert "markdownx" not in str(get_resolver().reverse_dict)
    names = [pattern.name for pattern in get_resolver().url_patterns if hasattr(pattern, "name")]
    assert not [name for name in names if name and "markdownx" in name]


# One-time links


def editor(**fields):
    return get_user_model().objects.create_superuser("editor", **fields)


def test_a_one_time_link_sets_a_password_and_signs_in(client):
    user = editor()
    assert not user.has_usable_password()
    page = client.get(sign_in.link(user), follow=True)
    form = {"new_password1": "a-long-password-7", "new_password2": "a-long-password-7"}
    done = client.post(page.request["PATH_INFO"], form)
    assert done.headers["Location"] == reverse("admin:index")
    assert client.get("/admin/").status_code == 200
    user.refresh_from_db()
    assert identify_hasher(user.password).algorithm == "argon2"


def test_a_one_time_link_works_once(client):
    user = editor()
    address = sign_in.link(user)
    page = client.get(address, follow=True)
    form = {"new_password1": "a-long-password-7", "new_password2": "a-long-password-7"}
    client.post(page.request["PATH_INFO"], form)
    client.logout()
    assert "has been used" in client.get(address, follow=True).text


def test_a_one_time_link_ends_after_fifteen_minutes(client, settings):
    assert settings.PASSWORD_RESET_TIMEOUT == 15 * 60
    address = sign_in.link(editor())
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "older than 15 minutes" in client.get(address, follow=True).text


@pytest.mark.parametrize(
    "change", [lambda a: a[:-2] + "x/", lambda a: a.replace("/sign-in/", "/sign-in/a")]
)
def test_a_link_that_was_tampered_with_is_refused(client, change):
    page = client.get(change(sign_in.link(editor())), follow=True)
    assert "make sign-in" in page.text
    assert "new_password1" not in page.text


def test_a_weak_password_is_refused_with_the_reason(client):
    page = client.get(sign_in.link(editor()), follow=True)
    form = {"new_password1": "12345", "new_password2": "12345"}
    again = client.post(page.request["PATH_INFO"], form)
    assert again.status_code == 200
    assert "too short" in again.text


# Throttling


def attempt(client, password, **extra):
    return client.post("/admin/login/", {"username": "editor", "password": password}, **extra)


def test_sign_in_is_refused_after_five_failures_even_with_the_right_password(client):
    editor(password="the-right-one-9")
    for _ in range(5):
        answer = attempt(client, "wrong")
    assert answer.status_code == 429
    assert "Try again in 15 minutes" in answer.text
    assert attempt(client, "the-right-one-9").status_code == 429


def test_four_failures_still_let_the_right_password_in(client):
    editor(password="the-right-one-9")
    for _ in range(4):
        assert attempt(client, "wrong").status_code == 200
    assert attempt(client, "the-right-one-9").status_code == 302


def test_nobody_can_lock_the_editor_out_from_elsewhere(client):
    editor(password="the-right-one-9")
    for _ in range(6):
        attempt(client, "wrong", REMOTE_ADDR="203.0.113.9")
    assert attempt(client, "the-right-one-9").status_code == 302


@pytest.mark.parametrize("name", ["a" * 1_000_000, "nul \0 byte", ""])
def test_an_absurd_name_is_no_failure(client, name):
    answer = client.post("/admin/login/", {"username": name, "password": name})
    assert answer.status_code == 200


def test_the_failures_are_counted_in_the_database(client):
    from axes.models import AccessAttempt

    editor(password="the-right-one-9")
    attempt(client, "wrong")
    assert AccessAttempt.objects.get().failures_since_start == 1


# The admin is for editors


@pytest.mark.parametrize("address", [page for page in ADMIN_PAGES if page != "/admin/login/"])
def test_the_admin_sends_strangers_to_sign_in(client, address):
    response = client.get(address)
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")


def test_staff_without_a_right_do_not_get_its_page(client):
    client.force_login(make_user("journal.view_entry"))
    assert client.get("/admin/journal/entry/").status_code == 200
    assert client.get("/admin/journal/entry/add/").status_code == 403
    assert client.get("/admin/roles/role/").status_code == 403
