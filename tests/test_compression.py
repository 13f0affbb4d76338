"""Pages travel in brotli, to those who take it, unless there is a secret in them."""

import brotli
import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from portfolio.middleware import SHORT, compress
from tests.factories import make_entry

LONG = "x" * (SHORT + 1)


def answer(response, **headers):
    request = RequestFactory().get("/", headers={"Accept-Encoding": "br"} | headers)
    return compress(lambda request: response)(request)


@pytest.mark.django_db
def test_a_page_is_sent_in_brotli(client):
    make_entry(slug="one")
    for address in ("/", "/journal/2026/01/one/", "/nothing/"):
        plain = client.get(address)
        small = client.get(address, headers={"Accept-Encoding": "gzip, deflate, br"})
        assert small["Content-Encoding"] == "br"
        assert brotli.decompress(small.content) == plain.content
        assert int(small["Content-Length"]) == len(small.content) < len(plain.content) / 2
        assert "Accept-Encoding" in small["Vary"]
        assert "Accept-Encoding" in plain["Vary"]


@pytest.mark.parametrize("accepted", ["", "gzip", "identity", "br;q=0", "br; q=0.0, gzip", "brr"])
def test_who_does_not_take_brotli_gets_plain_text(accepted):
    response = answer(HttpResponse(LONG), **{"Accept-Encoding": accepted})
    assert response.text == LONG
    assert "Content-Encoding" not in response


@pytest.mark.parametrize("accepted", ["br", "gzip;q=0.5, br;q=0.1", "gzip,br", "br;q=1.0"])
def test_who_takes_brotli_in_any_wording_gets_it(accepted):
    response = answer(HttpResponse(LONG), **{"Accept-Encoding": accepted})
    assert brotli.decompress(response.content).decode() == LONG


@pytest.mark.django_db
def test_a_page_that_depends_on_a_cookie_stays_as_it_is(client):
    response = client.get("/admin/login/", headers={"Accept-Encoding": "br"})
    assert "csrfmiddlewaretoken" in response.text
    assert "Content-Encoding" not in response


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse("x" * SHORT),
        HttpResponse(LONG, content_type="image/png"),
        HttpResponse(LONG, headers={"Content-Encoding": "gzip"}),
    ],
    ids=["short", "a picture", "encoded"],
)
def test_what_would_gain_nothing_stays_as_it_is(response):
    before = response.content, dict(response.items())
    after = answer(response)
    assert (after.content, dict(after.items())) == before


def test_an_etag_becomes_weak_since_the_bytes_differ():
    assert answer(HttpResponse(LONG, headers={"ETag": '"a"'}))["ETag"] == 'W/"a"'
    assert answer(HttpResponse(LONG, headers={"ETag": 'W/"a"'}))["ETag"] == 'W/"a"'
