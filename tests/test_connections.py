"""What leads to what: a connection is there from both of its ends, and none to what is hidden."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from portfolio.months import Month
from tests.factories import (
    make_entry,
    make_evidence,
    make_focus,
    make_principle,
    make_role,
    make_tool,
)
from tests.test_pages import document

pytestmark = pytest.mark.django_db

HIDDEN = {"draft": None, "scheduled": timedelta(days=1)}


def links(client, address):
    """Where the content of a page leads, in order."""
    page = document(client.get(address))
    return [a.get("href") for a in page.find(".//main").iter("a")]


@pytest.fixture
def things():
    tool = make_tool(slug="hammer")
    role = make_role(slug="lead", tools=[tool])
    entry = make_entry(slug="one", month=Month(2026, 1), role=role, tools=[tool])
    principle = make_principle(slug="simple")
    make_evidence(principle=principle, role=role)
    make_evidence(principle=principle, entry=entry, verdict="broke")
    return {
        "tool": "/tools/hammer/",
        "role": "/roles/lead/",
        "entry": "/journal/2026/01/one/",
        "principle": "/thinking/simple/",
    }


BOTH_WAYS = [
    *(("tool", "role"), ("tool", "entry"), ("role", "entry")),
    *(("principle", "role"), ("principle", "entry")),
]


@pytest.mark.parametrize(("one", "other"), BOTH_WAYS)
def test_a_connection_is_there_from_both_ends(client, things, one, other):
    assert things[other] in links(client, things[one])
    assert things[one] in links(client, things[other])


def test_a_principle_says_where_it_was_kept_and_where_broken_and_so_do_they(client, things):
    page = client.get("/thinking/simple/").text
    assert page.index(">kept<") < page.index("/roles/lead/")
    assert page.index(">broke<") < page.index("/journal/2026/01/one/")

    def said(address):
        page = document(client.get(address))
        items = page.iterfind(".//ul[@class='connections']/li")
        return [" ".join("".join(item.itertext()).split()) for item in items]

    assert any(item.startswith("kept principle") for item in said("/roles/lead/"))
    assert any(item.startswith("broke principle") for item in said("/journal/2026/01/one/"))


@pytest.mark.parametrize("state", HIDDEN)
@pytest.mark.parametrize("kind", ["role", "entry", "principle"])
def test_what_is_hidden_is_connected_to_nothing(client, things, kind, state):
    from journal.models import Entry
    from portfolio.models import Principle
    from roles.models import Role

    model = {"role": Role, "entry": Entry, "principle": Principle}[kind]
    after = HIDDEN[state]
    # The control: it is there while it is live.
    others = [address for name, address in things.items() if name != kind]
    assert any(things[kind] in links(client, address) for address in others)
    model.objects.update(publish_at=after and timezone.now() + after)
    for address in others:
        assert things[kind] not in links(client, address), address
    assert "evidence" not in client.get("/thinking/simple/").text or kind != "principle"


def test_neighbours_skip_what_is_hidden(client):
    for make, address in (
        (make_role, "/roles/{}/"),
        (make_principle, "/thinking/{}/"),
    ):
        for position, slug in enumerate(["a", "b", "c", "d", "e"]):
            publish_at = {"b": None, "d": timezone.now() + timedelta(days=1)}.get(
                slug, timezone.now()
            )
            make(slug=slug, position=position, publish_at=publish_at)
        page = document(client.get(address.format("c")))
        neighbours = page.find(".//nav[@aria-label='neighbours']")
        found = [(a.get("rel"), a.get("href")) for a in neighbours.iter("a")]
        assert found == [("prev", address.format("a")), ("next", address.format("e"))]


# Lessons.


def lessons(client):
    """What the page tells, as {voice: [(text, where it leads)]}."""
    page = document(client.get("/lessons/"))
    return {
        section.find("h2").text: [
            ("".join(item.find("div").itertext()).strip(), item.find("p/a").get("href"))
            for item in section.iterfind("ul/li")
        ]
        for section in page.iter("section")
        if section.find("h2") is not None
    }


def test_lessons_are_told_in_two_voices_each_with_where_it_was(client):
    make_role(slug="a", learned="patience.", broke="the *build*.", position=1)
    make_role(slug="b", learned="", broke="trust.", position=2)
    make_role(slug="c", learned="to ask.", broke="", position=3)
    make_role(slug="d", learned="", broke="")
    make_role(slug="e", learned="a secret.", broke="a secret.", publish_at=None)
    assert lessons(client) == {
        "what broke": [("the build.", "/roles/a/"), ("trust.", "/roles/b/")],
        "what i learned": [("patience.", "/roles/a/"), ("to ask.", "/roles/c/")],
    }


def test_a_voice_that_says_nothing_is_not_heard(client):
    make_role(slug="a", learned="patience.", broke="")
    assert [*lessons(client)] == ["what i learned"]
    assert "nothing broke yet" not in client.get("/lessons/").text


def test_lessons_of_nothing_say_so(client):
    assert "nothing broke yet" in client.get("/lessons/").text


# Now.


def statement(client, text):
    """What the page says of a statement below it, and under which heading."""
    page = document(client.get("/now/"))
    for section in page.iter("section"):
        heading = next(e.text for e in section.iter() if e.tag in ("h1", "h2"))
        for item in section.iter("li"):
            said = [" ".join("".join(p.itertext()).split()) for p in item.iter("p")]
            if said[0] == text:
                return heading, said[1:]
    return None


def plainly(client, text):
    """The same of its plain form."""
    heading = "now"
    for line in client.get("/now/index.html.md").text.splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        if line.startswith(f"- {text}"):
            return heading, re.findall(r"\(([^)]+)\)", line)
    return None


THIS, PAST, FUTURE = Month.now(), Month(2020, 3), Month(9000, 1)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, ("now", [])),
        (PAST, None, ("now", ["since mar 2020"])),
        (THIS, None, ("now", [f"since {THIS}"])),
        (None, FUTURE, ("now", ["until jan 9000"])),
        (PAST, FUTURE, ("now", ["mar 2020 – jan 9000"])),
        (THIS, THIS, ("now", [str(THIS)])),
        (PAST, PAST, ("earlier", ["mar 2020"])),
        (Month(2019, 1), PAST, ("earlier", ["jan 2019 – mar 2020"])),
        (None, PAST, ("earlier", ["until mar 2020"])),
        (FUTURE, None, None),
        (FUTURE, FUTURE, None),
    ],
)
def test_a_statement_has_its_months_and_its_place(client, since, until, expected):
    make_focus(text="it", since=since, until=until)
    assert statement(client, "it") == plainly(client, "it") == expected
    assert ("it" in [s.text for s in client.get("/").context["statements"]]) == (
        expected is not None and expected[0] == "now"
    )


def test_only_what_is_current_can_be_out_of_date(client):
    yesterday = timezone.localdate() - timedelta(days=1)
    make_focus(text="current", review_by=yesterday)
    make_focus(text="ending", review_by=yesterday, until=FUTURE)
    make_focus(text="ended", review_by=yesterday, until=PAST)
    make_focus(text="fresh", review_by=timezone.localdate())
    stale = {text: str(statement(client, text)) for text in ("current", "ending", "ended", "fresh")}
    assert {text for text, said in stale.items() if "out of date" in said} == {"current", "ending"}
    assert all(statement(client, text) == plainly(client, text) for text in stale)


def test_earlier_statements_are_the_latest_first(client):
    for year in (2018, 2021, 2019):
        make_focus(text=f"until {year}", until=Month(year, 6))
    page = client.get("/now/").text
    places = [page.index(f">until {year}<") for year in (2021, 2019, 2018)]
    assert places == sorted(places)
