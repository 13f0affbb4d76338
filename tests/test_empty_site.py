"""A site without content: what readers see, where its desk begins, and how the example comes."""

import json
import re

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.urls import reverse
from lxml import html

from journal.models import Entry
from portfolio.models import Focus, Profile, Tool
from portfolio.months import Month
from roles.models import Role
from tests.desk import endpoint, fields_of, member
from tests.factories import make_entry, make_focus, make_image, make_role, make_tool

pytestmark = pytest.mark.django_db

PAGES = {
    "home": "nothing is published here yet.",
    "now": "nothing is written down for now.",
    "roles:index": "no roles are published yet.",
    "thinking": "no principles are published yet.",
    "journal:index": "no entries yet. the first one is still being lived.",
    "tools": "no tools are listed yet.",
    "lessons": "nothing broke yet, or nothing is told yet.",
    "cv": "nothing is published yet.",
}


@pytest.fixture(autouse=True)
def nothing_remembered():
    cache.clear()


@pytest.mark.once
@pytest.mark.parametrize(("name", "sentence"), PAGES.items())
def test_an_empty_page_says_so_in_each_form_and_links_to_nothing_dead(client, name, sentence):
    address = reverse(name)
    page = client.get(address)
    assert sentence in page.text
    assert sentence in client.get(f"{address}index.html.md").text
    links = {*html.fromstring(page.text).xpath("//body//a/@href")}
    for link in links - {"#content"}:
        assert client.get(link).status_code == 200, link


def test_an_empty_site_is_called_by_its_host_and_invents_nothing(client, settings):
    settings.SITE_URL = "https://example.org:8443"
    page = html.fromstring(client.get("/").text)
    assert page.xpath("string(//title)") == "example.org"
    assert page.xpath("string(//h1)").strip() == "example.org"
    outputs = [reverse(name) for name in PAGES]
    outputs += ["/feed.xml", "/feed.json", "/sitemap.xml", "/resume.json", "/llms.txt"]
    for output in outputs:
        answer = client.get(output)
        assert answer.status_code == 200, output
        assert not re.search("10x|40%|nest|engineer", answer.text), output
    assert json.loads(client.get("/feed.json").text)["items"] == []
    assert "work" not in json.loads(client.get("/resume.json").text)
    assert client.get("/card/home.png").status_code == 200


def test_an_empty_site_is_called_after_who_it_is_of_as_soon_as_that_is_written(client):
    Profile.objects.create(name="Ada", about="who i am.")
    page = client.get("/").text
    assert "<title>Ada</title>" in page
    assert "who i am." in page
    assert PAGES["home"] in page


# The desk.


def steps(client):
    """The ways to begin that the desk offers, as {label: address}."""
    page = html.fromstring(client.get("/admin/").text)
    links = page.xpath("//section[@aria-labelledby='first-steps']//li/a")
    return {link.text: link.get("href") for link in links}


def test_the_desk_of_an_empty_site_shows_the_way_in(admin_client):
    offered = steps(admin_client)
    assert [*offered] == ["who you are", "a first entry", "a first role", "what you have elsewhere"]
    for address in offered.values():
        assert admin_client.get(address).status_code == 200
    assert f'value="{Month.now()}"' in admin_client.get(offered["a first entry"]).text
    assert "manage.py load_example" in admin_client.get("/admin/").text


def test_the_way_in_offers_each_what_they_may_do():
    assert [*steps(member("Writers"))] == ["a first entry", "a first role"]
    assert [*steps(member("Publishers"))] == ["who you are", "a first entry", "a first role"]
    assert "load_example" not in member("Publishers").get("/admin/").text


def test_who_you_are_is_offered_until_it_is_said(admin_client):
    Profile.objects.create(location="here")
    assert admin_client.get(steps(admin_client)["who you are"], follow=True).status_code == 200
    Profile.objects.update(headline="someone who prunes")
    assert [*steps(admin_client)] == ["a first entry", "a first role", "what you have elsewhere"]


@pytest.mark.parametrize(
    "write",
    [
        make_entry,
        lambda: make_entry(publish_at=None),
        lambda: make_role(publish_at=None),
        make_focus,
        make_tool,
    ],
)
def test_the_way_in_goes_by_itself_as_content_comes(admin_client, write):
    make_image()
    assert steps(admin_client)
    write()
    assert steps(admin_client) == {}


def test_the_way_in_goes_as_soon_as_somebody_begins_to_write(admin_client):
    fields = fields_of(admin_client, "/admin/journal/entry/add/")
    admin_client.post(endpoint("keep", fields["_key"]), fields | {"title": "begun"})
    assert steps(admin_client) == {}


def test_the_way_in_tells_a_writer_nothing_of_others_drafts():
    make_entry(publish_at=None)
    assert steps(member("Writers"))


# The example.


def test_the_example_is_loaded_into_an_empty_site_and_public_at_once(client, capsys):
    assert PAGES["home"] in client.get("/").text
    call_command("load_example")
    assert "public" in capsys.readouterr().out
    assert "building nest friends backend" in client.get("/").text
    assert "nest" in client.get("/search/?q=nest").text
    # What is written after it finds its number.
    make_entry()
    make_role()


@pytest.mark.parametrize(
    ("write", "there"),
    [
        (make_entry, "entries: 1"),
        (lambda: make_entry(publish_at=None), "entries: 1"),
        (make_focus, "now: 1"),
        (lambda: [make_tool(), make_tool()], "tools: 2"),
        (lambda: Profile.objects.create(name="Ada"), "profile: 1"),
        (make_image, "images: 1"),
    ],
)
def test_the_example_is_not_loaded_over_content(write, there):
    write()
    before = [[*model.objects.values()] for model in (Entry, Focus, Tool, Profile, Role)]
    with pytest.raises(CommandError, match=there):
        call_command("load_example")
    assert before == [[*model.objects.values()] for model in (Entry, Focus, Tool, Profile, Role)]
