"""NUL, which PostgreSQL takes in no text, wherever a request can have one: no error of ours."""

import json
import re

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver

from portfolio.editing.models import key_of

from .desk import change, endpoint, fields_of
from .factories import make_entry, make_role, make_tool

pytestmark = pytest.mark.django_db

NUL = "a\0b"
# What views read from a form by themselves, beside the fields of the forms.
NAMES = (
    "_base _despite _edition _key _selected_action _side _tab _take _why action alt app_label "
    "caption content csrfmiddlewaretoken data days field_name file first image key list "
    "model_name name next note order password post pk q revoke seen share slug stage term text "
    "theme title tools username version zone"
)
ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")


def routes(resolver=None, prefix="/"):
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield re.sub(r"[\^$]|\\Z", "", route)


def paths(route, item):
    """The route with arguments that lead somewhere, and with NULs."""
    good = {"key": key_of(item)}
    return {
        ARGUMENT.sub(lambda match: good.get(match[2], str(item.pk)), route),
        ARGUMENT.sub("a%00b", route),
        ARGUMENT.sub(f"{key_of(item)}%00", route),
    }


@pytest.fixture
def desk(admin_client):
    """A client to whom an exception is an answer of 500."""
    admin_client.raise_request_exception = False
    return admin_client


def test_no_route_fails_for_a_nul(desk):
    item = make_entry()
    fields = dict.fromkeys(NAMES.split(), NUL)
    failed = []
    for route in routes():
        for path in paths(route, item):
            answers = [
                desk.post(path, fields),
                desk.post(path, json.dumps(fields), content_type="application/json"),
            ]
            if "%00" in path:
                answers.append(desk.get(path))
            failed += [path for answer in answers if answer.status_code >= 500]
    assert not failed


def test_no_field_of_a_form_fails_for_a_nul(desk):
    entry = make_entry()
    fields = fields_of(desk, change(entry))
    for name in fields:
        assert desk.post(change(entry), fields | {name: NUL}).status_code < 500, name
    for item in (entry, make_role(), make_tool()):
        fields = fields_of(desk, change(item))
        # All at once, as autosave sends them, and in the names.
        for sent in (dict.fromkeys(fields, NUL), fields | {f"{name}\0": "1" for name in fields}):
            assert desk.post(change(item), sent).status_code < 500
            assert desk.post(endpoint("keep", item), sent).status_code < 500


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages", "time_zone"])
def test_no_cookie_fails_for_a_nul(name):
    client = Client(raise_request_exception=False)
    client.cookies.load(f'{name}="a\\000b"')
    assert client.cookies[name].value == NUL
    for path in ("/", "/search/?q=x", "/admin/", "/no/"):
        assert client.get(path).status_code < 500
    fields = {"username": NUL, "password": NUL, "next": NUL}
    assert client.post("/admin/login/", fields).status_code < 500


def test_an_address_with_a_nul_is_answered_in_a_sentence(client):
    for path in ("/search/?q=%00", "/admin/journal/entry/?q=%00", "/feed.xml?%00"):
        answer = client.get(path)
        assert answer.status_code == 400
        assert "could not be understood" in answer.text
    for path in ("/journal/2026/01/%00/", "/%00/", "/media/%00.png", "/card/%00.png"):
        assert client.get(path).status_code in (400, 404)
