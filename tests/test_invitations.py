"""How somebody is invited, comes in and is ended; staff status follows from the group."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from lxml import html

from portfolio import sign_in
from portfolio.editing.models import Invitation
from tests.desk import change, endpoint, fields_of, member
from tests.factories import make_entry, make_user
from tests.test_editor import signed_in  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db

PEOPLE = "/admin/people/"
PASSWORD = {"new_password1": "a-long-password-7", "new_password2": "a-long-password-7"}


@pytest.fixture
def owner(db):
    return member("Owner", username="ola")


def link_on(response):
    """The path of the link that a page shows."""
    (field,) = html.fromstring(response.text).xpath("//input[@readonly]")
    return field.get("value").removeprefix("http://localhost")


def invited(owner, name="wren", group="Writers", **fields):
    return link_on(owner.post(PEOPLE, {"username": name, "group": group} | fields))


def opened(link, client=None):
    """The page of a link as a new browser gets it, and that browser."""
    client = client or Client()
    return client.get(link, follow=True), client


def opens(link):
    return "new_password1" in opened(link)[0].text


def come_in(link):
    """A client that used the link."""
    page, client = opened(link)
    answer = client.post(page.request["PATH_INFO"], PASSWORD)
    assert answer.status_code == 302, answer.text
    return client


def test_an_invitation_makes_staff_of_the_group_without_a_password(owner):
    link = invited(owner, first_name="Wren Example")
    user = User.objects.get(username="wren")
    assert (user.is_staff, user.is_superuser, user.has_usable_password()) == (True, False, False)
    assert [group.name for group in user.groups.all()] == ["Writers"]
    assert user.get_full_name() == "Wren Example"
    client = come_in(link)
    page = client.get("/admin/")
    assert page.status_code == 200
    assert page.wsgi_request.user == user
    assert not opens(link)


@pytest.mark.once
def test_the_invitation_is_shown_once_and_kept_in_no_column(owner):
    token = invited(owner).rstrip("/").rpartition("/")[2]
    assert len(token) > 40
    assert token not in owner.get(PEOPLE).text
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            assert token not in str(cursor.fetchall()), table


@pytest.mark.once
def test_a_preview_of_an_invitation_does_not_use_it_up(owner):
    link = invited(owner)
    for _ in range(3):
        assert opens(link)
        assert Client().head(link).status_code == 302
    come_in(link)


def test_an_invitation_is_good_for_longer_than_a_printed_link(owner, settings):
    link = invited(owner)
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert opens(link)
    # The control: one that `make sign-in` prints is not.
    assert not opens(
        sign_in.link(User.objects.get(username="wren")).removeprefix("http://localhost")
    )
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert not opens(link)
    assert "link expired" in owner.get(PEOPLE).text


def renew(owner, user):
    return link_on(owner.post(reverse("editing:renew", args=[user.pk])))


def password_set(owner, user):
    user.set_password("set-in-another-way-1")
    user.save()


def printed_link_used(owner, user):
    come_in(sign_in.link(user).removeprefix("http://localhost"))


def ended(owner, user):
    owner.post(reverse("editing:end", args=[user.pk]))


def ended_and_let_in_again(owner, user):
    ended(owner, user)
    User.objects.filter(pk=user.pk).update(is_active=True)


def out_of_the_group_and_back(owner, user):
    user.groups.clear()
    user.groups.add(Group.objects.get(name="Writers"))


def deactivated_in_the_form_and_back(owner, user):
    for active in ({}, {"is_active": "on"}):
        save_user(owner, user, ["Writers"], **active)


def deleted(owner, user):
    user.delete()


WAYS = [
    *(renew, password_set, printed_link_used, ended, ended_and_let_in_again),
    *(out_of_the_group_and_back, deactivated_in_the_form_and_back, deleted),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_an_invitation_dies_when(owner, way):
    link = invited(owner)
    assert opens(link)
    page, half_way = opened(link)
    way(owner, User.objects.get(username="wren"))
    assert not opens(link)
    # Nor may who had opened it before then send the form.
    half_way.post(page.request["PATH_INFO"], PASSWORD)
    assert "login" in half_way.get("/admin/")["Location"]


def test_of_two_who_opened_an_invitation_one_comes_in(owner):
    link = invited(owner)
    (page, first), (_, second) = opened(link), opened(link)
    assert first.post(page.request["PATH_INFO"], PASSWORD).status_code == 302
    late = second.post(page.request["PATH_INFO"], PASSWORD)
    assert "has been used" in late.text
    assert "_auth_user_id" not in second.session


def test_an_invitation_opens_for_nobody_else(owner):
    link, other = invited(owner), invited(owner, "other")
    key, other_key = (each.split("/")[3] for each in (link, other))
    assert opens(link)
    assert not opens(link.replace(f"/{key}/", f"/{other_key}/"))


@pytest.mark.once
def test_a_new_link_lets_in_again_who_was_ended(owner):
    user = User.objects.get(pk=come_in(invited(owner)).get("/admin/").wsgi_request.user.pk)
    ended(owner, user)
    come_in(renew(owner, user))
    # Not who is in no group: the owner is sent to choose one.
    user.groups.clear()
    answer = owner.post(reverse("editing:renew", args=[user.pk]), follow=True)
    assert "is in no group" in answer.text
    assert not User.objects.get(pk=user.pk).is_staff


@pytest.mark.once
def test_who_is_ended_is_out_at_once_and_what_they_wrote_stays(owner):
    client = come_in(invited(owner))
    user = User.objects.get(username="wren")
    entry = make_entry(author=user, publish_at=None, title="kept")
    assert client.get(change(entry)).status_code == 200
    ended(owner, user)
    assert "login" in client.get(change(entry))["Location"]
    assert client.get(entry.get_absolute_url()).status_code == 404
    right = {"username": "wren", "password": PASSWORD["new_password1"]}
    assert Client().post("/admin/login/", right).status_code == 200
    entry.refresh_from_db()
    assert entry.author == user
    assert "ended" in owner.get(PEOPLE).text


@pytest.mark.once
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"username": ""}, "required"),
        ({"username": "with space"}, "valid username"),
        ({"username": "a" * 151}, "150"),
        ({"username": "nul\0"}, "Null characters"),
        ({"username": "OLA"}, "has this name already"),
        ({"username": "ola"}, "has this name already"),
        ({"group": "Nobody"}, "valid choice"),
        ({"group": ""}, "required"),
    ],
)
def test_an_invitation_that_cannot_be_says_why(owner, fields, sentence):
    page = owner.post(PEOPLE, {"username": "wren", "group": "Writers"} | fields)
    assert page.status_code == 200
    assert sentence in page.text
    assert User.objects.count() == 1


@pytest.mark.once
def test_any_script_is_a_name_and_none_is_markup(owner):
    invited(owner, "مها.كاتبة", first_name="<b>Maha</b>")
    page = owner.get(PEOPLE).text
    assert "مها.كاتبة" in page
    assert "<b>Maha" not in page


@pytest.mark.once
@pytest.mark.parametrize("group", ["Writers", "Publishers"])
def test_people_are_for_owners(owner, group):
    client = member(group)
    for answer in (
        client.get(PEOPLE),
        client.post(PEOPLE, {"username": "x", "group": "Owner"}),
        client.post(reverse("editing:renew", args=[owner.user.pk])),
        client.post(reverse("editing:end", args=[owner.user.pk])),
    ):
        assert answer.status_code == 403
    assert User.objects.count() == 2
    assert User.objects.get(pk=owner.user.pk).is_active
    assert ">people<" not in client.get("/admin/").text
    assert ">people<" in owner.get("/admin/").text


def test_nothing_changes_by_a_look(owner):
    user = make_user(username="wren")
    for name in ("renew", "end"):
        assert owner.get(reverse(f"editing:{name}", args=[user.pk]))["Location"] == PEOPLE
        assert owner.post(reverse(f"editing:{name}", args=[10**30])).status_code == 404
    assert not Invitation.objects.exists()


def test_the_stock_form_makes_nobody(owner):
    assert owner.get("/admin/auth/user/add/")["Location"] == PEOPLE
    fields = {"username": "x", "password1": "a-long-password-7", "password2": "a-long-password-7"}
    owner.post("/admin/auth/user/add/", fields)
    assert User.objects.count() == 1


@pytest.mark.once
def test_the_pages_of_people_are_a_table_for_each_state(owner):
    for name in ("open", "old", "used", "gone", "groupless"):
        link = invited(owner, name)
        if name == "used":
            come_in(link)
    old = Invitation.objects.filter(user__username="old")
    old.update(expires_at=timezone.now() - timedelta(days=1))
    ended(owner, User.objects.get(username="gone"))
    User.objects.get(username="groupless").groups.clear()
    rows = html.fromstring(owner.get(PEOPLE).text).xpath("//ul[@class='lines']/li")
    told = {row.xpath(".//a")[0].text: " ".join(row.text_content().split()) for row in rows}
    assert "invited until" in told["open"] and "never signed in" in told["open"]
    assert "link expired" in told["old"]
    assert "link used" in told["used"] and "signed in last" in told["used"]
    assert "ended: may not come in" in told["gone"] and "invite again" in told["gone"]
    assert "in no group" in told["groupless"]
    assert "you" in told["ola"] and "end" not in told["ola"]


# Staff status follows from the group.


def test_staff_status_follows_from_the_group_however_that_changes(db):
    writers, publishers = (Group.objects.get(name=name) for name in ("Writers", "Publishers"))
    user = make_user(is_staff=False)

    def is_staff():
        return User.objects.get(pk=user.pk).is_staff

    steps = [
        (lambda: user.groups.add(writers), True),
        (lambda: user.groups.remove(writers), False),
        (lambda: user.groups.set([writers, publishers]), True),
        (lambda: user.groups.remove(writers), True),
        (lambda: user.groups.clear(), False),
        (lambda: writers.user_set.add(user), True),
        (lambda: writers.user_set.clear(), False),
        (lambda: writers.user_set.set([user]), True),
        (lambda: writers.user_set.remove(user), False),
        (lambda: writers.user_set.add(user), True),
        (lambda: writers.delete(), False),
        (lambda: publishers.user_set.add(user), True),
        (lambda: Group.objects.filter(name="Publishers").delete(), False),
    ]
    for number, (step, expected) in enumerate(steps):
        step()
        assert is_staff() == expected, number


def test_a_superuser_without_a_group_stays_staff(db):
    user = User.objects.create_superuser("root")
    user.groups.add(Group.objects.get(name="Writers"))
    user.groups.clear()
    assert User.objects.get().is_staff


def save_user(owner, user, groups, **fields):
    """Send the stock form of a user."""
    data = {"username": user.username, "email": "", "first_name": "", "last_name": ""}
    data |= {"date_joined_0": "2026-01-01", "date_joined_1": "08:00", "user_permissions": []}
    data |= {"groups": [Group.objects.get(name=name).pk for name in groups], **fields}
    return owner.post(f"/admin/auth/user/{user.pk}/change/", data)


def test_the_stock_form_needs_no_tick_for_staff(owner):
    user = make_user(is_staff=False, username="wren")
    assert 'name="is_staff"' not in owner.get(f"/admin/auth/user/{user.pk}/change/").text
    for groups, fields, expected in (
        (["Writers"], {}, True),
        ([], {}, False),
        ([], {"is_superuser": "on"}, True),
        ([], {"is_staff": "on"}, False),
    ):
        answer = save_user(owner, user, groups, is_active="on", **fields)
        assert answer.status_code == 302, answer.text
        assert User.objects.get(pk=user.pk).is_staff == expected


@pytest.mark.once
def test_who_is_taken_out_of_the_group_is_out_at_once(owner):
    client = come_in(invited(owner))
    user = User.objects.get(username="wren")
    draft = make_entry(author=user, publish_at=None)
    assert client.get(draft.get_absolute_url()).status_code == 200
    user.groups.clear()
    page = client.get("/admin/", follow=True)
    assert "not authorized to access this page" in " ".join(page.text.split())
    assert len(page.redirect_chain) == 1
    assert client.get(draft.get_absolute_url()).status_code == 404


@pytest.mark.once
def test_who_signs_in_without_a_group_is_told_so_once(client):
    make_user(username="reader", is_staff=False, password="a-long-password-7")
    right = {"username": "reader", "password": "a-long-password-7", "next": "/admin/"}
    page = client.post("/admin/login/", right)
    assert page.status_code == 200
    assert "in no group" in page.text
    # Nothing of it to who does not know the password.
    wrong = client.post("/admin/login/", right | {"password": "wrong"})
    assert "in no group" not in wrong.text


# An owner stays.


def test_the_last_owner_cannot_be_locked_out(owner):
    user = owner.user
    answers = [
        save_user(owner, user, ["Writers"], is_active="on"),
        save_user(owner, user, ["Owner"]),
        owner.post(f"/admin/auth/user/{user.pk}/delete/", {"post": "yes"}),
        owner.post(
            "/admin/auth/user/",
            {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"},
        ),
    ]
    for answer in answers:
        assert "This is the only owner" in answer.text
    # Not by ending oneself, nor by an inactive second one.
    make_user(username="idle", is_active=False).groups.add(Group.objects.get(name="Owner"))
    ended(owner, user)
    save_user(owner, user, [], is_active="on")
    group = Group.objects.get(name="Owner")
    owner.post(f"/admin/auth/group/{group.pk}/delete/", {"post": "yes"})
    owner.post(
        "/admin/auth/group/",
        {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"},
    )
    owner.post(f"/admin/auth/group/{group.pk}/change/", {"name": "Renamed", "permissions": []})
    assert Group.objects.filter(name="Owner").exists()
    assert owner.get(PEOPLE).status_code == 200


def test_an_owner_who_is_not_the_last_can_be_ended(owner):
    """The control: it is being the last that is refused."""
    other = make_user(username="other")
    other.groups.add(Group.objects.get(name="Owner"))
    ended(owner, other)
    assert not User.objects.get(username="other").is_active
    third = make_user(username="third")
    third.groups.add(Group.objects.get(name="Owner"))
    assert save_user(owner, third, ["Writers"], is_active="on").status_code == 302
    owner.post(f"/admin/auth/user/{third.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(username="third").exists()


# The menu shows what somebody may do.


def menu(client):
    nav = html.fromstring(client.get("/admin/").text).xpath("//nav[@id='desk-nav']")[0]
    return {link.text: link.get("href") for link in nav.xpath(".//a")}


@pytest.mark.once
def test_the_menu_has_what_each_group_may_do_and_all_of_it_opens(owner):
    for client, labels in (
        (member("Writers"), "desk journal roles thinking pictures"),
        (
            member("Publishers"),
            "desk journal roles thinking now tools pictures profile content",
        ),
        (owner, "desk journal roles thinking now tools pictures profile content people"),
    ):
        found = menu(client)
        assert " ".join(found) == labels
        for address in found.values():
            assert client.get(address).status_code == 200, address


@pytest.mark.once
def test_the_menu_follows_single_permissions(client):
    client.force_login(make_user("journal.add_entry", "portfolio.change_tool", "roles.view_role"))
    assert [*menu(client)] == ["desk", "journal", "roles", "tools"]
    assert menu(client)["journal"] == "/admin/journal/entry/add/"


# A refusal is a page.

REFUSED = [
    ("/admin/portfolio/tool/", "you may not see the list of tools."),
    ("/admin/portfolio/tool/add/", "you may not add another tool."),
    ("/admin/portfolio/focus/add/", "you may not add another now statement."),
    ("/admin/portfolio/image/", "you may not see the list of images."),
    ("/admin/auth/user/", "you may not see the list of users."),
    ("/admin/auth/group/add/", "you may not add another group."),
    ("/admin/people/", "Who may come in is for an owner to see and to decide."),
    ("/admin/content/", "you may not take content out, or bring it in."),
]


@pytest.mark.once
@pytest.mark.parametrize(("address", "sentence"), REFUSED)
def test_a_refusal_says_what_why_and_whom_to_ask(owner, address, sentence):
    make_entry(publish_at=None, title="unheard of")
    writer = member("Writers", username="wren")
    page = writer.get(address)
    assert page.status_code == 403
    said = " ".join(html.fromstring(page.text).xpath("//main")[0].text_content().split())
    assert sentence in said
    assert "as wren, in the group Writers, who write drafts of their own" in said
    assert "ask ola." in said
    assert 'href="/admin/"' in page.text
    assert "unheard of" not in page.text


@pytest.mark.once
def test_a_refused_post_is_a_page_and_a_script_gets_json(owner):
    writer = member("Writers")
    entry = make_entry(publish_at=None, author=writer.user)
    page = writer.post(change(entry), {"_publish": ""})
    assert page.status_code == 403
    assert "you may not publish entries." in page.text
    other = member("Writers", username="other")
    fields = fields_of(other, "/admin/journal/entry/add/")
    other.post(endpoint("keep", fields["_key"]), fields | {"title": "unheard of"})
    page = writer.get(endpoint("page", fields["_key"]))
    assert page.status_code == 403
    assert "this is not yours to see or to change." in page.text
    assert "unheard of" not in page.text
    wanted = {"Accept": "application/json, text/javascript, */*; q=0.01"}
    refused = writer.get("/admin/portfolio/tool/", headers=wanted)
    assert refused.status_code == 403
    assert refused.json() == {"error": "You may not see the list of tools."}
    upload = member("Publishers")
    upload.user.groups.set([Group.objects.create(name="Nothing")])
    assert "error" in upload.post("/admin/upload/").json()


@pytest.mark.once
def test_the_token_of_an_invitation_is_not_logged(owner):
    """Its address is of the kind that logs leave out."""
    from portfolio.logs import redacted

    link = invited(owner)
    assert re.fullmatch(r".*/sign-in/…", redacted(link))


@pytest.mark.django_db(transaction=True)
@pytest.mark.once
def test_people_keep_the_rules_of_wcag_and_need_no_script(
    page,
    live_server,
    signed_in,  # noqa: F811
    new_context,
):
    make_user(username="a" * 150, first_name="b" * 150).groups.add(
        Group.objects.get(name="Writers")
    )
    found = {}
    for width, scheme in ((1280, "light"), (360, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        page.goto(live_server.url + PEOPLE)
        found[width, "people"] = violations(page, width)
        page.get_by_label("Name to sign in with").fill(f"wren-{width}")
        page.get_by_role("button", name="Invite", exact=True).click()
        assert "/admin/sign-in/" in page.get_by_label("copy it now").input_value()
        found[width, "link"] = violations(page, width)
    assert not any(found.values()), found
    plain = new_context(java_script_enabled=False, storage_state=page.context.storage_state())
    form = plain.new_page()
    form.goto(live_server.url + PEOPLE)
    form.get_by_label("Name to sign in with").fill("plain")
    form.get_by_role("button", name="Invite", exact=True).click()
    assert "/admin/sign-in/" in form.get_by_label("copy it now").input_value()


def violations(page, width):
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    options = {"runOnly": {"type": "tag", "values": tags}, "resultTypes": ["violations"]}
    result = Axe().run(page, options=options)
    return [
        (each["id"], [n["html"] for n in each["nodes"]]) for each in result.response["violations"]
    ]
