"""The search of a site of plain files, in a browser: a script, as there is no server to ask."""

from urllib.parse import urljoin

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from portfolio.exchange.static import site
from tests.factories import make_entry, make_role, make_tool
from tests.server import serving
from tests.test_search_words import FOUND, TEXTS

pytestmark = [pytest.mark.once, pytest.mark.django_db]

HOSTILE = "<img src=x onerror=document.title='fired'>"


@pytest.fixture(scope="module")
def content(kept):
    make_tool(name="gardens", slug="gardens")
    make_role(title="a gardener", slug="gardener", problem="weeds, and a lighthouse.")
    make_entry(
        title="a café by the sea", slug="cafe", body="Crème brûlée, and a lighthouse, a cafe\u0301."
    )
    make_entry(title="a lighthouse", slug="lighthouse", body="It stands there.")
    make_entry(title=f"what {HOSTILE} does", slug="hostile")
    make_entry(title="a canary", body="a lighthouse", publish_at=None)


@pytest.fixture(scope="module", params=["", "portfolio/"], ids=["root", "below"])
def home(request, content, tmp_path_factory):
    """The address of the site on a server of plain files, which may be below a path."""
    root = tmp_path_factory.mktemp("root")
    with serving(root) as origin:
        site.build(root / (request.param or "."), f"{origin}/{request.param}")
        yield f"{origin}/{request.param}"


@pytest.fixture
def field(page, home):
    page.goto(f"{home}search/")
    return page.get_by_role("textbox", name="search")


def ask(field, words):
    field.fill(words)
    field.press("Enter")


def says(page, text):
    expect(page.get_by_role("status")).to_have_text(text)


def found(page):
    return page.get_by_role("article").get_by_role("link")


def test_with_keys_alone_one_types_and_comes_to_a_page(page, home, field):
    expect(field).to_be_focused()
    page.keyboard.type("lighthouse")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{home}search/?q=lighthouse")
    says(page, "3 found.")
    expect(found(page)).to_have_text(["a lighthouse", "a gardener", "a café by the sea"])
    for _ in range(2):  # past the button
        page.keyboard.press("Tab")
    expect(found(page).first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{home}journal/2026/01/lighthouse/")
    expect(page.get_by_role("heading", level=1)).to_have_text("a lighthouse")


def test_every_result_leads_to_its_page(page, home, field):
    for query in ("lighthouse", "gardens"):
        ask(field, query)
        says(page, {"lighthouse": "3 found.", "gardens": "1 found."}[query])
        for link in found(page).all():
            address = link.evaluate("link => link.href")
            assert address.startswith(home)
            answer = page.request.get(address)
            assert answer.ok and link.text_content() in answer.text()
    # The control: the server has no answer to whatever it is asked.
    assert page.request.get(f"{address}no/").status == 404


def test_an_address_with_a_query_is_answered_when_it_is_opened(page, home, field):
    expect(page.get_by_text("everything here by its words")).to_be_visible()
    page.goto(f"{home}search/?q=caf%C3%A9+sea")
    expect(field).to_have_value("café sea")
    expect(found(page)).to_have_text(["a café by the sea"])
    page.go_back()
    expect(found(page)).to_have_count(0)


def test_a_query_without_a_result_says_so(page, field):
    ask(field, "lighthouse zebra")
    says(page, "0 found.")
    expect(page.get_by_role("article")).to_have_count(0)
    # The control: it is the second word.
    ask(field, "lighthouse")
    says(page, "3 found.")


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        *(("CREME", "Crème"), ("brulée", "brûlée"), ("krem", None)),
        *(("cafe\u0301", "café"), ("café", "café"), ("cafe", "café")),
    ],
)
def test_accents_and_case_do_not_matter(page, field, query, marked):
    ask(field, query)
    says(page, f"{int(marked is not None)} found.")
    expect(page.locator("article mark")).to_have_text([marked] if marked else [])


