"""Serving pictures: only ours, forever, and harmless even if one were not a picture."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

from .factories import make_image


@pytest.fixture
def image(db):
    return make_image()


def body(response):
    """What was sent. It has to be read to its end, or the file stays open."""
    return b"".join(response)


def test_a_picture_is_served_with_its_bytes_type_and_length(client, image):
    response = client.get(image.file.url)
    content = body(response)
    with image.file.open() as file:
        assert content == file.read()
    assert response["Content-Type"] == "image/png"
    assert int(response["Content-Length"]) == len(content)


@pytest.mark.parametrize(
    ("extension", "content_type"),
    [("jpg", "image/jpeg"), ("png", "image/png"), ("webp", "image/webp"), ("avif", "image/avif")],
)
def test_the_type_follows_from_our_own_name(client, db, extension, content_type):
    name = default_storage.save(f"{'0' * 20}.{extension}", ContentFile(b"<script>"))
    response = client.get(f"/media/{name}")
    assert body(response) == b"<script>"
    assert response["Content-Type"] == content_type


def assert_kept_and_harmless(response):
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Vary" not in response
    assert not response.cookies


def test_a_picture_may_be_kept_forever_and_can_do_nothing(client, image):
    response = client.get(image.file.url)
    assert body(response)
    assert_kept_and_harmless(response)
    # The control: the site's own policy, which the sandbox replaces.
    assert "script-src 'self'" in client.get("/media/none")["Content-Security-Policy"]


def test_a_picture_known_already_is_not_sent_again(client, image):
    response = client.get(image.file.url)
    assert body(response)
    etag = response["ETag"]
    known = client.get(image.file.url, headers={"If-None-Match": etag})
    assert known.status_code == 304
    assert known.content == b""
    assert known["ETag"] == etag
    # A browser takes these over into the copy that it has.
    assert_kept_and_harmless(known)
    other = client.get(image.file.url, headers={"If-None-Match": '"another"'})
    assert other.status_code == 200
    assert body(other)


def test_head_says_the_same_without_the_picture(client, image):
    head, get = client.head(image.file.url), client.get(image.file.url)
    assert head.status_code == 200
    assert dict(head.headers) == dict(get.headers)
    assert body(get)
    assert not body(head)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_a_picture_can_only_be_read(client, image, method):
    assert getattr(client, method)(image.file.url).status_code == 405
    assert default_storage.exists(image.file.name)


def test_a_missing_picture_is_not_found_and_not_remembered(client, db):
    response = client.get(f"/media/{'0' * 20}.png", headers={"If-None-Match": "*"})
    assert response.status_code == 404
    assert "Cache-Control" not in response


@pytest.mark.parametrize(
    "name",
    [
        "secret.txt",
        "0123456789abcdef0123.html",
        "0123456789abcdef0123.svg",
        "0123456789abcdef0123.png.html",
        "0123456789ABCDEF0123.png",
        "folder/0123456789abcdef0123.png",
    ],
)
def test_a_file_of_any_other_name_is_not_found(client, db, name):
    default_storage.save(name, ContentFile(b"kept to ourselves"))
    default_storage.save("0123456789abcdef0123.png", ContentFile(b"a picture"))
    assert client.get(reverse("media", args=[name])).status_code == 404
    assert body(client.get("/media/0123456789abcdef0123.png")) == b"a picture"


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "folder/../../secret.txt",
        "/etc/passwd",
        "%00",
        "0123456789abcdef0123.png%00",
        "0123456789abcdef0123.png%0a",
        "",
        "%ff",
    ],
)
def test_no_path_leads_out_of_the_folder(client, db, media_root, path):
    media_root.parent.joinpath("secret.txt").write_text("kept to ourselves")
    default_storage.save("0123456789abcdef0123.png", ContentFile(b"a picture"))
    assert client.get(f"/media/{path}").status_code == 404
