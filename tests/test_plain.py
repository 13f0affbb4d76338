"""The plain form of a page: where it is, what its front matter says, and that it reads the same."""

import json
import re
import time
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import urljoin

import html5lib
import pytest
import yaml
from django.utils import timezone

from portfolio import markdown
from portfolio.markdown import FOOTNOTES, LIMIT, plain
from portfolio.models import Profile
from portfolio.months import Month
from portfolio.plain import absolute_links, among_others, before_others, literal
from tests.factories import (
    make_entry,
    make_evidence,
    make_focus,
    make_outcome,
    make_principle,
    make_role,
    make_tool,
)

pytestmark = pytest.mark.once


def render(text):
    """With its own first heading, as a plain form has it, and without the ids of headings."""
    return re.sub(r'(?<=<h[1-6]) id="[^"]*"', "", markdown.render(text, under=0))


SITE = "https://example.org"
BASE = f"{SITE}/journal/2026/01/one/"
EXAMPLES = [
    example["markdown"]
    for example in json.loads(
        (Path(__file__).parent / "data" / "commonmark-0.31.2.json").read_text()
    )
]
PAGES = [
    *("/", "/now/", "/roles/", "/roles/lead/", "/thinking/", "/thinking/simple/"),
    *("/journal/", "/journal/2026/", "/journal/2026/01/", "/journal/2026/01/one/"),
    *("/tools/", "/tools/hammer/", "/lessons/", "/cv/"),
]


@pytest.fixture(autouse=True)
def site_url(settings):
    settings.SITE_URL = SITE


@pytest.fixture
def site(db):
    tool = make_tool(slug="hammer", name="hammer", note="hits.", url="https://example.com/(a)")
    role = make_role(slug="lead", title="Lead", broke="things.", tools=[tool])
    make_outcome(role=role, baseline="one", as_of=Month(2024, 1), source="https://example.com/b")
    entry = make_entry(slug="one", title="one", month=Month(2026, 1), tools=[tool], role=role)
    principle = make_principle(slug="simple", title="simple")
    make_evidence(principle=principle, role=role)
    make_evidence(principle=principle, entry=entry, verdict="broke")
    make_focus(text="building", since=Month(2025, 1))
    make_focus(text="learned", until=Month(2020, 1))


def parse(text):
    """A plain form as (front matter, Markdown)."""
    _, front, body = re.split(r"^---\n", text, maxsplit=2, flags=re.MULTILINE)
    return yaml.safe_load(front), body


def tree(html):
    """HTML as a comparable list: addresses as seen from `BASE`, footnotes without their mark."""
    html = re.sub(r"(?:[0-9a-f]{8}-)?(fn(?:ref)?-)[0-9a-f]{8}", r"\1", html)
    fragment = html5lib.parseFragment(html, namespaceHTMLElements=False)
    return [
        (
            element.tag,
            {
                name: urljoin(BASE, value)
                if name in ("href", "src") and not value.startswith("#fn")
                else value
                for name, value in element.attrib.items()
            },
            element.text,
            element.tail,
        )
        for element in fragment.iter()
    ]


def addresses(html):
    return [value for _, attributes, *_ in tree(html) for value in attributes.values()]


def varies(response):
    return re.split(", *", response.get("Vary", ""))


# Where it is.


@pytest.mark.parametrize("address", PAGES)
def test_each_page_announces_its_plain_form(client, site, address):
    page = html5lib.parse(client.get(address).content, namespaceHTMLElements=False)
    (link,) = [e for e in page.iter("link") if e.get("type") == "text/markdown"]
    assert (link.get("rel"), link.get("href")) == ("alternate", f"{address}index.html.md")
    twin = client.get(f"{address}index.html.md")
    assert twin.status_code == 200
    assert twin["Content-Type"] == "text/markdown; charset=utf-8"
    assert twin["Link"] == f'<{SITE}{address}>; rel="canonical"'
    assert "Accept" not in varies(twin)
    front, body = parse(twin.text)
    assert front["address"] == f"{SITE}{address}"
    assert body.startswith("\n# ")
    assert "&#" not in body
    assert not re.search(r"\]\((?!https://|mailto:)", body)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_and_its_plain_form_name_the_same_things(client, site, address):
    page = html5lib.parse(client.get(address).content, namespaceHTMLElements=False)
    body = parse(client.get(f"{address}index.html.md").text)[1]
    main = page.find(".//main")
    shown = {urljoin(SITE, a.get("href")) for a in main.iter("a")}
    linked = {*addresses(render(body))}
    # What leads up or to all of a kind is in the page's menus and headings.
    lists = {SITE + address for address in PAGES} - {f"{SITE}/journal/2026/01/one/"}
    assert {a.replace("(a)", "%28a%29") for a in shown - lists} <= linked


