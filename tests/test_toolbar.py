"""The buttons and keys of the Markdown field, and its count of words, in a browser."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from .factories import make_tool

pytestmark = pytest.mark.django_db(transaction=True)

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture
def signed_in(context, live_server, admin_user):
    client = Client()
    client.force_login(admin_user)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([cookie | {"url": live_server.url}])


@pytest.fixture
def desk(page, live_server, signed_in):
    """A tool's form, whose Markdown field is empty."""
    page.goto(live_server.url + reverse("admin:portfolio_tool_change", args=[make_tool().pk]))
    page.get_by_role("toolbar", name="Markdown").wait_for()
    return page


def fill(desk, text):
    """Set the field's text and select what stands between two bars, or put the cursor at one."""
    start, *rest = text.split("|")
    end = len(start) + len(rest[0]) if len(rest) == 2 else len(start)
    desk.evaluate(
        """([text, start, end]) => {
            const field = document.querySelector("#id_note");
            field.focus();
            field.select();
            document.execCommand(text ? "insertText" : "delete", false, text);
            field.setSelectionRange(start, end);
        }""",
        [start + "".join(rest), len(start), end],
    )


def shown(desk):
    """The text with its selection, as `fill` takes it."""
    text, start, end = desk.evaluate(
        """() => {
            const {value, selectionStart, selectionEnd} = document.querySelector("#id_note");
            return [value, selectionStart, selectionEnd];
        }"""
    )
    if start == end:
        return f"{text[:start]}|{text[start:]}"
    return f"{text[:start]}|{text[start:end]}|{text[end:]}"


MARKS = [
    ("b", "some |bold| words", "some **|bold|** words"),
    ("b", "some **|bold|** words", "some |bold| words"),
    ("b", "some |**bold**| words", "some |bold| words"),
    ("b", "some bo|ld words", "some **|bold|** words"),
    ("b", "some| bold |words", "some **|bold|** words"),
    ("b", "", "**|**"),
    ("b", "**|**", "|"),
    ("b", "|one\n\ntwo|", "|**one**\n\n**two**|"),
    ("b", "fühl’s| מילה", "**|fühl’s|** מילה"),
    ("i", "|x|", "*|x|*"),
    ("i", "**|x|**", "***|x|***"),
    ("i", "***|x|***", "**|x|**"),
    ("i", "_|x|_", "|x|"),
    ("e", "run |make|", "run `|make|`"),
    ("e", "run `|make|`", "run |make|"),
    ("e", "|a`b|", "``|a`b|``"),
    ("e", "say\n|one\ntwo|", "say\n```|\none\ntwo\n```"),
    ("e", "|```js\none\ntwo\n```|", "|one\ntwo|"),
    ("e", "|```\none\n```|\n", "|one|\n"),
    ("k", "a |word| here", "a [word](|) here"),
    ("k", "a wo|rd here", "a [word](|) here"),
    ("k", "|https://a.example/|", "[|](https://a.example/)"),
    ("k", "a [wo|rd](/x/) here", "a |word| here"),
    ("k", "", "[|]()"),
]


@pytest.mark.once
def test_keys_mark_what_is_selected_or_the_word_and_a_second_time_take_it_away(desk):
    for key, before, after in MARKS:
        fill(desk, before)
        desk.keyboard.press(f"Control+{key}")
        assert shown(desk) == after, (key, before)
        desk.keyboard.press("Control+z")
        assert shown(desk).replace("|", "") == before.replace("|", ""), ("undone", key, before)


LINES = [
    ("- one|", "- one\n- |"),
    ("  * one|", "  * one\n  * |"),
    ("9. one|", "9. one\n10. |"),
    ("- [x] one|", "- [x] one\n- [ ] |"),
    ("> one|", "> one\n> |"),
    ("> - one|", "> - one\n> - |"),
    ("- one\n- |", "- one\n|"),
    ("- on|e", "- on\n- |e"),
    ("|- one", "\n|- one"),
    ("one|", "one\n|"),
    ("---|", "---\n|"),
    ("* * *|", "* * *\n|"),
    ("```\n- one|", "```\n- one\n|"),
    ("```\na\n```\n- one|", "```\na\n```\n- one\n- |"),
]


