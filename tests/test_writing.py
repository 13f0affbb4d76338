"""Writing as a person does it, in a browser: whatever happens around it, not a word is lost."""

import random
import re

import pytest
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect
from reversion.models import Revision, Version

from journal.models import Entry
from portfolio.editing.models import WorkingCopy
from roles.models import Role

from .desk import change
from .factories import make_entry, make_image, make_outcome, make_role, make_user

pytestmark = pytest.mark.django_db(transaction=True)

PASSWORD = "correct horse"


@pytest.fixture
def editor(admin_user):
    admin_user.set_password(PASSWORD)
    admin_user.save()
    return admin_user


def sign_in(context, live_server, user):
    client = Client()
    client.force_login(user)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([cookie | {"url": live_server.url}])


@pytest.fixture
def desk(page, context, live_server, editor):
    sign_in(context, live_server, editor)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.home = live_server.url
    return page


def open_form(page, item):
    page.goto(page.home + change(item))
    page.locator(".pane iframe").wait_for()


def saved(page):
    return expect(page.locator(".bar .saved"))


def shown(page):
    return page.frame_locator(".pane iframe").locator("main")


def write(page, text, field="#id_body"):
    page.locator(field).focus()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def public(item):
    return Client().get(item.get_absolute_url()).text


@pytest.mark.once
def test_the_tab_is_closed_in_the_middle_of_a_sentence(desk, context):
    entry = make_entry(body="it began")
    open_form(desk, entry)
    write(desk, " and then it")
    # Before the two seconds are over.
    desk.close(run_before_unload=True)
    again = context.new_page()
    again.home = desk.home
    open_form(again, entry)
    if again.locator(".unsaved").is_visible():
        again.get_by_role("button", name="put it back").click()
        again.wait_for_load_state()
    expect(again.locator("#id_body")).to_have_value("it began and then it")
    assert "it began" in public(entry) and "and then it" not in public(entry)


@pytest.mark.once
def test_what_is_typed_before_the_script_runs_is_kept_as_well(desk):
    entry = make_entry(publish_at=None, body="before")
    late = []
    desk.route("**/writing.js", lambda route: late.append(route))
    # The page counts as loaded only when its scripts have run.
    desk.goto(desk.home + change(entry), wait_until="commit")
    write(desk, " the script")
    late[0].continue_()
    saved(desk).to_contain_text("saved")
    assert WorkingCopy.objects.get().data["body"] == ["before the script"]


@pytest.mark.once
def test_it_is_saved_by_itself_and_the_page_beside_it_keeps_its_place(desk):
    entry = make_entry(body="\n\n".join(f"paragraph {n}" for n in range(80)))
    open_form(desk, entry)
    expect(shown(desk)).to_contain_text("paragraph 79")
    frame = desk.locator(".pane iframe").element_handle().content_frame()
    frame.evaluate("scrollTo(0, 600)")
    write(desk, " is *now* longer")
    expect(shown(desk).locator("em")).to_have_text("now")
    assert frame.evaluate("scrollY") == 600
    saved(desk).to_have_text(re.compile(r"saved \d\d:\d\d"))
    expect(desk.locator(".bar .state")).to_have_text("live with changes")
    assert WorkingCopy.objects.get().version == 1
    # Phone and dark.
    desk.get_by_role("button", name="phone").click()
    assert frame.evaluate("innerWidth") == 375
    dark, light = (
        (desk.get_by_role("button", name=name, exact=True).click(), background(frame))[1]
        for name in ("dark", "light")
    )
    assert dark != light
    # The page can neither run a script nor take the editor elsewhere.
    assert "allow-scripts" not in desk.locator(".pane iframe").get_attribute("sandbox")


def background(frame):
    return frame.evaluate("getComputedStyle(document.documentElement).backgroundColor")


@pytest.mark.once
def test_the_session_ends_and_save_is_pressed(desk, context):
    entry = make_entry(publish_at=None, body="before")
    open_form(desk, entry)
    Session.objects.all().delete()
    write(desk, " after")
    desk.locator(".bar [name=_save]").click()
    saved(desk).to_contain_text("You are signed out")
    expect(desk.locator("#id_body")).to_have_value("before after")
    # Away from the form, and signed in again.
    desk.goto(desk.home + change(entry))
    desk.fill("#id_username", "admin")
    desk.fill("#id_password", PASSWORD)
    desk.keyboard.press("Enter")
    expect(desk.locator(".unsaved")).to_contain_text("did not reach the server")
    desk.get_by_role("button", name="put it back").click()
    expect(desk.locator("#id_body")).to_have_value("before after")
    desk.locator(".bar [name=_save]").click()
    expect(desk.locator(".messagelist")).to_contain_text("Saved as a draft")
    assert Entry.objects.get().body == "before after"
    expect(desk.locator(".unsaved")).to_be_hidden()