ACCEPT = {
    "text/markdown": True,
    "text/markdown, text/html;q=0.9": True,
    "text/html;q=0.8, text/markdown": True,
    "text/markdown;q=0.9, */*;q=0.1": True,
    "Text/Markdown": True,
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": False,
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8": False,
    "*/*": False,
    "text/*": False,
    "text/html, text/markdown": False,
    "text/html, text/markdown;q=0.9": False,
    "text/html;q=0.5, text/markdown;q=0": False,
    "image/png": False,
    "": False,
    "q=;;;,,/": False,
    "text/markdown;q=nan": True,
    "a" * 10_000: False,
}


@pytest.mark.parametrize("accept", ACCEPT, ids=lambda accept: accept[:40])
def test_a_page_gives_the_form_that_is_asked_for(client, site, accept):
    response = client.get("/roles/lead/", headers={"accept": accept})
    assert response.status_code == 200
    assert "Accept" in varies(response)
    kind = response["Content-Type"].partition(";")[0]
    assert kind == ("text/markdown" if ACCEPT[accept] else "text/html")
    if ACCEPT[accept]:
        assert response["Content-Location"] == f"{SITE}/roles/lead/index.html.md"
        assert response.text == client.get("/roles/lead/index.html.md").text


def test_the_plain_form_has_its_own_address_whatever_is_accepted(client, site):
    response = client.get("/now/index.html.md", headers={"accept": "text/html"})
    assert response["Content-Type"].startswith("text/markdown")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "/nothing/index.html.md",
        "/roles/nothing/index.html.md",
        "/journal/2020/index.html.md",
        "/admin/index.html.md",
        "/sitemap.xml/index.html.md",
        "/now/index.md",
    ],
)
def test_what_is_no_page_has_no_plain_form(admin_client, address):
    response = admin_client.get(address, headers={"accept": "text/markdown"})
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")


@pytest.mark.django_db
def test_a_former_address_of_a_plain_form_leads_to_the_new_one(client):
    role = make_role(slug="old")
    role.slug = "new"
    role.save()
    response = client.get("/roles/old/index.html.md")
    assert response.status_code == 301
    assert response["Location"] == "/roles/new/index.html.md"


@pytest.mark.django_db
def test_other_pages_are_not_negotiated(admin_client):
    response = admin_client.get("/admin/", headers={"accept": "text/markdown"})
    assert response["Content-Type"].startswith("text/html")
    assert "text/markdown" not in response.text


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_a_plain_form_is_only_read(client, site, method):
    for address in PAGES:
        assert getattr(client, method)(f"{address}index.html.md").status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("publish_at", [None, timezone.now() + timezone.timedelta(days=1)])
def test_that_of_a_draft_is_for_editors_and_never_kept(client, admin_client, publish_at):
    entry = make_entry(slug="one", month=Month(2026, 1), publish_at=publish_at)
    address = "/journal/2026/01/one/"
    for asked in (f"{address}index.html.md", address):
        headers = {"accept": "text/markdown"}
        assert client.get(asked, headers=headers).status_code == 404
        response = admin_client.get(asked, headers=headers)
        assert response["X-Robots-Tag"] == "noindex"
        assert "no-store" in response["Cache-Control"]
        front, body = parse(response.text)
        assert "updated" not in front
        assert f"{entry.state}. only editors see this page." in body


# What its front matter says.


def test_the_front_matter_has_what_the_item_has(client, site):
    entry = make_entry(
        slug="full",
        title="full",
        summary="a summary.",
        month=Month(2026, 2),
        tools=[make_tool(name="postgres: the database")],
        role=make_role(title="yes"),
        publish_at=datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC),
        updated_at=datetime(2026, 2, 7, tzinfo=UTC),
    )
    front, _ = parse(client.get(f"{entry.get_absolute_url()}index.html.md").text)
    assert front == {
        "title": "full",
        "description": "a summary.",
        "address": f"{SITE}/journal/2026/02/full/",
        "published": "2026-02-03T04:05:06+00:00",
        "updated": "2026-02-07T00:00:00+00:00",
        "month": "2026-02",
        "role": "yes",
        "tools": ["postgres: the database"],
        "previous": f"{SITE}/journal/2026/01/one/",
    }


