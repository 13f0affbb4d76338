"""The editor's first page: what waits, what is planned, what is stale, what was found and done."""

import re
from datetime import date, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from portfolio.editing.site_check import look_at
from portfolio.months import Month
from portfolio.templatetags.humane import ago, ahead

from .desk import change, endpoint, fields_of
from .factories import make_entry, make_focus, make_image, make_principle, make_role, make_user
from .test_editor import signed_in  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_remembered():
    cache.clear()


def section(client, name):
    page = html.fromstring(client.get("/admin/").text)
    found = page.xpath(f"//section[@aria-labelledby='{name}']")
    return " ".join(found[0].text_content().split()) if found else None


def test_what_is_in_progress_is_told_with_its_state_and_leads_to_its_form(admin_client):
    make_entry(title="a draft", publish_at=None)
    role = make_role(title="a live role")
    admin_client.post(
        endpoint("keep", role), fields_of(admin_client, change(role)) | {"title": "a new title"}
    )
    new = fields_of(admin_client, "/admin/journal/entry/add/")
    admin_client.post(endpoint("keep", new["_key"]), new | {"title": "only begun"})
    told = section(admin_client, "in-progress")
    for title in ("a draft", "a new title", "only begun", "live with changes"):
        assert title in told
    page = admin_client.get("/admin/").text
    assert "three things are waiting." in page
    assert f'href="{change(role)}"' in page
    assert f"?copy={new['_key'].partition(':')[2]}" in page


def test_an_empty_desk_says_so_and_offers_this_month(admin_client):
    page = admin_client.get("/admin/").text
    assert "nothing is waiting." in page
    assert f"new entry for {Month.now()}" in page
    address = re.search(r'href="([^"]*month=[^"]*)"', page)[1]
    assert f'value="{Month.now()}"' in admin_client.get(address).text


def test_what_is_planned_is_told_with_the_time_until_then(admin_client):
    later = timezone.now() + timedelta(hours=3, minutes=1)
    make_entry(title="the plan", publish_at=later)
    told = section(admin_client, "scheduled")
    assert "the plan entry · goes live in 3 h" in told


def test_a_statement_past_its_review_is_told(admin_client):
    make_focus(text="an old one", review_by=date(2020, 11, 1))
    make_focus(text="a new one", review_by=timezone.localdate())
    make_focus(text="ended", review_by=date(2020, 11, 1), until=Month(2020, 12))
    assert section(admin_client, "stale") == "now, past its review an old one due 1 nov"


def test_what_the_checks_found_is_told(admin_client):
    look_at(make_principle(title="with a dead link", body="[that](/none/)"))
    assert "leads to a page that is not live" in section(admin_client, "desk-findings")


def test_the_newest_of_the_history_is_told_with_its_reason(admin_client):
    entry = make_entry(title="as it was", publish_at=None)
    fields = fields_of(admin_client, change(entry))
    admin_client.post(change(entry), fields | {"_publish": "", "_why": "a new figure"})
    told = section(admin_client, "lately")
    assert re.search(r"as it was entry · published \d\d:\d\d · “a new figure” live", told)


def test_entries_are_counted_month_by_month(admin_client):
    now = Month.now()
    for _ in range(3):
        make_entry(month=now)
    make_entry(month=now, publish_at=None)
    page = html.fromstring(admin_client.get("/admin/").text)
    (chart,) = page.xpath("//*[local-name()='svg'][@role='img']")
    assert chart.get("aria-label").endswith(f"{now}: 3")
    assert len(chart.xpath("*[local-name()='rect']")) == 12


def test_the_pictures_are_counted_with_what_they_take(admin_client):
    make_image()
    assert re.search(r"1 picture, \d+.bytes", section(admin_client, "pictures"))


def test_a_writer_sees_their_own_work(client):
    user = make_user("journal.add_entry", "journal.change_entry")
    client.force_login(user)
    make_entry(title="mine", publish_at=None, author=user)
    make_entry(title="theirs", publish_at=None)
    make_entry(title="their plan", publish_at=timezone.now() + timedelta(days=1))
    page = client.get("/admin/").text
    assert "mine" in page
    assert "theirs" not in page and "their plan" not in page
    assert section(client, "stale") is None and section(client, "pictures") is None


def test_someone_else_is_asked_to_sign_in(db):
    assert "login" in Client().get("/admin/")["Location"]


def test_the_desk_costs_the_same_with_a_thousand_entries(admin_client):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            admin_client.get("/admin/")
        return len(captured)

    def fill(number):
        for _ in range(number):
            make_entry(publish_at=None)
            make_entry(publish_at=timezone.now() + timedelta(days=1))

    fill(10)
    queries()
    before = queries()
    fill(30)
    assert queries() == before


def test_moments_are_told_as_one_says_them(db):
    now = timezone.now()
    assert ago(now - timedelta(days=3)) == "3 days ago"
    assert ago(timezone.localtime(now) - timedelta(days=1)) == "yesterday"
    assert ahead(now + timedelta(minutes=5)).startswith("in 5 min · ")
    assert ahead(now + timedelta(days=9)).startswith("in 9 days · ")


RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.once
def test_the_desk_its_lists_and_forms_keep_the_rules_of_wcag(page, live_server, signed_in):  # noqa: F811
    entry, image = make_entry(title="a page", body="words"), make_image(alt="a field")
    make_entry(title="a draft", publish_at=None)
    make_focus(review_by=date(2020, 1, 1))
    look_at(make_role(broke="[that](/none/)"))
    addresses = [
        "/admin/",
        "/admin/journal/entry/",
        change(entry),
        change(make_role()),
        endpoint("share_links", entry),
        "/admin/portfolio/image/",
        change(image),
    ]
    found = {}
    for width, scheme in ((1280, "light"), (360, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        for address in addresses:
            page.goto(live_server.url + address)
            page.wait_for_load_state("networkidle")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address
            options = {
                "runOnly": {"type": "tag", "values": RULES},
                "resultTypes": ["violations"],
            }
            result = Axe().run(page, context={"exclude": [["iframe"]]}, options=options)
            for each in result.response["violations"]:
                found[address, width, each["id"]] = [node["html"] for node in each["nodes"]]
    assert not found, found
