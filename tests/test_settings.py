"""The settings as a fresh process reads them from its environment."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
KEY = "correct-horse-battery-staple-and-some-more-for-length-0123456789"
PRODUCTION = {"SITE_URL": "https://example.org", "SECRET_KEY": KEY}
BUCKET = {"S3_BUCKET": "media", "S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "b"}


def manage(tmp_path, *arguments, **environment):
    """Run manage.py with only this environment; gives the finished process."""
    return subprocess.run(
        [sys.executable, ROOT / "manage.py", *arguments],
        env={"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path / "var")} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("more", [{}, BUCKET], ids=["folder", "bucket"])
def test_production_settings_pass_the_deploy_check(tmp_path, more):
    result = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION, **more)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("environment", "variable", "reason"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY", "missing or weak"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY", "missing or weak"),
        ({"SECRET_KEY": "ab" * 40}, "SECRET_KEY", "missing or weak"),
        ({"DEBUG": "true"}, "DEBUG", "unset DEBUG"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS", "name each host"),
        ({"ALLOWED_HOSTS": "example.org,.example.org"}, "ALLOWED_HOSTS", "name each host"),
        ({"SITE_URL": "http://example.org"}, "SITE_URL", "use https://"),
        ({"SITE_URL": "example.org"}, "SITE_URL", "give a scheme and a host"),
        ({"SITE_URL": "https://example.org/blog"}, "SITE_URL", "give a scheme and a host"),
        ({"DEBUG": "perhaps"}, "DEBUG", "boolean"),
        ({"PORT": "eighty"}, "PORT", "integer"),
        ({"DATABASE_URL": "postgress://x/y"}, "DATABASE_URL", "use sqlite:// or postgres://"),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL", "use sqlite:// or postgres://"),
        ({"S3_ENDPOINT": "https://s3.example.org"}, "S3_BUCKET", "is missing"),
        ({"S3_BUCKET": "media", "S3_SECRET_KEY": "b"}, "S3_ACCESS_KEY", "is missing"),
        ({"S3_BUCKET": "media", "S3_ACCESS_KEY": "a"}, "S3_SECRET_KEY", "is missing"),
        (BUCKET | {"S3_BUCKET": "https://s3.example.org/media"}, "S3_BUCKET", "name alone"),
        (BUCKET | {"S3_ENDPOINT": "s3.example.org"}, "S3_ENDPOINT", "give a scheme and a host"),
        (BUCKET | {"S3_ENDPOINT": "https://a.b/media"}, "S3_ENDPOINT", "give a scheme and a host"),
        (BUCKET | {"S3_ENDPOINT": "https://a.b:x"}, "S3_ENDPOINT", "give a scheme and a host"),
    ],
)
def test_a_weak_or_unreadable_value_stops_the_start_in_one_line(
    tmp_path, environment, variable, reason
):
    result = manage(tmp_path, "check", **PRODUCTION | environment)
    assert result.returncode == 1
    assert variable in result.stderr
    assert reason in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr


def test_a_local_site_makes_a_key_once_and_keeps_it_private(tmp_path):
    for _ in range(2):
        assert manage(tmp_path, "check").returncode == 0
        path = tmp_path / "var" / "secret_key"
        key = path.read_text()
    assert path.read_text() == key
    assert len(key) >= 50
    assert path.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    result = manage(tmp_path, "check", VAR_DIR=str(tmp_path / "file" / "var"))
    assert result.returncode == 1
    assert "set VAR_DIR to a folder that this user may write" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_the_example_lists_every_variable_that_is_read():
    example = (ROOT / ".env.example").read_text()
    listed = {*re.findall(r"^#([A-Z0-9_]+)=", example, re.MULTILINE)}
    source = (ROOT / "portfolio" / "settings.py").read_text()
    read = {*re.findall(r'read\(\s*env\.\w+,\s*"(\w+)"', source)}
    assert listed == read


def test_sqlite_takes_writes_in_turn_and_keeps_what_it_acknowledged(db):
    from django.db import connection

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            modes = [
                cursor.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
            ]
        assert modes == ["wal", 2, 20_000, 1]
        assert connection.transaction_mode == "IMMEDIATE"
    else:
        assert connection.settings_dict["CONN_HEALTH_CHECKS"]
