"""Tools made where they are chosen; and the boxes to choose in, which have names."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.urls import reverse
from playwright.sync_api import expect

from journal.models import Entry
from portfolio.models import Tool

from .factories import make_tool, make_user
from .test_editor import signed_in  # noqa: F401  (a fixture)
from .test_toolbar import RULES

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "/admin/new-tool/"


def test_a_tool_is_made_by_its_name_and_the_log_tells_it(client):
    editor = make_user("portfolio.add_tool")
    client.force_login(editor)
    response = client.post(NEW, {"name": "  Größe   C++ "})
    tool = Tool.objects.get()
    assert response.json() == {"id": tool.pk, "name": "Größe C++"}
    assert (tool.name, tool.slug) == ("Größe C++", "grosse-c")
    logged = LogEntry.objects.get()
    assert (logged.user, logged.object_id, logged.is_addition()) == (editor, str(tool.pk), True)


def test_a_name_that_exists_is_not_made_twice(admin_client):
    tool = make_tool(name="Django", slug="django")
    assert admin_client.post(NEW, {"name": "django"}).json() == {"id": tool.pk, "name": "Django"}
    assert Tool.objects.count() == 1


def test_slugs_stay_unique_and_possible(admin_client):
    make_tool(slug="c-2")
    for name in ("C", "C++", "日本語", "日本", "x" * 100):
        assert admin_client.post(NEW, {"name": name}).status_code == 200
    slugs = Tool.objects.order_by("pk").values_list("slug", flat=True)
    assert [*slugs] == ["c-2", "c", "c-3", "tool", "tool-2", "x" * 64]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "Give the tool a name."),
        (" \n ", "Give the tool a name."),
        ("x" * 101, "at most 100 characters"),
        ("a\0b", "Null characters are not allowed."),
        (None, "Give the tool a name."),
    ],
)
def test_no_name_or_an_absurd_one_is_refused_with_the_reason(admin_client, name, reason):
    response = admin_client.post(NEW, {} if name is None else {"name": name})
    assert response.status_code == 400
    assert reason in response.json()["error"]
    assert not Tool.objects.exists()


def test_only_those_who_may_add_tools_can(client):
    assert client.post(NEW, {"name": "a"}).status_code == 403
    client.force_login(make_user("portfolio.change_tool", "journal.add_entry"))
    response = client.post(NEW, {"name": "a"})
    assert (response.status_code, list(response.json())) == (403, ["error"])
    client.force_login(make_user("portfolio.add_tool", is_staff=False))
    assert client.post(NEW, {"name": "a"}).status_code == 403
    assert not Tool.objects.exists()
    client.force_login(make_user("portfolio.add_tool"))
    assert client.get(NEW).status_code == 405
    assert client.post(NEW, {"name": "a"}).status_code == 200


@pytest.mark.once
def test_a_forged_request_from_elsewhere_is_refused():
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("portfolio.add_tool"))
    assert client.post(NEW, {"name": "a"}).status_code == 403
    assert not Tool.objects.exists()


def test_many_at_once_lose_none(admin_user):
    def post(name):
        client = Client()
        client.force_login(admin_user)
        try:
            return client.post(NEW, {"name": name}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(post, ["C", "C+", "C++", "C#"])) == {200}
    assert Tool.objects.values("slug").distinct().count() == 4


# In a browser.


@pytest.fixture
def desk(page, live_server, signed_in):  # noqa: F811
    make_tool(name="django", slug="django")
    page.goto(live_server.url + reverse("admin:journal_entry_add"))
    page.get_by_role("toolbar", name="Markdown").wait_for()
    return page


@pytest.mark.once
def test_a_tool_that_is_not_there_is_made_and_chosen_by_keys(desk):
    desk.get_by_role("searchbox", name="Tools").press_sequentially("djan")
    options = desk.get_by_role("option")
    expect(options).to_have_text(["django", "create “djan”"])
    desk.keyboard.type("go")
    expect(options).to_have_text(["django"])
    desk.keyboard.press("Enter")
    desk.keyboard.type("<b>new</b>")
    expect(options).to_have_text(["create “<b>new</b>”"])
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("“<b>new</b>” is created and chosen.")).to_be_visible()
    desk.locator("#id_title").fill("an entry")
    desk.locator("[name=_save]").first.click()
    desk.wait_for_url("**/change/")
    names = Entry.objects.get().tools.values_list("name", flat=True)
    assert sorted(names) == ["<b>new</b>", "django"]


@pytest.mark.once
def test_a_tool_that_cannot_be_made_says_why_and_changes_nothing(desk):
    desk.get_by_role("searchbox", name="Tools").press_sequentially("x" * 101)
    expect(desk.get_by_role("option")).to_have_text(f"create “{'x' * 101}”")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("at most 100 characters")).to_be_visible()
    assert desk.locator("#id_tools").evaluate("select => select.selectedOptions.length") == 0


@pytest.mark.once
def test_each_box_is_called_what_its_field_is(desk):
    expect(desk.get_by_role("combobox", name="Role")).to_be_visible()
    expect(desk.get_by_role("combobox", name="Tools")).to_be_visible()
    for name, result in (("Role", "No results found"), ("Tools", "django")):
        desk.get_by_role("combobox", name=name).click()
        expect(desk.get_by_role("listbox", name=name)).to_contain_text(result)
        found = Axe().run(
            desk,
            context={"include": [[".field-role"], [".field-tools"], [".select2-container--open"]]},
            options={"runOnly": {"type": "tag", "values": RULES}},
        )
        assert not found.response["violations"], found.generate_report()
        desk.keyboard.press("Escape")


@pytest.mark.once
def test_who_may_not_add_tools_is_not_offered_to(page, context, live_server):
    client = Client()
    client.force_login(make_user("journal.add_entry", "portfolio.view_tool"))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([cookie | {"url": live_server.url}])
    page.goto(live_server.url + reverse("admin:journal_entry_add"))
    page.get_by_role("searchbox", name="Tools").press_sequentially("none")
    expect(page.get_by_role("option", name="create")).to_have_count(0)
    expect(page.get_by_text("No results found")).to_be_visible()


@pytest.mark.once
def test_without_script_an_entry_is_written_and_a_tool_added(browser, live_server, admin_user):
    client = Client()
    client.force_login(admin_user)
    context = browser.new_context(java_script_enabled=False)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([cookie | {"url": live_server.url}])
    page = context.new_page()
    page.goto(live_server.url + reverse("admin:journal_entry_add"))
    expect(page.get_by_role("toolbar")).to_have_count(0)
    add = page.locator("#add_id_tools")
    assert add.get_attribute("href").startswith(reverse("admin:portfolio_tool_add"))
    page.locator("#id_title").fill("an entry")
    page.locator("#id_body").fill("**some** words")
    page.locator("[name=_save]").first.click()
    page.wait_for_url("**/change/")
    assert Entry.objects.get().body == "**some** words"
    context.close()
