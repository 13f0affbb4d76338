"""The list of this site's pages that `[[` opens: what is in it for whom, and how one chooses."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from .factories import make_entry, make_principle, make_role, make_tool, make_user
from .test_editor import signed_in  # noqa: F401  (a fixture)
from .test_toolbar import RULES, fill, shown

pytestmark = pytest.mark.django_db(transaction=True)
LINKS = "/admin/links/"


def titles(client, text=""):
    return [link["title"] for link in client.get(LINKS, {"q": text}).json()["links"]]


def test_each_kind_comes_with_its_state_and_address(admin_client):
    make_role(title="garden role", slug="a")
    make_entry(title="garden entry", slug="b", publish_at=None)
    make_principle(title="garden principle", slug="c", publish_at=timezone.now() + timedelta(1))
    make_tool(name="garden tool", slug="d")
    response = admin_client.get(LINKS, {"q": "garden"})
    assert "no-store" in response["Cache-Control"]
    assert [tuple(link.values()) for link in response.json()["links"]] == [
        ("garden principle", "principle", "scheduled", "/thinking/c/"),
        ("garden entry", "entry", "draft", "/journal/2026/01/b/"),
        ("garden role", "role", "live", "/roles/a/"),
        ("garden tool", "tool", "live", "/tools/d/"),
    ]


def test_drafts_are_for_those_who_may_see_them(client):
    make_entry(title="open garden")
    make_entry(title="secret garden", publish_at=None)
    client.force_login(make_user("portfolio.change_tool"))
    assert titles(client, "garden") == titles(client) == ["open garden"]
    client.force_login(make_user("portfolio.change_tool", "journal.view_entry"))
    assert set(titles(client, "garden")) == {"open garden", "secret garden"}


@pytest.mark.parametrize("who", ["nobody", "a reader", "staff without rights"])
def test_others_are_refused(client, who):
    if who == "a reader":
        client.force_login(make_user("journal.change_entry", is_staff=False))
    elif who == "staff without rights":
        client.force_login(make_user())
    response = client.get(LINKS)
    assert response.status_code == 403
    assert response.json()["error"].endswith(".")
    client.force_login(make_user("journal.change_entry"))
    assert client.get(LINKS).status_code == 200
    assert client.post(LINKS).status_code == 405


def test_the_beginning_of_a_title_comes_before_that_of_a_word_and_the_newest_before_older(
    admin_client,
):
    now = timezone.now()
    for age, title in enumerate(
        ["the gardening", "over-engardened", "Gardens old", "a garden of words", "garden"]
    ):
        make_entry(title=title, updated_at=now + timedelta(hours=age), month="2026-01")
    assert titles(admin_client, "garden") == [
        *("garden", "Gardens old"),
        *("a garden of words", "the gardening"),
        "over-engardened",
    ]
    assert titles(admin_client)[0] == "garden"
    assert titles(admin_client, "words a garden") == ["a garden of words"]


def test_case_and_accents_are_folded(admin_client):
    make_entry(title="Ünruhige Nächte in Łódź")
    for text in ("ünr", "unruhige na", "NACHTE", "lodz", "Nächte"):
        assert titles(admin_client, text) == ["Ünruhige Nächte in Łódź"], text
    assert titles(admin_client, "nichte") == []


def test_lists_have_pages_too(admin_client):
    assert titles(admin_client, "now") == ["now"]
    link = admin_client.get(LINKS, {"q": "less"}).json()["links"][0]
    assert link == {"title": "lessons", "kind": "list", "state": "live", "address": "/lessons/"}


@pytest.mark.parametrize(
    "text", ["%", "_", '"', "'", "[[", "\\", "🌱", "a" * 50_000, "* OR *", "\u200b"]
)
def test_any_text_is_answered(admin_client, text):
    make_entry(title="garden")
    assert titles(admin_client, text) == []


def test_the_list_costs_the_same_however_much_there_is(admin_client, django_assert_num_queries):
    def ask():
        # The session, the user, their rights in two, how the word goes on, and each of four kinds.
        with django_assert_num_queries(9):
            return titles(admin_client, "garden")

    make_entry(title="garden")
    assert len(ask()) == 1
    for make in (make_entry, make_role, make_principle):
        for number in range(10):
            make(title=f"garden {number}")
    assert len(ask()) == 20


# In a browser.


@pytest.fixture
def desk(page, live_server, signed_in):  # noqa: F811
    """A new entry's form, in a site with three pages about gardens, one of them a draft."""
    make_entry(title="a garden [draft] *", slug="draft", publish_at=None)
    make_tool(name="garden tool", slug="tool")
    make_entry(title="a river")
    page.goto(live_server.url + reverse("admin:portfolio_tool_add"))
    page.get_by_role("toolbar", name="Markdown").wait_for()
    return page


