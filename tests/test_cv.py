"""The CV on one printed page and the résumé as JSON, which tell the same."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import html5lib
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from jsonschema import Draft7Validator, FormatChecker
from pypdf import PdfReader

from portfolio.models import Profile
from portfolio.months import Month
from portfolio.sheet import SIZES
from roles.models import Role
from tests.factories import (
    make_focus,
    make_image,
    make_outcome,
    make_principle,
    make_role,
    make_tool,
)
from tests.machine import npm_package

pytestmark = [pytest.mark.once, pytest.mark.django_db]

SEED = Path(__file__).parent / "data/seed.txt"

WORD = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"
SENTENCE = "the deploys became uneventful, which is the best kind, and the team sleeps at night. "
ARABIC = "مرحبا بالعالم، هذا نص من اليمين إلى اليسار. "


def seed():
    call_command("loaddata", "seed", verbosity=0)


def empty():
    pass


def person(text="someone who prunes", links=4):
    profile = Profile.objects.create(
        name="Ada Example",
        headline=text[:300],
        about=text,
        email="ada@example.org",
        location="Utrecht",
    )
    for number in range(links):
        profile.links.create(label="elsewhere", url=f"https://example.org/ada-{number}")


def roles(count, text=SENTENCE, outcomes=4, **fields):
    for number in range(count):
        role = make_role(
            **{"title": f"Role Number {number}", "organisation": "Example Works"} | fields,
            position=number,
            started=Month(2025 - number, 1),
            ended=Month(2025 - number, 12) if number else None,
            **dict.fromkeys(["problem", "approach", "impact", "learned", "broke"], text),
        )
        for nth in range(outcomes):
            make_outcome(
                role=role,
                figure=f"{nth + 2}x",
                what=f"{nth} {text}"[:300],
                baseline="one a week",
                as_of=Month(2025, 6),
                source=f"https://example.org/proof/{nth}",
                position=nth,
            )


def everything_else(text="text"):
    for number in range(3):
        make_focus(text=f"{number} {text}"[:300], detail=text[:300], position=number)
        make_principle(title=f"{number} {text}"[:300])
    for number in range(12):
        make_tool(name=f"{text} {number}"[-100:])


def one_role():
    person()
    roles(1)
    everything_else()


def eight_roles():
    person(SENTENCE * 3)
    roles(8)
    everything_else("some few words")


def thirty_roles():
    person()
    roles(30)
    everything_else()


def long_words():
    person(WORD * 3)
    roles(4, WORD * 5, title=WORD * 3, organisation=WORD * 2)
    everything_else(WORD)


def right_to_left():
    person(ARABIC * 4)
    roles(6, ARABIC * 3, title=ARABIC * 2, organisation=ARABIC)
    everything_else(ARABIC)


def too_much():
    Profile.objects.create(
        name="W" * 200,
        headline="M" * 300,
        about="語" * 20_000,
        email=f"{'m' * 60}@{'w' * 60}.example",
        location="W" * 200,
    )
    person_links = Profile.objects.get().links
    for number in range(40):
        person_links.create(label="elsewhere", url=f"https://example.org/{'W' * 170}{number}")
    roles(80, "W" * 20_000, title="W" * 300, organisation="語" * 200)
    for number in range(60):
        make_focus(text=f"{number}" + "W" * 290, detail="M" * 300)
        make_principle(title=f"{number}" + "語" * 290)
        make_tool(name=f"{number}" + "W" * 90)


def hostile():
    text = '</script><script>alert(1)</script>\u202e\u0007 {{ 7 }} \\ " é👩‍💻 ' * 9
    person(text)
    roles(3, text, title=text[:300], organisation=text[:200])
    everything_else(text)
    # What a fixture brings is not checked by any form.
    Profile.objects.update(email="no address", name=text[:200])
    Profile.objects.get().links.create(label="a", url="javascript:alert(1)")
    Profile.objects.get().links.create(label="b", url="https://[broken/ and more")
    Profile.objects.get().links.create(
        label="c", url="https://bücher.example/straße[1]?q=ü&r=100%#a#b"
    )


CASES = [
    *(seed, empty, one_role, eight_roles, thirty_roles, long_words, right_to_left, too_much),
    hostile,
]


@pytest.fixture(params=CASES, ids=lambda case: case.__name__)
def case(request):
    request.param()
    return request.param


# The page.


def printed(page, address):
    page.goto(address)
    return PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))


def text_of(element):
    return " ".join("".join(element.itertext()).split())


def cv_of(client):
    """The CV's element of the page."""
    page = html5lib.parse(client.get("/cv/").content, namespaceHTMLElements=False)
    return page.find(".//article")


