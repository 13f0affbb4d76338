"""The order that an editor gives: by whom, as a version, and what is left of it on the pages."""

import threading
from itertools import pairwise

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from lxml import html
from playwright.sync_api import expect
from reversion.models import Revision, Version

from portfolio.editing.ordering import LAST, reorder
from portfolio.models import Focus, Principle, Profile, ProfileLink, Tool
from roles.models import Role

from .desk import fields_of
from .factories import make_focus, make_outcome, make_principle, make_role, make_tool, make_user
from .test_editor import signed_in  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db

MAKERS = {Role: make_role, Principle: make_principle, Tool: make_tool, Focus: make_focus}


def address_of(model, view="order"):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}")


def send(client, *items, **fields):
    order = ",".join(str(item.pk) for item in items)
    return client.post(address_of(type(items[0])), {"order": order} | fields)


def order_of(model):
    return list(model.objects.all())


@pytest.fixture(params=MAKERS, ids=lambda model: model.__name__)
def three(request):
    return [MAKERS[request.param](position=position) for position in (1, 2, 3)]


@pytest.fixture
def roles():
    return [make_role(title=title, position=n) for n, title in enumerate("abcd", 1)]


# One move, one version.


def test_a_move_is_one_version_of_each_that_moved(admin_client, admin_user, three):
    first, second, third = three
    assert send(admin_client, third, first, second).json() == {}
    model = type(first)
    assert order_of(model) == [third, first, second]
    assert sorted(model.objects.values_list("position", flat=True)) == [1, 2, 3]
    revision = Revision.objects.get()
    assert (revision.comment, revision.user) == ("reordered", admin_user)
    assert send(admin_client, first, third).status_code == 200
    moved = Revision.objects.latest("pk").version_set.all()
    assert {version.object for version in moved} == {first, third}
    assert Version.objects.get_for_object(first).first().field_dict["position"] == 1


def test_the_rest_keeps_its_places(admin_client, roles):
    a, b, c, d = roles
    send(admin_client, d, b)
    assert order_of(Role) == [a, d, c, b]


def test_places_that_were_given_twice_become_an_order(admin_client):
    a, b, c = (make_tool(slug=slug) for slug in "abc")
    assert {tool.position for tool in (a, b, c)} == {0}
    send(admin_client, c, b)
    assert order_of(Tool) == [a, c, b]
    assert list(Tool.objects.values_list("position", flat=True)) == [1, 2, 3]


def test_an_order_that_is_there_already_is_no_version(admin_client, roles):
    assert send(admin_client, *roles).status_code == 200
    assert not Revision.objects.exists()


def test_readers_get_the_new_order(admin_client, client, roles):
    a, b, c, d = roles
    before = a.updated_at
    client.logout()
    client.get(b.get_absolute_url())
    send(admin_client, c, a)
    page = Client().get("/roles/").text
    places = [page.index(role.get_absolute_url()) for role in (c, b, a, d)]
    assert places == sorted(places)
    a.refresh_from_db()
    assert a.neighbours() == (b, d)
    # Another place is not another text.
    assert a.updated_at == before


def test_a_move_is_announced_as_any_change_is(admin_client, roles):
    from portfolio.changes import content_changed

    announced = []

    def listen(sender, pks, fields, **kwargs):
        announced.append((sender, pks, fields))

    content_changed.connect(listen)
    try:
        send(admin_client, roles[1], roles[0])
    finally:
        content_changed.disconnect(listen)
    assert announced == [(Role, {roles[0].pk, roles[1].pk}, {"position"})]


# Who may, and what is refused.


def test_only_those_who_publish_a_kind_order_it(client, three):
    model = type(three[0])
    app, name = model._meta.label_lower.split(".")
    publishes = "publish" in model._meta.default_permissions
    before = order_of(model)
    assert send(client, *reversed(three)).status_code == 403
    client.force_login(make_user(f"{app}.view_{name}", f"{app}.add_{name}"))
    assert send(client, *reversed(three)).status_code == 403
    writer = make_user(f"{app}.change_{name}")
    client.force_login(writer)
    answer = send(client, *reversed(three))
    assert answer.status_code == (403 if publishes else 200)
    if publishes:
        assert answer.json() == {"error": "Your account may not change this order: ask its owner."}
        assert send(client, *reversed(three), list="").status_code == 403
        assert order_of(model) == before
        assert "formaction" not in client.get(address_of(model, "changelist")).text
        publisher = make_user(f"{app}.change_{name}", f"{app}.publish_{name}")
        client.force_login(publisher)
        assert send(client, *reversed(three)).status_code == 200
    assert order_of(model) == before[::-1]


