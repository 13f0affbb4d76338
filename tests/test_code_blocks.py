"""A block of code: its language, copying it, and lines that are wider than the page."""

import pytest
from playwright.sync_api import expect

from .factories import make_principle

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

CODE = 'def wide():\n    return "' + "x" * 120 + '"\n'
TEXT = f"```python\n{CODE}```\n\n```\nno language\n```\n\n    indented\n"


@pytest.fixture
def address(live_server):
    make_principle(slug="code", body=TEXT)
    return live_server.url + "/thinking/code/"


@pytest.fixture
def reader(page, address):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address)
    return page


LABEL = "element => getComputedStyle(element, '::before').content"


def test_the_language_stands_above_its_code(reader):
    blocks = reader.locator(".code")
    assert blocks.nth(0).evaluate(LABEL) == '"python"'
    assert [blocks.nth(n).evaluate(LABEL) for n in (1, 2)] == ['""', '""']


def test_the_language_is_no_part_of_the_text(reader):
    assert reader.locator("pre").first.inner_text() == CODE
    assert "python" not in reader.locator("main").inner_text()


def test_code_is_copied_as_it_was_written_and_that_is_said(reader):
    button = reader.locator(".code > button").first
    expect(button).to_have_accessible_name("copy")
    button.click()
    expect(reader.get_by_role("status")).to_have_text("copied")
    expect(button).to_have_text("copied")
    assert reader.evaluate("navigator.clipboard.readText()") == CODE
    expect(button).to_have_text("copy")
    expect(reader.get_by_role("status")).to_be_empty()


def test_a_copy_that_failed_is_said_to_have_failed(reader):
    reader.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    reader.get_by_role("button", name="copy").first.click()
    expect(reader.get_by_role("status")).to_have_text("not copied")


def test_the_button_works_by_keyboard(reader):
    reader.get_by_role("button", name="copy").nth(1).press("Enter")
    expect(reader.get_by_role("status")).to_have_text("copied")
    assert reader.evaluate("navigator.clipboard.readText()") == "no language\n"


def test_there_is_no_button_without_javascript(new_context, address):
    page = new_context(java_script_enabled=False).new_page()
    page.goto(address)
    assert page.locator(".code").first.evaluate(LABEL) == '"python"'
    expect(page.get_by_role("button")).to_have_count(0)


OVERFLOW = "element => element.scrollWidth - element.clientWidth"


def test_wide_code_scrolls_in_its_own_box_which_a_key_reaches(reader):
    reader.set_viewport_size({"width": 360, "height": 800})
    block = reader.get_by_role("group", name="python code")
    assert block.evaluate(OVERFLOW) > 500
    assert reader.locator("html").evaluate(OVERFLOW) == 0
    assert block.evaluate("element => element.tabIndex") == 0
    assert reader.get_by_role("group", name="code", exact=True).count() == 2


def test_wide_code_is_wrapped_on_paper(reader):
    reader.set_viewport_size({"width": 700, "height": 800})
    block = reader.locator("pre").first
    assert block.evaluate(OVERFLOW) > 0
    reader.emulate_media(media="print")
    assert block.evaluate(OVERFLOW) == 0
    expect(reader.get_by_role("button")).to_have_count(0)


def test_nothing_moves_when_the_buttons_come(page, address):
    page.route("**/site.js", lambda route: route.abort())
    page.goto(address)
    place = "element => element.getBoundingClientRect().top"
    before = page.locator("pre").nth(1).evaluate(place)
    page.unroute("**/site.js")
    page.reload()
    expect(page.get_by_role("button").first).to_be_visible()
    assert page.locator("pre").nth(1).evaluate(place) == before
