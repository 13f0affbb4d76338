"""The site on PostgreSQL: how many connections it takes, and what if the server is gone."""

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from portfolio.management.commands import load_example, serve
from portfolio.settings import database

from .machine import postgres, prctl, wait_for
from .server import MINUTE, ROOT, environment, free_port, with_static_files

# They start their own server, and ask nothing of the suite's.
pytestmark = pytest.mark.once

PR_SET_PDEATHSIG = 1
MIGRATED = "SELECT FROM pg_tables WHERE tablename = 'django_migrations'"


class Server:
    """A PostgreSQL that can be killed and started again."""

    def __init__(self, url):
        self.url = url
        self.folder = Path(unquote(urlsplit(url).netloc.split("@")[1]))
        self.again = None

    def kill(self):
        pid = int((self.folder / "data/postmaster.pid").read_text().split()[0])
        process = os.pidfd_open(pid)
        os.kill(pid, signal.SIGQUIT)
        if self.again:
            self.again.wait()
        else:
            os.waitid(os.P_PIDFD, process, os.WEXITED | os.WNOWAIT)
        os.close(process)

    def start(self):
        """As it was started the first time."""
        owner = (self.folder / "data").stat()
        user = {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
        with open(self.folder / "log", "ab") as log:
            self.again = subprocess.Popen(
                shlex.split((self.folder / "data/postmaster.opts").read_text()),
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGQUIT),
                **(user if os.geteuid() == 0 else {}),
            )
        wait_for(self.again, self.url, self.folder / "log")

    def ask(self, query):
        with psycopg.connect(self.url, autocommit=True) as connection:
            return connection.execute(query).fetchall()

    def connections(self):
        """The processes of the server that the site is connected to."""
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'portfolio'"
        return {pid for (pid,) in self.ask(query)}


@pytest.fixture(scope="module")
def server():
    with postgres() as url:
        server = Server(url)
        yield server
        if server.again:
            server.kill()


@pytest.fixture(scope="module")
def site(server, tmp_path_factory):
    """The address of a site on that server, as an operator runs it."""
    folder, port = with_static_files(tmp_path_factory.mktemp("site")), free_port()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=ROOT,
        env=environment(folder, PORT=str(port), DATABASE_URL=server.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGTERM),
    )
    url = f"http://127.0.0.1:{port}"

    def wait_until(it_is_so):
        deadline = time.monotonic() + MINUTE
        while not it_is_so():
            assert process.poll() is None, process.stdout.read().decode()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    # As if another machine that starts had come a moment before.
    with psycopg.connect(server.url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [load_example.PREPARING])
        wait_until(lambda: server.ask("SELECT FROM pg_locks WHERE NOT granted"))
        assert not server.ask(MIGRATED)
    wait_until(lambda: answer(f"{url}/") == 200)
    assert server.ask(MIGRATED)
    yield url
    process.terminate()
    process.communicate(timeout=MINUTE)


@pytest.fixture
def unblocked(django_db_blocker):
    with django_db_blocker.unblock():
        yield


def answer(url):
    """The status; None if nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=MINUTE) as response:
            return response.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except OSError:
        return None


def searches(site, number):
    """Addresses that no cache can have, and for which the database is asked."""
    return [f"{site}/search/?q=word+{time.monotonic_ns()}+{n}" for n in range(number)]


def test_connections_are_no_more_than_threads_however_many_visitors_come(server, site):
    options = serve.server()
    threads = int(options[options.index("--blocking-threads") + 1])
    # Two more threads of each worker look for the edition, and make pages anew.
    most, seen = int(options[options.index("--workers") + 1]) * (threads + 2), set()
    with ThreadPoolExecutor(4 * most) as visitors:
        answers = [visitors.submit(answer, url) for url in searches(site, 20 * most)]
        while not all(each.done() for each in answers):
            now = server.connections()
            assert len(now) <= most
            seen |= now
    assert {each.result() for each in answers} == {200}
    # The controls: they are there at once, and each is used again and again.
    assert len(now) > 1
    assert len(seen) <= 2 * most


def test_a_server_that_was_killed_is_found_again_with_nobody_s_help(server, site):
    assert answer(searches(site, 1)[0]) == 200
    before = server.connections()
    assert before
    server.kill()
    began = time.monotonic()
    assert answer(searches(site, 1)[0]) >= 500
    # Nothing waits for what is not there.
    assert time.monotonic() - began < 5
    server.start()
    with ThreadPoolExecutor(8) as visitors:
        assert {*visitors.map(answer, searches(site, 40))} == {200}
    assert server.connections()
    assert not before & server.connections()


def connection_of(config):
    [connection] = ConnectionHandler({"default": config}).all()
    return connection


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.usefixtures("unblocked")
def test_it_is_the_look_before_each_request_that_finds_it_again(server, checked):
    """The control of the test above: without it, the first request fails."""
    connection = connection_of(database(server.url) | {"CONN_HEALTH_CHECKS": checked})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    server.ask(f"SELECT pg_terminate_backend({pid}, 5000)")
    # As Django does it when a request begins.
    connection.close_if_unusable_or_obsolete()
    fails = contextlib.nullcontext() if checked else pytest.raises(OperationalError)
    with fails, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.close()


@pytest.mark.usefixtures("unblocked")
@pytest.mark.parametrize(("query", "least", "most"), [("", 3, 6), ("?connect_timeout=2", 2, 3)])
def test_a_machine_that_does_not_answer_is_waited_for_a_few_seconds(query, least, most):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgres://user:password@127.0.0.1:{silent.getsockname()[1]}/site{query}"
        connection = connection_of(database(url))
        began = time.monotonic()
        with pytest.raises(OperationalError, match="timeout"):
            connection.ensure_connection()
        # The second is the control: the setting is what ends it, and an address may say another.
        assert least <= time.monotonic() - began < most


def test_cursors_of_the_server_are_not_for_pgbouncer(monkeypatch):
    assert not database("postgres://host/name")["DISABLE_SERVER_SIDE_CURSORS"]
    monkeypatch.setenv("PGBOUNCER", "true")
    assert database("postgres://host/name")["DISABLE_SERVER_SIDE_CURSORS"]