def of_class(element, name):
    return [child for child in element.iter() if name in child.get("class", "").split()]


@pytest.mark.once
def test_the_cv_is_one_a4_page(page, live_server, case):
    pdf = printed(page, f"{live_server.url}/cv/")
    assert len(pdf.pages) == 1
    assert [round(float(side) / 72 * 25.4) for side in pdf.pages[0].mediabox[2:]] == [210, 297]


@pytest.mark.once
def test_a_page_that_is_not_fitted_takes_more(page, live_server):
    """The control: the same roles, in the same browser."""
    eight_roles()
    assert len(printed(page, f"{live_server.url}/roles/").pages) > 1


@pytest.mark.once
def test_the_cv_stays_on_one_page_as_it_grows(page, live_server):
    person()
    sizes = set()
    for number in range(26):
        if number % 2:
            make_outcome(role=make_role(impact=SENTENCE, position=number), what=SENTENCE)
        else:
            make_focus(text=f"{number} {SENTENCE}")
            make_tool(name=f"a tool of some length {number}")
        assert len(printed(page, f"{live_server.url}/cv/").pages) == 1
        sizes.add(page.locator(".cv").get_attribute("class").split()[-1])
    assert sizes == {*SIZES}


@pytest.mark.once
@pytest.mark.parametrize("build", [seed, one_role, eight_roles, thirty_roles])
def test_the_printed_page_names_each_role_and_has_none_of_the_site_around_it(
    page, live_server, build
):
    build()
    text = " ".join(printed(page, f"{live_server.url}/cv/").pages[0].extract_text().split())
    for role in Role.objects.live():
        assert role.title in text
    assert "skip to content" not in text
    assert "journal" not in text


@pytest.mark.once
def test_no_text_is_smaller_than_eight_and_a_half_points(page, live_server):
    eight_roles()
    page.goto(f"{live_server.url}/cv/")
    page.emulate_media(media="print")
    sizes = page.locator(".cv :is(h1, h3, p, dd, li, .figure):not(.label)").evaluate_all(
        "found => found.map(element => parseFloat(getComputedStyle(element).fontSize) * 0.75)"
    )
    assert round(min(sizes), 2) == 8.5


def test_what_has_no_room_is_said_to_be_elsewhere(client):
    eight_roles()
    cv = cv_of(client)
    assert [text_of(more) for more in of_class(cv, "more")] == ["more at localhost/roles"]
    assert [a.get("href") for a in of_class(cv, "more")[0].iter("a")] == ["http://localhost/roles/"]


def test_the_first_roles_keep_the_most(client):
    eight_roles()
    shown = [len(list(job.iter("dd"))) for job in of_class(cv_of(client), "job")]
    assert len(shown) == 8
    assert shown == sorted(shown, reverse=True)
    assert shown[0] > shown[-1]


def test_what_fits_is_all_there(client):
    one_role()
    cv = cv_of(client)
    assert not of_class(cv, "more")
    assert [text_of(term) for term in cv.iter("dt")] == [
        *("problem", "approach", "impact", "2x", "3x", "4x", "5x", "what i learned", "what broke")
    ]


def test_an_outcome_shows_what_it_was_how_it_is_known_and_where_to_check(client):
    make_outcome(
        role=make_role(),
        figure="10x",
        what="the traffic",
        baseline="1 a day",
        as_of=Month(2026, 1),
        source="https://example.org/proof/",
    )
    (claim,) = (div for div in cv_of(client).iter("div") if of_class(div, "figure")[:1] == [div[0]])
    assert text_of(claim.find("dt")) == "10x"
    said = "the traffic (from 1 a day, as of jan 2026, example.org/proof)"
    assert text_of(claim.find("dd")) == said
    assert claim.find(".//a").get("href") == "https://example.org/proof/"


