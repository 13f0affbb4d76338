"""What probes are told, by whatever address they ask."""

import json
import subprocess
import sys

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from portfolio import health
from tests.server import ROOT, environment


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    """As in a process that has just begun."""
    monkeypatch.setattr(health, "readiness", health.Readiness())


def told(client, path="/readyz", **options):
    response = client.get(path, **options)
    return response.status_code, json.loads(response.content)


READY = {"ready": True, "database": "ready", "migrations": "ready", "media": "ready"}


def test_a_site_that_can_serve_is_ready(client, db, media_root):
    assert told(client) == (200, READY)
    # It was written to, and nothing is left.
    assert media_root.is_dir()
    assert list(media_root.iterdir()) == []


def test_the_process_answers_without_a_database(client):
    """pytest-django refuses each query of a test like this."""
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_is_for_no_search_engine_and_no_cache(client, db, path):
    response = client.get(path)
    assert response["X-Robots-Tag"] == "noindex"
    assert response["Cache-Control"] == "no-store"
    assert client.head(path).status_code == 200
    assert client.post(path).status_code == 405
    assert not response.cookies


def test_a_migration_that_is_not_applied_is_told(client, db):
    MigrationRecorder(connection).record_unapplied("sessions", "0001_initial")
    said = told(client)
    assert said == (
        503,
        READY | {"ready": False, "migrations": "1 not applied: run manage.py migrate"},
    )
    MigrationRecorder(connection).record_applied("sessions", "0001_initial")
    assert told(client) == (200, READY)


def test_media_that_cannot_be_written_is_told(client, db, settings, tmp_path, caplog):
    (tmp_path / "file").touch()
    settings.MEDIA_ROOT = tmp_path / "file"
    words = "it cannot be written and read"
    assert told(client) == (503, READY | {"ready": False, "media": words})
    # Where it is, is for the log alone, and once.
    assert told(client)[0] == 503
    assert caplog.text.count(f"{words}.\nTraceback") == 1
    settings.MEDIA_ROOT = tmp_path
    assert told(client) == (200, READY)


def test_media_of_any_storage_are_looked_at(client, db, settings, monkeypatch):
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = settings.STORAGES | {"default": memory}
    assert told(client) == (200, READY)
    assert default_storage.listdir("") == ([], [])


def test_a_probe_a_second_costs_one_query(client, db, media_root, django_assert_num_queries):
    told(client)
    before = media_root.stat().st_mtime_ns
    with django_assert_num_queries(1):
        told(client)
    assert media_root.stat().st_mtime_ns == before


def test_a_probe_that_hangs_holds_no_others(client, db, monkeypatch):
    monkeypatch.setattr(health, "PATIENCE", 0.01)
    with health.readiness.lock:
        status, said = told(client)
    assert status == 503
    assert said["database"] == "the last look has not ended yet"
    assert told(client) == (200, READY)


@pytest.mark.parametrize("host", ["10.0.0.7:8000", "example.org", "evil.example"])
def test_probes_come_by_any_host_over_plain_http(settings, db, host):
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["example.org"], True
    for path in ("/healthz", "/readyz"):
        response = Client().get(path, headers={"Host": host})
        assert response.status_code == 200
        assert host not in response.text
    # The control: all else is closed.
    expected = 301 if host == "example.org" else 400
    assert Client().get("/now/", headers={"Host": host}).status_code == expected


# As a process answers whose database is lost.

ASK = """
import django; django.setup()
from django.test import Client
for path in ("/healthz", "/readyz"):
    print(Client().get(path).content.decode().strip())
"""


@pytest.mark.once
def test_a_lost_database_is_told_without_a_secret(tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK],
        cwd=ROOT,
        env=environment(
            tmp_path,
            DJANGO_SETTINGS_MODULE="portfolio.settings",
            DATABASE_URL="postgres://who:a-password@127.0.0.1:1/none",
            ENV_FILE="/dev/null",
        ),
        capture_output=True,
        text=True,
        check=True,
    )
    alive, said = done.stdout.splitlines()
    assert alive == "ok"
    assert json.loads(said) == {
        "ready": False,
        "database": "it cannot be reached",
        "migrations": "not looked at without the database",
        "media": "ready",
    }
    # The reason is in the log, and the password is not.
    assert "connection refused" in done.stderr.lower()
    assert "a-password" not in done.stderr
