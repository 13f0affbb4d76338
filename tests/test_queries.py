"""What each public page asks of the database, and that it asks no more when there is more."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from journal.models import Entry
from portfolio.months import Month
from tests.factories import (
    make_entry,
    make_evidence,
    make_focus,
    make_image,
    make_outcome,
    make_principle,
    make_role,
    make_tool,
)

# Few enough that a page is made at once. The profile with its links is one of them.
MOST = 6
QUERIES = {
    "/": 6,
    "/now/": 3,
    "/roles/": 2,
    "/roles/main/": 4,
    "/thinking/": 2,
    "/thinking/main/": 4,
    "/journal/": 3,
    "/journal/before/2025/03/main/": 4,
    "/journal/2025/": 3,
    "/journal/2025/before/2025/03/main/": 5,
    "/journal/2025/03/": 3,
    "/journal/2025/03/before/2025/03/main/": 5,
    "/journal/2025/03/main/": 5,
    "/roles/main/before/2025/03/main/": 5,
    "/tools/": 2,
    "/tools/main/": 5,
    "/tools/main/before/2025/03/main/": 6,
    "/lessons/": 2,
    "/search/": 1,
    "/search/?q=role": 4,
    "/search/?q=roel": 6,
    "/search/?q=zzqx": 6,
    "/search/?q=roel+zzqx+thnig": 6,
    "/search/suggest/?q=role": 2,
    "/feed.xml": 2,
    "/feed.json": 2,
    "/tools/main/feed.xml": 5,
    "/cv/": 5,
    "/resume.json": 5,
    "/nothing-here/": 6,
    # Their plain forms need the profile only where a page has no description.
    "/index.html.md": 6,
    "/now/index.html.md": 3,
    "/roles/index.html.md": 2,
    "/roles/main/index.html.md": 3,
    "/thinking/index.html.md": 2,
    "/thinking/main/index.html.md": 3,
    "/journal/index.html.md": 3,
    "/journal/2025/index.html.md": 3,
    "/journal/2025/03/index.html.md": 3,
    "/journal/before/2025/03/main/index.html.md": 4,
    "/journal/2025/03/main/index.html.md": 4,
    "/tools/index.html.md": 2,
    "/tools/main/index.html.md": 5,
    "/lessons/index.html.md": 2,
    "/sitemap.xml": 5,
    "/sitemap-pages.xml": 4,
    "/sitemap-2025-1.xml": 2,
    "/llms.txt": 6,
    "/robots.txt": 0,
    "/card/home.png": 1,
    "/card/journal.png": 1,
    "/card/journal/2025/03/main.png": 2,
    "/card/roles/main.png": 2,
    "/card/thinking/main.png": 2,
    "/card/tools/main.png": 2,
    "/card/nothing-here.png": 6,
    "/site.webmanifest": 1,
    "/favicon.ico": 0,
}


@pytest.fixture
def main(db):
    # Asked once of each connection: whether SQLite was built with JSON.
    assert connection.features.supports_json_field
    tool = make_tool(slug="main")
    role = make_role(slug="main", tools=[tool], position=50)
    entry = make_entry(slug="main", month=Month(2025, 3), tools=[tool], role=role)
    make_entry(
        slug="first",
        month=Month(2025, 3),
        publish_at=timezone.now() - timedelta(days=1),
        tools=[tool],
        role=role,
    )
    principle = make_principle(slug="main", position=50)
    make_outcome(role=role)
    make_evidence(principle=principle, role=role)
    make_evidence(principle=principle, entry=entry)
    make_focus()
    make_focus(until=Month(2020, 1))
    # Something near the entry, as there is once there is more.
    make_entry(month=Month(2025, 3), tools=[tool], role=role)
    return tool, role, entry, principle


def grow(main, times):
    tool, role, entry, principle = main
    for number in range(times):
        more = make_tool()
        role.tools.add(more)
        entry.tools.add(more)
        other = make_role(tools=[tool], position=number)
        make_outcome(role=role)
        same_month = make_entry(month=Month(2025, 3), tools=[tool], role=role)
        make_evidence(principle=principle, role=other)
        make_evidence(principle=principle, entry=same_month)
        make_evidence(principle=make_principle(position=number), role=role)
        make_evidence(principle=make_principle(position=100 + number), entry=entry)
        make_focus()
        make_focus(until=Month(2020, 1))


def count(client, address):
    with CaptureQueriesContext(
        connection,
    ) as queries:
        client.get(address)
    return len(queries)


def test_no_page_asks_much():
    assert max(QUERIES.values()) <= MOST


def test_each_page_asks_a_fixed_number_of_queries(client, main):
    assert {address: count(client, address) for address in QUERIES} == QUERIES


def test_no_page_asks_more_when_there_is_more(client, main):
    before = {address: count(client, address) for address in QUERIES}
    grow(main, 12)
    assert {address: count(client, address) for address in QUERIES} == before


def test_no_page_asks_more_when_there_are_a_thousand_entries(client, main):
    tool, role, _, _ = main
    before = {address: count(client, address) for address in QUERIES}
    entries = Entry.objects.bulk_create(
        Entry(
            title=f"entry {number}",
            slug=f"bulk-{number}",
            month=Month(2020 + number % 10, 1 + number % 12),
            publish_at=timezone.now() - timedelta(minutes=number),
            role=role,
        )
        for number in range(1_000)
    )
    Entry.tools.through.objects.bulk_create(
        Entry.tools.through(entry=entry, tool=tool) for entry in entries
    )
    assert Entry.objects.live().naming(tool).count() > Entry.objects.live().FEW
    after = {address: count(client, address) for address in QUERIES}
    # The sitemap is in parts now, and a part begins where the one before it ends.
    assert (after.pop("/sitemap.xml"), count(client, "/sitemap-2020-1.xml")) == (4, 2)
    del after["/sitemap-2025-1.xml"]
    assert after == {address: before[address] for address in after}


WITH_PICTURES = {
    # One more than without, however many texts show them.
    "/": 7,
    "/roles/": 3,
    "/roles/main/": 5,
    "/thinking/": 3,
    "/thinking/main/": 5,
    "/journal/2025/03/main/": 6,
    "/lessons/": 3,
    "/feed.xml": 3,
    "/tools/main/feed.xml": 6,
}


def test_the_pictures_of_a_page_are_asked_for_at_once(client, main, media_root):
    tool, role, entry, principle = main
    pictures = [make_image() for _ in range(3)]
    text = "\n\n".join(f"![seen]({picture.file.url})" for picture in pictures)
    for item in (role, entry, principle, make_role(tools=[tool]), make_principle()):
        for name in ("problem", "approach", "impact", "learned", "broke", "body"):
            if hasattr(item, name):
                setattr(item, name, f"{text}\n\n{name}")
        item.save()
    assert {address: count(client, address) for address in WITH_PICTURES} == WITH_PICTURES
    assert pictures[0].file.url in client.get("/").text


def test_the_growth_would_be_noticed(client, main):
    """The control: a page that asked once an item would be caught."""
    from roles.models import Role

    def ask_once_a_role():
        with CaptureQueriesContext(connection) as queries:
            for role in Role.objects.live():
                list(role.tools.all())
        return len(queries)

    before = ask_once_a_role()
    grow(main, 3)
    assert ask_once_a_role() > before
