"""Suggestions while typing, in a browser: a combobox, and nothing lost without it."""

import re
from pathlib import Path

import brotli
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.factories import make_entry, make_tool

pytestmark = pytest.mark.django_db(transaction=True)
SCRIPT = Path(__file__).parent.parent / "portfolio/static/portfolio/search.js"


@pytest.fixture
def field(page, live_server):
    make_tool(name="gardens", slug="gardens")
    make_entry(title="a garden <b>", slug="one")
    make_entry(title="a river")
    page.goto(f"{live_server.url}/search/")
    return page.get_by_role("combobox", name="search")


def is_at(page, live_server, path):
    expect(page).to_have_url(live_server.url + path)


@pytest.mark.once
def test_titles_are_suggested_and_chosen_with_keys(page, live_server, field):
    field.press_sequentially("gard")
    options = page.get_by_role("option")
    expect(options).to_have_text(["gardens tools", "a garden <b> journal"])
    expect(page.get_by_role("status")).to_have_text("2 suggestions")
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(field).not_to_have_attribute("aria-activedescendant", re.compile("."))
    for key, chosen in [("Down", 0), ("Down", 1), ("Down", None), ("Up", 1), ("Up", 0)]:
        field.press(f"Arrow{key}")
        expect(page.get_by_role("option", selected=True)).to_have_count(int(chosen is not None))
        if chosen is not None:
            option = options.nth(chosen)
            expect(option).to_have_attribute("aria-selected", "true")
            expect(field).to_have_attribute("aria-activedescendant", option.get_attribute("id"))
    expect(field).to_be_focused()
    field.press("Enter")
    is_at(page, live_server, "/tools/gardens/")


@pytest.mark.once
def test_escape_closes_the_list_and_keeps_the_words(page, field):
    field.press_sequentially("gard")
    expect(page.get_by_role("listbox")).to_be_visible()
    field.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(field).to_have_value("gard")


@pytest.mark.once
def test_enter_without_a_choice_searches(page, live_server, field):
    field.press_sequentially("gard")
    expect(page.get_by_role("option")).to_have_count(2)
    field.press("Enter")
    is_at(page, live_server, "/search/?q=gard")


@pytest.mark.once
def test_a_suggestion_can_be_clicked(page, live_server, field):
    field.press_sequentially("gard")
    page.get_by_role("option", name="a garden").click()
    is_at(page, live_server, "/journal/2026/01/one/")


@pytest.mark.once
def test_leaving_the_field_closes_the_list(page, field):
    field.press_sequentially("gard")
    expect(page.get_by_role("listbox")).to_be_visible()
    field.press("Tab")
    expect(page.get_by_role("listbox")).to_be_hidden()


@pytest.mark.once
def test_an_answer_that_comes_too_late_is_not_shown(page, field):
    held = []
    page.route("**/suggest/?q=gard", lambda route: held.append(route))
    with page.expect_request("**/suggest/?q=gard"):
        field.fill("gard")
    field.fill("river")
    expect(page.get_by_role("option")).to_have_text(["a river journal"])
    for route in held:
        route.continue_()
    page.unroute_all()
    field.fill("")
    expect(page.get_by_role("listbox")).to_be_hidden()
    field.fill("river")
    expect(page.get_by_role("option")).to_have_text(["a river journal"])


@pytest.mark.once
def test_without_a_network_nothing_is_said(page, field):
    errors = []
    page.on("pageerror", lambda error: errors.append(error))
    page.route("**/suggest/**", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        field.fill("gard")
    expect(page.get_by_role("listbox")).to_be_hidden()
    assert errors == []


@pytest.mark.once
def test_the_open_list_breaks_no_rule_of_accessibility(page, field):
    field.press_sequentially("gard")
    expect(page.get_by_role("option")).to_have_count(2)
    field.press("ArrowDown")
    expect(page.get_by_role("option", selected=True)).to_be_visible()
    found = Axe().run(page).response["violations"]
    assert found == [], [rule["id"] for rule in found]


@pytest.mark.once
def test_the_form_works_without_scripts(browser, live_server):
    make_tool(name="gardens", slug="gardens")
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/search/")
        page.get_by_role("textbox", name="search").fill("garden")
        page.get_by_role("button", name="search").click()
        page.get_by_role("link", name="gardens").click()
        is_at(page, live_server, "/tools/gardens/")


def test_the_script_is_small_and_only_where_it_is_used(client):
    assert len(brotli.compress(SCRIPT.read_bytes())) <= 2048
    assert "search.js" in client.get("/search/").text
    assert "search.js" not in client.get("/").text


def test_suggestions_are_not_kept(client):
    response = client.get("/search/suggest/?q=a")
    assert response["Content-Type"] == "application/json"
    assert "no-store" in response["Cache-Control"]
    assert client.post("/search/suggest/").status_code == 405