@pytest.mark.once
@pytest.mark.parametrize("number", range(2))
def test_never_over_what_was_not_seen_by_two_windows_of_a_browser(desk, context, number):
    """A sample of the game of test_never_unseen.py, with the scripts that a writer has."""
    chance = random.Random(number)
    entry = make_entry(body="text 0")
    windows = [desk, context.new_page()]
    windows[1].home = desk.home
    for window in windows:
        open_form(window, entry)
    acknowledged = {}

    def write(window, step):
        window.locator("#id_body").fill(f"text {number}.{step}.")
        expect(window.locator(".bar .saved")).to_have_text(re.compile(r"^saved|^not saved"))
        acknowledge(window)

    def acknowledge(window):
        if window.locator(".bar .saved").text_content().startswith("saved"):
            key = window.locator("[name=_tab]").input_value()
            acknowledged[key] = window.locator("#id_body").input_value()

    def publish(window, step):
        window.locator(".bar [name=_publish]").dblclick()
        expect(window.locator(".messagelist, .conflict").first).to_be_visible()

    def reload(window, step):
        window.reload()

    def go_back(window, step):
        window.go_back()
        open_form(window, entry)

    for step in range(1, 9):
        chance.choice([write, write, publish, reload, go_back])(chance.choice(windows), step)
        there = [*Entry.objects.values_list("body", flat=True)]
        there += [copy.data["body"][0] for copy in WorkingCopy.objects.all()]
        there += Version.objects.values_list("serialized_data", flat=True)
        for text in acknowledged.values():
            assert any(text in each for each in there), (step, text)
    windows[1].close()


@pytest.mark.once
@pytest.mark.parametrize("away", ["connection", "server", "page of a hotel", "session"])
def test_what_was_not_sent_is_sent_without_a_key_being_pressed(desk, context, editor, away):
    entry = make_entry(publish_at=None, body="before")
    open_form(desk, entry)
    if away == "connection":
        context.set_offline(True)
    elif away == "server":
        desk.route("**/keep/", lambda route: route.fulfill(status=502, body="<html>"))
    elif away == "page of a hotel":
        desk.route("**/keep/", lambda route: route.fulfill(status=200, body="<html>wifi"))
    else:
        Session.objects.all().delete()
    write(desk, " after")
    saved(desk).to_contain_text("sent as soon as it can be")
    desk.locator(".bar [name=_publish]").click()
    assert not WorkingCopy.objects.exists()
    if away == "connection":
        context.set_offline(False)
    elif away != "session":
        desk.unroute("**/keep/")
    else:
        other = context.new_page()
        other.goto(desk.home + reverse("admin:index"))
        other.fill("#id_username", "admin")
        other.fill("#id_password", PASSWORD)
        other.keyboard.press("Enter")
    # The text is; what was pressed is not done later, when nobody looks.
    saved(desk).to_have_text(re.compile(r"saved \d\d:\d\d: press “publish” again"))
    assert WorkingCopy.objects.get().data["body"] == ["before after"]
    assert Entry.objects.get().state == "draft"


def test_a_double_press_publishes_once_and_says_so(desk):
    desk.goto(desk.home + reverse("admin:journal_entry_add"))
    desk.locator("#id_title").fill("pressed twice")
    write(desk, "once.")
    desk.locator(".bar [name=_publish]").dblclick()
    expect(desk.locator(".messagelist")).to_contain_text("Published: pressed twice")
    expect(desk.locator(".errorlist")).to_have_count(0)
    assert [entry.slug for entry in Entry.objects.all()] == ["pressed-twice"]
    assert not WorkingCopy.objects.exists()


@pytest.mark.once
def test_back_shows_what_is_stored_and_not_an_older_text(desk):
    entry = make_entry(body="version zero")
    for version in ("version one", "version two"):
        open_form(desk, entry)
        desk.locator("#id_body").fill(version)
        desk.locator(".bar [name=_publish]").click()
        expect(desk.locator(".messagelist")).to_contain_text("Published")
    desk.go_back()
    desk.go_back()
    expect(desk.locator("#id_body")).to_have_value("version two")
    write(desk, " and more")
    saved(desk).to_have_text(re.compile(r"saved \d\d:\d\d"))
    desk.locator(".bar [name=_publish]").click()
    expect(desk.locator(".messagelist")).to_contain_text("Published")
    assert Entry.objects.get().body == "version two and more"


