"""What a reader finds on the public pages, and what bad addresses get."""

from datetime import timedelta
from itertools import pairwise

import html5lib
import pytest
from django.test import Client
from django.utils import timezone
from django.views.defaults import server_error

from portfolio.models import Profile
from portfolio.months import Month
from tests.factories import (
    make_entry,
    make_evidence,
    make_focus,
    make_outcome,
    make_principle,
    make_role,
    make_tool,
)

pytestmark = pytest.mark.django_db

PAGES = ["/", "/now/", "/roles/", "/thinking/", "/journal/", "/tools/", "/lessons/", "/cv/"]


def document(response):
    """The page as a tree; strict, so that markup with errors fails the test."""
    return html5lib.HTMLParser(namespaceHTMLElements=False, strict=True).parse(response.content)


def links(response):
    return [a.get("href") for a in document(response).iter("a")]


@pytest.mark.parametrize("address", [*PAGES, "/nothing/"])
def test_an_empty_site_has_a_designed_page_everywhere(client, address):
    response = client.get(address)
    assert response.status_code == (404 if address == "/nothing/" else 200)
    assert len(list(document(response).iter("h1"))) == 1


def test_every_page_has_one_h1_and_whole_markup(client, every_page):
    for address in every_page:
        page = document(client.get(address))
        assert len(list(page.iter("h1"))) == 1, address
        assert page.find("head/title").text.strip(), address
        ids = [element.get("id") for element in page.iter() if element.get("id")]
        assert len(ids) == len(set(ids)), address


def test_no_heading_level_is_jumped(client, every_page):
    for address in every_page:
        levels = [
            int(element.tag[1])
            for element in document(client.get(address)).iter()
            if element.tag in ("h1", "h2", "h3", "h4", "h5", "h6")
        ]
        assert all(after <= before + 1 for before, after in pairwise(levels)), (
            address,
            levels,
        )


@pytest.fixture
def every_page():
    tool = make_tool(slug="hammer", note="hits.", url="https://example.org/")
    role = make_role(
        slug="lead",
        organisation="somewhere",
        started=Month(2020, 1),
        broke="things.",
        tools=[tool],
    )
    make_role(slug="before")
    make_outcome(
        role=role, baseline="one", as_of=Month(2024, 1), source="https://example.org/proof"
    )
    entry = make_entry(slug="one", month=Month(2026, 1), tools=[tool], role=role)
    make_entry(slug="zero", month=Month(2025, 12))
    principle = make_principle(slug="simple")
    make_evidence(principle=principle, role=role)
    make_evidence(principle=principle, entry=entry, verdict="broke")
    make_focus(since=Month(2025, 1))
    make_focus(since=Month(2019, 1), until=Month(2020, 1))
    return [
        *PAGES,
        *("/roles/lead/", "/thinking/simple/", "/tools/hammer/", "/nothing/"),
        *("/journal/2026/", "/journal/2026/01/", "/journal/2026/01/one/"),
    ]


def test_no_internal_link_is_dead(client, every_page):
    seen, waiting = set(), ["/"]
    while waiting:
        address = waiting.pop()
        seen.add(address)
        response = client.get(address)
        assert response.status_code == 200, address
        found = links(response) if response["Content-Type"].startswith("text/html") else ()
        waiting += {link for link in found if link.startswith("/")} - seen - {*waiting}
    assert seen >= {"/feed.xml", *every_page} - {"/nothing/"}


def test_a_month_is_marked_up_without_a_day(client, every_page):
    page = client.get("/journal/2026/01/one/").text
    assert '<time datetime="2026-01">jan 2026</time>' in page


def test_an_entry_links_its_role_its_tools_and_its_neighbours(client, every_page):
    found = links(client.get("/journal/2026/01/one/"))
    assert {"/roles/lead/", "/tools/hammer/", "/thinking/simple/"} <= {*found}
    assert "/journal/2025/12/zero/" in found


def test_neighbours_follow_the_order_of_the_journal():
    when = timezone.now() - timedelta(days=1)
    entries = [
        make_entry(slug="a", month=Month(2025, 1), publish_at=when),
        make_entry(slug="z", month=Month(2025, 2), publish_at=when - timedelta(hours=1)),
        make_entry(slug="b", month=Month(2025, 2), publish_at=when),
        make_entry(slug="c", month=Month(2025, 2), publish_at=when),
    ]
    assert [entry.neighbours() for entry in entries] == [
        (None, entries[1]),
        (entries[0], entries[2]),
        (entries[1], entries[3]),
        (entries[2], None),
    ]


def test_a_statement_moves_to_the_earlier_ones_after_its_last_month(client):
    make_focus(text="ends this month", until=Month.now())
    make_focus(text="ended long ago", until=Month(2020, 1))
    home, now = client.get("/").text, client.get("/now/").text
    assert "ends this month" in home
    assert "ended long ago" not in home
    assert now.index("ends this month") < now.index(">earlier<") < now.index("ended long ago")


