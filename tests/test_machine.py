"""What the suite stands on is what it says: its database, its programs."""

import json
import os
import select
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase

from tests import machine
from tests.factories import make_entry

ENGINE = os.environ.get("TEST_DATABASE", "sqlite")
VENDORS = {"sqlite": "sqlite", "postgres": "postgresql"}
SEARCH_NEEDS = {
    "sqlite": ({"fts5"}, "SELECT name FROM pragma_module_list"),
    "postgres": ({"unaccent", "pg_trgm"}, "SELECT name FROM pg_available_extensions"),
}


def run_python(*args, **environment):
    """A Python that takes itself for no worker of xdist, at the root, its output open as text."""
    env = os.environ | environment
    env.pop("PYTEST_XDIST_WORKER", None)
    return subprocess.Popen(
        [sys.executable, *args],
        cwd=machine.ROOT,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


# The environment.


def test_the_database_is_the_one_asked_for():
    assert connection.vendor == VENDORS[ENGINE]


@pytest.mark.django_db
def test_the_database_offers_what_search_needs():
    needs, offers = SEARCH_NEEDS[ENGINE]
    with connection.cursor() as cursor:
        cursor.execute(offers)
        assert needs <= {name for (name,) in cursor.fetchall()}


def test_an_unknown_database_stops_the_run():
    with run_python("-m", "pytest", "--collect-only", TEST_DATABASE="mysql") as run:
        _, errors = run.communicate(timeout=60)
    assert run.returncode == pytest.ExitCode.USAGE_ERROR
    assert "TEST_DATABASE is 'mysql': use sqlite or postgres" in errors


@pytest.mark.parametrize(
    ("engine", "given", "used"),
    [
        ("sqlite", "postgres://host/precious", "sqlite:///"),
        ("postgres", "postgres://host/for-tests", "postgres://host/for-tests"),
    ],
)
def test_a_developers_shell_reaches_the_site_only_as_a_postgresql_to_test_on(engine, given, used):
    program = """
import contextlib, os
from tests.machine import prepare_environment
with contextlib.ExitStack() as run:
    prepare_environment(run)
    print(os.environ.get("DEBUG"), os.environ["SITE_URL"], os.environ["DATABASE_URL"])
"""
    shell = {"DEBUG": "true", "SITE_URL": "https://example.org", "DATABASE_URL": given}
    with run_python("-c", program, TEST_DATABASE=engine, **shell) as run:
        said, _ = run.communicate(timeout=60)
    assert said.startswith(f"None http://localhost {used}")


def test_a_worker_keeps_its_files_to_itself():
    assert Path(os.environ["VAR_DIR"]) == settings.VAR_DIR
    assert settings.VAR_DIR.is_dir()
    assert settings.VAR_DIR.name.endswith(os.environ.get("PYTEST_XDIST_WORKER", ""))


@pytest.mark.django_db(transaction=True)
def test_an_emptied_database_is_as_migrate_left_it():
    """The tests empty it in another way than `flush`, which makes these rows anew."""

    def rows():
        return {
            "permissions": {*Permission.objects.values_list("content_type__model", "codename")},
            "groups": {*Group.objects.values_list("name", "permissions__codename")},
            "others": {
                model
                for model in apps.get_models(include_auto_created=True)
                if model._base_manager.exists()
            },
        }

    migrated = rows()
    make_entry()
    assert rows() != migrated
    TransactionTestCase()._fixture_teardown()
    assert rows() == migrated
    call_command("flush", verbosity=0, interactive=False)
    assert rows() == migrated
    assert len(migrated["permissions"]) > 50 and len(migrated["groups"]) > 50


# PostgreSQL.


def test_postgresql_ends_when_the_process_that_started_it_is_killed():
    program = """
import signal
from tests.machine import postgres
with postgres() as url:
    print(url, flush=True)
    signal.pause()
"""
    with run_python("-c", program) as parent:
        try:
            folder = Path(unquote(urlsplit(parent.stdout.readline().strip()).netloc.split("@")[1]))
            pid = int((folder / "data/postmaster.pid").read_text().split()[0])
            server = os.pidfd_open(pid)
            assert not ended(server, within=0)
        finally:
            parent.kill()
    try:
        assert ended(server, within=30)
    finally:
        os.close(server)
        shutil.rmtree(folder)


def ended(process, within):
    """Whether the process behind a descriptor ends within so many seconds."""
    return bool(select.select([process], [], [], within)[0])


def test_postgresql_that_cannot_start_says_why():
    program = "from tests.machine import postgres\nwith postgres(): pass"
    with run_python("-c", program, PGPORT="99999") as parent:
        _, errors = parent.communicate(timeout=60)
    assert "RuntimeError: PostgreSQL did not start" in errors
    assert 'FATAL:  99999 is outside the valid range for parameter "port"' in errors


# Chromium.


def test_the_browser_is_the_chromium_of_this_machine(page, browser_type_launch_args):
    assert browser_type_launch_args["executable_path"] == machine.chromium()
    page.set_content("<title>It runs</title>")
    assert page.title() == "It runs"


@pytest.mark.once
def test_a_browser_that_cannot_be_had_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    # Nothing listens there, so the download is refused at once.
    monkeypatch.setenv("PLAYWRIGHT_DOWNLOAD_HOST", "http://127.0.0.1:9")
    with pytest.raises(FileNotFoundError, match="apt-get install chromium") as failure:
        machine.chromium()
    assert "ECONNREFUSED 127.0.0.1:9" in str(failure.value)


# Programs of Debian's.


@pytest.mark.once
def test_a_program_that_the_machine_lacks_is_unpacked_and_starts(monkeypatch):
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "wrk" else which(name))
    path = machine.program("wrk")
    assert Path(sys.prefix) in path.parents
    assert machine.run_quietly(path, "--version").stdout.startswith("wrk ")


@pytest.mark.once
def test_a_program_that_cannot_be_had_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"wrk is needed.* apt-get install wrk libluajit"):
        machine.program("wrk")


# Java and Node.


@pytest.mark.once
def test_java_and_node_are_those_from_pypi(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    version = machine.java("-version", capture_output=True, text=True).stderr
    assert version.startswith('openjdk version "25.')
    assert machine.node("--version", capture_output=True, text=True).stdout.startswith("v24.")


def test_a_package_from_npm_that_is_missing_says_how_to_get_it(tmp_path, monkeypatch):
    assert (machine.npm_package("vnu-jar") / "package.json").exists()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"vnu-jar is not at .*: run `make \.venv/ready"):
        machine.npm_package("vnu-jar")


def test_the_manifest_for_npm_pins_exactly_and_names_no_registry():
    manifest = json.loads((machine.ROOT / "tests/package.json").read_text())
    lock = (machine.ROOT / "tests/package-lock.json").read_text()
    packages = json.loads(lock)["packages"]
    for name, version in manifest["dependencies"].items():
        assert packages[f"node_modules/{name}"]["version"] == version
    assert all("integrity" in package for path, package in packages.items() if path)
    assert '"resolved"' not in lock


def test_between_tests_the_live_server_begins_no_request(live_server, in_flight):
    address = live_server.url + "/robots.txt"
    assert urlopen(address).status == 200
    in_flight.close()
    with pytest.raises(ConnectionError):
        urlopen(address)
    in_flight.open()
    assert urlopen(address).status == 200