def test_that_of_a_role_has_its_months_and_organisation(client, db):
    make_role(slug="lead", organisation="no", started=Month(2020, 1), ended=Month(2021, 12))
    front, _ = parse(client.get("/roles/lead/index.html.md").text)
    assert (front["organisation"], front["started"], front["ended"]) == ("no", "2020-01", "2021-12")


def test_the_role_of_an_entry_is_not_named_while_it_is_hidden(client, db):
    role = make_role(title="hidden", publish_at=None)
    make_entry(slug="one", month=Month(2026, 1), role=role)
    assert "hidden" not in client.get("/journal/2026/01/one/index.html.md").text


HOSTILE = [
    "a: b",
    "- a",
    "---",
    "\"quoted\" 'twice'",
    "#comment # more",
    "null",
    "true",
    "2026-01-01",
    "1e3",
    "0x10",
    "~",
    "*alias &anchor !tag %directive @at `tick`",
    "{a: [b]}",
    "a\nb\n---\nc: d",
    "a\r\nb",
    "tab\there",
    "back\\slash\\n",
    "🙂 émoji",
    "مرحبا بالعالم",
    "\u202eoverride\u2028line\u0085next\x7f\ufeff",
    "</title><script>alert(1)</script>",
    "{{ 7|add:7 }} {% now 'Y' %}",
    "x" * 300,
    "word " * 60,
    "  spaces  ",
]


@pytest.mark.django_db
@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_any_title_comes_back_from_the_front_matter(client, title):
    make_entry(slug="one", month=Month(2026, 1), title=title, body="---\ntitle: evil\n---\n\nbody")
    response = client.get("/journal/2026/01/one/index.html.md")
    front, body = parse(response.text)
    assert front["title"] == title
    heading = html5lib.parseFragment(render(body), namespaceHTMLElements=False).find("h1")
    assert "".join(heading.itertext()).split() == title.split()
    assert body.endswith("---\ntitle: evil\n---\n\nbody\n")


# That it reads the same.

TEXT = """\
what *happened*, with [a link](/now/ "now"), [another](../two/) and ![a picture](/media/a.png).

```python
x[1]: "[not a link](/a)"


    # two blank lines above
```

| a | b |
|---|--:|
| [cell](?q=1) | `[x](/y)` |

a note[^1], a [reference][there], <a href="/raw/?a=1&amp;b=2">raw</a> and https://example.com/.

[^1]: with [its own](#part) link.
[there]: <../pointed place/> 'title'

- [ ] to do
"""


@pytest.mark.django_db
@pytest.mark.parametrize("body", [TEXT, "```\nopen", "<!-- open", ""])
def test_an_entry_is_told_before_what_it_is_connected_to(client, body):
    tool, role = make_tool(slug="hammer", name="hammer"), make_role(slug="lead", title="Lead")
    entries = [
        make_entry(slug=slug, title=slug, month=Month(2026, 1), tools=[tool], role=role, body=body)
        for slug in ("one", "two")
    ]
    make_evidence(principle=make_principle(slug="simple", title="simple"), entry=entries[0])
    html = render(parse(client.get("/journal/2026/01/one/index.html.md").text)[1])
    tail = html.partition(FOOTNOTES)[0].rpartition("<hr>\n")[2]
    assert [urljoin(BASE, address) for address in addresses(tail)] == [
        f"{SITE}{path}"
        for path in ("/roles/lead/", "/tools/hammer/", "/thinking/simple/", "/journal/2026/01/two/")
    ]
    assert "<h2>near this</h2>" in tail
    assert ("to do" in html) == (body == TEXT)


@pytest.mark.django_db
def test_the_body_of_an_entry_reads_as_its_page_does(client):
    make_entry(slug="one", month=Month(2026, 1), body=TEXT)
    page = html5lib.parse(client.get("/journal/2026/01/one/").content, namespaceHTMLElements=False)
    (prose,) = [e for e in page.iter("div") if "e-content" in e.get("class", "")]
    shown = html5lib.serialize(prose, quote_attr_values="always", omit_optional_tags=False)
    body = parse(client.get("/journal/2026/01/one/index.html.md").text)[1]
    rendered = render(body).split("</h1>\n", 1)[1]
    assert tree(rendered)[1:] == tree(shown)[2:]
    # The control: the page's addresses are relative, the plain form's are not.
    assert 'href="/now/"' in shown
    assert f'href="{SITE}/now/"' in rendered
    assert not re.search(r'(?:href|src)="(?!https://|#fn)', rendered)


