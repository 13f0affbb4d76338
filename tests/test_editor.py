"""The Markdown field in a real browser: nothing that goes wrong around it costs a word."""

import io
import re

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from PIL import Image as Picture
from playwright.sync_api import expect

from portfolio.models import Image, Tool

from .factories import make_tool

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def signed_in(context, live_server, admin_user):
    client = Client()
    client.force_login(admin_user)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([cookie | {"url": live_server.url}])


def form_of_a_tool(page, live_server):
    """Its Markdown field holds `some words`."""
    page.goto(live_server.url + reverse("admin:portfolio_tool_change", args=[make_tool().pk]))
    page.locator("#id_note[data-markdownx-init]").wait_for()
    page.locator("#id_note").fill("some words")
    return page


@pytest.fixture
def desk(page, live_server, signed_in):
    return form_of_a_tool(page, live_server)


@pytest.fixture
def bare_desk(page, live_server, signed_in):
    """The same without our script: what it is there for."""
    page.route(
        re.compile(r"/portfolio/(editor|pictures|descriptions)\b"),
        lambda route: route.fulfill(body=""),
    )
    return form_of_a_tool(page, live_server)


def text(desk):
    return desk.locator("#id_note").input_value()


def preview(desk):
    return desk.locator("#id_note ~ .markdownx-preview")


def message(desk):
    return desk.locator(".markdownx-message")


def picture_file(folder, name, colour="red", format="PNG"):
    Picture.new("RGB", (20, 10), colour).save(folder / name, format)
    return str(folder / name)


def drop(desk, selector, *files):
    """Drag files from the desktop onto the middle of an element."""
    target = desk.locator(selector)
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    event = {
        "x": box["x"] + box["width"] / 2,
        "y": box["y"] + box["height"] / 2,
        "data": {"items": [], "files": files, "dragOperationsMask": 1},
    }
    session = desk.context.new_cdp_session(desk)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", event | {"type": kind})


def drag(desk, source, target):
    """Drag what is selected from near the left edge of one field to that of another."""
    places = []
    for selector in (source, target):
        box = desk.locator(selector).bounding_box()
        places.append((box["x"] + 25, box["y"] + 20))
    desk.mouse.move(*places[0])
    desk.mouse.down()
    desk.mouse.move(*places[1], steps=10)
    desk.mouse.up()


# The keyboard.


@pytest.mark.once
def test_tab_leaves_the_field_both_ways(desk):
    desk.focus("#id_note")
    desk.keyboard.press("Tab")
    expect(desk.locator("#id_note")).not_to_be_focused()
    desk.keyboard.press("Shift+Tab")
    expect(desk.locator("#id_note")).to_be_focused()
    assert text(desk) == "some words"


@pytest.mark.once
def test_tab_would_be_trapped_without_the_script(bare_desk):
    bare_desk.focus("#id_note")
    bare_desk.keyboard.press("Tab")
    expect(bare_desk.locator("#id_note")).to_be_focused()
    assert "\t" in text(bare_desk)


@pytest.mark.once
def test_the_browsers_shortcuts_do_not_change_the_text(desk):
    desk.focus("#id_note")
    for keys in ("Control+d", "Control+[", "Control+]"):
        desk.keyboard.press(keys)
    assert text(desk) == "some words"


# Pictures.


@pytest.mark.once
def test_dropped_pictures_are_added_in_order_and_can_be_undone(desk, tmp_path):
    desk.evaluate("document.querySelector('#id_note').setSelectionRange(5, 5)")
    red, blue = picture_file(tmp_path, "red.png"), picture_file(tmp_path, "blue.png", "blue")
    drop(desk, "#id_note", red, blue)
    expect(message(desk)).to_contain_text("Added")
    first, second = (image.file.url for image in Image.objects.order_by("pk"))
    assert text(desk) == f"some words\n\n![]({first})\n\n![]({second})"
    expect(preview(desk).locator("img")).to_have_count(2)
    desk.focus("#id_note")
    desk.keyboard.press("Control+z")
    desk.keyboard.press("Control+z")
    assert text(desk) == "some words"


@pytest.mark.once
def test_a_refused_picture_says_why_and_leaves_the_text_alone(desk, tmp_path):
    drop(desk, "#id_note", picture_file(tmp_path, "moving.gif", format="GIF"))
    expect(message(desk)).to_contain_text("moving.gif: The file is not a picture")
    assert text(desk) == "some words"


@pytest.mark.once
def test_a_refused_picture_would_spoil_the_text_without_the_script(bare_desk, tmp_path):
    drop(bare_desk, "#id_note", picture_file(tmp_path, "moving.gif", format="GIF"))
    expect(bare_desk.locator("#id_note")).to_have_value("some wordsInvalid response")


@pytest.mark.once
@pytest.mark.parametrize("answer", [{"status": 413, "body": "<html>too large"}, None])
def test_a_picture_that_does_not_get_through_leaves_the_text_alone(desk, tmp_path, answer):
    finish = (lambda route: route.fulfill(**answer)) if answer else (lambda route: route.abort())
    desk.route("**/admin/upload/", finish)
    drop(desk, "#id_note", picture_file(tmp_path, "large.png"))
    expect(message(desk)).to_contain_text("large.png: It did not get through")
    assert text(desk) == "some words"


