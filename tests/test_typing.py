"""Typing in other scripts and on other devices: input methods, phones, directions, code."""

import pytest
from django.urls import reverse
from lxml import html
from playwright.sync_api import expect

from portfolio.models import FormerAddress, Profile, ProfileLink
from roles.models import Role

from .desk import change
from .factories import make_entry, make_image, make_role, make_tool
from .test_editor import signed_in  # noqa: F401  (a fixture)

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

ADD = "/admin/journal/entry/add/"

# A text that ends where one types, and whether that is code.
CODE = {
    "Use `if [[": True,
    "Use `if` [[": False,
    "``a ` b [[": True,
    "``a ` b`` [[": False,
    "`a\n[[": True,
    "`a\n\n[[": False,
    "\\`a [[": False,
    "\\\\`a [[": True,
    "`a\\` [[": False,
    "- `a\n- [[": False,
    "# `a [[": True,
    "# `a\n[[": False,
    "> `a\n> [[": True,
    "```\n[[": True,
    "```\nx `y\n````\n[[": False,
    "~~~\n`\n~~~\n[[": False,
    "- ```\n  [[": True,
    "- ```\n  ```\n  [[": False,
    "- ```\n\n  [[": True,
    "- ```\n\n[[": False,
    "- ```\na [[": False,
    "- a\n  - b\n\n    ```\n    [[": True,
    "1. ```\n   a\n   ```\n2. [[": False,
    "> ```\n> [[": True,
    "> ```\n\n[[": False,
    "> ```\n> ```\n> [[": False,
    "> - ```\n>   [[": True,
    "- a\n\nb\n\n    ```\n\n[[": False,
    "<code>[[": True,
    "a <kbd class='x'>`</KBD> [[": False,
    "<KBD>[[": True,
    "`<code>` [[": False,
    "\\<code> [[": False,
    "<codex> [[": False,
    "<!-- [[": True,
    "<!-- a --> [[": False,
    "    [[": True,
    "\t[[": True,
    "a\n    [[": False,
    "a\n\n    [[": True,
    "- a\n\n    [[": False,
    "1. a\n   b\n\n    [[": False,
    "": False,
}
ENTER = """(name, more) => document.querySelector(name).dispatchEvent(new KeyboardEvent(
    "keydown", {key: "Enter", code: "Enter", bubbles: true, cancelable: true, ...more}))"""


def press_enter(page, name, **more):
    """Press Enter as an input method does; whether it is left to do what it does."""
    return page.evaluate(f"([name, more]) => ({ENTER})(name, more)", [name, more])


def test_code_is_left_alone_in_fences_spans_and_indented(page, live_server, signed_in):  # noqa: F811
    page.goto(live_server.url + ADD)
    found = page.evaluate(
        """async (texts) => {
            const { isInCode } = await import(document.querySelector(
                "script[src*='markdown-field'], script[src*=toolbar]").src
                .replace("toolbar", "markdown-field"));
            return texts.map((text) => isInCode(text, text.length));
        }""",
        [*CODE],
    )
    assert dict(zip(CODE, found, strict=True)) == CODE


def test_enter_of_an_input_method_is_nobody_else_s(page, live_server, signed_in):  # noqa: F811
    make_entry(title="recipes")
    page.goto(live_server.url + ADD)
    body = page.locator("[name=body]")
    options = page.get_by_role("option")
    body.focus()
    page.keyboard.type("Use `[[re")
    # No list comes for code; one does for what follows it.
    page.keyboard.type("` or [[re")
    expect(options).to_have_count(1)
    written = "Use `[[re` or [[re"
    for how in ({"keyCode": 229}, {"isComposing": True}, {"keyCode": 229, "ctrlKey": True}):
        assert press_enter(page, "[name=body]", **how)
        assert body.input_value() == written
    assert page.url.endswith(ADD)
    # The control.
    page.keyboard.press("Enter")
    assert (
        body.input_value() == "Use `[[re` or [recipes](/journal/2026/01/" + body.input_value()[41:]
    )