@pytest.mark.once
def test_a_page_is_chosen_with_keys(desk):
    options = desk.get_by_role("option")
    fill(desk, "see |")
    desk.keyboard.type("[[gard")
    expect(options).to_have_text(["garden tool tool · live", "a garden [draft] * entry · draft"])
    note = desk.locator("#id_note")
    expect(note).to_have_attribute("aria-activedescendant", "page-0")
    for key, at in [("ArrowDown", 1), ("ArrowDown", 0), ("ArrowUp", 1)]:
        desk.keyboard.press(key)
        expect(options.nth(at)).to_have_attribute("aria-selected", "true")
        expect(note).to_have_attribute("aria-activedescendant", f"page-{at}")
    found = Axe().run(
        desk,
        context={"include": [[".form-row:has(.markdown-tools)"], ["#pages"]]},
        options={"runOnly": {"type": "tag", "values": RULES}},
    )
    assert not found.response["violations"], found.generate_report()
    desk.keyboard.press("Enter")
    link = "see [a garden \\[draft\\] \\*](/journal/2026/01/draft/)"
    assert shown(desk) == f"{link}|"
    expect(desk.get_by_role("listbox")).to_be_hidden()
    desk.keyboard.press("Control+z")
    expect(desk.locator("#id_note")).to_have_value("see [[gard")


@pytest.mark.once
def test_escape_keeps_the_text_and_code_has_no_links(desk):
    pages = desk.get_by_role("listbox")
    fill(desk, "")
    desk.keyboard.type("[[gard")
    expect(pages).to_be_visible()
    desk.keyboard.press("Escape")
    expect(pages).to_be_hidden()
    with desk.expect_response("**/admin/preview/"):
        desk.keyboard.type("en")
    expect(pages).to_be_hidden()
    desk.keyboard.type(" [[riv")
    expect(pages).to_be_visible()
    # Tab leaves the field, and the list closes.
    desk.keyboard.press("Tab")
    expect(pages).to_be_hidden()
    assert desk.locator("#id_note").input_value() == "[[garden [[riv"
    fill(desk, "```\n|\n```")
    with desk.expect_response("**/admin/preview/"):
        desk.keyboard.type("[[gard")
    expect(pages).to_be_hidden()


@pytest.mark.once
def test_the_button_makes_a_link_of_what_is_selected_and_a_press_chooses(desk):
    desk.emulate_media(color_scheme="dark")
    desk.set_viewport_size({"width": 360, "height": 740})
    fill(desk, "wow!|garden|")
    desk.get_by_role("button", name="[[ page").click()
    option = desk.get_by_role("option", name="garden tool")
    expect(option).to_be_visible()
    box = desk.get_by_role("listbox").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    option.click()
    assert shown(desk) == "wow\\![garden](/tools/tool/)|"
    expect(desk.locator("#id_note")).to_be_focused()


@pytest.mark.once
def test_a_list_that_does_not_come_leaves_the_text_alone(desk):
    fill(desk, "")
    desk.route("**/admin/links/*", lambda route: route.fulfill(status=502, body="<p>oops"))
    desk.keyboard.type("[[gard")
    expect(desk.get_by_text("The list of pages did not get through")).to_be_visible()
    assert shown(desk) == "[[gard|"