def invented(cv):
    """The texts of a CV that are in no line of the seed and no label of the page."""
    lines = [" ".join(line.split()) for line in SEED.read_text().splitlines()]
    labels = ["cv", "now", "roles", "thinking", "tools", "localhost"]
    texts = (" ".join(text.split()) for text in cv.itertext())
    return [t for t in texts if t and t not in labels and not any(t in line for line in lines)]


def test_the_cv_of_the_seed_invents_nothing(client):
    seed()
    assert invented(cv_of(client)) == []
    Role.objects.filter(slug="instructor").update(title="Professor", started=Month(2020, 1))
    assert invented(cv_of(client)) == ["Professor", "jan 2020", "– now"]


# The résumé.


def resume_of(client):
    response = client.get("/resume.json")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    return json.loads(response.content)


def faults(resume, formats=True):
    schema = json.loads((npm_package("@jsonresume/schema") / "schema.json").read_text())
    checker = FormatChecker() if formats else None
    found = Draft7Validator(schema, format_checker=checker).iter_errors(resume)
    return sorted(error.json_path for error in found)


def test_the_resume_keeps_to_its_schema(client, case):
    assert faults(resume_of(client)) == []


def test_the_schema_and_its_formats_are_checked():
    """The control: what a wrong résumé would be told."""
    wrong = {
        "basics": {"email": "no address", "url": "no address", "name": 7},
        "work": [{"startDate": "jan 2026", "url": "https://[broken/"}],
    }
    dates_and_types = ["$.basics.name", "$.work[0].startDate"]
    addresses = ["$.basics.email", "$.basics.url", "$.work[0].url"]
    assert faults(wrong) == sorted(dates_and_types + addresses)
    assert faults(wrong, formats=False) == dates_and_types


def test_the_resume_has_each_thing_in_its_place(client):
    profile = Profile.objects.create(
        name="Ada",
        headline="someone who prunes",
        about="i *prune*[^1].\n\n[^1]: gardens",
        email="ada@example.org",
        location="Utrecht",
        portrait=make_image(),
    )
    profile.links.create(label="elsewhere", url="https://example.org/ada")
    changed = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    role = make_role(
        title="Lead",
        slug="lead",
        organisation="Works",
        started=Month(2020, 1),
        ended=Month(2024, 12),
        problem="a **problem**.",
        approach="",
        impact="an impact.",
        learned="a lesson.",
        broke="a thing.",
        publish_at=changed,
        updated_at=changed,
    )
    make_outcome(role=role, figure="10x", what="the traffic", baseline="1 a day")
    make_tool(name="rust")
    assert resume_of(client) == {
        "$schema": "https://raw.githubusercontent.com/jsonresume/resume-schema/v1.0.0/schema.json",
        "basics": {
            "name": "Ada",
            "label": "someone who prunes",
            "image": f"http://localhost{profile.portrait.file.url}",
            "email": "ada@example.org",
            "url": "http://localhost",
            "summary": "i prune.",
            "location": {"address": "Utrecht"},
            "profiles": [{"network": "elsewhere", "url": "https://example.org/ada"}],
        },
        "work": [
            {
                "name": "Works",
                "position": "Lead",
                "url": "http://localhost/roles/lead/",
                "startDate": "2020-01",
                "endDate": "2024-12",
                "summary": "a problem. an impact.",
                "highlights": ["10x the traffic (from 1 a day)", "a lesson.", "a thing."],
            }
        ],
        "skills": [{"name": "rust"}],
        "meta": {
            "canonical": "http://localhost/resume.json",
            "version": "v1.0.0",
            "lastModified": "2026-02-03T04:05:06",
        },
    }


def test_the_resume_of_the_seed_leaves_out_what_the_seed_does_not_say(client):
    seed()
    resume = resume_of(client)
    assert resume["basics"] == {"url": "http://localhost"}
    assert [[*work] for work in resume["work"]] == [
        ["position", "url", "summary", "highlights"]
    ] * 3


