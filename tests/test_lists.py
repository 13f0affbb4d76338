"""A list comes back as one left it, says so, and can always be had whole."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from journal.models import EntryQuerySet
from portfolio.editing.lists import LIMIT, SESSION_KEY

from .desk import member
from .factories import make_entry, make_tool, make_user
from .test_admin import ABSURD, KINDS

pytestmark = pytest.mark.django_db

LIST = "/admin/journal/entry/"


def titles(page):
    return {item.title for item in page.context["cl"].result_list}


@pytest.fixture
def two():
    make_entry(title="a draft", publish_at=None)
    make_entry(title="a page")


@pytest.mark.parametrize("query", ["state=draft", "q=draft", "o=-1", "month=2026-01&q=draft"])
def test_a_list_comes_back_as_it_was_left(admin_client, two, query):
    left = admin_client.get(f"{LIST}?{query}")
    again = admin_client.get(LIST, follow=True)
    assert again.redirect_chain == [(f"{LIST}?{query}", 302)]
    assert titles(again) == titles(left)


def test_each_list_and_each_person_remembers_for_itself(admin_client, client, two):
    admin_client.get(f"{LIST}?state=draft")
    assert admin_client.get("/admin/roles/role/").status_code == 200
    client.force_login(make_user("journal.view_entry"))
    assert titles(client.get(LIST)) == {"a draft", "a page"}


def test_an_address_with_a_query_says_itself_what_it_shows(admin_client, two):
    admin_client.get(f"{LIST}?state=draft")
    assert titles(admin_client.get(f"{LIST}?state=live")) == {"a page"}
    assert titles(admin_client.get(LIST, follow=True)) == {"a page"}


def test_what_the_list_is_narrowed_to_is_said_with_the_way_out(admin_client, two):
    make_tool(name="django", slug="django")
    page = admin_client.get(f"{LIST}?state=draft&q=draft&o=1").text
    assert "filtered: state draft · search draft, 1 of 2" in page
    assert "sorted by title" in page
    assert '<a href="?whole">clear</a>' in page
    assert "filtered:" not in admin_client.get(f"{LIST}?whole").text


def test_the_whole_list_stays_whole(admin_client, two):
    admin_client.get(f"{LIST}?state=draft")
    page = admin_client.get(f"{LIST}?whole")
    assert titles(page) == {"a draft", "a page"}
    again = admin_client.get(LIST)
    assert titles(again) == {"a draft", "a page"}


@pytest.mark.parametrize("kind", KINDS)
def test_no_link_of_a_list_leads_to_the_bare_address(admin_client, two, kind):
    """It would bring back what the link is there to take away."""
    app, model = kind.split("_")
    for query in ("q=x", "o=1", "whole"):
        page = admin_client.get(f"/admin/{app}/{model}/?{query}").text
        assert 'href="?"' not in page


def test_all_takes_a_filter_away_for_good(admin_client, two):
    page = admin_client.get(f"{LIST}?state=draft")
    spec = page.context["cl"].filter_specs[0]
    everything = next(iter(spec.choices(page.context["cl"])))["query_string"]
    assert titles(admin_client.get(LIST + everything)) == {"a draft", "a page"}
    assert titles(admin_client.get(LIST)) == {"a draft", "a page"}


def test_an_empty_list_leads_out(admin_client, two):
    admin_client.get(f"{LIST}?q=nothing-like-it")
    page = admin_client.get(LIST, follow=True).text
    assert "Nothing here matches" in page
    assert '<a href="?whole">Show all 2</a>' in page


@pytest.fixture
def many(monkeypatch):
    """A tool, of which few are many, with two of four entries."""
    monkeypatch.setattr(EntryQuerySet, "FEW", 0)
    tool = make_tool()
    make_entry(title="a draft", publish_at=None, tools=[tool])
    make_entry(title="a page", tools=[tool, make_tool()])
    make_entry(title="another draft", publish_at=None)
    make_entry(title="another page")
    return tool


@pytest.mark.parametrize(
    "query",
    [
        *("whole", "state=draft", "q=page", "o=1&all=1&_popup=1", "e=1"),
        *("tools__id__exact={}", "tools__id__exact={}&all=", "tools__id__exact={}&state=live"),
        *("tools__id__exact={}&q=draft", "tools__id__exact=0", "tools__id__exact=x"),
    ],
)
@pytest.mark.parametrize("of_all", [4, 2])
def test_a_list_says_how_many_there_are(admin_client, many, query, of_all):
    """Of those that one may see: a writer sees no draft of someone else."""
    client = admin_client if of_all == 4 else member("Writers")
    page = client.get(f"{LIST}?{query.format(many.pk)}")
    changelist = page.context["cl"]
    assert changelist.result_count == changelist.paginator.count == len(titles(page))
    assert changelist.full_result_count == of_all
    assert changelist.show_admin_actions == bool(titles(page))


def test_an_empty_list_offers_no_actions(admin_client):
    changelist = admin_client.get(LIST).context["cl"]
    assert (changelist.result_count, changelist.full_result_count) == (0, 0)
    assert not changelist.show_admin_actions


@pytest.mark.parametrize(
    ("query", "are_counted"),
    [("whole", False), ("o=1&p=1", False), ("tools__id__exact={}", False), ("state=draft", True)],
)
def test_nobody_waits_for_a_count_of_what_is_counted(admin_client, many, query, are_counted):
    with CaptureQueriesContext(connection) as captured:
        admin_client.get(f"{LIST}?{query.format(many.pk)}")
    counts = [each for each in captured if ' AS "__count" FROM "journal_entry" ' in each["sql"]]
    assert bool(counts) == are_counted


def test_a_page_is_not_remembered_and_a_popup_remembers_nothing(admin_client, two):
    admin_client.get(f"{LIST}?state=draft&p=1")
    assert admin_client.get(LIST)["Location"] == f"{LIST}?state=draft"
    admin_client.get(f"{LIST}?whole")
    admin_client.get(f"{LIST}?_popup=1&state=draft")
    assert admin_client.get(LIST).status_code == 200


def test_a_list_that_is_as_before_is_not_remembered_again(admin_client, two):
    def written():
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(f"{LIST}?state=draft")
        return [query for query in captured if "UPDATE" in query["sql"]]

    assert written()
    assert not written()


def remember(client, query):
    session = client.session
    session[SESSION_KEY] = {"journal.entry": query}
    session.save()


@pytest.mark.parametrize(
    "query", [*ABSURD, "nothing=1", "password__startswith=a", "%", "&&", "e=1"]
)
def test_an_absurd_memory_shuts_nobody_out(admin_client, two, query):
    admin_client.get(f"{LIST}?{query}")
    admin_client.get(LIST, follow=True)
    remember(admin_client, query)
    admin_client.get(LIST, follow=True)
    page = admin_client.get(LIST, follow=True)
    assert page.status_code == 200
    assert titles(page) or '<a href="?whole">Show all 2</a>' in page.text


def test_an_absurdly_long_query_is_not_kept(admin_client, two):
    admin_client.get(f"{LIST}?state=draft")
    admin_client.get(f"{LIST}?q={'x' * LIMIT}")
    assert titles(admin_client.get(LIST)) == {"a draft", "a page"}
