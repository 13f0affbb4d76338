"""The preview beside the Markdown field: the real rendering, for those who write."""

import pytest
from django.test import Client
from django.urls import reverse

from .factories import make_user


def preview(client, content, **headers):
    return client.post(reverse("editing:preview"), {"content": content}, headers=headers)


@pytest.fixture
def editor(client, db):
    client.force_login(make_user("journal.change_entry"))
    return client


def test_a_preview_is_the_text_as_html_that_nobody_keeps(editor):
    response = preview(editor, "some *words*")
    assert response.status_code == 200
    assert "some <em>words</em>" in response.content.decode()
    assert "no-store" in response["Cache-Control"]


def test_opening_a_hostile_draft_does_not_attack_the_editor(editor):
    text = "*begin*\n\n<script>alert(1)</script>\n\n[a](javascript:alert(1)) <img onerror=alert(1)>"
    html = preview(editor, text).content.decode()
    assert "<em>begin</em>" in html
    for danger in ("<script", 'href="javascript', "<img onerror"):
        assert danger not in html


@pytest.mark.parametrize(
    "permission",
    ["portfolio.add_tool", "portfolio.change_profile", "roles.change_role", "journal.add_entry"],
)
def test_whoever_may_write_anything_may_preview(client, db, permission):
    client.force_login(make_user(permission))
    assert preview(client, "words").status_code == 200


def test_a_signed_out_preview_is_refused_as_json(client, db):
    response = preview(client, "words")
    assert response.status_code == 403
    assert "Sign in" in response.json()["error"]
    assert "words" not in response.content.decode()


@pytest.mark.parametrize(
    ("permissions", "overrides"),
    [
        ([], {}),
        (["journal.view_entry", "journal.delete_entry", "auth.change_user"], {}),
        (["journal.change_entry"], {"is_staff": False}),
        (["journal.change_entry"], {"is_active": False}),
    ],
)
def test_a_preview_for_someone_who_cannot_write_is_refused_as_json(
    client, db, permissions, overrides
):
    client.force_login(make_user(*permissions, **overrides))
    response = preview(client, "words")
    assert response.status_code == 403
    assert response.json()["error"]


def test_a_preview_needs_the_csrf_token(db):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("journal.change_entry"))
    assert preview(client, "words").status_code == 403
    client.cookies["csrftoken"] = token = "a" * 32
    assert preview(client, "words", **{"X-CSRFToken": token}).status_code == 200


def test_a_preview_without_text_is_refused_as_json(editor):
    address = reverse("editing:preview")
    for response in (
        editor.post(address),
        editor.post(address, {"text": "words"}),
        editor.post(address, {"content": "words"}, content_type="application/json"),
    ):
        assert response.status_code == 400
        assert response.json()["error"]
    assert preview(editor, "").content == b""


def test_a_text_too_long_for_the_field_is_refused_as_json(editor):
    response = preview(editor, "word " * 1_000_000)
    assert response.status_code == 400
    assert response.json()["error"]


def test_a_body_too_large_to_read_is_refused(editor, settings):
    size = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert preview(editor, "x" * (size + 1)).status_code == 400


@pytest.mark.parametrize(
    "content", ["a\0b", "\ufffe\U0010ffff", "\r\x0b\x1b", "\u202e\u2066", "😀"]
)
def test_odd_characters_do_not_break_the_preview(editor, content):
    assert preview(editor, content).status_code == 200


@pytest.mark.parametrize("body", [b"content=%ED%A0%80", b"content=%FF%00", b"content=\xff"])
def test_bytes_that_are_no_text_do_not_break_the_preview(editor, body):
    content_type = "application/x-www-form-urlencoded"
    response = editor.post(reverse("editing:preview"), body, content_type=content_type)
    assert response.status_code == 200


def test_a_preview_has_to_be_posted(editor):
    assert editor.get(reverse("editing:preview")).status_code == 405
