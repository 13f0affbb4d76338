"""The editor's forms and lists, through the requests that a browser makes."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from journal.models import Entry
from portfolio.markdown import LIMIT
from portfolio.models import Focus, Principle, Profile
from portfolio.months import Month
from roles.models import Role
from tests.factories import make_entry, make_focus, make_image, make_principle, make_role, make_tool

pytestmark = pytest.mark.django_db


def form_of(**fields):
    """An entry's form as the browser sends it."""
    blank = {"title": "", "month": "jan 2026", "body": "", "role": "", "slug": "", "summary": ""}
    return blank | {"publish_at_0": "", "publish_at_1": "", "evidence-TOTAL_FORMS": 0} | fields


ADD = "/admin/journal/entry/add/"
KINDS = ["journal_entry", "roles_role", "portfolio_principle", "portfolio_focus", "portfolio_tool"]


@pytest.fixture
def one_of_each():
    tool = make_tool()
    role = make_role(tools=[tool])
    make_entry(role=role, tools=[tool])
    make_principle()
    make_focus()
    make_image()
    Profile.objects.create()


@pytest.mark.parametrize("kind", [*KINDS, "portfolio_image"])
def test_every_kind_has_a_list_and_forms(admin_client, one_of_each, kind):
    assert admin_client.get(reverse(f"admin:{kind}_changelist")).status_code == 200
    assert admin_client.get(reverse(f"admin:{kind}_add")).status_code == 200
    app, model = kind.split("_")
    from django.apps import apps

    item = apps.get_model(app, model).objects.first()
    page = admin_client.get(reverse(f"admin:{kind}_change", args=[item.pk]))
    assert page.status_code == 200
    has_own_address = hasattr(item, "get_absolute_url")
    assert ("View on site" in page.text) == has_own_address


@pytest.mark.parametrize("kind", [*KINDS, "portfolio_image"])
def test_every_list_can_be_searched(admin_client, one_of_each, kind):
    address = reverse(f"admin:{kind}_changelist")
    assert admin_client.get(address, {"q": "thing 'quoted\" %_\\"}).status_code == 200


def test_someone_who_may_only_look_gets_every_form_to_look_at(client, one_of_each):
    from tests.factories import make_user

    client.force_login(make_user("journal.view_entry", "roles.view_role", "portfolio.view_focus"))
    for item in (Entry.objects.get(), Role.objects.get(), Focus.objects.get()):
        label = f"{item._meta.app_label}_{item._meta.model_name}"
        page = client.get(reverse(f"admin:{label}_change", args=[item.pk]))
        assert page.status_code == 200
        assert 'name="_save"' not in page.text


def test_an_entry_is_written_and_published(admin_client):
    fields = {"title": "less code.", "slug": "less-code", "body": "deleted *lines*."}
    answer = admin_client.post(
        ADD,
        form_of(
            **fields,
            month="2026-02",
            publish_at_0="2026-02-01",
            publish_at_1="08:00",
            _publish="publish",
        ),
    )
    assert answer.status_code == 302, answer.text
    entry = Entry.objects.get()
    assert (entry.month, entry.state) == (Month(2026, 2), "live")
    assert "<em>lines</em>" in admin_client.get("/journal/2026/02/less-code/").text


@pytest.mark.parametrize("date", ["", "2026-02-01"])
def test_an_entry_that_is_saved_stays_a_draft(admin_client, date):
    typed = form_of(
        title="not yet", slug="not-yet", publish_at_0=date, publish_at_1=date and "08:00"
    )
    admin_client.post(ADD, typed)
    assert Entry.objects.get().state == "draft"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"month": "smarch 2026"}, "Write it as jan 2026 or 2026-01"),
        ({"slug": "Not A Slug"}, "lower-case letters"),
        ({"title": ""}, "This field is required"),
        ({"title": "a" * 301}, "at most 300 characters"),
        ({"body": "nul \x00 byte"}, "Null characters are not allowed"),
        ({"publish_at_0": "2026-02-30", "publish_at_1": "08:00"}, "Enter a valid date"),
    ],
)
def test_what_was_typed_comes_back_with_the_reason(admin_client, fields, sentence):
    typed = {"title": "kept title", "slug": "kept", "summary": "kept summary"}
    page = admin_client.post(ADD, form_of(**typed | fields))
    assert page.status_code == 200
    assert sentence in page.text
    assert "kept summary" in page.text
    assert not Entry.objects.exists()


