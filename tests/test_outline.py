"""The outline of a page: one first heading, no level left out, landmarks that are told apart."""

from collections import Counter
from itertools import pairwise

import pytest

from portfolio.markdown import render
from portfolio.models import Profile
from portfolio.months import Month
from tests.factories import (
    make_entry,
    make_evidence,
    make_focus,
    make_principle,
    make_role,
    make_tool,
)
from tests.test_archives import make_entries
from tests.test_pages import document

pytestmark = [pytest.mark.once, pytest.mark.django_db]

LISTS = [
    *("/", "/now/", "/roles/", "/thinking/", "/journal/", "/tools/", "/lessons/", "/cv/"),
    *("/search/", "/search/?q=words", "/nothing/"),
]
PAGES = [
    *LISTS,
    *("/roles/one/", "/thinking/one/", "/tools/one/", "/journal/2026/", "/journal/2026/01/"),
    *("/journal/2026/01/one/", "/journal/before/2026/01/one/", "/tools/one/before/2026/01/one/"),
    *("/roles/one/before/2026/01/one/", "/journal/2026/before/2026/01/one/"),
    "/journal/2026/01/before/2026/01/one/",
]
BODIES = {
    "plain": "words.",
    "from one": "# a\n\n## b\n\n### c",
    "from two": "## a\n\n### b",
    "from three": "### a\n\nwords\n\n### b",
    "with a gap": "# a\n\n#### b\n\n###### c",
    "underlined": "a\n===\n\nb\n---",
    "raw": "<h1>a</h1>\n\n<H2 title='<h1>'>b</H2>\n\nwords <h3>c</h3>",
    "raw landmarks": "<main>a</main><header>b</header><footer>c</footer><nav>d</nav>",
    "unclosed": "<h1>a\n\n<section><div>",
    "closing what it did not open": "</section></div></article></main></body><h1>a</h1>",
    "in lists and notes": "> # a\n\n- ## b\n\nx[^1]\n\n[^1]: # c",
    "six": "###### a",
    "in any order": "#### a\n\n# b\n\n### c\n\n## d\n\n##### e",
    "in a comment": "<!-- <h1> -->\n\nwords <!-- <h2> -->\n\n### a",
}


@pytest.fixture(params=BODIES)
def body(request):
    return BODIES[request.param]


@pytest.fixture
def site(body):
    tool = make_tool(slug="one", note=body)
    texts = dict.fromkeys(["problem", "approach", "impact", "learned", "broke"], body)
    role = make_role(slug="one", tools=[tool], **texts)
    make_role()
    make_entries(30, tool=tool, role=role, month=Month(2026, 1), body=body)
    entry = make_entry(slug="one", month=Month(2026, 1), body=body, tools=[tool], role=role)
    principle = make_principle(slug="one", body=body)
    make_evidence(principle=principle, entry=entry)
    make_focus(until=Month(2020, 1))
    make_focus()
    Profile.objects.create(name="Ada", about=body)


def levels(page):
    names = ("h1", "h2", "h3", "h4", "h5", "h6")
    return [int(element.tag[1]) for element in page.iter() if element.tag in names]


def check(page, address):
    found = levels(page)
    assert found.count(1) == 1, (address, found)
    assert found[0] == 1, (address, found)
    assert all(after <= before + 1 for before, after in pairwise(found)), (address, found)
    assert len([*page.iter("main")]) == 1, address
    for landmark in ("main", "header", "footer"):
        assert len(page.findall(f"body/{landmark}")) == 1, (address, landmark)
    names = Counter(nav.get("aria-label") for nav in page.iter("nav"))
    assert None not in names, address
    assert set(names.values()) == {1}, (address, names)


@pytest.mark.parametrize("address", LISTS)
def test_an_empty_site_has_the_outline_of_a_page(client, address):
    check(document(client.get(address)), address)


def test_no_text_of_the_author_breaks_the_outline(client, site):
    for address in PAGES:
        response = client.get(address)
        assert response.status_code == (404 if address == "/nothing/" else 200), address
        check(document(response), address)


@pytest.mark.parametrize("body", ["# a\n\n### b"])
def test_headings_follow_the_one_that_they_stand_under(client, site):
    expected = {"/journal/2026/01/one/": 2, "/thinking/one/": 2, "/tools/one/": 2, "/thinking/": 3}
    for address, level in expected.items():
        page = document(client.get(address))
        (heading,) = [e for e in page.iter() if "".join(e.itertext()) == "a" and e.tag[0] == "h"]
        assert heading.tag == f"h{level}", address
    home = document(client.get("/"))
    assert {e.tag for e in home.iter() if e.text == "a"} == {"h3", "h4"}  # about; below each thing


def test_without_the_shift_the_outline_would_break():
    """The control."""
    assert "<h1 " in render(BODIES["from one"], under=0)
    assert "<h1 " not in render(BODIES["from one"])
    assert "<h1 " in render(BODIES["raw"], under=0)
    assert "<h1 " not in render(BODIES["raw"])