@pytest.mark.parametrize(
    "order",
    ["", "x", "1,,2", "1,1", "-1,1", "1.5", "0,1", f"1,{'9' * 30}", "9" * 5000, "1," * 9999 + "1"],
)
def test_what_is_no_order_of_this_list_is_explained(admin_client, roles, order):
    answer = admin_client.post(address_of(Role), {"order": order.replace("1", str(roles[0].pk))})
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")
    assert order_of(Role) == roles


def test_a_stale_order_is_refused_and_answered_with_what_is_stored(admin_client, three):
    one, two, three_ = three
    model = type(one)
    seen = [one.pk, two.pk, three_.pk]
    assert send(admin_client, two, one, seen=seen).json() == {}
    answer = send(admin_client, three_, one, two, seen=seen)
    assert answer.status_code == 409
    assert answer.json() == {
        "error": "Nothing was moved: another window has ordered the list meanwhile. "
        "This is its order now.",
        "order": [two.pk, one.pk, three_.pk],
    }
    assert order_of(model) == [two, one, three_]
    assert Revision.objects.count() == 1
    # A part of the list, such as a page of it, is told of that part alone.
    assert send(admin_client, three_, one, seen=[one.pk, three_.pk]).json() == {}
    assert order_of(model) == [two, three_, one]
    for odd in (["x"], [one.pk, one.pk], ["1\0"]):
        assert send(admin_client, one, two, seen=odd).status_code == 400
    # One that is gone is no order that can be seen either.
    one.delete()
    assert send(admin_client, three_, two, seen=[two.pk, three_.pk, seen[0]]).status_code == 409


def test_a_stale_list_without_a_script_is_told_and_shows_the_stored_order(admin_client, roles):
    a, b, c, d = roles
    seen = html.fromstring(admin_client.get(address_of(Role, "changelist")).content)
    seen = [field.value for field in seen.xpath("//input[@name='seen']")]
    assert seen == [str(role.pk) for role in roles]
    send(admin_client, b, a)
    order = f"{d.pk},{c.pk}"
    fields = {"order": order, "seen": seen, "list": ""}
    page = admin_client.post(address_of(Role), fields, follow=True)
    assert "another window has ordered the list meanwhile" in page.text
    assert order_of(Role) == [b, a, c, d]


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_a_stale_window_is_told_and_shows_the_stored_order(context, live_server, signed_in):  # noqa: F811
    for number, title in enumerate("abcd", 1):
        make_role(title=title, position=number)
    first, second = context.new_page(), context.new_page()
    for page in (first, second):
        page.goto(live_server.url + address_of(Role, "changelist"))
    first.get_by_role("button", name="move a down").click()
    expect(first.locator(".moved")).to_have_text("a is now 2 of 4.")
    second.get_by_role("button", name="move d up").click()
    expect(second.locator(".moved")).to_contain_text("Nothing was moved")
    titles = second.locator("#result_list tbody .field-title")
    expect(titles).to_have_text(["b", "a", "c", "d"])
    assert [role.title for role in order_of(Role)] == list("bacd")
    # It goes on from there.
    second.get_by_role("button", name="move d up").click()
    expect(second.locator(".moved")).to_have_text("d is now 3 of 4.")
    assert [role.title for role in order_of(Role)] == list("badc")


def test_only_a_post_orders(admin_client, roles):
    assert admin_client.get(address_of(Role)).status_code == 405
    body = {"updatedItems": [[roles[0].pk, 99]]}
    answer = admin_client.post(address_of(Role), body, content_type="application/json")
    assert answer.status_code == 400
    strict = Client(enforce_csrf_checks=True, headers={"cookie": ""})
    strict.cookies = admin_client.cookies
    assert send(strict, *reversed(roles)).status_code == 403
    assert order_of(Role) == roles


def test_what_was_deleted_meanwhile_is_said_and_moves_nothing(admin_client, roles):
    gone = roles.pop()
    Role.objects.get(pk=gone.pk).delete()
    answer = send(admin_client, gone, *roles)
    assert "load it again" in answer.json()["error"]
    page = send(admin_client, gone, *roles, list="q=a")
    assert page["Location"] == "/admin/roles/role/?q=a"
    assert "load it again" in admin_client.get(page["Location"]).text
    assert order_of(Role) == roles