def test_a_text_too_long_comes_back_whole_with_the_reason(admin_client):
    body = "start " + "word " * (LIMIT // 5) + "end-of-the-text"
    page = admin_client.post(ADD, form_of(title="long", slug="long", body=body))
    assert page.status_code == 200
    assert "end-of-the-text" in page.text
    assert "characters long" in page.text
    assert not Entry.objects.exists()


def test_the_same_slug_in_a_month_is_explained(admin_client):
    make_entry(slug="same")
    page = admin_client.post(ADD, form_of(title="again", slug="same"))
    assert "Another entry of this month has this slug" in page.text


def test_an_entry_form_starts_with_this_month(admin_client):
    assert f'value="{Month.now()}"' in admin_client.get(ADD).text


@pytest.fixture
def in_each_state():
    now = timezone.now()
    make_entry(title="a draft", publish_at=None, month=Month(2024, 1))
    make_entry(title="a plan", publish_at=now + timedelta(days=1), month=Month(2025, 1))
    make_entry(title="a page", publish_at=now, month=Month(2025, 2), tools=[make_tool()])


LIST = "/admin/journal/entry/"


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({}, ["a draft", "a plan", "a page"]),
        ({"state": "draft"}, ["a draft"]),
        ({"state": "scheduled"}, ["a plan"]),
        ({"state": "live"}, ["a page"]),
        ({"state": "nonsense"}, []),
        ({"month": "2025-01"}, ["a plan"]),
        ({"month": "2025-99"}, []),
        ({"month__year": "2025"}, ["a plan", "a page"]),
        ({"month__year": "2025", "month__month": "2"}, ["a page"]),
        ({"q": "plan"}, ["a plan"]),
    ],
)
def test_the_list_is_filtered(admin_client, in_each_state, query, titles):
    response = admin_client.get(LIST, query)
    assert {entry.title for entry in response.context["cl"].result_list} == {*titles}


def test_the_list_is_filtered_by_tool(admin_client, in_each_state):
    tool = Entry.objects.get(title="a page").tools.get()
    response = admin_client.get(LIST, {"tools__id__exact": tool.pk})
    assert [entry.title for entry in response.context["cl"].result_list] == ["a page"]


def test_the_list_says_the_state_in_words(admin_client, in_each_state):
    page = admin_client.get(LIST).text
    for state in ("draft", "scheduled", "live"):
        assert f'<span class="state {state}">{state}</span>' in page


def test_the_months_of_the_list_offer_no_days(admin_client):
    make_entry(month=Month(2025, 2))
    make_entry(month=Month(2025, 2))
    page = admin_client.get(LIST, {"month__year": "2025", "month__month": "2"}).text
    assert "month__day" not in page
    assert "February 1" not in page


def test_absurd_new_forms_are_no_failure(admin_client):
    address = f"{ADD}?month=banana&title=kept&tools=x&role=0&publish_at=never&nothing=1"
    page = admin_client.get(address)
    assert page.status_code == 200
    assert 'value="kept"' in page.text


ABSURD = [
    *("q=%00", "title=%00", "state=%00", "slug__in=%00", "tools__id__exact=%00", "p=%00"),
    *("month__year=%00", "month__year=abc", "month__year=-5", "month__year=9999", "e=1", "all="),
    *("month__year=99999999999999999999", "month__month=99&month__year=2025", "p=9999", "o=9.9"),
    *("tools__id__exact=x", "tools__id__exact=99999999999999999999", "title=%ED%A0%80"),
]


