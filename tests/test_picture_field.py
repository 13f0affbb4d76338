"""Pictures around a Markdown field: chosen with a button, and described below the text."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image as Picture
from playwright.sync_api import expect

from portfolio.models import Image

from .factories import make_image, make_tool, make_user
from .test_editor import (  # noqa: F401
    copy,
    desk,
    drop,
    message,
    picture_file,
    png,
    signed_in,
    text,
)

pytestmark = pytest.mark.django_db(transaction=True)


# In a browser.

# Keeps each value that a bar of progress has had.
WATCH = """() => {
    window.progress = [];
    new MutationObserver((changes) => {
        for (const { target } of changes) window.progress.push(target.getAttribute("value"));
    }).observe(document, { attributeFilter: ["value"], subtree: true });
}"""


@pytest.mark.once
def test_pictures_are_chosen_with_the_keyboard_wait_their_turn_and_are_described(
    desk,  # noqa: F811
    tmp_path,
    live_server,
):
    # Chromium tells of choosers only a while after it is asked to.
    desk.on("filechooser", lambda chooser: None)
    arrived = []
    desk.route("**/admin/upload/", lambda route: arrived.append(route))
    red = picture_file(tmp_path, "red.png")
    gif = picture_file(tmp_path, "a.gif", format="GIF")
    grey = str(tmp_path / "grey.png")
    Picture.effect_noise((400, 400), 80).save(grey)
    desk.focus("#id_note")
    desk.keyboard.press("End")
    with desk.expect_file_chooser() as chooser:
        desk.get_by_role("button", name="picture", exact=True).press("Enter")
    assert chooser.value.is_multiple()
    chooser.value.set_files([red, gif, grey])
    expect(desk.get_by_role("progressbar")).to_have_count(3)
    expect(message(desk)).to_have_text("Adding red.png…")
    assert len(arrived) == 1
    desk.evaluate(WATCH)
    session = desk.context.new_cdp_session(desk)
    slowly = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 400_000}
    session.send("Network.emulateNetworkConditions", slowly)
    desk.unroute("**/admin/upload/")  # which lets it go on
    expect(message(desk)).to_contain_text(
        "Added red.png, grey.png: say below what can be seen. a.gif: The"
    )
    expect(desk.get_by_role("progressbar")).to_have_count(0)
    # How much of it has gone, and then that it is being written.
    shares = desk.evaluate("progress")
    assert any(0 < float(share) < 1 for share in shares if share)
    assert None in shares
    red, green = Image.objects.order_by("pk")
    assert text(desk) == f"some words\n\n![]({red.file.url})\n\n![]({green.file.url})"

    rows = desk.get_by_role("group", name=re.compile("picture [12]"))
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("red.png")
    summary = desk.locator(".descriptions summary")
    expect(summary).to_have_text("pictures in this text: 2 · 2 without alternative text")
    rows.nth(0).get_by_label("alternative text").fill("A red box")
    rows.nth(0).get_by_label("caption").fill("red")
    with desk.expect_response(lambda answer: "caption=red" in (answer.request.post_data or "")):
        desk.keyboard.press("Tab")
    expect(summary).to_contain_text("· 1 without")
    expect(desk.locator(".markdownx-preview [alt='A red box']")).to_have_count(1)
    rows.nth(1).get_by_label("decorative").press("Space")
    expect(summary).to_have_text("pictures in this text: 2")
    expect(rows.nth(1).get_by_role("status")).to_have_text("Kept.")
    expect(rows.nth(1).get_by_label("alternative text")).to_be_disabled()
    red.refresh_from_db()
    green.refresh_from_db()
    assert (red.alt, red.caption, green.decorative) == ("A red box", "red", True)

    # What is said is kept even if the form is sent right after, and is no part of the form.
    rows.nth(0).get_by_label("alternative text").fill("A box")
    with (
        desk.expect_request(live_server.url + reverse("editing:describe")),
        desk.expect_request(
            lambda request: request.method == "POST" and "/change/" in request.url
        ) as saved,
    ):
        desk.locator("[name=_save]").first.click()
    desk.wait_for_url("**/admin/portfolio/tool/")
    assert "A box" not in saved.value.post_data
    expect(desk.locator(".success")).to_be_visible()
    red.refresh_from_db()
    assert red.alt == "A box"


def place_cursor(desk, at):  # noqa: F811
    desk.evaluate("at => document.querySelector('#id_note').setSelectionRange(at, at)", at)


@pytest.mark.once
def test_a_picture_lands_where_it_was_dropped_whatever_is_typed_meanwhile(
    desk,  # noqa: F811
    tmp_path,
):
    held = []
    desk.route("**/admin/upload/", lambda route: held.append(route))
    desk.locator("#id_note").fill("first\n\nsecond\n\n[^1]: third\n\n    more")
    pictures = [picture_file(tmp_path, "red.png"), picture_file(tmp_path, "b.png", "blue")]
    with desk.expect_request("**/admin/upload/"):
        drop_at(desk, "second", *pictures)
    expect(message(desk)).to_have_text("Adding red.png…")
    place_cursor(desk, 0)
    desk.keyboard.type("zeroth\n\n")
    desk.keyboard.press("Control+End")
    desk.keyboard.type("!")
    desk.keyboard.press("ControlOrMeta+Z")
    with desk.expect_request("**/admin/upload/"):
        held[0].continue_()
    desk.keyboard.type("?")
    held[1].continue_()
    expect(message(desk)).to_contain_text("Added red.png, b.png")
    desk.keyboard.type("!")
    red, blue = (image.file.url for image in Image.objects.order_by("pk"))
    rest = "[^1]: third\n\n    more?!"
    before = f"zeroth\n\nfirst\n\nsecond\n\n![]({red})\n\n"
    assert text(desk) == f"{before}![]({blue})\n\n{rest}"
    for _ in range(2):
        desk.keyboard.press("ControlOrMeta+Z")
    assert text(desk) == before + rest.removesuffix("!")


def drop_at(desk, words, *files):  # noqa: F811
    """Drop files on the line of a field that begins with these words, near its left edge."""
    line = text(desk).partition(words)[0].count("\n")
    box = desk.locator("#id_note").bounding_box()
    height = desk.evaluate(
        "parseFloat(getComputedStyle(document.querySelector('#id_note')).lineHeight)"
    )
    top = desk.evaluate(
        "parseFloat(getComputedStyle(document.querySelector('#id_note')).paddingTop)"
    )
    event = {"x": box["x"] + 40, "y": box["y"] + top + (line + 0.5) * height}
    event["data"] = {"items": [], "files": files, "dragOperationsMask": 1}
    session = desk.context.new_cdp_session(desk)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", event | {"type": kind})


@pytest.mark.once
def test_a_picture_pasted_on_a_free_line_lets_one_go_on_below_it(desk):  # noqa: F811
    copy(desk, image_png=png())
    desk.locator("#id_note").fill("some words\n\n")
    desk.keyboard.press("Control+v")
    expect(message(desk)).to_contain_text("Added")
    desk.keyboard.type("more")
    url = Image.objects.get().file.url
    assert text(desk) == f"some words\n\n![]({url})\n\nmore"


@pytest.mark.once
def test_the_address_of_a_picture_is_said_if_its_field_cannot_take_it(
    desk,  # noqa: F811
    tmp_path,
):
    held = []
    desk.route("**/admin/upload/", lambda route: held.append(route))
    with desk.expect_request("**/admin/upload/"):
        drop(desk, "#id_note", picture_file(tmp_path, "red.png"))
    expect(message(desk)).to_have_text("Adding red.png…")
    desk.evaluate("document.querySelector('#id_note').readOnly = true")
    held[0].continue_()
    expect(message(desk)).to_contain_text("red.png is in the library at /media/")
    assert text(desk) == "some words"


# Each as the text with a bar where the picture is meant to go, and what comes of it.
ROOMS = {
    "fir|st\n\nlast": "first\n\n![]\n\nlast",
    "|first": "![]\n\nfirst",
    "|": "![]",
    "\n\n|": "\n\n![]",
    "a\n|\nb": "a\n\n![]\n\nb",
    "a\n\n  |\n\nb": "a\n\n![]\n\nb",
    "a\n\n|b": "a\n\n![]\n\nb",
    "a\nb| b\nc\n\nd": "a\nb b\nc\n\n![]\n\nd",
    "# a| b\nc": "# a b\n\n![]\n\nc",
    "a\n===|\n\nb": "a\n===\n\n![]\n\nb",
    "[^1]: a| b\n    c\n\n    d\n\ne": "[^1]: a b\n    c\n\n    d\n\n![]\n\ne",
    "[^a]: a\n\n    b|": "[^a]: a\n\n    b\n\n![]",
    "[^a]: a\n|\n    b": "[^a]: a\n\n    b\n\n![]",
    "[^a]: a|\n[^b]: b": "[^a]: a\n\n![]\n\n[^b]: b",
    "- a|\n\n- b\n\n  c\n\nd": "- a\n\n- b\n\n  c\n\n![]\n\nd",
    "1. a\n\n   ```\n\n   b|\n   ```\n2. c": "1. a\n\n   ```\n\n   b\n   ```\n2. c\n\n![]",
    "> a|\nb\n\nc": "> a\nb\n\n![]\n\nc",
    "```\na\n\n|b\n```\nc": "```\na\n\nb\n```\n\n![]\n\nc",
    "~~~\n|\n```\n~~~": "~~~\n\n```\n~~~\n\n![]",
    "a\n\n```\nb|": "a\n\n![]\n\n```\nb",
    "a\n\n<!--\nb|\n": "a\n\n![]\n\n<!--\nb\n",
    "<!-- a\n\n|b -->\nc": "<!-- a\n\nb -->\n\n![]\n\nc",
    "<div>\na|\n</div>\n\nb": "<div>\na\n</div>\n\n![]\n\nb",
    "<pre>\n\na|\n</pre>": "<pre>\n\na\n</pre>\n\n![]",
    "    a|\n\n    b\n\nc": "    a\n\n    b\n\n![]\n\nc",
    "a\n\n: b|\n\n  c\n\nd": "a\n\n: b\n\n  c\n\n![]\n\nd",
    "مرحبا| بكم\n\nb": "مرحبا بكم\n\n![]\n\nb",
}
PUT = """async (texts) => {
    const { roomFor } = await import("/static/portfolio/blocks.js");
    return texts.map((text) => {
        const at = text.indexOf("|");
        text = text.replace("|", "");
        const { from, to, before, after } = roomFor(text, at);
        return text.slice(0, from) + before + "![]" + after + text.slice(to);
    });
}"""


@pytest.mark.once
def test_a_picture_gets_a_paragraph_of_its_own_in_no_other_block(desk):  # noqa: F811
    assert dict(zip(ROOMS, desk.evaluate(PUT, [*ROOMS]), strict=True)) == ROOMS
    # Whichever way a browser finds the place, it is in the same line.
    desk.locator("#id_note").fill("first\n\nthe third " + "word " * 100 + "\n\nlast")
    places = desk.evaluate(
        """async () => {
            const { endOfLineAt, placeAt } = await import("/static/portfolio/caret.js");
            const field = document.querySelector("#id_note");
            const { x, y, height } = field.getBoundingClientRect();
            const lineOf = (place) => field.value.slice(0, place).split("\\n").length;
            return [[12, 1], [height / 2, 3], [height - 12, 5]].map(([down, line]) => [
                lineOf(placeAt(field, x + 30, y + down)),
                lineOf(endOfLineAt(field, y + down)),
                line,
            ]);
        }"""
    )
    assert all(place == fallback == line for place, fallback, line in places), places


@pytest.mark.once
def test_a_description_that_is_refused_says_why_and_stays(desk):  # noqa: F811
    image = make_image(alt="")
    desk.locator("#id_note").fill(f"![]({image.file.url})")
    row = desk.get_by_role("group", name="picture 1")
    row.get_by_label("alternative text").fill("words")
    Image.objects.all().delete()
    desk.keyboard.press("Tab")
    expect(row.get_by_role("status")).to_have_text(
        "This picture is no longer in the library: add it again."
    )
    expect(row.get_by_label("alternative text")).to_have_value("words")


# What the field asks the server.


@pytest.fixture
def writer(client):
    client.force_login(make_user("portfolio.change_image", "portfolio.change_tool"))
    return client


def named(client, content):
    return client.post(reverse("editing:pictures"), {"content": content}).json()


def describe(client, image, **words):
    return client.post(reverse("editing:describe"), {"name": image.file.name} | words)


def test_the_pictures_of_a_text_are_told_in_its_order(writer):
    first, second, other = (make_image(alt=alt) for alt in ("", "words", ""))
    answer = named(writer, f"![]({second.file.url}) ![]({first.file.url}) /media/{'f' * 20}.png")
    told = [(p["name"], p["alt"], p["undescribed"]) for p in answer["pictures"]]
    assert told == [(second.file.name, "words", False), (first.file.name, "", True)]
    assert other.file.name not in str(answer)
    assert all(picture["may_change"] for picture in answer["pictures"])
    # The text's own words count as well.
    assert not named(writer, f"![words]({first.file.url})")["pictures"][0]["undescribed"]
    assert named(writer, "no pictures")["pictures"] == []
    assert writer.post(reverse("editing:pictures")).json()["pictures"] == []


def test_a_description_is_kept_with_the_picture(writer):
    image = make_image(alt="")
    assert describe(writer, image, alt="a desk", caption="in spring").status_code == 200
    image.refresh_from_db()
    assert (image.alt, image.caption, image.decorative) == ("a desk", "in spring", False)
    assert describe(writer, image, alt="", decorative="on").status_code == 200
    image.refresh_from_db()
    assert (image.alt, image.caption, image.decorative) == ("", "in spring", True)


# Keeps back each description until it is let go.
HOLD = """() => {
    const send = window.fetch;
    window.held = [];
    window.fetch = (address, options) => {
        if (!String(address).endsWith("/describe/")) return send(address, options);
        return new Promise((arrived) => held.push(() => arrived(send(address, options))));
    };
}"""


def test_of_two_descriptions_on_their_way_at_once_neither_undoes_the_other(desk):  # noqa: F811
    image = make_image(alt="")
    desk.evaluate(HOLD)
    desk.locator("#id_note").fill(f"![]({image.file.url})")
    row = desk.get_by_role("group", name="picture 1")
    row.get_by_label("alternative text").fill("a desk")
    row.get_by_label("caption").fill("in spring")
    desk.keyboard.press("Tab")
    desk.wait_for_function("held.length === 2")
    for later_one_first in ("held[1]()", "held[0]()"):
        with desk.expect_response(f"**{reverse('editing:describe')}") as response:
            desk.evaluate(later_one_first)
        assert response.value.ok
    image.refresh_from_db()
    assert (image.alt, image.caption) == ("a desk", "in spring")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ({"alt": "words", "decorative": "on"}, "A decorative picture has no alternative text"),
        ({"decorative": "on"}, "A decorative picture has no alternative text"),
        ({"alt": "x" * 501}, "at most 500 characters"),
        ({"name": "nothing.png"}, "no longer in the library"),
        ({"name": ""}, "no longer in the library"),
        ({"name": "a\0b"}, "no longer in the library"),
        ({"name": f"{'0' * 20}.png\n"}, "no longer in the library"),
        ({"name": "x" * 100_000}, "no longer in the library"),
        ({"alt": "a\0b"}, "Null characters are not allowed"),
        ({"caption": "a\0b"}, "Null characters are not allowed"),
    ],
)
def test_a_description_that_cannot_be_kept_is_refused_as_json(writer, words, reason):
    image = make_image(alt="as it was")
    response = describe(writer, image, **words)
    assert response.status_code == 400
    assert reason in response.json()["error"]
    image.refresh_from_db()
    assert image.alt == "as it was"


def test_half_a_character_in_a_description_is_refused(writer):
    image = make_image(alt="as it was")
    body = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in {"name": image.file.name, "alt": "\\ud800"}.items()
    )
    for charset, status in (("unicode_escape", 400), ("utf-8", 200)):
        content_type = f"multipart/form-data; boundary=x; charset={charset}"
        content = body.encode() + b"--x--\r\n"
        response = writer.post(reverse("editing:describe"), content, content_type=content_type)
        assert response.status_code == status
    image.refresh_from_db()
    assert image.alt == "\\ud800"


@pytest.mark.parametrize(
    ("permissions", "overrides"),
    [
        (["portfolio.view_image", "portfolio.add_image", "portfolio.change_tool"], {}),
        (["portfolio.change_image"], {"is_staff": False}),
        (None, {}),
    ],
)
def test_only_who_may_change_pictures_describes_them(client, permissions, overrides):
    image = make_image(alt="")
    if permissions:
        client.force_login(make_user(*permissions, **overrides))
    response = describe(client, image, alt="forged")
    assert response.status_code == 403
    assert response.json()["error"]
    image.refresh_from_db()
    assert image.alt == ""


def test_who_may_write_but_not_change_pictures_sees_what_is_said(client):
    image = make_image(alt="")
    client.force_login(make_user("portfolio.change_tool"))
    assert named(client, image.file.url)["pictures"][0]["may_change"] is False
    client.force_login(make_user("portfolio.view_image"))
    assert client.post(reverse("editing:pictures"), {"content": "x"}).status_code == 403


def test_a_description_needs_the_csrf_token_and_has_to_be_posted(admin_user):
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    image = make_image(alt="")
    assert describe(client, image, alt="forged").status_code == 403
    client.cookies["csrftoken"] = token = "a" * 32
    assert describe(client, image, alt="ours", csrfmiddlewaretoken=token).status_code == 200
    for name in ("pictures", "describe"):
        assert client.get(reverse(f"editing:{name}")).status_code == 405


@pytest.mark.once
def test_without_the_script_the_form_has_no_part_for_pictures(admin_client):
    page = admin_client.get(reverse("admin:portfolio_tool_change", args=[make_tool().pk])).text
    assert 'type="module"' in page
    assert "<script>" not in page
    assert 'type="file"' not in page