def test_a_hostile_query_and_a_hostile_title_are_text(page, field):
    ask(field, HOSTILE)
    says(page, "1 found.")
    expect(field).to_have_value(HOSTILE)
    expect(found(page)).to_have_text([f"what {HOSTILE} does"])
    expect(page.locator("main img")).to_have_count(0)
    assert page.title() != "fired"
    # The control: as markup it runs.
    page.locator("[data-index]").evaluate("(place, text) => { place.innerHTML = text }", HOSTILE)
    expect(page).to_have_title("fired")


def test_of_many_the_best_are_shown_and_their_number_told(page, field):
    text = f"{'before ' * 50}needle{' after' * 50}"
    one = {"kind": "journal", "month": "", "address": "/", "text": text}
    many = [{**one, "title": f"number {n}"} for n in range(60)] + [{**one, "title": "a needle"}]
    page.route("**/search.json", lambda route: route.fulfill(json=many))
    ask(field, "needle")
    says(page, "61 found, the best 50.")
    expect(found(page)).to_have_count(50)
    expect(found(page).first).to_have_text("a needle")
    # Whole words, about 90 characters on either side.
    said = page.locator("article p[dir]").first.text_content()
    assert said.startswith("… before ") and said.endswith(" after …")
    assert 80 < said.index("needle") < 93 and 170 < len(said) <= 92 + 6 + 92


def test_words_of_every_script_and_phrases_are_found_as_on_the_site(page, field):
    """By a look at the index in the same table that the site's own search is tested with."""
    index = [
        {"title": title, "kind": "journal", "month": "", "address": "/", "text": text}
        for title, text in TEXTS.items()
    ]
    titles = page.evaluate(
        """async ([queries, index]) => {
          window.fetch = async () => Response.json(index);
          const script = document.querySelector("script[src*=site-search]").src;
          const titles = [];
          for (const [at, query] of queries.entries()) {
            history.replaceState(null, "", `?${new URLSearchParams({ q: query })}`);
            await import(`${script}?${at}`);
            const said = document.querySelector("[data-index] [role=status]");
            while (!said.textContent.includes("found"))
              await new Promise((done) => setTimeout(done));
            const links = document.querySelectorAll("[data-index] h2");
            titles.push([...links].map((link) => link.textContent).sort().join());
          }
          return titles;
        }""",
        [[query for query, _ in FOUND], index],
    )
    assert dict(zip(FOUND, titles, strict=True)) == {each: each[1] for each in FOUND}


@pytest.mark.parametrize(
    ("query", "marked"),
    [("東京都", "東京都"), ("C++", "C++"), ('"not to be"', "not to be"), ("בראשית", "בְּרֵאשִׁית")],
)
def test_what_is_marked_is_what_stands_in_the_text(page, field, query, marked):
    text = f"{'は東京を、' * 40}東京都 C++ not to be בְּרֵאשִׁית {'の京都' * 40}"
    index = [{"title": "one", "kind": "journal", "month": "", "address": "/", "text": text}]
    page.route("**/search.json", lambda route: route.fulfill(json=index))
    ask(field, query)
    expect(page.locator("article mark")).to_have_text([marked])
    assert page.locator("article p[dir]").text_content().strip("… ") in text


def test_without_its_index_it_says_what_to_do(page, field):
    page.route("**/search.json", lambda route: route.fulfill(status=503))
    ask(field, "lighthouse")
    says(page, "the index could not be loaded: reload the page to try again.")
    page.unroute_all()
    page.reload()
    says(page, "3 found.")


def test_without_javascript_the_page_says_where_to_look(page, field, home, new_context):
    # Playwright finds nothing in <noscript> by its text or its role.
    told = "noscript .found"
    expect(page.locator(told)).to_have_count(0)
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{home}search/?q=lighthouse")
    expect(page.locator(told)).to_contain_text("searching them needs JavaScript")
    expect(page.locator(told)).to_be_visible()
    links = [urljoin(page.url, a.get_attribute("href")) for a in page.locator(f"{told} a").all()]
    assert links == [f"{home}{name}/" for name in ("roles", "thinking", "journal")]
    assert all(page.request.get(link).ok for link in links)


def test_the_results_break_no_rule_of_accessibility(page, field):
    ask(field, "lighthouse")
    says(page, "3 found.")
    found = Axe().run(page).response["violations"]
    assert found == [], [rule["id"] for rule in found]
