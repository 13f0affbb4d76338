import gc
import threading

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import connection, connections, transaction
from django.test import TransactionTestCase
from playwright.sync_api import expect, sync_playwright

from portfolio import edge as layer
from portfolio import edition
from portfolio.edge import Edge
from portfolio.edition import Watch
from portfolio.search import index
from tests.machine import browser_type_launch_args  # noqa: F401  (a fixture)
from tests.wsgi import Clock, Django


def pytest_configure(config):
    # Static files come from the sources; tests of the running site collect them for real.
    backend = "django.contrib.staticfiles.storage.StaticFilesStorage"
    django_settings.STORAGES["staticfiles"]["BACKEND"] = backend
    django_settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    # A browser keeps its connection to the live server, whose thread would keep one to the
    # database, which then cannot be dropped.
    django_settings.DATABASES["default"]["CONN_MAX_AGE"] = 0
    # A bound and no wait: the machine may be busy with other tests.
    expect.set_options(timeout=30_000)


def pytest_collection_modifyitems(config, items):
    """Leave out on PostgreSQL what is the same there; pytest counts it as deselected.

    That the pages are the same on both engines is a test of its own, in test_main_job.py.
    """
    if connection.vendor == "postgresql":
        same = [item for item in items if item.get_closest_marker("once")]
        config.hook.pytest_deselected(items=same)
        items[:] = [item for item in items if not item.get_closest_marker("once")]


def pytest_collection_finish(session):
    # As the site's own processes do: what is there by now is no garbage.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """pytest-django's own; a database that is emptied gets back the rows that `migrate` had made.

    Those are content types, permissions and groups. `flush` makes them anew in a hundred
    statements, each a transaction, after every test with a live server.
    """
    quoted = connection.ops.quote_name
    made = {}
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=True):
            cursor.execute(f"SELECT * FROM {quoted(table)}")
            if rows := cursor.fetchall():
                made[table] = [column[0] for column in cursor.description], rows

    def empty(self):
        flush = {"verbosity": 0, "interactive": False, "reset_sequences": False}
        call_command("flush", inhibit_post_migrate=True, **flush)
        with transaction.atomic(), connection.cursor() as cursor:
            for table, (columns, rows) in made.items():
                names = ", ".join(map(quoted, columns))
                values = ", ".join(["%s"] * len(columns))
                cursor.executemany(f"INSERT INTO {quoted(table)} ({names}) VALUES ({values})", rows)
        ContentType.objects.clear_cache()
        index.rebuild()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty)
        yield


@pytest.fixture(scope="session")
def playwright():
    """pytest-playwright's own, which leaves no database connection behind.

    While Playwright's event loop runs, Django keeps this thread's connections in another place
    than before and after.
    """
    connections.close_all()
    with sync_playwright() as playwright:
        yield playwright
        connections.close_all()


class InFlight:
    """The requests that the live server is answering: each thread has one at a time.

    Between tests it begins none: a request that has just come in would meet the database while
    that is emptied, or be answered out of the next test's.
    """

    def __init__(self):
        self.is_open, self.paths, self.changed = False, {}, threading.Condition()

    def started(self, environ, **kwargs):
        # The test client says it of its requests as well.
        if not environ.get("SERVER_SOFTWARE", "").startswith("WSGIServer"):
            return
        with self.changed:
            if not self.is_open:
                # Which the server takes for a visitor that has gone.
                raise ConnectionAbortedError("The test that this is of has ended.")
            self.paths[threading.get_ident()] = environ["PATH_INFO"]

    def finished(self, **kwargs):
        with self.changed:
            self.paths.pop(threading.get_ident(), None)
            self.changed.notify_all()

    def open(self):
        self.is_open, self.paths = True, {}

    def close(self, seconds=30):
        with self.changed:
            self.is_open = False
            assert self.changed.wait_for(lambda: not self.paths, seconds), [*self.paths.values()]


@pytest.fixture(scope="session")
def in_flight():
    in_flight = InFlight()
    request_started.connect(in_flight.started)
    request_finished.connect(in_flight.finished)
    yield in_flight
    request_started.disconnect(in_flight.started)
    request_finished.disconnect(in_flight.finished)


@pytest.fixture(autouse=True)
def last_requests(request, in_flight):
    """Before the database is emptied, pages that are open are cut off, and answers waited for.

    The desk keeps what is written when a page is left, which is after a test has ended. Settings
    are put back later still: while one is replaced, an answer in another thread sees none at all.
    """
    in_flight.open()
    if "live_server" not in request.fixturenames:
        yield
        return
    for name in ("settings", "transactional_db", "live_server", "context"):
        request.getfixturevalue(name)
    yield
    for context in request.getfixturevalue("browser").contexts:
        context.set_offline(True)
    in_flight.close()


@pytest.fixture
def admin_user(db):
    """pytest-django's own, without a password: hashing one for each test takes a while."""
    return get_user_model().objects.create_superuser("admin")


@pytest.fixture(scope="module")
def kept(django_db_setup, django_db_blocker):
    """What a module's fixtures write after this is there for all its tests, and gone after them.

    What a test itself writes is undone after it, to a savepoint. Not for a module with a test that
    needs `live_server` or `transaction=True`, as that empties the database.
    """
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def media_root(settings, tmp_path):
    """A folder of its own for each test's pictures."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT


@pytest.fixture(autouse=True)
def own_pictures(request):
    """Gives that folder to each test that may keep pictures; making one takes a moment."""
    pure = {"test_markdown", "test_plain", "test_difference"}
    if request.module.__name__.rpartition(".")[2] not in pure:
        request.getfixturevalue("media_root")


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


@pytest.fixture
def edge(clock, monkeypatch):
    """The layer as a worker has it after its start, in front of a `Django`."""
    watch = Watch()
    monkeypatch.setattr(edition, "watch", watch)
    monkeypatch.setattr(layer, "watch", watch)
    edge = Edge(Django())
    edge.asked = edge.application.asked
    yield edge
    edge.press.shutdown()
    watch.eyes.shutdown()