@pytest.mark.once
def test_a_new_line_goes_on_with_a_list_or_a_quotation_and_an_empty_item_ends_it(desk):
    for before, after in LINES:
        fill(desk, before)
        desk.keyboard.press("Enter")
        assert shown(desk) == after, before
        desk.keyboard.press("Control+z")
        assert shown(desk).replace("|", "") == before.replace("|", ""), ("undone", before)


@pytest.mark.once
def test_the_buttons_are_one_stop_of_tab_and_arrows_go_between_them(desk):
    fill(desk, "some |bold| words")
    desk.keyboard.press("Shift+Tab")
    expect(desk.get_by_role("button", name="bold")).to_be_focused()
    desk.keyboard.press("Enter")
    assert shown(desk) == "some **|bold|** words"
    expect(desk.locator("#id_note")).to_be_focused()
    desk.keyboard.press("Shift+Tab")
    for key, name in [
        *[("ArrowLeft", "[[ page: link to one of this site"), ("ArrowLeft", "heading")],
        *[
            ("ArrowLeft", "picture"),
            ("ArrowLeft", "code"),
            ("Home", "bold"),
            ("ArrowRight", "italic"),
            ("End", "[[ page"),
        ],
    ]:
        desk.keyboard.press(key)
        expect(desk.get_by_role("button", name=name)).to_be_focused()
    desk.keyboard.press("Tab")
    expect(desk.locator("#id_note")).to_be_focused()
    desk.keyboard.press("Tab")
    expect(desk.locator("#id_note")).not_to_be_focused()


@pytest.mark.once
def test_a_press_keeps_the_selection_and_pictures_can_be_chosen(desk):
    # Chromium tells of choosers only a while after it is asked to.
    desk.on("filechooser", lambda chooser: None)
    fill(desk, "one\ntwo |three| four")
    for after in ("## two |three| four", "### two |three| four", "two |three| four"):
        desk.get_by_role("button", name="heading").click()
        assert shown(desk) == f"one\n{after}"
    desk.get_by_role("button", name="code").click()
    assert shown(desk) == "one\ntwo `|three|` four"
    with desk.expect_file_chooser():
        desk.get_by_role("button", name="picture").click()


COUNTS = {
    "": "0 words Markdown",
    "one": "1 word · under a minute",
    "a well-known don’t [link](/a/b/c/) to https://a.example/b": "6 words",
    "```python\nprint(x)\n```": "2 words",
    "我喜欢写代码": "4 words",
    "שלום עולם": "2 words",
    "word " * 300: "300 words · 1 minute",
    "word " * 1140: "1,140 words · 5 minutes",
}


@pytest.mark.once
def test_words_are_counted_in_any_script_and_time_follows_from_them(desk):
    tally = desk.locator("#id_note ~ .markdown-tally")
    for text, counted in COUNTS.items():
        fill(desk, text)
        expect(tally).to_contain_text(counted)
    assert tally.evaluate("element => element.closest('[aria-live], [role=status]')") is None


@pytest.mark.once
def test_it_fits_a_phone_and_passes_axe(desk):
    desk.set_viewport_size({"width": 360, "height": 740})
    fill(desk, "some words")
    assert desk.evaluate("document.documentElement.scrollWidth") <= 360
    for button in desk.get_by_role("toolbar").get_by_role("button").all():
        box = button.bounding_box()
        assert box["height"] >= 24 and box["width"] >= 24
    for scheme in ("light", "dark"):
        desk.emulate_media(color_scheme=scheme)
        found = Axe().run(
            desk,
            context={"include": [[".form-row:has(.markdown-tools)"]]},
            options={"runOnly": {"type": "tag", "values": RULES}},
        )
        assert not found.response["violations"], found.generate_report()


@pytest.mark.once
def test_a_field_that_comes_later_has_its_buttons_and_one_for_reading_has_none(desk):
    desk.evaluate(
        """() => {
            const later = document.createElement("div");
            later.className = "form-row";
            later.innerHTML = `<div class="markdownx"><textarea class="markdownx-editor" id="later">
                </textarea></div><textarea class="markdownx-editor" readonly></textarea>`;
            document.querySelector("form#tool_form").append(later);
            later.dispatchEvent(new CustomEvent("formset:added", {bubbles: true}));
        }"""
    )
    expect(desk.get_by_role("toolbar")).to_have_count(2)
    desk.locator("#later ~ .markdown-tally").wait_for()
    desk.locator("#later").fill("")
    desk.keyboard.press("Control+b")
    expect(desk.locator("#later")).to_have_value("****")