def test_a_statement_past_its_review_says_so(client):
    today = timezone.localdate()
    make_focus(text="fresh", review_by=today)
    assert "out of date" not in client.get("/now/").text
    make_focus(text="stale", review_by=today - timedelta(days=1))
    assert "out of date" in client.get("/now/").text


def test_the_site_is_called_after_the_person_or_else_the_work(client):
    def brand():
        return document(client.get("/")).find(".//h1/a").text

    assert brand() == "localhost"
    assert "<title>now · localhost</title>" in client.get("/now/").text
    Profile.objects.create()
    make_role(title="Engineering Lead")
    assert brand() == "Engineering Lead"
    Profile.objects.update(headline="someone who prunes")
    assert brand() == "someone who prunes"
    Profile.objects.update(name="Ada")
    assert brand() == "Ada"


def test_a_profile_is_shown_with_links_to_the_same_person(client):
    profile = Profile.objects.create(name="Ada", about="i *prune*.", email="ada@example.org")
    profile.links.create(label="elsewhere", url="https://example.org/ada")
    profile.links.create(label="project", url="https://example.org/", rel_me=False)
    page = client.get("/").text
    assert "<em>prune</em>" in page
    assert 'href="mailto:ada@example.org"' in page
    assert 'href="https://example.org/ada" rel="me"' in page
    assert 'href="https://example.org/" rel="me"' not in page


def test_hostile_text_is_inert_in_every_field(client):
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    make_focus(text=hostile, detail=hostile)
    tool = make_tool(slug="t", name=hostile[:100], note=hostile)
    role = make_role(slug="r", title=hostile, organisation=hostile, problem=hostile, broke=hostile)
    make_outcome(role=role, what=hostile, baseline=hostile)
    make_entry(slug="e", title=hostile, body=hostile, role=role, tools=[tool])
    make_principle(slug="p", title=hostile, summary=hostile, body=hostile)
    pages = ["/now/", "/roles/r/", "/journal/2026/01/e/", "/thinking/p/", "/tools/t/", *PAGES]
    for address in pages:
        page = document(client.get(address))
        for script in page.iter("script"):
            assert script.get("src") or script.get("type") == "application/ld+json", address
        assert not [e for e in page.iter() if any(name.startswith("on") for name in e.attrib)]


BAD_ADDRESSES = [
    "/roles/unknown/",
    "/thinking/unknown/",
    "/tools/unknown/",
    "/journal/2026/13/",
    "/journal/2026/00/",
    "/journal/0000/",
    "/journal/0000/01/",
    "/journal/9999/12/",
    "/journal/1000/01/none/",
    "/journal/2026/1/",
    "/journal/99999/",
    "/journal/٢٠٢٦/",
    "/journal/2026/01/none/",
    "/journal/2026/01/a%00b/",
    "/roles/%00/",
    "/roles/%ED%A0%80/",
    "/roles/%FF/",
    "/roles/..%2F..%2Fetc/",
    "/media/..%2F..%2Fsettings.py",
    "/media/%00.png",
    "/" + "a" * 1_000_000,
    "/roles/" + "a" * 1_000_000 + "/",
    "/journal/" + "2026/" * 200_000,
]


@pytest.mark.parametrize("address", BAD_ADDRESSES, ids=lambda address: address[:40])
def test_an_address_of_nothing_is_not_found(client, address):
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "page=99999",
        "page=-1",
        "page=%00",
        "a=" + "b" * 100_000,
        "&&&=%ED%A0%80",
        "q=%FF%00",
        "x[]=" * 900,
    ],
    ids=lambda query: query[:20],
)
@pytest.mark.parametrize("address", PAGES)
def test_absurd_queries_change_nothing(client, address, query):
    # PostgreSQL takes a NUL nowhere, so it is refused everywhere.
    expected = 400 if "%00" in query else 200
    assert client.get(f"{address}?{query}").status_code == expected


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_page_is_only_read(client, every_page, method):
    for address in every_page:
        expected = 404 if address == "/nothing/" else 405
        assert getattr(client, method)(address).status_code == expected, address


def test_a_failure_shows_the_designed_page(rf):
    response = server_error(rf.get("/"))
    assert response.status_code == 500
    assert b"something broke, and it is not you." in response.content
    document(response)


def refused():
    """What the site says to requests that it does not take, by their status and reason."""
    strict = Client(enforce_csrf_checks=True)
    return {
        "a NUL": strict.get("/?a=%00"),
        "another host": strict.get("/", headers={"host": "evil.example"}),
        "a form without a token": strict.post("/admin/login/"),
        "no form": strict.post("/"),
    }


def test_a_request_that_is_refused_gets_a_designed_page():
    for why, response in refused().items():
        assert response.status_code == (403 if "form" in why else 400), why
        page = document(response)
        assert page.find(".//h1[@class='display']") is not None, why
        assert page.find(".//meta[@name='robots']").get("content") == "noindex", why
        assert "evil.example" not in response.text