@pytest.mark.once
def test_what_a_browser_puts_back_is_offered_and_not_taken_for_what_is_stored(desk):
    """Some put a text back all the same: it is played by a script that runs before ours."""
    entry = make_entry(body="version two")
    open_form(desk, entry)
    desk.add_init_script(
        "document.addEventListener('readystatechange', () => {"
        "if (document.readyState !== 'interactive') return;"
        "document.querySelector('#id_body').value = 'version one'; });"
    )
    desk.reload()
    expect(desk.locator(".unsaved")).to_contain_text("did not reach the server")
    expect(desk.locator("#id_body")).to_have_value("version two")
    assert not WorkingCopy.objects.exists()
    desk.get_by_role("button", name="put it back").click()
    # Whoever puts it back is shown both.
    expect(desk.locator(".conflict")).to_contain_text("version two")
    assert Entry.objects.get().body == "version two"


@pytest.mark.once
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": 413, "body": "<html>"}, "too large"),
        ({"status": 500, "body": "database or disk is full"}, "could not save"),
        (None, "no connection"),
    ],
)
def test_what_was_not_sent_is_kept_in_the_browser_and_offered_back(desk, answer, reason):
    entry = make_entry(publish_at=None, body="before")
    open_form(desk, entry)
    finish = (lambda route: route.fulfill(**answer)) if answer else (lambda route: route.abort())
    desk.route("**/keep/", finish)
    write(desk, " after")
    desk.keyboard.press("Control+s")
    saved(desk).to_contain_text(reason)
    desk.reload()
    expect(desk.locator("#id_body")).to_have_value("before")
    expect(desk.locator(".unsaved")).to_be_visible()
    desk.unroute("**/keep/")
    desk.get_by_role("button", name="put it back").click()
    expect(desk.locator("#id_body")).to_have_value("before after")


@pytest.mark.once
def test_something_new_is_written_published_and_read(desk):
    desk.goto(desk.home + reverse("admin:index"))
    desk.get_by_role("link", name=re.compile("new entry for")).click()
    desk.locator(".pane iframe").wait_for()
    desk.locator("#id_title").fill("a quiet month")
    write(desk, "nothing broke.")
    expect(shown(desk)).to_contain_text("nothing broke.")
    saved(desk).to_contain_text("saved")
    assert "copy=" in desk.url
    assert not Entry.objects.exists()
    desk.reload()
    expect(desk.locator("#id_body")).to_have_value("nothing broke.")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".messagelist")).to_contain_text("Published: a quiet month")
    entry = Entry.objects.get()
    assert (entry.slug, entry.state) == ("a-quiet-month", "live")
    assert "nothing broke." in public(entry)
    assert not WorkingCopy.objects.exists()


@pytest.mark.once
def test_a_live_role_is_changed_with_its_outcomes_while_readers_see_the_old_one(desk):
    role = make_role(problem="as it was.")
    for figure in ("1x", "2x", "3x"):
        make_outcome(role=role, figure=figure, what="speed")
    open_form(desk, role)
    write(desk, " and will be.", "#id_problem")
    desk.locator("#id_outcomes-0-figure").fill("11x")
    desk.locator("#id_outcomes-2-DELETE").check()
    expect(shown(desk)).to_contain_text("11x")
    expect(shown(desk)).not_to_contain_text("3x")
    desk.locator(".bar [name=_save]").click()
    expect(desk.locator(".messagelist")).to_contain_text("The public page is as it was.")
    before = public(role)
    assert "1x" in before and "11x" not in before and "3x" in before
    expect(desk.locator("#id_outcomes-2-DELETE")).to_be_checked()
    desk.locator(".bar").get_by_role("button", name="publish changes").click()
    expect(desk.locator(".messagelist")).to_contain_text("Published")
    assert "11x" in public(role) and "3x" not in public(role)
    assert [o.figure for o in Role.objects.get().outcomes.all()] == ["11x", "2x"]


def test_two_editors_are_told_of_each_other_and_the_second_chooses(desk, browser, live_server):
    entry = make_entry(body="begin")
    other_context = browser.new_context()
    sign_in(other_context, live_server, make_user(username="ana", is_superuser=True))
    other = other_context.new_page()
    other.home = desk.home
    open_form(desk, entry)
    open_form(other, entry)
    expect(other.locator(".others")).to_have_text("also being edited by admin")
    write(other, " by ana")
    other.locator(".bar [name=_publish]").click()
    expect(other.locator(".messagelist")).to_contain_text("Published")
    write(desk, " by me")
    saved(desk).to_contain_text("ana changed this")
    desk.locator(".bar [name=_publish]").click()
    conflict = desk.locator(".conflict")
    expect(conflict).to_contain_text("begin by ana")
    expect(desk.locator("#id_body")).to_have_value("begin by me")
    desk.locator("#id_body").fill("begin by ana and me")
    desk.locator(".bar [name=_publish]").click()
    expect(desk.locator(".messagelist")).to_contain_text("Published")
    assert Entry.objects.get().body == "begin by ana and me"
    other_context.close()