LINKS = {
    "[a](/b)": f"[a]({SITE}/b)",
    "[a](/b 'title')": f"[a]({SITE}/b 'title')",
    "[a](b.html)": f"[a]({BASE}b.html)",
    "[a](../../)": f"[a]({SITE}/journal/2026/)",
    "[a](?q=1&r=2)": f"[a]({BASE}?q=1&r=2)",
    "[a](#part)": f"[a]({BASE}#part)",
    "[a]()": f"[a]({BASE})",
    "[a](//example.com/b)": "[a](https://example.com/b)",
    "[a](</b c>)": f"[a](<{SITE}/b c>)",
    "[a](\n/b\n)": f"[a](\n{SITE}/b\n)",
    "[a](/b(c))": f"[a]({SITE}/b(c))",
    r"[a](/b\)c)": rf"[a]({SITE}/b\)c)",
    "[ä](/ä)": f"[ä]({SITE}/ä)",
    "[![a](/b.png)](/c)": f"[![a]({SITE}/b.png)]({SITE}/c)",
    "[a]\n\n[a]: /b": f"[a]\n\n[a]: {SITE}/b",
    "> [a][b]\n>\n> [b]: c 'd'": f"> [a][b]\n>\n> [b]: {BASE}c 'd'",
    "<a href='/b'>a</a>": f"<a href='{SITE}/b'>a</a>",
    '<img SRC = "/b.png">': f'<img SRC = "{SITE}/b.png">',
    "a <a href=/b>b</a>": f"a <a href={SITE}/b>b</a>",
    "`[a](/b)` [a](/b)": f"`[a](/b)` [a]({SITE}/b)",
    "    [a](/b)\n\n[a](/c)": f"    [a](/b)\n\n[a]({SITE}/c)",
    "```\n[a]: /b\n```\n[a](/c)": f"```\n[a]: /b\n```\n[a]({SITE}/c)",
    # Nothing to do.
    "[a](https://example.com/)": None,
    "[a](mailto:a@example.org)": None,
    "<https://example.com/> https://example.com/b": None,
    "`<a href='/b'>`": None,
    "[a](/b c) is text": None,
    r"\[a](/b)": None,
    "[a](//[)": None,
    "[a](javascript:alert(1))": None,
}


@pytest.mark.parametrize("text", LINKS)
def test_a_relative_link_becomes_absolute_and_nothing_else_changes(text):
    assert absolute_links(text, BASE) == (LINKS[text] or text)


def test_what_leads_nowhere_safe_is_left_alone():
    # A footnote's anchor, which the author cannot know, would have to become another.
    text = "[a](/b) [c](#fn-0a1b2c3d-1)"
    assert absolute_links(text, BASE) == text
    too_long = "[a](/b)" + " x" * LIMIT
    assert absolute_links(too_long, BASE) == too_long


SLOW = ["](", "](<", "](a(", "](\\", "]:\n", "[a]: /b\n", 'href="', "[x](/y) ", "[a\n", "\n", "> "]


@pytest.mark.parametrize("unit", SLOW)
def test_no_text_takes_long(unit):
    text = (unit * LIMIT)[: LIMIT - 1]
    start = time.process_time()
    among_others(text, BASE)
    literal(text)
    # It took 0.6 at most; what takes time with the square of a length takes minutes.
    assert time.process_time() - start < 10


def test_the_examples_of_commonmark_read_the_same_with_absolute_links():
    left = []
    for text in EXAMPLES:
        result = absolute_links(text, BASE)
        assert tree(render(result)) == tree(render(text)), text
        left += relative(render(result))
    # What is left has brackets in brackets, a line break or an entity in its address.
    assert len(left) < 8, left
    # The control: there was something to do.
    assert len([address for text in EXAMPLES for address in relative(render(text))]) > 100


def relative(html):
    elements = html5lib.parseFragment(html, namespaceHTMLElements=False).iter()
    found = [e.get(name) for e in elements for name in ("href", "src") if e.get(name) is not None]
    return [address for address in found if not re.match("[a-zA-Z][a-zA-Z0-9+.-]*:", address)]