@pytest.mark.django_db(transaction=True)
def test_two_who_order_at_once_leave_one_order_of_both_moves(admin_user):
    tools = [make_tool(position=n) for n in range(1, 9)]
    start = threading.Barrier(4)

    def move(first, second):
        start.wait()
        try:
            reorder(Tool, [second.pk, first.pk], admin_user)
        finally:
            connection.close()

    pairs = [tools[n : n + 2] for n in range(0, 8, 2)]
    threads = [threading.Thread(target=move, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order_of(Tool) == [tool for pair in pairs for tool in pair[::-1]]
    assert sorted(Tool.objects.values_list("position", flat=True)) == list(range(1, 9))


# Forms know nothing of it.


def test_what_is_new_goes_to_the_end(admin_client):
    make_tool(position=7)
    admin_client.post("/admin/portfolio/tool/add/", {"name": "new", "slug": "new", "position": "0"})
    assert Tool.objects.get(slug="new").position == 8
    make_tool(position=LAST)
    admin_client.post("/admin/portfolio/tool/add/", {"name": "more", "slug": "more"})
    assert Tool.objects.get(slug="more").position == LAST


def test_an_open_form_does_not_undo_an_order(admin_client):
    first, second = make_tool(position=1), make_tool(position=2)
    address = reverse("admin:portfolio_tool_change", args=[first.pk])
    form = fields_of(admin_client, address)
    assert "position" not in form
    send(admin_client, second, first)
    admin_client.post(address, form | {"name": "renamed", "position": "1"})
    assert order_of(Tool) == [second, first]
    assert Tool.objects.get(pk=first.pk).name == "renamed"


# The list.


def test_the_buttons_of_a_list_order_it_without_a_script(admin_client, roles):
    a, b, c, d = roles
    page = admin_client.get("/admin/roles/role/").text
    assert f'value="{b.pk},{a.pk}"' in page
    assert page.count('aria-label="move a up"\n          disabled') == 1
    assert page.count("disabled") == 2
    answer = send(admin_client, b, a, list="state=live")
    assert answer["Location"] == "/admin/roles/role/?state=live"
    assert order_of(Role) == [b, a, c, d]
    # What is sent as `list` is a query and never another site.
    away = send(admin_client, a, b, list="//evil.example/?x=1")
    assert away["Location"].startswith("/admin/roles/role/?")


def test_a_filtered_list_moves_what_it_shows(admin_client, roles):
    a, b, c, d = roles
    Role.objects.exclude(pk=b.pk).update(organisation="acme")
    page = admin_client.get("/admin/roles/role/?state=live&q=acme").text
    assert f'value="{c.pk},{a.pk}"' in page
    send(admin_client, c, a)
    assert order_of(Role) == [c, b, a, d]


def test_a_list_that_is_sorted_otherwise_is_not_ordered_and_says_where(admin_client, roles):
    page = admin_client.get("/admin/roles/role/?o=1&state=live").text
    assert "formaction" not in page
    assert "The order can be changed where the list is in its own" in page
    assert '<a href="?state=live">show that</a>' in page
    popup = admin_client.get("/admin/roles/role/?_popup=1").text
    assert "formaction" not in popup
    assert "The order can be changed" not in popup


def test_the_edges_of_a_page_move_to_the_next(admin_client, monkeypatch):
    from portfolio.admin import ToolAdmin

    monkeypatch.setattr(ToolAdmin, "list_per_page", 2)
    monkeypatch.setattr(ToolAdmin, "list_max_show_all", 2)
    tools = [make_tool(position=n) for n in range(5)]
    page = admin_client.get("/admin/portfolio/tool/?p=2").text
    for first, second in pairwise(tools[1:]):
        assert f'value="{second.pk},{first.pk}"' in page
    assert page.count("disabled") == 0
    last = admin_client.get("/admin/portfolio/tool/?p=3").text
    assert last.count("disabled") == 1


# Rows of a form.


def rows(*links, **fields):
    data = {"links-TOTAL_FORMS": len(links), "links-INITIAL_FORMS": 0, "headline": "x"}
    for index, link in enumerate(links):
        saved = {"id": link.pk, "label": link.label, "url": link.url} if link else {}
        data["links-INITIAL_FORMS"] += bool(link)
        row = {"label": "new", "url": "https://new.example/", "position": "0"} | saved
        row |= {"profile": 1} | fields.get(f"row_{index}", {})
        data |= {f"links-{index}-{name}": value for name, value in row.items()}
    return data


def test_rows_of_a_form_have_their_number_and_new_ones_go_to_the_end(admin_client):
    profile = Profile.objects.create()
    one, two = (
        ProfileLink.objects.create(
            profile=profile, label=label, url=f"https://{label}.example/", position=n
        )
        for n, label in enumerate(("one", "two"), 1)
    )
    address = reverse("admin:portfolio_profile_change", args=[1])
    page = admin_client.get(address).text
    assert 'type="number" name="links-0-position"' in page
    order = {"row_0": {"position": "2"}, "row_1": {"position": "1"}}
    seen = {"_base": fields_of(admin_client, address)["_base"]}
    answer = admin_client.post(address, seen | rows(one, two, None, **order))
    assert answer.status_code == 302, answer.context["errors"]
    assert [link.label for link in profile.links.all()] == ["two", "one", "new"]


@pytest.mark.parametrize("position", ["", "-1", "x", "9" * 30])
def test_a_row_without_a_good_number_is_explained(admin_client, position):
    profile = Profile.objects.create()
    link = ProfileLink.objects.create(profile=profile, label="one", url="https://one.example/")
    data = rows(link, row_0={"position": position})
    answer = admin_client.post(reverse("admin:portfolio_profile_change", args=[1]), data)
    assert answer.status_code == 200
    assert "errorlist" in answer.text


# In a browser.

in_a_browser = pytest.mark.django_db(transaction=True)


def titles(page):
    return page.locator("#result_list .field-title, #result_list .field-name").all_inner_texts()


def labels(page):
    return [text.split()[0] for text in page.locator(".inline_label").all_inner_texts()]


def drag(page, source, target, has_moved):
    """Drag one thing onto the upper edge of another, and drop it once it shows there."""
    page.hover(source)
    page.mouse.down()
    box = page.locator(target).bounding_box()
    for step in range(500):
        # Sortable takes no notice of a move while the rows are still on their way.
        page.mouse.move(box["x"] + 5, box["y"] + 1 + step % 2, steps=3)
        if has_moved():
            break
    page.mouse.up()


@in_a_browser
def test_a_list_is_ordered_by_dragging_and_by_keyboard(page, live_server, signed_in):  # noqa: F811
    for n, title in enumerate("abcd", 1):
        make_role(title=title, position=n)
    errors = []
    page.on("console", lambda message: message.type == "error" and errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(live_server.url + "/admin/roles/role/")
    said = page.locator(".moved")

    drag(page, ".handle >> nth=3", ".handle >> nth=0", lambda: titles(page) == list("dabc"))
    expect(said).to_have_text("d is now 1 of 4.")
    assert [role.title for role in order_of(Role)] == list("dabc")

    up = page.get_by_role("button", name="move a up")
    up.focus()
    page.keyboard.press("Enter")
    expect(said).to_have_text("a is now 1 of 4.")
    # It is the first now, and the other button of the same row has the focus.
    expect(page.get_by_role("button", name="move a down")).to_be_focused()
    expect(up).to_be_disabled()
    page.keyboard.press("Space")
    page.keyboard.press("Space")
    expect(said).to_have_text("a is now 3 of 4.")
    expect(page.get_by_role("button", name="move a down")).to_be_focused()
    assert [role.title for role in order_of(Role)] == list("dbac")
    assert not errors

    # A refusal puts the row back and says why.
    Role.objects.get(title="c").delete()
    page.keyboard.press("Space")
    expect(said).to_contain_text("load it again")
    assert titles(page) == list("dbac")


@in_a_browser
def test_rows_of_a_form_are_moved_by_keyboard_and_saved_with_it(page, live_server, signed_in):  # noqa: F811
    role = make_role(publish_at=None)
    for n, figure in enumerate(("1x", "2x", "3x"), 1):
        make_outcome(role=role, figure=figure, what="traffic", position=n)
    page.goto(live_server.url + reverse("admin:roles_role_change", args=[role.pk]))
    expect(page.locator("#id_outcomes-0-position")).to_be_hidden()
    page.get_by_role("button", name="move 1x traffic down").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".moved")).to_have_text("1x traffic is now 3 of 3; not saved yet.")
    expect(page.get_by_role("button", name="move 1x traffic up")).to_be_focused()
    number = page.locator("#id_outcomes-2-position")
    drag(page, "h3 >> text=3x traffic", "h3 >> text=2x traffic", lambda: labels(page)[0] == "3x")
    expect(number).to_have_value("1")
    page.locator("[name=_save]").first.click()
    expect(page.locator(".messagelist")).to_contain_text("Saved")
    assert [outcome.figure for outcome in role.outcomes.all()] == ["3x", "2x", "1x"]
