"""The archives: page after page in both directions, at the cost of the first."""

from datetime import timedelta

import pytest
from django.utils import timezone

from journal.models import CountedMonth, Entry
from portfolio.archive import SIZE
from portfolio.months import Month
from tests.factories import make_entry, make_role, make_tool
from tests.test_pages import document

pytestmark = pytest.mark.django_db

LISTS = ["/journal/", "/journal/2024/", "/journal/2024/05/", "/tools/hammer/", "/roles/lead/"]


def make_entries(number, *, tool=None, **fields):
    """Live entries in one statement; of one month unless told otherwise."""
    now = timezone.now()
    entries = Entry.objects.bulk_create(
        Entry(
            **{
                "title": f"entry {nth}",
                "slug": f"nth-{nth}",
                "month": Month(2024, 5),
                # Two at each moment, so that the slug has to decide.
                "publish_at": now - timedelta(hours=nth // 2 + 1),
            }
            | {name: value(nth) if callable(value) else value for name, value in fields.items()}
        )
        for nth in range(number)
    )
    if tool:
        links = Entry.tools.through
        links.objects.bulk_create(links(entry=entry, tool=tool) for entry in entries)
    return entries


def turn(response, rel):
    """Where the list's own link of this kind leads; None if there is none."""
    navigation = document(response).find(".//nav[@aria-label='pages']")
    found = [] if navigation is None else navigation.findall(f"a[@rel='{rel}']")
    return found[0].get("href") if found else None


def shown(response):
    """The addresses of the entries that the page lists, in its order."""
    page = document(response)
    links = [*page.iterfind(".//article/div/h2/a"), *page.iterfind(".//ul[@class='titles']/li/a")]
    return [link.get("href") for link in links if link.get("href").startswith("/journal/")]


def walk(client, address, rel):
    pages = []
    while address:
        response = client.get(address)
        assert response.status_code == 200, address
        pages.append((address, shown(response)))
        address = turn(response, rel)
    return pages


@pytest.mark.parametrize("address", LISTS)
def test_the_pages_of_a_list_hold_each_entry_once_in_order_and_lead_back(client, address):
    role, tool = make_role(slug="lead"), make_tool(slug="hammer")
    make_entries(SIZE * 2 + 5, role=role, tool=tool)
    for state in (None, timezone.now() + timedelta(days=1)):
        hidden = make_entry(month=Month(2024, 5), publish_at=state, role=role, tools=[tool])
    pages = walk(client, address, "prev")
    assert [len(entries) for _, entries in pages] == [SIZE, SIZE, 5]
    expected = [entry.get_absolute_url() for entry in Entry.objects.live()]
    assert [entry for _, entries in pages for entry in entries] == expected
    assert hidden.get_absolute_url() not in expected
    assert walk(client, pages[-1][0], "next") == pages[::-1]


@pytest.mark.parametrize("address", LISTS)
def test_a_list_of_exactly_one_page_has_no_other(client, address):
    make_entries(SIZE, role=make_role(slug="lead"), tool=make_tool(slug="hammer"))
    assert [len(entries) for _, entries in walk(client, address, "prev")] == [SIZE]


def test_each_page_has_a_title_and_one_address_of_its_own(client):
    make_entries(SIZE * 3, month=lambda nth: Month(2024, 12 - nth // 12))
    pages = walk(client, "/journal/", "prev")
    titles = [document(client.get(address)).find("head/title").text for address, _ in pages]
    assert titles == [
        "journal · localhost",
        "journal, sep 2024 – oct 2024 · localhost",
        "journal, jul 2024 – aug 2024 · localhost",
    ]
    assert [address for address, _ in pages[1:]] == [
        "/journal/before" + entries[-1].removeprefix("/journal") for _, entries in pages[:-1]
    ]


def test_what_is_newly_published_moves_no_page_that_is_already_known(client):
    make_entries(SIZE * 2)
    (_, _), (second, entries) = walk(client, "/journal/", "prev")
    new = make_entry(month=Month(2024, 6)).get_absolute_url()
    assert shown(client.get(second)) == entries
    # It is on the way back, and nothing is left out there.
    back = {entry for _, entries in walk(client, second, "next") for entry in entries}
    assert back == {entry.get_absolute_url() for entry in Entry.objects.live()}
    assert new in back


def test_a_place_is_an_entry_of_the_list_and_nothing_else(client):
    make_entries(3, role=make_role(slug="lead"), tool=make_tool(slug="hammer"))
    make_entry(month=Month(2023, 1), slug="elsewhere")
    for state in (None, timezone.now() + timedelta(days=1)):
        make_entry(month=Month(2024, 5), slug=f"hidden-{state is None}".lower(), publish_at=state)
    for address in LISTS:
        for place in (
            *("2024/05/nothing", "2024/05/hidden-true", "2024/05/hidden-false"),
            *("2024/06/nth-1", "2024/13/nth-1", "0000/00/nth-1", "9999/12/a"),
            *("2024/05/" + "a" * 10_000, "2024/05", "2024/05/%00", "2024/05/%FF"),
            *("nth-1", "2024-05/nth-1", "2024/05/nth-1/nth-1", "%ED%A0%80/1/1"),
        ):
            response = client.get(f"{address}before/{place}/")
            assert response.status_code == 404, (address, place)
    for address in LISTS[1:]:
        assert client.get(f"{address}before/2023/01/elsewhere/").status_code == 404, address
    for address in LISTS:
        assert client.get(f"{address}before/2024/05/nth-0/").status_code == 200, address


def test_a_draft_as_a_place_answers_as_nothing_does(client):
    make_entries(3)
    make_entry(month=Month(2024, 5), slug="hidden", publish_at=None)
    hidden = client.get("/journal/before/2024/05/hidden/")
    nothing = client.get("/journal/before/2024/05/nobody/")
    assert hidden.text == nothing.text.replace("nobody", "hidden")
    assert hidden.headers == nothing.headers


def test_after_the_last_entry_there_is_nothing(client):
    make_entries(SIZE + 1)
    last = Entry.objects.live().last()
    assert client.get(f"/journal/before{last.get_absolute_url()[8:]}").status_code == 404
    # The same page is there for the entry before it.
    before = Entry.objects.live()[SIZE - 1]
    assert client.get(f"/journal/before{before.get_absolute_url()[8:]}").status_code == 200


def test_the_entries_of_a_role_that_is_not_live_are_nowhere_listed(client, admin_client):
    make_entries(SIZE + 1, role=make_role(slug="lead", publish_at=None))
    address = f"/roles/lead/before{Entry.objects.live()[SIZE - 1].get_absolute_url()[8:]}"
    assert client.get(address).status_code == 404
    page = admin_client.get("/roles/lead/")
    assert page.status_code == 200
    assert turn(page, "prev") is None


def rail(response, label):
    navigation = document(response).find(f".//nav[@aria-label='{label}']")
    return [] if navigation is None else [(a.text, a.get("href")) for a in navigation.iter("a")]


def counts():
    return [(each.month, each.count) for each in CountedMonth.objects.live()]


def test_years_and_months_count_what_is_live(client):
    make_entries(3)
    make_entry(month=Month(2024, 7))
    make_entry(month=Month(2022, 1))
    for month in (Month(2024, 5), Month(2023, 1)):
        make_entry(month=month, publish_at=None)
        make_entry(month=month, publish_at=timezone.now() + timedelta(days=1))
    assert counts() == [(Month(2024, 7), 1), (Month(2024, 5), 3), (Month(2022, 1), 1)]
    page = client.get("/journal/")
    assert rail(page, "years") == [("2024", "/journal/2024/"), ("2022", "/journal/2022/")]
    numbers = [item.find("a").tail for item in document(page).find(".//nav/ul[@class='years']")]
    assert numbers == [" · 4", " · 1"]


def test_no_months_without_entries():
    assert counts() == []


def test_years_and_months_lead_to_the_nearest_that_have_something_live(client):
    for year, month in [(2019, 3), (2022, 1), (2022, 4), (2022, 9), (2026, 2)]:
        make_entry(month=Month(year, month))
    for year, month in [(2021, 3), (2022, 2), (2022, 5), (2024, 9)]:
        make_entry(month=Month(year, month), publish_at=None)
        make_entry(month=Month(year, month), publish_at=timezone.now() + timedelta(days=1))

    def beside(address, label):
        return [path for _, path in rail(client.get(address), label)]

    assert beside("/journal/2022/", "other years") == ["/journal/2019/", "/journal/2026/"]
    assert beside("/journal/2019/", "other years") == ["/journal/2022/"]
    assert beside("/journal/2026/", "other years") == ["/journal/2022/"]
    assert beside("/journal/2022/04/", "other months") == ["/journal/2022/01/", "/journal/2022/09/"]
    assert beside("/journal/2022/09/", "other months") == ["/journal/2022/04/", "/journal/2026/02/"]
    months = ["/journal/2022/09/", "/journal/2022/04/", "/journal/2022/01/"]
    assert beside("/journal/2022/", "months") == months


def test_every_page_of_the_archive_leads_to_the_journal_and_to_what_is_above_it(client):
    make_entries(SIZE + 1)
    place = Entry.objects.live()[SIZE - 1].get_absolute_url()[8:]
    above = {
        "/journal/2024/": {"/journal/"},
        "/journal/2024/05/": {"/journal/", "/journal/2024/"},
    }
    for address, expected in above.items():
        for page in (address, f"{address}before{place}"):
            found = {a.get("href") for a in document(client.get(page)).find(".//main").iter("a")}
            assert found >= expected, page
    for address in above:
        found = [a.get("href") for a in document(client.get(f"{address}before{place}")).iter("a")]
        assert address in found, address