TEXTS = [
    *EXAMPLES,
    *("```\nopen", "~~~~\n```\nopen", "<!-- open", "<div>open", "<pre>open", "<details><p>a"),
    *("a[^1]\n\n[^1]: b", "[a]\n\n[a]: /b", "[a]: /c", "[a]", "[^1]", "> [x\n> y]: /z", "a\n: b"),
    *("```\n\n\n  \na[1]: b\n```", "- a\n- b", "    code", "---", "a\n===", "a  ", "[" * 5_000),
]


def test_texts_side_by_side_read_as_each_does_alone():
    for one, other in pairwise(TEXTS):
        together = (
            f"# one\n\n{among_others(one, BASE)}\n\n# other\n\n{among_others(other, BASE)}\n\n# end"
        )
        headings = [f"<h1>{name}</h1>\n" for name in ("one", "other", "end")]
        apart = f"{headings[0]}{render(one)}{headings[1]}{render(other)}{headings[2]}"
        assert words(render(together)) == words(apart), (one, other)


def words(html):
    """What is in an HTML fragment in order, but for white space between its elements."""
    found = []
    for tag, attributes, text, tail in tree(html):
        found += [tag, attributes] if tag not in ("div", "DOCUMENT_FRAGMENT") else []
        found += [part.rstrip("\n") for part in (text, tail) if part and part.strip()]
    return found


def test_what_follows_a_text_is_none_of_it():
    for text in TEXTS:
        together = f"{before_others(text, BASE)}\n\n* * *\n\n- [x](/y)\n\n## end"
        html, _, notes = render(together).partition(FOOTNOTES)
        text_alone, _, notes_alone = render(text).partition(FOOTNOTES)
        end = '<hr>\n<ul>\n<li><a href="/y">x</a></li>\n</ul>\n<h2>end</h2>\n'
        assert words(html) == words(text_alone + end), text
        assert words(notes) == words(notes_alone), text


def test_texts_without_reach_stay_as_they_were_written():
    assert before_others(TEXT, BASE) == absolute_links(TEXT, BASE) != TEXT
    assert before_others("```\nopen", BASE) == among_others("```\nopen", BASE)
    for text in ("a *b*", "```python\nx[1]: y\n```", "- a\n\n    b", "> a", TEXT.split("\n\n")[0]):
        assert among_others(text, BASE) == absolute_links(text, BASE)
    # The control: one that reaches further does not.
    assert among_others("```\nopen", BASE).startswith('<div>\n<div class="code"><pre')


LITERAL = [
    *HOSTILE,
    *("1. a", "12) b", "+ a", "* a", "> a", "# a #", "a | b", "~~a~~", "__a__", "***"),
    *("[a](b)", "![a](b)", "[^1]", "<b>a</b>", "&amp; &copy;", "a\\", "=== a", ": a", "[ ] a"),
    *(example for example in EXAMPLES if example.strip() and "\x00" not in example),
]


def test_a_literal_reads_as_it_was_written():
    for text in LITERAL:
        expected = " ".join(text.split())
        for before in ("# ", "- "):
            assert plain(before + literal(text)) == expected, text


def test_the_plain_form_of_a_page_of_many_texts_keeps_them_apart(client, db):
    make_role(
        slug="lead",
        problem="```\nopen",
        approach="see [x].\n\n[x]: /a",
        impact="see [x].\n\n[x]: /b",
        learned="<!-- open",
        broke="the *end*.",
    )
    body = parse(client.get("/roles/lead/index.html.md").text)[1]
    html = render(body)
    assert re.findall("<h2>(.*?)</h2>", html) == [
        *("problem", "approach", "impact", "what i learned", "what broke")
    ]
    assert re.findall('href="(.*?)"', html) == [f"{SITE}/a", f"{SITE}/b"]
    assert "the <em>end</em>." in html


def test_a_profile_is_in_the_plain_form_of_home(client, db):
    Profile.objects.create(
        name="Ada", headline="who: prunes", about="i *prune*.", email="a@example.org", location="x"
    )
    front, body = parse(client.get("/index.html.md").text)
    assert (front["title"], front["description"]) == ("Ada", "who: prunes")
    assert "i *prune*." in body
    assert "[a@example.org](mailto:a@example.org)" in body


def test_an_address_with_brackets_stays_one_link(client, db):
    url = "https://example.com/a(b)?c=<d>&e=[f]_g_"
    make_tool(slug="hammer", url=url)
    html = render(parse(client.get("/tools/hammer/index.html.md").text)[1])
    assert addresses(html)[0] == "https://example.com/a%28b%29?c=%3Cd%3E&e=%5Bf%5D_g_"
