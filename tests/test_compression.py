"""Text leaves compressed as the browser likes it, and comes out the same."""

import gzip

import brotli
import pytest
from django.test import RequestFactory

from portfolio.negotiation import preferred_encoding
from tests.factories import make_image, make_role

DECODE = {"br": brotli.decompress, "gzip": gzip.decompress}


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("GZIP;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("*", "br"),
        ("*;q=0", None),
        ("br;q=0, *", "gzip"),
        ("identity;q=1, br;q=0.5", None),
        ("identity;q=0.5, br", "br"),
        ("br;q=nonsense", "br"),
        (",;=,", None),
        ("a," * 5000 + "br", None),
    ],
)
def test_the_header_chooses_the_encoding(header, encoding):
    assert preferred_encoding(header) == encoding


@pytest.mark.django_db
@pytest.mark.parametrize("encoding", DECODE)
def test_a_page_is_the_same_compressed(client, encoding):
    make_role(problem="long enough. " * 100)
    plain = client.get("/roles/")
    packed = client.get("/roles/", headers={"Accept-Encoding": encoding})
    assert packed["Content-Encoding"] == encoding
    assert len(packed.content) == int(packed["Content-Length"]) < len(plain.content)
    assert DECODE[encoding](packed.content) == plain.content
    assert "Content-Encoding" not in plain
    assert "Accept-Encoding" in plain["Vary"] and "Accept-Encoding" in packed["Vary"]


@pytest.mark.django_db
def test_a_picture_is_left_alone(client):
    image = make_image()
    response = client.get(image.file.url, headers={"Accept-Encoding": "br, gzip"})
    assert "Content-Encoding" not in response
    assert b"".join(response.streaming_content).startswith(b"\x89PNG")


def test_a_strong_etag_becomes_weak():
    from django.http import HttpResponse

    from portfolio.compression import compress

    def view(request):
        return HttpResponse("text " * 1000, headers={"ETag": '"of-the-plain-bytes"'})

    request = RequestFactory().get("/", headers={"Accept-Encoding": "br"})
    assert compress(view)(request)["ETag"] == 'W/"of-the-plain-bytes"'
    assert compress(view)(RequestFactory().get("/"))["ETag"] == '"of-the-plain-bytes"'