def test_the_resume_of_an_empty_site_says_whose_it_is_and_no_more(client):
    assert [*resume_of(client)] == ["$schema", "basics", "meta"]


def test_what_is_no_address_is_left_out(client):
    hostile()
    basics = resume_of(client)["basics"]
    assert "email" not in basics
    assert [item for item in basics["profiles"] if item["network"] in "abc"] == [
        {
            "network": "c",
            "url": "https://xn--bcher-kva.example/stra%C3%9Fe%5B1%5D?q=%C3%BC&r=100%25#a%23b",
        }
    ]


def test_the_resume_is_dated_by_what_is_live(client):
    make_role(
        publish_at=timezone.now() - timedelta(days=9), updated_at=datetime(2026, 1, 2, tzinfo=UTC)
    )
    dated = resume_of(client)["meta"]["lastModified"]
    make_role(publish_at=None)
    make_role(publish_at=timezone.now() + timedelta(days=1))
    assert resume_of(client)["meta"]["lastModified"] == dated
    make_role()
    assert resume_of(client)["meta"]["lastModified"] > dated


def test_the_resume_is_read_by_people_too_and_says_the_same_twice(client):
    make_tool(name="größe")
    first, second = client.get("/resume.json"), client.get("/resume.json")
    assert first.content == second.content
    assert '\n    {\n      "name": "größe"\n    }' in first.content.decode()


def test_the_cv_announces_the_resume(client):
    page = html5lib.parse(client.get("/cv/").content, namespaceHTMLElements=False)
    (link,) = (link for link in page.iter("link") if link.get("type") == "application/json")
    assert (link.get("rel"), link.get("href")) == ("alternate", "/resume.json")


# Both.


def told_on_the_page(client):
    """What the CV says of each role: its title, and all that stands below it."""
    for job in of_class(cv_of(client), "job"):
        below = (
            " ".join(text_of(part) for part in row if "figure" in row[0].get("class", ""))
            or text_of(row.find("dd"))
            for row in job.findall("dl/div")
        )
        yield text_of(job.find(".//h3")), sorted(below)


def told_in_the_resume(client):
    for work in resume_of(client)["work"]:
        said = [text.replace("https://", "") for text in work["highlights"]]
        yield work["position"], sorted([*said, *filter(None, work["summary"].split("|"))])


@pytest.mark.parametrize("build", [seed, one_role])
def test_the_cv_and_the_resume_tell_the_same(client, build):
    build()
    # Each with one text of a story, since the résumé runs them together.
    Role.objects.update(problem="", approach="")
    assert [*told_on_the_page(client)] == [*told_in_the_resume(client)]
    assert [*told_on_the_page(client)]


@pytest.mark.parametrize("build", [eight_roles, thirty_roles])
def test_a_cv_that_is_cut_says_nothing_that_the_resume_does_not(client, build):
    build()
    Role.objects.update(problem="", approach="")
    on_page, in_resume = [*told_on_the_page(client)], [*told_in_the_resume(client)]
    assert [title for title, _ in on_page] == [title for title, _ in in_resume]
    for (_, shown), (_, whole) in zip(on_page, in_resume, strict=True):
        assert {*shown} <= {*whole}


def test_the_resume_is_exported_as_the_site_has_it(client, tmp_path, capsysbinary):
    make_role(title="not yet", publish_at=None)
    make_role(title="out")
    shown = client.get("/resume.json").content
    file = tmp_path / "resume.json"
    for _ in range(2):
        call_command("export_content", file, form="resume", stdout=io.StringIO())
        assert [*tmp_path.iterdir()] == [file] and file.read_bytes() == shown
    assert b"out" in shown and b"not yet" not in shown
    call_command("export_content", "-", form="resume")
    assert capsysbinary.readouterr().out == shown
    for path, options, said in (
        (tmp_path / "none" / "resume.json", {}, "cannot be written"),
        (tmp_path, {}, "cannot be written"),
        (file, {"verify": True}, "leave out --verify"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("export_content", path, form="resume", **options)
    assert file.read_bytes() == shown
