"""What dates a change: forms sent as a browser sends them, with and without something new."""

import html5lib
import pytest
from django.urls import reverse

from portfolio.months import Month
from tests.factories import (
    make_entry,
    make_evidence,
    make_outcome,
    make_principle,
    make_role,
    make_tool,
)

pytestmark = pytest.mark.django_db

TEXT = "two lines,\nand a third\n\n- of a list\n"


@pytest.fixture
def role():
    role = make_role(
        summary=TEXT,
        **dict.fromkeys(["problem", "approach", "impact", "learned", "broke"], TEXT),
        started=Month(2020, 1),
        ended=Month(2021, 12),
        tools=[make_tool(), make_tool()],
        position=3,
    )
    make_outcome(role=role, baseline="1x", as_of=Month(2021, 5), source="https://example.org/")
    return role


@pytest.fixture
def entry(role):
    return make_entry(body=TEXT, summary=TEXT, role=role, tools=[make_tool()])


@pytest.fixture
def principle(role):
    principle = make_principle(body=TEXT, summary=TEXT)
    make_evidence(principle=principle, role=role)
    return principle


def address_of(item):
    kind = f"{item._meta.app_label}_{item._meta.model_name}"
    return reverse(f"admin:{kind}_change", args=[item.pk])


def form_of(client, item):
    """The fields of the item's form and their values, as a browser would send them."""
    page = html5lib.parse(client.get(address_of(item)).text, namespaceHTMLElements=False)
    form = page.find(f".//form[@id='{item._meta.model_name}_form']")
    fields = {}
    for element in (e for e in form.iter() if e.get("name")):
        kind, name = element.get("type", "text"), element.get("name")
        if element.tag == "textarea":
            fields[name] = "".join(element.itertext()).replace("\n", "\r\n")
        elif element.tag == "select":
            chosen = [option for option in element.iter("option") if "selected" in option.attrib]
            fields[name] = [option.get("value") for option in chosen]
        elif kind not in ("submit", "checkbox") or "checked" in element.attrib:
            fields[name] = element.get("value", "")
    return fields


def moves(client, item, **changes):
    """Whether sending the item's form with these changes dates it."""
    item.refresh_from_db()
    before = item.updated_at
    form = form_of(client, item) | changes
    answer = client.post(address_of(item), form | {"_publish": "publish changes"})
    assert answer.status_code == 302, answer.text
    item.refresh_from_db()
    return item.updated_at > before


@pytest.mark.parametrize("kind", ["role", "entry", "principle"])
def test_saving_what_is_there_is_no_change(admin_client, request, kind):
    item = request.getfixturevalue(kind)
    assert not moves(admin_client, item)
    # Nor has the text become another one by the line ends that browsers send.
    assert "\r" not in item.text
    assert TEXT.strip() in item.text


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "another"},
        {"summary": "another"},
        {"broke": "another"},
        {"ended": ""},
        {"tools": []},
        {"outcomes-0-figure": "11x"},
        {"outcomes-0-as_of": ""},
        {"outcomes-0-DELETE": "on"},
        {"outcomes-TOTAL_FORMS": 2, "outcomes-1-figure": "2x", "outcomes-1-what": "more"},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_a_change_of_a_role_dates_it(admin_client, role, changes):
    blank = dict.fromkeys(["outcomes-1-baseline", "outcomes-1-as_of", "outcomes-1-source"], "")
    assert moves(admin_client, role, **blank, **{"outcomes-1-position": 0}, **changes)


def test_a_change_of_an_entry_s_tools_or_role_dates_it(admin_client, entry):
    assert moves(admin_client, entry, tools=[make_tool().pk, *entry.tools.values_list("pk")[0]])
    assert moves(admin_client, entry, tools=[])
    assert moves(admin_client, entry, role="")
    assert not moves(admin_client, entry)


def test_a_change_of_a_principle_s_evidence_dates_it(admin_client, principle):
    assert moves(admin_client, principle, **{"evidence-0-verdict": "broke"})
    assert moves(admin_client, principle, **{"evidence-0-DELETE": "on"})
    assert not moves(admin_client, principle)


def test_another_time_of_publication_dates_nothing(admin_client, role):
    assert not moves(admin_client, role, publish_at_0="2020-01-01", publish_at_1="10:00:00")
    assert role.publish_at.year == 2020
