"""What stands near an entry: what shares its tools, its role or its telling words."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from journal.models import Entry
from journal.related import nearest
from portfolio.months import Month
from portfolio.search import query
from tests.factories import make_entry, make_principle, make_role, make_tool

pytestmark = pytest.mark.django_db


def related(entry):
    keys = nearest(entry)
    _, found = entry.around(keys)
    return [found[key] for key in keys]


def titles(entry):
    return [other.title for other in related(entry)]


def test_what_shares_more_is_nearer():
    redis, rust, role = make_tool(), make_tool(), make_role()
    entry = make_entry(tools=[redis, rust], role=role, body="about lighthouses.")
    make_entry(title="none", body="about else.")
    make_entry(title="one tool", tools=[redis])
    make_entry(title="two tools and the role", tools=[redis, rust], role=role)
    make_entry(title="one tool and the role", tools=[rust], role=role)
    assert titles(entry) == ["two tools and the role", "one tool and the role", "one tool"]


def test_telling_words_make_near_and_common_words_do_not():
    entry = make_entry(title="the team and its lighthouse", body="a week.")
    make_entry(title="lighthouses far away", body="other plurals")
    make_entry(title="one lighthouse", body="which stands alone")
    make_entry(title="the one with their own", body="and its")
    assert titles(entry) == ["one lighthouse"]


def test_of_those_that_share_as_much_the_more_alike_and_then_the_latest_come_first():
    tool = make_tool()
    entry = make_entry(title="lighthouse", body="", tools=[tool])
    make_entry(title="older", body="", tools=[tool])
    make_entry(title="newer", body="", tools=[tool])
    make_entry(title="lighthouse too", body="")
    assert titles(entry) == ["lighthouse too", "newer", "older"]


def test_there_are_three_at_most_and_never_the_entry_itself():
    tool, role = make_tool(), make_role()
    entries = [make_entry(title="same words", tools=[tool], role=role) for _ in range(6)]
    for entry in entries:
        near = related(entry)
        assert len(near) == len(set(near)) == 3 and entry not in near


@pytest.mark.parametrize("offset", [None, timedelta(days=1)])
def test_only_what_is_live_is_near(client, offset):
    tool, role = make_tool(), make_role()
    entry = make_entry(title="lighthouse", tools=[tool], role=role)
    hidden = offset and timezone.now() + offset
    for _ in range(30):
        make_entry(title="lighthouse canary", tools=[tool], role=role, publish_at=hidden)
    make_entry(title="live and older", tools=[tool])
    Entry.objects.filter(title="live and older").update(publish_at=timezone.now())
    response = client.get(entry.get_absolute_url())
    assert "canary" not in response.text
    assert "near this" in response.text and "live and older" in response.text
    Entry.objects.filter(publish_at=None).update(publish_at=timezone.now())
    Entry.objects.filter(publish_at__gt=timezone.now()).update(publish_at=timezone.now())
    assert "canary" in client.get(entry.get_absolute_url()).text


def test_a_role_that_is_not_live_connects_nothing():
    role = make_role(publish_at=None)
    entry = make_entry(title="alpha", role=role, body="")
    make_entry(title="beta", role=role, body="")
    assert related(entry) == []
    role.publish_at = timezone.now()
    role.save()
    assert titles(Entry.objects.get(pk=entry.pk)) == ["beta"]


def test_an_entry_with_nothing_near_says_nothing(client):
    entry = make_entry(title="alone")
    assert related(entry) == []
    assert "near this" not in client.get(entry.get_absolute_url()).text


def test_similar_gives_entries_for_anything_that_is_searched():
    entry = make_entry(title="a lighthouse")
    make_entry(title="a hidden lighthouse", publish_at=None)
    assert query.similar(make_principle(title="build a lighthouse")) == [entry.pk]


def cost(entry):
    entry = Entry.objects.prefetch_related("tools").select_related("role").get(pk=entry.pk)
    with CaptureQueriesContext(connection) as captured:
        near = related(entry)
    assert len(near) == 3
    return len(captured)


def test_it_costs_no_more_among_thousands_with_the_same_tool():
    tools, role = [make_tool(), make_tool()], make_role()
    entries = [make_entry(title="lighthouse", tools=tools, role=role) for _ in range(5)]
    few = cost(entries[0])
    now = timezone.now()
    many = Entry.objects.bulk_create(
        Entry(title="lighthouse", slug=f"e{n}", month=Month(2026, 1), publish_at=now, role=role)
        for n in range(1000)
    )
    links = Entry.tools.through
    links.objects.bulk_create(links(entry=entry, tool=tool) for entry in many for tool in tools)
    # A word that many use tells nothing any more, which saves a query.
    assert cost(entries[0]) <= few <= 8
