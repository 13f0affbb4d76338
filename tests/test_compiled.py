"""A queryset that is turned into SQL once asks what it would ask if it were turned anew."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections
from django.db.models.sql.compiler import SQLCompiler
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from journal.models import Entry
from portfolio import views
from portfolio.compiled import ASKED_AT, Compiled
from portfolio.models import Focus, Principle, Profile, ProfileLink, Tool
from portfolio.months import Month
from roles.models import Role
from tests.factories import make_entry, make_focus, make_image, make_principle, make_role, make_tool

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
KINDS = {
    "statements": (views.STATEMENTS, lambda: Focus.objects.current()),
    "roles": (views.ROLES, lambda: Role.objects.live()),
    "principles": (views.PRINCIPLES, lambda: Principle.objects.live()),
    "entries": (views.ENTRIES, lambda: Entry.objects.live().newest(views.NEWEST)),
    "tools": (views.TOOLS, lambda: Tool.objects.all()),
}


@pytest.fixture
def now(monkeypatch):
    """A function that sets the time."""

    def set_time(moment):
        monkeypatch.setattr(timezone, "now", lambda: moment)

    set_time(timezone.now())
    return set_time


@pytest.fixture
def content():
    tools = [make_tool(), make_tool()]
    for publish_at in (timezone.now() - HOUR, timezone.now() + HOUR, None):
        role = make_role(publish_at=publish_at)
        make_principle(publish_at=publish_at)
        make_entry(publish_at=publish_at, role=role, tools=tools)
    make_focus(since=Month(2020, 1), until=Month(2020, 2))
    make_focus(since=Month.now(), until=Month.now())
    make_focus()


@pytest.mark.parametrize("kind", KINDS)
def test_it_asks_the_same_and_finds_the_same_items(content, now, kind):
    compiled, queryset = KINDS[kind]
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            found = compiled()
            expected = [*queryset()]
        ours, theirs = asked.captured_queries
        assert ours["sql"] == theirs["sql"]
        assert found and [*map(fields, found)] == [*map(fields, expected)]


def fields(item):
    return {name: value for name, value in vars(item).items() if name != "_state"}


def test_a_profile_comes_with_its_portrait_its_links_and_the_first_role(
    content, django_assert_num_queries
):
    image, title = make_image(), Role.objects.live()[0].title
    profile = Profile.objects.create(portrait=image)
    ProfileLink.objects.create(profile=profile, label="a link", url="https://example.org/")
    # To turn it into SQL, Django asks SQLite what it can do.
    views.PROFILES()
    with django_assert_num_queries(1):
        (found,) = views.PROFILES()
        assert found == profile and found.portrait == image
        assert [link.label for link in found.links.all()] == ["a link"]
        assert found.first_role == title


def test_it_is_turned_into_sql_once(content, monkeypatch):
    compiled = Compiled(Role.objects.live(ASKED_AT))
    first = compiled()

    def refuse(self, *args, **kwargs):
        raise AssertionError("again")

    monkeypatch.setattr(SQLCompiler, "as_sql", refuse)
    assert compiled() == first
    with pytest.raises(AssertionError, match="again"):
        [*Role.objects.live()]


def test_what_is_asked_is_asked_of_the_moment(now):
    late, early = make_role(publish_at=timezone.now() + HOUR), make_role()
    frozen = Compiled(Role.objects.live())
    assert views.ROLES() == frozen() == [early]
    now(late.publish_at - timedelta(microseconds=1))
    assert views.ROLES() == [early]
    now(late.publish_at)
    assert views.ROLES() == [late, early] == [*Role.objects.live()]
    assert frozen() == [early], "the control: what is not left open stays"


def test_a_statement_holds_until_its_month_ends(now):
    statement = make_focus(since=Month(2026, 2), until=Month(2026, 2))
    for month, holds in ((1, False), (2, True), (3, False)):
        now(datetime(2026, month, 15, tzinfo=timezone.get_current_timezone()))
        assert views.STATEMENTS() == ([statement] if holds else [])


@pytest.mark.django_db(transaction=True)
def test_threads_ask_by_connections_of_their_own(content):
    expected = views.ROLES()

    def ask(_):
        try:
            return views.ROLES()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert [*threads.map(ask, range(20))] == [expected] * 20


@pytest.mark.django_db(transaction=True)
def test_the_connection_of_a_thread_that_has_ended_is_let_go(content):
    compiled = Compiled(Role.objects.live(ASKED_AT))

    def ask():
        try:
            compiled()
            return weakref.ref(connections["default"])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        connected = thread.submit(ask).result()
    gc.collect()
    assert connected() is None
    assert compiled() == [*Role.objects.live()]


def test_the_queryset_stays_what_it_was(content):
    """So it does not matter which of two threads is the first."""
    queryset = Role.objects.live(timezone.now())
    before = vars(queryset.query).copy()
    Compiled(queryset)()
    assert vars(queryset.query) == before
    assert queryset._result_cache is None
    assert not queryset.filter(title="no such").exists()
