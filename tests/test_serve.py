"""`make run` as the operator meets it: the first start, the next, and what can be in the way."""

import http.client
import os
import secrets
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from journal.models import Entry
from portfolio.management.commands import serve
from tests.server import ROOT, environment, free_port, running_site


def fetch(url, **headers):
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def make(folder, target="run", **variables):
    return subprocess.run(
        ["make", target],
        cwd=ROOT,
        env=environment(folder, **variables),
        capture_output=True,
        text=True,
        timeout=120,
    )


def manage(site, *arguments):
    command = [ROOT / ".venv/bin/python", ROOT / "manage.py", *arguments]
    return subprocess.run(
        command, env=site.environment, capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site for the tests that leave it as it is."""
    with running_site(tmp_path_factory.mktemp("site")) as site:
        yield site


def test_the_first_start_shows_the_real_content_and_the_next_changes_nothing(tmp_path):
    # The files that it collects are the same on any engine.
    with running_site(tmp_path, fresh=connection.vendor == "sqlite") as site:
        status, headers, page = fetch(site.url)
        assert status == 200
        assert b"building nest friends backend" in page
        assert b"/static/portfolio/site." in page
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert site.sign_in_link
        # A one-time link can always be had again.
        assert make(tmp_path, "sign-in", PORT=str(site.port)).stdout.startswith(site.url)
        # Whatever the editor took out stays out.
        manage(
            site,
            "shell",
            "-v0",
            "-c",
            "from journal.models import Entry; Entry.objects.all().delete()",
        )
        before = manage(site, "export_content", str(tmp_path / "before.zip"))
        _, rest = site.interrupt()
        assert "Traceback" not in rest
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", site.port))
    with running_site(tmp_path) as again:
        after = manage(again, "export_content", str(tmp_path / "after.zip"))
        assert after.replace("after.zip", "before.zip") == before
        assert (tmp_path / "after.zip").read_bytes() == (tmp_path / "before.zip").read_bytes()
        assert b"removed more code" not in fetch(again.url)[2]


@pytest.mark.once
def test_static_files_are_compressed_hashed_and_kept_by_browsers(site):
    page = fetch(site.url)[2].decode()
    start = page.index("/static/portfolio/site.")
    address = site.url + page[start : page.index('"', start)]
    plain = fetch(address)
    assert plain[0] == 200
    assert "immutable" in plain[1]["Cache-Control"]
    for encoding in ("br", "gzip"):
        _, headers, body = fetch(address, **{"Accept-Encoding": encoding})
        assert headers["Content-Encoding"] == encoding
        assert len(body) < len(plain[2]) / 2


@pytest.mark.once
def test_a_request_for_another_host_is_refused(site):
    assert fetch(site.url, Host="evil.example")[0] == 400
    assert fetch(site.url)[0] == 200


@pytest.mark.once
def test_a_production_site_speaks_https_only(tmp_path):
    """As behind a web server that ends TLS; a test client would not send the real cookies."""
    production = {"SITE_URL": "https://example.org", "SECRET_KEY": secrets.token_urlsafe(64)}
    with running_site(tmp_path, **production) as site:
        assert "https://example.org/admin/sign-in/" in site.printed
        with closing(http.client.HTTPConnection("127.0.0.1", site.port)) as connection:
            connection.request("GET", "/admin/login/", headers={"Host": "example.org"})
            with connection.getresponse() as plain:
                assert plain.status == 301
                assert plain.headers["Location"] == "https://example.org/admin/login/"
        secure = fetch(
            f"{site.url}/admin/login/", **{"Host": "example.org", "X-Forwarded-Proto": "https"}
        )
        assert secure[0] == 200
        assert secure[1]["Strict-Transport-Security"].startswith("max-age=31536000")
        assert "Secure" in secure[1]["Set-Cookie"]
        # It starts empty, and gets the example when it is asked to.
        behind = {"Host": "example.org", "X-Forwarded-Proto": "https"}
        home = fetch(site.url, **behind)[2]
        assert b"nothing is published here yet." in home and b"10x" not in home
        assert "public" in manage(site, "load_example")
        with pytest.raises(subprocess.CalledProcessError) as again:
            manage(site, "load_example")
        assert "entries: 7" in again.value.stderr and "Traceback" not in again.value.stderr


@pytest.mark.once
def test_a_path_of_a_megabyte_does_not_disturb_the_server(site):
    with socket.create_connection(("127.0.0.1", site.port)) as connection:
        connection.sendall(b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(12)[9:10] in (b"4", b"")
    assert fetch(site.url)[0] == 200


def test_a_site_whose_owners_left_no_superuser_is_given_none(db, at_home):
    get_user_model().objects.create_user("editor", is_staff=True)
    assert serve.first_editor() is None
    assert not get_user_model().objects.filter(is_superuser=True).exists()
    # The control: without any user there is a first editor, and the example.
    get_user_model().objects.all().delete()
    assert serve.first_editor().is_superuser
    assert Entry.objects.exists()


@pytest.fixture
def at_home(settings):
    """As `make run` has it without any setting; the test client adds a host of its own."""
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "127.0.0.1", "[::1]"]
    return settings


ELSEWHERE = [
    {"PRODUCTION": True},
    {"SITE_URL": "http://192.168.1.7:8000"},
    {"SITE_URL": "http://studio.local:8000"},
    {"HOST": "0.0.0.0"},
    {"HOST": "::"},
    {"HOST": ""},
    {"HOST": "10.0.0.11"},
    {"SOCKET": "/run/portfolio/site.sock"},
    {"ALLOWED_HOSTS": ["localhost", "example.org"]},
    {"ALLOWED_HOSTS": ["*"]},
]
HERE = [{}, {"HOST": "localhost"}, {"HOST": "::1", "SITE_URL": "http://[::1]:8000"}]


@pytest.mark.parametrize("changed", [*ELSEWHERE, *HERE], ids=str)
def test_the_example_comes_by_itself_on_this_machine_alone(db, at_home, changed):
    for name, value in changed.items():
        setattr(at_home, name, value)
    assert serve.first_editor().is_superuser
    assert Entry.objects.exists() == (changed in HERE)


def one_line(result):
    """What a failed make said before its own last line, which is to be one line."""
    assert result.returncode != 0
    said = [line for line in (result.stdout + result.stderr).splitlines() if "make:" not in line]
    assert len(said) == 1, said
    return said[0]


@pytest.mark.once
def test_a_busy_port_is_named_with_the_way_out(tmp_path):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        said = one_line(make(tmp_path, PORT=str(port)))
    assert f"Port {port} is in use" in said
    assert f"PORT={port + 1} make run" in said


@pytest.mark.once
def test_a_host_that_is_not_here_is_named(tmp_path):
    said = one_line(
        make(tmp_path, HOST="192.0.2.1", PORT=str(free_port()), SITE_URL="http://localhost")
    )
    assert "Cannot listen on 192.0.2.1" in said


@pytest.mark.once
def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    said = one_line(make(tmp_path / "file" / "var", PORT=str(free_port())))
    assert "set VAR_DIR to a folder that this user may write" in said


@pytest.mark.once
def test_a_python_without_venv_is_told_what_to_install(tmp_path):
    """In a folder of its own, with a Python that lacks the module."""
    for name in ("Makefile", "requirements.txt"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / "python").write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\n')
    (tmp_path / "python").chmod(0o755)
    result = subprocess.run(
        ["make", "run", f"PYTHON={tmp_path}/python"],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
    )
    assert "apt install python3-venv" in one_line(result)


def test_a_database_that_cannot_be_reached_is_one_line(tmp_path):
    url = "postgres://nobody@127.0.0.1:1/none"
    said = make(tmp_path, PORT=str(free_port()), DATABASE_URL=url)
    assert said.returncode != 0
    assert "The database cannot be used" in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.once
def test_nothing_leaves_the_machine_by_default(site):
    """It listens on 127.0.0.1 alone."""
    listening = subprocess.run(
        [ROOT / ".venv/bin/python", "-c", PORTS.format(port=site.port)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert listening
    assert {*listening} == {"0100007F"}
    assert "HOST" not in os.environ


# /proc/net/tcp has local addresses as little-endian hexadecimal; state 0A is listening.
PORTS = """
for line in open("/proc/net/tcp").readlines()[1:]:
    address, port = line.split()[1].split(":")
    if int(port, 16) == {port} and line.split()[3] == "0A":
        print(address)
"""


READ_IN = """
import sys

def late():
    return sorted({"bs4", "snowballstemmer"} & {*sys.modules})

import portfolio.wsgi
import portfolio.urls
print(late())
import portfolio.exchange.forms
from portfolio.search.words import stem
stem("deploys")
print(late())
"""


@pytest.mark.once
def test_a_start_does_not_read_in_what_only_imports_and_searches_need(tmp_path):
    command = [sys.executable, "-W", "ignore", "-c", READ_IN]
    place = environment(tmp_path, DJANGO_SETTINGS_MODULE="portfolio.settings")
    told = subprocess.run(command, cwd=ROOT, env=place, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == ["[]", "['bs4', 'snowballstemmer']"]
