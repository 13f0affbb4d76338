"""sitemap.xml and llms.txt: every public page, when it changed, and nothing else."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from lxml import etree

from journal.models import Entry
from portfolio import public, sitemaps
from portfolio.markdown import render
from portfolio.models import Profile
from portfolio.months import Month
from roles.models import Role
from tests.factories import (
    make_entry,
    make_focus,
    make_principle,
    make_role,
    make_tool,
)

pytestmark = pytest.mark.django_db

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).parent / "data" / "sitemap.xsd"))
NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
SITE = "https://example.org"
LISTS = ["/", "/now/", "/roles/", "/thinking/", "/journal/", "/tools/", "/lessons/", "/cv/"]


@pytest.fixture(autouse=True)
def site_url(settings):
    settings.SITE_URL = SITE


def at(day):
    return datetime(2025, 5, day, 12, tzinfo=UTC)


def read(client, address="/sitemap.xml"):
    """A valid sitemap as {path: date or None}."""
    response = client.get(address)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/xml; charset=utf-8"
    document = etree.fromstring(response.content)
    # An index differs from a sitemap in the names of its elements alone.
    for old, new in (("sitemapindex", "urlset"), ("sitemap", "url")):
        for element in document.iter(NAMESPACE + old):
            element.tag = NAMESPACE + new
    SCHEMA.assertValid(document)
    return {
        url.findtext(f"{NAMESPACE}loc").removeprefix(SITE): url.findtext(f"{NAMESPACE}lastmod")
        for url in document
    }


def dates(client):
    return {path: date and datetime.fromisoformat(date) for path, date in read(client).items()}


def test_an_empty_site_has_a_valid_sitemap_without_dates(client):
    assert read(client) == dict.fromkeys(LISTS)


def test_every_public_page_is_in_it_and_nothing_else(client):
    make_role(slug="lead")
    make_principle(slug="simple")
    make_tool(slug="hammer")
    make_entry(slug="one", month=Month(2026, 1))
    make_entry(slug="two", month=Month(2025, 12))
    make_entry(slug="draft", month=Month(2024, 1), publish_at=None)
    assert [*read(client)] == [
        *LISTS,
        *("/roles/lead/", "/thinking/simple/", "/tools/hammer/"),
        *("/journal/2026/", "/journal/2025/", "/journal/2026/01/", "/journal/2025/12/"),
        *("/journal/2026/01/one/", "/journal/2025/12/two/"),
    ]
    for path in read(client):
        assert client.get(path).status_code == 200


def test_an_item_is_dated_by_its_last_edit_or_else_its_publication(client):
    make_role(slug="edited", publish_at=at(1), updated_at=at(2))
    make_role(slug="scheduled", publish_at=at(4), updated_at=at(3))
    found = dates(client)
    assert found["/roles/edited/"] == at(2)
    assert found["/roles/scheduled/"] == at(4)
    for role in Role.objects.all():
        assert found[role.get_absolute_url()] == role.changed_at


def test_a_list_is_dated_by_the_newest_thing_in_it(client):
    make_tool(slug="hammer")
    make_focus()
    make_role(publish_at=at(1), updated_at=at(2))
    make_role(publish_at=at(5), updated_at=at(5), learned="", broke="")
    make_principle(publish_at=at(3), updated_at=at(1))
    make_entry(month=Month(2025, 1), publish_at=at(6), updated_at=at(1))
    make_entry(month=Month(2025, 2), publish_at=at(1), updated_at=at(7))
    make_entry(month=Month(2024, 2), publish_at=at(1), updated_at=at(1))
    found = dates(client)
    expected = {
        "/": at(7),
        "/now/": None,
        "/roles/": at(5),
        "/lessons/": at(2),
        "/thinking/": at(3),
        "/journal/": at(7),
        "/tools/": None,
        "/tools/hammer/": None,
        "/journal/2025/": at(7),
        "/journal/2025/01/": at(6),
        "/journal/2025/02/": at(7),
        "/journal/2024/": at(1),
    }
    assert {path: found[path] for path in expected} == expected


@pytest.mark.parametrize("hidden", [None, timezone.now() + timedelta(days=9)])
@pytest.mark.parametrize("address", ["/sitemap.xml", "/sitemap-pages.xml", "/llms.txt"])
def test_what_is_hidden_changes_no_byte_and_no_tag(client, hidden, address):
    items = [make_role(), make_principle(), make_entry()]
    for item in items:
        type(item).objects.update(publish_at=at(1), updated_at=at(2))
    before = client.get(address)
    others = [make_role(), make_principle(), make_entry(), make_entry(month=Month(2020, 1))]
    shown = client.get(address)
    for other in others:
        other.publish_at = hidden
        other.save()
    after = client.get(address)
    assert after.content == before.content
    assert after["ETag"] == before["ETag"]
    # The control: while they were live it showed.
    assert shown.content != before.content


def test_an_unpublish_takes_its_date_with_it(client):
    make_entry(month=Month(2025, 1), publish_at=at(1), updated_at=at(1))
    newest = make_entry(month=Month(2025, 1), publish_at=at(9), updated_at=at(9))
    assert dates(client)["/journal/"] == at(9)
    newest.publish_at = None
    newest.save()
    assert dates(client)["/journal/"] == at(1)


def test_it_is_sent_again_only_when_something_changed(client):
    make_entry(slug="one", publish_at=at(1), updated_at=at(1))
    for address in ("/sitemap.xml", "/sitemap-2026-1.xml", "/llms.txt"):
        tag = client.get(address)["ETag"]
        assert client.get(address, headers={"if-none-match": tag}).status_code == 304
    Entry.objects.update(updated_at=at(2), title="another")
    for address in ("/sitemap.xml", "/llms.txt"):
        changed = client.get(address, headers={"if-none-match": tag})
        assert changed.status_code == 200


def test_addresses_are_those_of_the_site_whatever_host_was_asked(client, settings):
    settings.ALLOWED_HOSTS = ["mirror.example"]
    for address in ("/sitemap.xml", "/llms.txt"):
        text = client.get(address, headers={"host": "mirror.example"}).text
        assert SITE in text
        assert "mirror" not in text


@pytest.fixture
def small_files(monkeypatch):
    """Files hold as many addresses as the few pages of the site below take."""
    make_role(slug="lead", publish_at=at(1), updated_at=at(1))
    for number in range(30):
        make_entry(slug=f"e{number}", month=Month(2024, 1 + number % 2), publish_at=at(2))
    for number in range(5):
        make_entry(slug=f"e{number}", month=Month(2020, 1), publish_at=at(3), updated_at=at(3))
    monkeypatch.setattr(sitemaps, "LIMIT", 14)


def test_more_pages_than_a_file_may_have_are_in_parts(client, small_files):
    parts = read(client)
    assert [*parts] == [
        "/sitemap-pages.xml",
        "/sitemap-2020-1.xml",
        *("/sitemap-2024-1.xml", "/sitemap-2024-2.xml"),
    ]
    for path, date in parts.items():
        dates = [date for date in read(client, path).values() if date]
        assert datetime.fromisoformat(date) >= max(map(datetime.fromisoformat, dates))
    listed = [path for part in parts for path in read(client, part)]
    assert len(listed) == len({*listed})
    assert {*listed} == {page.path for page in public.pages()}
    sizes = [len(read(client, part)) for part in parts]
    assert max(sizes) <= sitemaps.LIMIT
    # All are full but for the last: no part is less than another because of a year's end.
    assert sizes[1:] == [14, 14, 7]
    assert [*read(client, "/sitemap-2020-1.xml")][-1].startswith("/journal/2024/01/")


def test_as_many_pages_as_a_file_may_have_are_in_one(client, small_files, monkeypatch):
    count = len([*public.pages()])
    monkeypatch.setattr(sitemaps, "LIMIT", count)
    assert len(read(client)) == count
    monkeypatch.setattr(sitemaps, "LIMIT", count - 1)
    assert "/sitemap-pages.xml" in read(client)


@pytest.mark.parametrize(
    "part", ["2024-0", "2024-3", "2023-1", "2024-" + "9" * 5_000, "0000-1", "2024--1", "x-1"]
)
def test_a_part_of_nothing_is_not_found(client, small_files, part):
    assert client.get(f"/sitemap-{part}.xml").status_code == 404


def test_a_part_with_nothing_live_is_not_found(client):
    make_entry(month=Month(2021, 1), publish_at=None)
    assert client.get("/sitemap-2021-1.xml").status_code == 404


# llms.txt


def sections(text):
    """The file as {section: [(name, address, notes)]}; fails if it is not of the format."""
    assert re.match(r"# .+\n(?:\n> .+\n)?(?:\n## |$)", text)
    found = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        name, _, links = section.partition("\n")
        found[name] = [
            re.fullmatch(
                r"- \[((?:\\.|[^\]\\])+)\]\((https://[^()\s]+)\)(?:: (.+))?", line
            ).groups()
            for line in links.strip().splitlines()
        ]
    return found


def test_it_lists_what_there_is_with_the_plain_form_of_each(client):
    Profile.objects.create(name="Ada", headline="prunes *gardens*")
    make_role(slug="lead", title="Lead [of] all", summary="a\nsummary")
    make_principle(slug="simple", title="simple")
    make_tool(slug="hammer", name="hammer", note="hits *hard*.")
    make_entry(slug="one", month=Month(2026, 1), title="one", body="what happened.")
    text = client.get("/llms.txt").text
    assert text.startswith("# Ada\n\n> prunes \\*gardens\\*\n\n## pages\n\n- [Ada](")
    found = sections(text)
    twin = "index.html.md"
    assert [path for _, path, _ in found["pages"]] == [f"{SITE}{path}{twin}" for path in LISTS]
    assert found["roles"] == [("Lead \\[of\\] all", f"{SITE}/roles/lead/{twin}", "a summary")]
    assert found["thinking"] == [("simple", f"{SITE}/thinking/simple/{twin}", "the reason.")]
    assert found["journal"] == [("one", f"{SITE}/journal/2026/01/one/{twin}", "what happened.")]
    assert found["tools"] == [("hammer", f"{SITE}/tools/hammer/{twin}", "hits hard.")]
    assert found["Optional"] == [("2026", f"{SITE}/journal/2026/{twin}", None)]
    for _, address, _ in [link for links in found.values() for link in links]:
        assert client.get(address.removeprefix(SITE)).status_code == 200


def test_without_a_profile_it_invents_nothing(client):
    text = client.get("/llms.txt").text
    assert text.startswith("# example.org\n\n## pages\n")
    assert [*sections(text)] == ["pages"]


def test_it_names_the_newest_entries_and_the_years_of_the_rest(client):
    for number in range(sitemaps.NEWEST + 3):
        make_entry(slug=f"e{number}", month=Month(2000 + number, 1))
    found = sections(client.get("/llms.txt").text)
    assert len(found["journal"]) == sitemaps.NEWEST
    assert len(found["Optional"]) == sitemaps.NEWEST + 3


@pytest.mark.parametrize("title", ["# a\n## b", "](https://evil.example)", "<b>&amp;", "مرحبا"])
def test_a_title_stays_a_title(client, title):
    make_entry(slug="one", title=title)
    text = client.get("/llms.txt").text
    assert [*sections(text)] == ["pages", "journal", "Optional"]
    assert all(address.startswith(SITE) for address in re.findall('href="(.*?)"', render(text)))
