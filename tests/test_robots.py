"""What search engines are let in to: the public site alone, as two parsers understand it."""

from urllib.robotparser import RobotFileParser

import pytest
from protego import Protego

from tests.factories import make_entry

pytestmark = pytest.mark.django_db

PUBLIC = ["/", "/now/", "/journal/2026/01/one/", "/journal/2026/01/one/index.html.md"]
NEVER = ["/admin/", "/admin/login/"]


@pytest.fixture
def open_site(settings):
    settings.SITE_URL = "http://example.org"
    settings.ALLOWED_HOSTS = ["example.org", "staging.example.org"]


def allowed(text, address):
    """Whether both parsers let a crawler in; they have to agree."""
    ours = RobotFileParser()
    ours.parse(text.splitlines())
    answers = {
        ours.can_fetch("AnyBot", f"http://example.org{address}"),
        Protego.parse(text).can_fetch(f"http://example.org{address}", "AnyBot"),
    }
    assert len(answers) == 1, address
    return answers.pop()


def get(client, address, host="example.org"):
    return client.get(address, headers={"host": host})


@pytest.mark.parametrize("host", ["example.org", "EXAMPLE.ORG"])
def test_the_public_site_lets_crawlers_in_but_to_the_desk(client, open_site, host):
    response = get(client, "/robots.txt", host)
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert [address for address in [*PUBLIC, *NEVER] if allowed(response.text, address)] == PUBLIC
    assert "X-Robots-Tag" not in response


def test_it_names_the_sitemap_where_the_site_is(client, open_site):
    text = get(client, "/robots.txt").text
    assert [*Protego.parse(text).sitemaps] == ["http://example.org/sitemap.xml"]


def test_another_host_is_closed(client, open_site):
    text = get(client, "/robots.txt", "staging.example.org").text
    assert not any(allowed(text, address) for address in [*PUBLIC, *NEVER])
    assert "itemap" not in text


def test_another_port_is_another_host(client, open_site):
    assert not allowed(get(client, "/robots.txt", "example.org:8443").text, "/")


@pytest.mark.parametrize(
    "address",
    [*PUBLIC, "/nothing/", "/sitemap.xml", "/llms.txt", "/static/portfolio/site.css", "/?a=%00"],
)
def test_every_answer_of_a_closed_host_says_so(client, open_site, address):
    make_entry(slug="one")
    assert get(client, address, "staging.example.org")["X-Robots-Tag"] == "noindex"
    # The control: what says so is the host.
    assert "X-Robots-Tag" not in get(client, address)


def test_a_host_that_is_refused_is_closed(client, open_site):
    response = get(client, "/", "evil.example")
    assert response.status_code == 400
    assert response["X-Robots-Tag"] == "noindex"


def test_it_is_sent_again_only_when_it_changed(client, open_site):
    tag = get(client, "/robots.txt")["ETag"]
    headers = {"if-none-match": tag, "host": "example.org"}
    assert client.get("/robots.txt", headers=headers).status_code == 304
    headers["host"] = "staging.example.org"
    assert client.get("/robots.txt", headers=headers).status_code == 200
