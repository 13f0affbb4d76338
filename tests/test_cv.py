"""The CV on one printed page and the résumé as JSON, which tell the same."""

import io
import json

import pytest
from django.core.management import call_command
from pypdf import PdfReader

from portfolio.models import Profile
from portfolio.months import Month
from tests.factories import make_focus, make_outcome, make_principle, make_role, make_tool

pytestmark = pytest.mark.django_db(transaction=True)

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


CASES = [
    *(seed, empty, one_role, eight_roles, thirty_roles, long_words, right_to_left, too_much),
]


@pytest.fixture(params=CASES, ids=lambda case: case.__name__)
def case(request):
    request.param()
    return request.param


def printed(page, live_server):
    page.goto(f"{live_server.url}/cv/")
    return PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))


def test_the_cv_is_one_a4_page(page, live_server, case, tmp_path):
    pdf = printed(page, live_server)
    page.pdf(path=f"/tmp/cv-{case.__name__}.pdf", format="A4", prefer_css_page_size=True)
    page.screenshot(path=f"/tmp/cv-{case.__name__}.png", full_page=True)
    assert len(pdf.pages) == 1