@pytest.mark.once
def test_a_picture_without_words_is_refused_and_then_published_for_a_reason(desk):
    image = make_image(alt="")
    entry = make_entry(publish_at=None, body=f"look:\n\n![]({image.file.url})")
    open_form(desk, entry)
    expect(desk.locator(".found .blocking")).to_contain_text("has no alternative text")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".errornote")).to_be_visible()
    expect(desk.locator(".errorlist").first).to_contain_text("1 thing should be put right first")
    assert Entry.objects.get().state == "draft"
    desk.get_by_label("publish all the same, because").fill("it is a test")
    desk.locator(".verbs [name=_publish]").click()
    expect(desk.locator(".messagelist")).to_contain_text("Published")
    assert "despite alt text: it is a test" in Revision.objects.latest("pk").comment


@pytest.mark.once
def test_a_draft_is_scheduled_and_shown_by_a_link(desk, browser):
    entry = make_entry(publish_at=None, title="a plan", body="for later")
    open_form(desk, entry)
    desk.get_by_text("Time of publication").click()
    desk.get_by_label("Date:").fill("2090-05-01")
    desk.get_by_label("Time:").fill("09:00:00")
    desk.get_by_role("button", name="schedule").click()
    expect(desk.locator(".messagelist")).to_contain_text("Scheduled: goes live in 63 years")
    expect(desk.locator(".bar .state")).to_have_text("scheduled")
    desk.locator(".bar").get_by_role("link", name="share draft").click()
    desk.get_by_role("button", name="Make a link").click()
    address = desk.get_by_label("the link").input_value().replace("http://localhost", desk.home)
    stranger = browser.new_context().new_page()
    stranger.goto(address)
    expect(stranger.locator("main")).to_contain_text("for later")
    desk.get_by_role("button", name="revoke").click()
    expect(desk.locator(".messagelist")).to_contain_text("Revoked")
    assert stranger.reload().status == 404
    stranger.context.close()


@pytest.mark.once
def test_a_writer_is_offered_what_they_may_do(page, context, live_server):
    writer = make_user(username="wren")
    writer.groups.add(Group.objects.get(name="Writers"))
    sign_in(context, live_server, writer)
    page.goto(live_server.url + reverse("admin:journal_entry_add"))
    page.locator("#id_title").fill("mine")
    page.locator(".bar [name=_save]").click()
    expect(page.locator(".messagelist")).to_contain_text("Saved as a draft")
    expect(page.get_by_role("button", name="publish")).to_have_count(0)
    expect(page.get_by_text("Time of publication")).to_have_count(0)
    expect(page.locator("#desk-nav")).not_to_contain_text("tools")
    assert Entry.objects.get().author == writer


@pytest.mark.once
def test_on_a_phone_the_form_and_the_page_are_two_tabs(desk):
    entry = make_entry(body="some words")
    desk.set_viewport_size({"width": 360, "height": 740})
    desk.goto(desk.home + change(entry))
    expect(desk.locator(".pane")).to_be_hidden()
    write(desk, " more")
    desk.get_by_role("button", name="page", exact=True).click()
    expect(shown(desk)).to_contain_text("some words more")
    expect(desk.locator("#id_body")).to_be_hidden()
    assert desk.evaluate("document.documentElement.scrollWidth") <= 360
    desk.get_by_role("button", name="write").click()
    assert desk.evaluate("document.documentElement.scrollWidth") <= 360
    expect(desk.locator("#id_body")).to_have_value("some words more")


@pytest.mark.once
def test_without_script_it_is_written_previewed_and_published(browser, live_server, editor):
    context = browser.new_context(java_script_enabled=False)
    sign_in(context, live_server, editor)
    page = context.new_page()
    entry = make_entry(body="before")
    page.goto(live_server.url + change(entry))
    page.locator("#id_body").fill("after")
    page.locator(".verbs [name=_preview]").click()
    expect(page.locator("main")).to_contain_text("after")
    assert "before" in public(entry)
    page.goto(live_server.url + change(entry))
    page.locator(".verbs [name=_publish]").click()
    expect(page.locator(".messagelist")).to_contain_text("Published")
    assert "after" in public(entry)
    context.close()
