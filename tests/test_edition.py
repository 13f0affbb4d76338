"""Pages out of memory are what the content is now: whatever changes it, and when."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone

from journal.models import CountedMonth, Entry
from portfolio import edge as layer
from portfolio import edition
from portfolio.edition import AT_MOST, BETWEEN_LOOKS, GOOD_FOR
from portfolio.months import Month
from tests.factories import make_entry, make_role, make_tool
from tests.wsgi import ask, settle

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_edit_is_seen_within_the_second_and_the_earlier_page_until_then(edge, clock):
    role = make_role(title="before")
    address = role.get_absolute_url()
    assert "before" in ask(edge, address).text
    role.title = "after"
    role.save()
    held = threading.Event()
    edge.application.hold = held.wait
    # While another thread makes the new one, nobody waits.
    for _ in range(3):
        edition.watch.eyes.submit(int).result()
        assert "before" in ask(edge, address).text
    held.set()
    settle(edge)
    assert "after" in ask(edge, address).text
    assert edge.asked == [address] * 2


def test_what_is_edited_while_its_page_is_made_is_on_the_next(edge, clock):
    role, django = make_role(title="before"), edge.application

    def edited_meanwhile(environ, start_response):
        edge.application = django
        with closing(django(environ, start_response)) as response:
            answer = [*response]
        role.title = "after"
        role.save()
        clock.passed += AT_MOST
        edition.watch.latest(clock.monotonic())
        return answer

    edge.application = edited_meanwhile
    assert "before" in ask(edge, role.get_absolute_url()).text
    assert "after" in ask(edge, role.get_absolute_url()).text


def test_who_asks_after_an_edit_gets_no_page_that_was_begun_before(edge, clock, monkeypatch):
    role, django = make_role(title="before"), edge.application
    made, waits, go = threading.Event(), threading.Event(), threading.Event()

    class Waited(Future):
        def result(self, timeout=None):
            waits.set()
            return super().result(timeout)

    def slow(environ, start_response):
        with closing(django(environ, start_response)) as response:
            answer = [*response]
        made.set()
        go.wait()
        return answer

    def visit():
        try:
            return ask(edge, role.get_absolute_url()).text
        finally:
            connection.close()

    monkeypatch.setattr(layer, "Future", Waited)
    edge.application = slow
    with ThreadPoolExecutor(2) as visitors:
        first = visitors.submit(visit)
        made.wait()
        edge.application = django
        role.title = "after"
        role.save()
        clock.passed += AT_MOST
        second = visitors.submit(visit)
        waits.wait()
        go.set()
    assert "before" in first.result() and "after" in second.result()


def test_what_is_unpublished_is_gone_after_the_second_even_if_nothing_can_be_made(edge, clock):
    role = make_role(title="before")
    address = role.get_absolute_url()
    ask(edge, address)
    role.publish_at = None
    role.save()

    def fail():
        raise RuntimeError("cannot")

    edge.application.hold = fail
    clock.passed += AT_MOST
    for _ in range(2):
        with pytest.raises(RuntimeError):
            ask(edge, address)
    edge.application.hold = None
    assert ask(edge, address).status == 404


def test_what_is_no_page_any_more_takes_no_memory_and_is_kept_as_what_it_is(edge, clock):
    tool = make_tool()
    address = tool.get_absolute_url()
    assert ask(edge, address).status == 200
    tool.delete()
    clock.passed += AT_MOST
    for _ in range(3):
        assert ask(edge, address).status == 404
    assert edge.asked == [address] * 2
    assert not edge.pages.pages and edge.pages.size == 0


def test_without_an_edit_a_page_stays(edge, clock):
    ask(edge, "/")
    clock.passed += 3600 if timezone.localtime().hour < 22 else 60
    ask(edge, "/")
    assert edge.asked == ["/"]


def test_an_edit_that_does_not_concern_a_page_costs_its_readers_nothing(edge, clock):
    make_role()
    before = ask(edge, "/roles/", accept_encoding="br")
    make_tool()
    clock.passed += AT_MOST
    after = ask(edge, "/roles/", accept_encoding="br")
    assert edge.asked == ["/roles/"] * 2
    assert after == before
    assert ask(edge, "/roles/", if_none_match=before.headers["ETag"]).status == 304


def test_what_is_scheduled_is_seen_from_its_moment_on_and_not_before(edge, clock):
    entry = make_entry(title="scheduled", publish_at=timezone.now() + timedelta(seconds=200))
    address = entry.get_absolute_url()
    for _ in range(2):
        assert "scheduled" not in ask(edge, "/").text
        assert ask(edge, address).status == 404
    clock.passed += 100
    assert "scheduled" not in ask(edge, "/").text
    assert ask(edge, address).status == 404
    clock.passed += 100 + AT_MOST
    assert "scheduled" in ask(edge, "/").text
    assert ask(edge, address).status == 200


def test_at_the_moment_of_what_is_scheduled_no_other_look_is_waited_for(edge, clock, monkeypatch):
    began = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: began + timedelta(seconds=clock.passed))
    make_entry(title="scheduled", publish_at=began + timedelta(seconds=100))
    clock.passed = 100 - BETWEEN_LOOKS / 3
    assert "scheduled" not in ask(edge, "/").text
    clock.passed = 100 + BETWEEN_LOOKS / 3
    for _ in range(2):
        ask(edge, "/")
        edition.watch.eyes.submit(int).result()
        settle(edge)
    assert "scheduled" in ask(edge, "/").text


def test_a_day_begins(edge, clock):
    ask(edge, "/now/")
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0) + timedelta(days=1)
    clock.passed += (midnight - timezone.localtime()).total_seconds() + AT_MOST
    ask(edge, "/now/")
    assert edge.asked == ["/now/"] * 2


def test_while_the_database_is_lost_pages_are_shown_as_last_seen(edge, clock):
    role, other = make_role(title="seen"), make_role(title="taken back")
    gone = other.get_absolute_url()
    ask(edge, "/")
    ask(edge, gone)
    other.publish_at = None
    other.save()
    clock.passed += AT_MOST
    assert "taken back" not in ask(edge, "/").text
    with renamed("portfolio_edition"), renamed("roles_role"):
        clock.passed += AT_MOST
        answer = ask(edge, "/")
        assert answer.status == 200 and "seen" in answer.text
        assert "as last seen" in answer.headers["Cache-Status"]
        assert int(answer.headers["Age"]) >= 1
        # What was taken back before does not come back.
        assert "taken back" not in ask(edge, gone).text
    clock.passed += AT_MOST
    role.title = "changed"
    role.save()
    clock.passed += AT_MOST
    answer = ask(edge, "/")
    assert "changed" in answer.text and "Cache-Status" not in answer.headers


def test_a_database_that_does_not_answer_is_waited_for_by_one_and_not_for_long(
    edge, clock, monkeypatch
):
    def visit():
        try:
            return ask(edge, "/")
        finally:
            connection.close()

    ask(edge, "/")
    answers = threading.Event()
    edition.watch.eyes.submit(answers.wait)
    clock.passed += AT_MOST
    with ThreadPoolExecutor(2) as visitors:
        try:
            first = visitors.submit(visit).result(30)
            looking = edition.watch.looking
            monkeypatch.setattr(edition, "PATIENCE", 300)
            second = visitors.submit(visit).result(30)
        finally:
            answers.set()
    assert "as last seen" in first.headers["Cache-Status"]
    assert "as last seen" in second.headers["Cache-Status"]
    assert edition.watch.looking is looking
    looking.result()
    assert "Cache-Status" not in ask(edge, "/").headers


def test_a_worker_that_starts_without_the_database_keeps_nothing_yet(edge, clock):
    with renamed("portfolio_edition"):
        for _ in range(2):
            assert ask(edge, "/robots.txt").status == 200
        assert edge.asked == ["/robots.txt"] * 2
    clock.passed += AT_MOST
    for _ in range(2):
        assert ask(edge, "/robots.txt").status == 200
    assert edge.asked == ["/robots.txt"] * 3


def test_a_connection_that_failed_is_not_asked_again(edge, monkeypatch):
    """It may be one that hangs, as when a machine was cut off."""
    closed = []
    connection.ensure_connection()
    # As with the site's own connections, which live on after a request.
    monkeypatch.setattr(connections["default"], "close_at", None)
    monkeypatch.setattr(connections["default"], "close", lambda: closed.append(True))
    edition.watch._read()
    assert not closed
    with connection.execute_wrapper(failing):
        edition.watch._read()
    assert edition.watch.lost and closed == [True]


def failing(*_):
    raise DatabaseError("it hangs")


@contextmanager
def renamed(table):
    """Without a table, the database cannot be asked."""

    def rename(old, new):
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")

    rename(table, f"{table}_gone")
    try:
        yield
    finally:
        rename(f"{table}_gone", table)


# The edition.


def number():
    return edition.Edition.objects.values_list("number", flat=True).first()


WAYS = {
    "save": lambda role: role.save(),
    "create": lambda role: make_entry(),
    "delete": lambda role: role.delete(),
    "a queryset's delete": lambda role: type(role).objects.all().delete(),
    "a queryset's update": lambda role: type(role).objects.update(title="other"),
    "bulk_create": lambda role: Entry.objects.bulk_create(
        [Entry(title="a", slug="a", month=Month(2020, 1), body="a")]
    ),
    "bulk_update": lambda role: type(role).objects.bulk_update([role], ["title"]),
    "a relation": lambda role: role.tools.add(make_tool()),
    "a part": lambda role: role.outcomes.create(figure="1", what="x"),
}


@pytest.mark.parametrize("way", WAYS)
def test_however_content_is_written_it_is_another_edition(way):
    role = make_role()
    before = number()
    WAYS[way](role)
    assert number() != before


def test_after_sql_by_hand_a_command_makes_another_edition():
    make_entry()
    before = number()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE journal_entry SET publish_at = NULL")
    assert number() == before and CountedMonth.objects.live()
    call_command("rebuild_search", stdout=StringIO())
    assert number() != before and not CountedMonth.objects.live()


def test_what_is_taken_back_is_no_other_edition():
    role = make_role()
    before = number()
    with transaction.atomic():
        role.save()
        assert number() != before
        transaction.set_rollback(True)
    assert number() == before


def test_a_transaction_is_one_edition_whatever_of_it_is_taken_back():
    role = make_role()
    before = number()
    with transaction.atomic():
        with transaction.atomic():
            role.save()
            transaction.set_rollback(True)
        assert number() == before
        role.save()
        first = number()
        role.save()
        assert number() == first != before
    role.save()
    assert number() != first


def test_good_for_leaves_time_to_answer():
    assert GOOD_FOR < AT_MOST