def test_enter_in_the_title_goes_on_to_the_text(page, live_server, signed_in):  # noqa: F811
    for address, text in ((ADD, "body"), ("/admin/roles/role/add/", "problem")):
        for key in ("Enter", "Shift+Enter"):
            page.goto(live_server.url + address)
            page.get_by_role("toolbar", name="Markdown").first.wait_for()
            title = page.locator("[name=title]")
            title.fill("a title")
            title.press(key)
            expect(page.locator(f"[name={text}]")).to_be_focused()
            assert title.input_value() == "a title"
    # Not while a word is chosen.
    title.focus()
    assert page.evaluate(
        """() => document.querySelector("[name=title]").dispatchEvent(new InputEvent("beforeinput",
            {inputType: "insertLineBreak", isComposing: true, bubbles: true, cancelable: true}))"""
    )
    expect(title).to_be_focused()


def test_no_field_is_so_small_that_a_phone_zooms_into_it(new_context, live_server, admin_user):
    role = make_role(tools=[make_tool()])
    profile = Profile.objects.create(name="ada")
    ProfileLink.objects.create(profile=profile, label="code", url="https://example.org/")
    phone = new_context(viewport={"width": 375, "height": 700}, is_mobile=True, has_touch=True)
    phone.add_cookies([session_of(admin_user, live_server)])
    page = phone.new_page()
    lists = [reverse(f"admin:{name}_changelist") for name in ("roles_role", "portfolio_image")]
    forms = [change(role), change(profile), change(make_image()), ADD, "/admin/auth/user/add/"]
    for address in (*lists, *forms, "/search/", change(role).replace("change", "delete")):
        page.goto(live_server.url + address)
        small = page.evaluate(
            """() => [...document.querySelectorAll("input, textarea, select")]
                .filter((field) => !["hidden", "submit", "checkbox", "radio", "file"]
                    .includes(field.type) && parseFloat(getComputedStyle(field).fontSize) < 16)
                .map((field) => field.outerHTML)"""
        )
        assert small == [], address
    page.goto(live_server.url + change(role))
    assert page.evaluate("parseFloat(getComputedStyle(id_title).fontSize)") > 20
    assert page.evaluate("document.documentElement.scrollWidth") == 375


def session_of(user, live_server):
    from django.test import Client

    client = Client()
    client.force_login(user)
    cookie = client.cookies["sessionid"].value
    return {"name": "sessionid", "value": cookie, "url": live_server.url}


WORDS = {"dir": "auto"}
SPELT = {"dir": "ltr", "autocapitalize": "none", "autocorrect": "off", "spellcheck": "false"}


def test_fields_of_words_take_their_direction_and_spelt_ones_no_correction(admin_client):
    role = make_role()
    former = FormerAddress.objects.create(path="/earlier/", role=role)
    profile = Profile.objects.create(name="ada")
    ProfileLink.objects.create(profile=profile, label="code", url="https://example.org/")
    fields = {
        change(role): "title organisation problem learned summary _why outcomes-__prefix__-what",
        change(profile): "name headline about location links-0-label",
        change(make_tool()): "name note",
        change(make_image()): "alt caption",
        ADD: "title body",
        "/admin/portfolio/focus/add/": "text detail",
        "/admin/journal/entry/": "q",
    }
    spelt = {
        change(role): "slug outcomes-__prefix__-source",
        change(profile): "email links-0-url",
        change(make_tool()): "slug url",
        change(former): "path",
        ADD: "slug",
    }
    for expected, table in ((WORDS, fields), (SPELT, spelt)):
        for address, names in table.items():
            page = html.fromstring(admin_client.get(address).content)
            for name in names.split():
                (field,) = page.xpath(f"//*[@name='{name}']")
                assert expected.items() <= dict(field.attrib).items(), (address, name)
    assert Role.objects.count() == 1


def test_titles_of_a_list_read_in_their_own_direction(page, live_server, signed_in):  # noqa: F811
    make_entry(title="مرحبا بالعالم.")
    page.goto(live_server.url + "/admin/journal/entry/")
    cell = page.locator("#result_list .field-title")
    assert cell.evaluate("e => getComputedStyle(e).unicodeBidi") == "plaintext"
