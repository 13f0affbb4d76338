"""The first site's content: every word of `data/seed.txt` is on the pages, and no other."""

import json
from pathlib import Path

import html5lib
import pytest
from django.core.management import call_command
from django.urls import reverse

from journal.models import Entry
from portfolio.exchange import bundle
from portfolio.models import Principle, Tool
from portfolio.months import Month
from roles.models import Role

SEED = Path(__file__).parent.parent / "portfolio/fixtures/seed.json"
TEXT = (Path(__file__).parent / "data/seed.txt").read_text()
# The page says these as the label above a text rather than as the beginning of its sentence.
LABELS = ("what i learned", "what broke")
# What a fixture needs and no reader sees as words.
METADATA = {"slug", "publish_at", "created_at", "updated_at", "uuid"}


def collapsed(text):
    return " ".join(text.split())


def seed_lines():
    """The lines of seed.txt without the empty ones, a label and its text as two."""
    for line in TEXT.splitlines():
        label, colon, text = line.partition(": ")
        if line.strip():
            yield from map(collapsed, [label, text] if colon and label in LABELS else [line])


def pieces(response):
    """The text of each element of a page, in the page's order; of code its lines too."""
    page = html5lib.parse(response.content, namespaceHTMLElements=False)
    for element in page.find("body").iter():
        text = "".join(element.itertext())
        yield collapsed(text)
        if element.tag == "pre":
            yield from map(collapsed, text.splitlines())


def addresses():
    names = ("home", "now", "roles:index", "thinking", "journal:index", "tools", "lessons")
    yield from map(reverse, names)
    for month in set(Entry.objects.values_list("month", flat=True)):
        yield reverse("journal:year", args=[month.year])
        yield reverse("journal:month", args=[month])
    for model in (Role, Principle, Entry, Tool):
        for item in model.objects.all():
            yield item.get_absolute_url()


@pytest.fixture
def seeded(db):
    call_command("loaddata", "seed", verbosity=0)


def test_the_seed_is_what_an_export_of_it_writes(seeded):
    assert bundle.content_json() == SEED.read_bytes()


def missing_lines(client):
    """What seed.txt says and no element of any page does."""
    said = set()
    for address in set(addresses()):
        response = client.get(address)
        assert response.status_code == 200, address
        said.update(pieces(response))
    return [line for line in seed_lines() if line not in said]


def test_every_line_of_the_seed_is_on_a_page(client, seeded):
    assert missing_lines(client) == []
    # The controls: a short word that is part of others, and a text below a label.
    Tool.objects.get(slug="go").delete()
    Role.objects.filter(slug="engineering-lead").update(broke="")
    assert missing_lines(client) == [
        "tried to optimize too early once. learned patience.",
        "go",
    ]


def is_in_order(response):
    """Whether the lines of the seed that the page shows follow one another as in seed.txt."""
    shown = list(pieces(response))
    lines = [line for line in seed_lines() if line in shown]
    assert {"building nest friends backend", "Instructor", "jul 2025", "rust"} <= set(lines)
    rest = iter(shown)
    return all(line in rest for line in lines)


def test_the_home_page_keeps_the_order_of_the_seed(client, seeded):
    home = reverse("home")
    assert is_in_order(client.get(home))
    Role.objects.filter(slug="instructor").update(position=0)
    assert not is_in_order(client.get(home))
    Role.objects.filter(slug="instructor").update(position=3)
    Tool.objects.filter(slug="rust").update(position=0)
    assert not is_in_order(client.get(home))


def invented(items):
    """The lines of text in a fixture's objects that are in no line of seed.txt, word for word."""
    said = [collapsed(line) for line in TEXT.splitlines()]
    for item in items:
        for name, value in item["fields"].items():
            if not isinstance(value, str) or name in METADATA:
                continue
            text = str(Month.parse(value)) if name == "month" else value
            for line in text.replace("**", "").splitlines():
                if not line.startswith("```") and not any(collapsed(line) in of for of in said):
                    yield line


def test_the_seed_invents_nothing():
    items = json.loads(SEED.read_bytes())
    assert list(invented(items)) == []
    fields = {"title": "Staff Engineering Lead", "month": "2026-02", "problem": "Problem"}
    assert list(invented([{"fields": fields}])) == ["Staff Engineering Lead", "feb 2026", "Problem"]
    assert not any(item["fields"].get(name) for item in items for name in ("started", "ended"))