def test_absurd_list_queries_are_no_failure(admin_client, in_each_state):
    for query in ABSURD:
        answer = admin_client.get(f"{LIST}?{query}", follow=True)
        assert answer.status_code == (400 if "%00" in query else 200), query


def test_a_role_takes_its_outcomes_with_it(admin_client):
    fields = {
        **{
            "title": "Lead",
            "slug": "lead",
            "position": "0",
            "publish_at_0": "",
            "publish_at_1": "",
        },
        **{"outcomes-TOTAL_FORMS": "1", "outcomes-INITIAL_FORMS": "0"},
        **{"outcomes-0-figure": "10x", "outcomes-0-what": "traffic", "outcomes-0-position": "0"},
        "outcomes-0-as_of": "dec 2025",
    }
    answer = admin_client.post("/admin/roles/role/add/", fields)
    assert answer.status_code == 302, answer.text
    outcome = Role.objects.get().outcomes.get()
    assert (outcome.figure, outcome.as_of) == ("10x", Month(2025, 12))


def test_a_role_that_ends_before_it_starts_is_explained(admin_client):
    fields = {
        "title": "Lead",
        "slug": "lead",
        "position": "0",
        "started": "2025-02",
        "ended": "jan 2025",
    }
    page = admin_client.post(
        "/admin/roles/role/add/",
        fields | {"outcomes-TOTAL_FORMS": "0", "outcomes-INITIAL_FORMS": "0"},
    )
    assert "ends before it starts" in page.text
    assert 'value="jan 2025"' in page.text


def test_evidence_is_added_beside_its_principle(admin_client):
    role = make_role()
    fields = {
        **{"title": "simple", "slug": "simple", "position": "0", "body": "because."},
        **{"evidence-TOTAL_FORMS": "1", "evidence-INITIAL_FORMS": "0"},
        **{"evidence-0-verdict": "broke", "evidence-0-role": role.pk, "evidence-0-entry": ""},
    }
    answer = admin_client.post("/admin/portfolio/principle/add/", fields)
    assert answer.status_code == 302, answer.text
    assert Principle.objects.get().evidence.get().role == role


def test_the_profile_is_one_form(admin_client):
    assert admin_client.get("/admin/portfolio/profile/").status_code == 200
    assert admin_client.get("/admin/portfolio/profile/add/").status_code == 200
    profile = Profile.objects.create()
    answer = admin_client.get("/admin/portfolio/profile/")
    assert answer["Location"] == f"/admin/portfolio/profile/{profile.pk}/change/"
    assert admin_client.get("/admin/portfolio/profile/add/").status_code == 403


def test_autocomplete_finds_tools_and_roles_for_those_who_may_see_them(admin_client, client):
    make_tool(name="postgresql", slug="postgresql")
    query = {"app_label": "journal", "model_name": "entry", "field_name": "tools", "term": "post"}
    found = admin_client.get("/admin/autocomplete/", query).json()["results"]
    assert [item["text"] for item in found] == ["postgresql"]
    client.logout()
    assert client.get("/admin/autocomplete/", query).status_code == 302


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("journal_entry", ["body"]),
        ("roles_role", ["problem", "approach", "impact", "learned", "broke"]),
        ("portfolio_principle", ["body"]),
        ("portfolio_tool", ["note"]),
        ("portfolio_profile", ["about"]),
    ],
)
def test_every_markdown_field_has_the_editor_with_preview(admin_client, kind, fields):
    page = admin_client.get(reverse(f"admin:{kind}_add")).text
    assert page.count("markdownx-preview") == len(fields)
    assert page.count('data-markdownx-urls-path="/admin/preview/"') == len(fields)
    assert page.count('data-markdownx-upload-urls-path="/admin/upload/"') == len(fields)


def test_the_number_of_queries_of_a_list_does_not_grow(admin_client, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries():
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(LIST)
        return len(captured)

    make_entry(role=make_role())
    before = queries()
    for _ in range(10):
        make_entry(role=make_role())
    assert queries() == before
