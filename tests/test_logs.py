"""What is written down of each request, and what is not."""

import io
import json
import logging
import re
import subprocess
import sys
from contextlib import contextmanager

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import get_resolver, path

from portfolio import logs, sign_in
from portfolio.urls import urlpatterns as portfolio_urls
from tests.factories import make_user
from tests.server import ROOT, environment
from tests.test_visibility import public_routes

KEY = "correct-horse-battery-staple-and-some-more-for-length-0123456789"


@contextmanager
def written(formatter=logs.Lines):
    """A list that has, afterwards, what is logged meanwhile, as lines of text."""
    lines, stream = [], io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter())
    root, level = logging.getLogger(), logs.access.level
    root.addHandler(handler)
    logs.access.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logs.access.setLevel(level)
        root.removeHandler(handler)
        lines += stream.getvalue().splitlines()


def test_each_request_is_a_line_of_json(client, db):
    with written() as lines:
        client.get("/now/?q=what-was-asked")
    (line,) = map(json.loads, lines)
    assert set(line) == {
        *("time", "level", "logger", "request_id", "message"),
        *("method", "path", "status", "ms"),
    }
    assert (line["method"], line["path"], line["status"]) == ("GET", "/now/", 200)
    assert 0 < line["ms"] < 60_000
    assert "what-was-asked" not in lines[0]


GIVEN = "0123456789abcdef0123456789abcdef"


def test_an_answer_has_the_name_that_the_proxy_gave_its_request(client, db):
    assert client.get("/now/", headers={"X-Request-ID": GIVEN})["X-Request-ID"] == GIVEN
    # Without one, pages stay the same for all who ask.
    assert client.get("/now/").headers == client.get("/now/").headers


@pytest.mark.parametrize("given", ["short", "a" * 65, 'a"b' * 10, "a b c d e f g h i j", "ä" * 20])
def test_what_is_no_name_of_a_request_is_not_taken(client, db, given):
    with written() as lines:
        assert "X-Request-ID" not in client.get("/now/", headers={"X-Request-ID": given})
    made = json.loads(lines[0])["request_id"]
    assert re.fullmatch("[0-9a-f]{32}", made)


def test_all_that_a_request_logs_has_its_name(client, db):
    with written() as lines:
        client.get("/nothing/", headers={"X-Request-ID": GIVEN})
        client.get("/nothing/")
    found = [json.loads(line) for line in lines]
    assert [line["logger"] for line in found] == ["portfolio.access", "django.request"] * 2
    assert [line["request_id"] == GIVEN for line in found] == [True, True, False, False]
    assert found[2]["request_id"] == found[3]["request_id"]


def test_a_line_break_from_outside_begins_no_line(client, db):
    with written() as lines:
        client.get("/nothing/%0A%7B%22level%22:%22error%22%7D/")
    assert all(json.loads(line)["message"] for line in lines)
    assert len(lines) == 2


# Secrets.


@pytest.mark.parametrize("formatter", [logs.Lines, logs.Plain])
def test_what_lets_someone_in_is_not_written(client, db, formatter):
    link = sign_in.link(make_user()).removeprefix("http://localhost")
    token = link.rstrip("/").rpartition("/")[2]
    # As they are, and as people and programs spoil them.
    paths = [link, link[:-1], link.upper(), f"/shared/1/{token}/", f"/shared/1/{token}"]
    paths.append(link.replace("/sign-in", "//sign-in"))
    with written(formatter) as lines:
        for address in paths:
            client.get(address)
    text = "\n".join(lines)
    assert text.count("…") >= len(paths)
    assert token not in text
    assert token.upper() not in text
    # The control: another address is written as it is.
    with written(formatter) as lines:
        client.get(f"/nothing/{token}/")
    assert token in lines[0]


def test_a_route_with_a_secret_is_one_that_the_log_knows():
    """What a route takes as any text may be one; slugs, numbers and months are not.

    Below /admin/ it is of no use to a stranger, but where one comes in.
    """
    routes = [f"/{route}" for route in public_routes(get_resolver())]
    takes_text = [
        route
        for route in routes
        if re.search(r"(?<!\?P)<(?:str:)?\w+>", route)
        and not re.match("/admin/(?!sign-in/)", route)
    ]
    assert "/shared/<int:pk>/<str:signature>/" in takes_text
    assert "/admin/sign-in/<uidb64>/<token>/" in takes_text
    for route in takes_text:
        assert logs.SECRET.match(route), route


# Errors.


def broken(request):
    raise RuntimeError("a part of ours")


def lost(request):
    raise OperationalError("the connection is closed")


class urls:
    urlpatterns = [*portfolio_urls, path("broken/", broken), path("lost/", lost)]
    handler500 = "portfolio.logs.server_error"


@pytest.fixture
def visitor(settings, db):
    settings.ROOT_URLCONF = urls
    return Client(raise_request_exception=False)


def test_the_page_of_an_error_has_the_name_under_which_it_is_written(visitor):
    with written() as lines:
        response = visitor.get("/broken/")
    number = response["X-Request-ID"]
    assert response.status_code == 500
    assert f"<code>{number}</code>" in response.text
    assert "a part of ours" not in response.text
    error, access = map(json.loads, lines)
    assert (error["level"], error["request_id"]) == ("error", number)
    assert "RuntimeError: a part of ours" in error["traceback"]
    assert (access["status"], access["request_id"]) == (500, number)


def test_a_database_that_does_not_answer_is_something_that_passes(visitor):
    response = visitor.get("/lost/")
    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert response["X-Request-ID"] in response.text
    assert "Retry-After" not in visitor.get("/broken/")


def test_an_error_has_a_page_even_where_the_templates_are_broken(visitor, settings):
    settings.TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates"}]
    response = visitor.get("/broken/")
    assert response.status_code == 500
    assert response["X-Request-ID"] in response.text


# As a process logs.

ASK = """
import django, logging; django.setup()
from django.conf import settings
from django.test import Client
Client().get("/robots.txt", headers={"Host": "example.org" if settings.PRODUCTION else "localhost"})
logging.getLogger("portfolio").warning("a warning")
"""


@pytest.mark.once
@pytest.mark.parametrize("production", [True, False])
def test_production_writes_json_and_a_line_for_each_request(tmp_path, production):
    variables = {"DJANGO_SETTINGS_MODULE": "portfolio.settings", "ENV_FILE": "/dev/null"}
    if production:
        variables |= {"SITE_URL": "https://example.org", "SECRET_KEY": KEY}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASK],
        cwd=ROOT,
        env=environment(tmp_path, **variables),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    if production:
        found = [json.loads(line) for line in lines]
        assert "portfolio.access" in {line["logger"] for line in found}
        assert found[-1]["message"] == "a warning"
    else:
        assert not any(" in " in line and " ms" in line for line in lines)
        assert lines[-1] == "a warning"
