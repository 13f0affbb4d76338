"""The reader's own scheme: chosen in the colophon, remembered, and there before the first paint."""

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

LIGHT, DARK = "rgb(250, 248, 243)", "rgb(22, 21, 15)"
PAPER = "getComputedStyle(document.documentElement).backgroundColor"


def choose(page, name):
    page.get_by_role("group", name="theme").get_by_text(name, exact=True).click()


def test_without_a_choice_the_page_is_as_the_system_is(page, live_server):
    page.goto(live_server.url)
    expect(page.get_by_role("radio", name="system")).to_be_checked()
    for scheme, paper in (("light", LIGHT), ("dark", DARK)):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(PAPER) == paper


def test_a_choice_holds_on_every_page_whatever_the_system_is(page, live_server):
    page.emulate_media(color_scheme="light")
    page.goto(live_server.url)
    choose(page, "dark")
    assert page.evaluate(PAPER) == DARK
    page.goto(live_server.url + "/now/")
    assert page.evaluate(PAPER) == DARK
    expect(page.get_by_role("radio", name="dark")).to_be_checked()
    choose(page, "system")
    page.reload()
    assert page.evaluate(PAPER) == LIGHT


def test_the_choice_is_there_before_the_first_paint(page, live_server):
    """What comes after the page has been read must not be what sets it."""
    page.goto(live_server.url)
    choose(page, "dark")
    page.route("**/site.js", lambda route: route.abort())
    page.reload()
    assert page.evaluate(PAPER) == DARK
    page.route("**/theme.js", lambda route: route.abort())
    page.reload()
    assert page.evaluate(PAPER) == LIGHT


def test_the_switch_works_by_keyboard(page, live_server):
    page.goto(live_server.url)
    page.get_by_role("radio", name="system").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="light")).to_be_checked()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="dark")).to_be_focused()
    assert page.evaluate(PAPER) == DARK


def test_other_tabs_follow(page, live_server):
    page.goto(live_server.url)
    other = page.context.new_page()
    other.goto(live_server.url + "/now/")
    choose(page, "dark")
    expect(other.get_by_role("radio", name="dark")).to_be_checked()
    assert other.evaluate(PAPER) == DARK


def test_the_admin_follows_and_is_followed(page, live_server):
    page.goto(live_server.url)
    choose(page, "dark")
    page.goto(live_server.url + "/admin/login/")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.evaluate("localStorage.theme = 'light'")
    page.goto(live_server.url)
    expect(page.get_by_role("radio", name="light")).to_be_checked()


def test_the_colour_around_the_page_follows(page, live_server):
    page.goto(live_server.url)
    page.evaluate(
        """() => {
          for (const meta of document.querySelectorAll('[name="theme-color"]')) meta.remove();
          for (const scheme of ["light", "dark"]) {
            const meta = document.createElement("meta");
            meta.name = "theme-color";
            meta.media = `(prefers-color-scheme: ${scheme})`;
            document.head.append(meta);
          }
        }"""
    )
    media = "[...document.querySelectorAll('[name=\"theme-color\"]')].map(meta => meta.media)"
    choose(page, "dark")
    assert page.evaluate(media) == ["not all", "all"]
    choose(page, "light")
    assert page.evaluate(media) == ["all", "not all"]
    choose(page, "system")
    assert page.evaluate(media) == ["(prefers-color-scheme: light)", "(prefers-color-scheme: dark)"]


def test_without_javascript_there_is_no_switch(new_context, live_server):
    page = new_context(java_script_enabled=False, color_scheme="dark").new_page()
    page.goto(live_server.url)
    expect(page.get_by_role("contentinfo")).to_be_visible()
    expect(page.get_by_role("group", name="theme")).to_be_hidden()


# The key that leads to search.

SEARCH_LINK = """
() => {
  const link = document.createElement("a");
  link.href = "/search/";
  document.querySelector(".masthead").append(link);
  const field = document.createElement("input");
  field.id = "field";
  document.querySelector("main").append(field);
}
"""


@pytest.fixture
def searchable(page, live_server):
    page.goto(live_server.url)
    page.evaluate(SEARCH_LINK)
    return page


def test_a_slash_leads_to_search(searchable, live_server):
    searchable.keyboard.press("/")
    searchable.wait_for_url(live_server.url + "/search/")


def test_a_slash_goes_to_the_field_where_there_is_one(page, live_server):
    page.goto(live_server.url + "/nothing-here/")
    page.keyboard.press("/")
    expect(page.get_by_role("textbox", name="search")).to_be_focused()
    expect(page.get_by_role("textbox", name="search")).to_have_value("")


def test_a_slash_that_is_typed_is_a_slash(searchable, live_server):
    searchable.locator("#field").focus()
    searchable.keyboard.type("and/or")
    expect(searchable.locator("#field")).to_have_value("and/or")
    assert searchable.url == live_server.url + "/"


def test_the_key_can_be_switched_off(searchable, live_server):
    searchable.get_by_text("searches").click()
    searchable.keyboard.press("/")
    searchable.reload()
    expect(searchable.get_by_role("checkbox", name="/ searches")).not_to_be_checked()
    searchable.evaluate(SEARCH_LINK)
    searchable.keyboard.press("/")
    assert searchable.url == live_server.url + "/"
    searchable.get_by_text("searches").click()
    searchable.keyboard.press("/")
    searchable.wait_for_url(live_server.url + "/search/")