@pytest.mark.once
def test_what_is_selected_while_a_picture_is_added_stays(desk, tmp_path):
    desk.locator("#id_note").select_text()
    drop(desk, "#id_note", picture_file(tmp_path, "red.png"))
    expect(message(desk)).to_contain_text("Added")
    assert text(desk) == f"some words\n\n![]({Image.objects.get().file.url})"
    assert desk.evaluate("getSelection().toString()") == "some words"


@pytest.mark.once
def test_a_picture_added_meanwhile_does_not_take_the_cursor_away(desk, tmp_path):
    arrived = []
    desk.route("**/admin/upload/", lambda route: arrived.append(route))
    drop(desk, "#id_note", picture_file(tmp_path, "red.png"))
    expect(message(desk)).to_contain_text("Adding red.png")
    desk.locator("#id_name").fill("a name")
    arrived[0].continue_()
    expect(message(desk)).to_contain_text("Added")
    desk.keyboard.type("!")
    assert desk.locator("#id_name").input_value() == "a name!"


def copy(desk, **formats):
    """Fill the clipboard as another program does: each value is text, or a picture's bytes."""
    desk.context.grant_permissions(["clipboard-read", "clipboard-write"])
    types = {name.replace("_", "/"): list(value) for name, value in formats.items()}
    desk.evaluate(
        """types => navigator.clipboard.write([new ClipboardItem(Object.fromEntries(
            Object.entries(types).map(([type, bytes]) =>
                [type, new Blob([new Uint8Array(bytes)], {type})])))])""",
        types,
    )


def png():
    output = io.BytesIO()
    Picture.new("RGB", (8, 8)).save(output, "PNG")
    return output.getvalue()


@pytest.mark.once
def test_a_picture_is_pasted_and_text_that_comes_with_one_stays_text(desk):
    copy(desk, image_png=png())
    desk.focus("#id_note")
    desk.keyboard.press("End")
    desk.keyboard.press("Control+v")
    expect(message(desk)).to_contain_text("Added")
    added = f"\n\n![]({Image.objects.get().file.url})"
    assert text(desk) == "some words" + added
    copy(desk, image_png=png(), text_plain=b" cells", text_html=b"<b>cells</b>")
    desk.focus("#id_note")
    desk.keyboard.press("Control+v")
    expect(desk.locator("#id_note")).to_have_value("some words **cells**" + added)


@pytest.mark.once
def test_a_picture_dropped_beside_the_field_does_not_leave_the_form(desk, tmp_path):
    address = desk.url
    for place in ("#id_name", "#header", ".markdownx-preview"):
        drop(desk, place, picture_file(tmp_path, "red.png"))
    expect(preview(desk)).to_contain_text("some words")
    assert desk.url == address
    assert len(desk.context.pages) == 1
    assert text(desk) == "some words"


@pytest.mark.once
def test_text_can_be_dragged_between_fields(desk):
    desk.locator("#id_name").fill("")
    desk.locator("#id_note").select_text()
    drag(desk, "#id_note", "#id_name")
    expect(desk.locator("#id_name")).to_have_value("some words")
    desk.locator("#id_name").select_text()
    drag(desk, "#id_name", "#id_note")
    expect(desk.locator("#id_note")).to_have_value("some words")


@pytest.mark.once
def test_text_could_not_be_dragged_without_the_script(bare_desk):
    bare_desk.locator("#id_name").fill("")
    bare_desk.locator("#id_note").select_text()
    drag(bare_desk, "#id_note", "#id_name")
    expect(bare_desk.locator("#id_name")).to_have_value("")


# The preview.


def test_a_lost_session_costs_nothing_once_one_is_signed_in_again(desk, live_server, admin_user):
    admin_user.set_password("correct horse")
    admin_user.save()
    Session.objects.all().delete()
    desk.locator("#id_note").press_sequentially(" and more")
    expect(preview(desk)).to_contain_text("Sign in again in another tab")
    # Saving does not lead away from what was typed.
    save = desk.locator("[name=_save]").last
    save.click()
    expect(desk.get_by_role("alert")).to_contain_text("You are signed out")
    other = desk.context.new_page()
    other.goto(live_server.url + reverse("admin:index"))
    other.fill("#id_username", admin_user.username)
    other.fill("#id_password", "correct horse")
    other.keyboard.press("Enter")
    expect(other).to_have_url(live_server.url + reverse("admin:index"))
    # It is sent by itself now that it would arrive.
    desk.wait_for_url("**/admin/portfolio/tool/")
    assert Tool.objects.get().note == "some words and more"


@pytest.mark.once
def test_without_a_connection_a_form_stays_until_there_is_one(desk):
    save = desk.locator("[name=_save]").last
    desk.context.set_offline(True)
    save.click()
    expect(desk.get_by_role("alert")).to_contain_text("The server cannot be reached")
    assert text(desk) == "some words"
    desk.context.set_offline(False)
    desk.wait_for_url("**/admin/portfolio/tool/")
    assert Tool.objects.get().note == "some words"


@pytest.mark.once
@pytest.mark.parametrize("answer", [{"status": 500, "body": "\n<!doctype html><p>oops"}, None])
def test_a_preview_that_fails_says_so_until_it_works_again(desk, answer):
    finish = (lambda route: route.fulfill(**answer)) if answer else (lambda route: route.abort())
    desk.route("**/admin/preview/", finish)
    desk.locator("#id_note").fill("other words")
    expect(preview(desk)).to_have_text(
        "There is no preview at the moment; your text is still here."
    )
    desk.unroute("**/admin/preview/")
    desk.locator("#id_note").fill("new words")
    expect(preview(desk)).to_have_text("new words")
