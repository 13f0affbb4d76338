"""The ids of headings and of other parts of a text, and the links that lead to them."""

import re
from pathlib import Path
from urllib.parse import unquote

import html5lib
import pytest

from portfolio.markdown import absolute, plain, render
from portfolio.part_ids import PAGE_IDS, slug_of
from tests.factories import make_entry, make_evidence, make_principle, make_role, make_tool

pytestmark = pytest.mark.once

TEMPLATES = Path(__file__).parent.parent / "templates"


def ids(markup):
    return re.findall(r' id="([^"]*)"', markup)


def hrefs(markup):
    return [unquote(href) for href in re.findall(r'href="([^"]*)"', markup)]


@pytest.mark.parametrize(
    ("heading", "slug"),
    [
        ("Second Part!", "second-part"),
        ("  a & b  ", "a--b"),
        ("snake_case and-hyphens", "snake_case-and-hyphens"),
        ("Über Größe", "über-größe"),
        ("e\u0301te\u0301", "été"),
        ("عنوان الفقرة", "عنوان-الفقرة"),
        ("第二 部分。", "第二-部分"),
        ("हिन्दी", "हिन्दी"),
        ("!?", "section"),
        ("", "section"),
        ("\u0301\u0327" * 100_000, None),
    ],
)
def test_a_heading_s_id_is_its_words_in_any_script(heading, slug):
    assert slug_of(heading) == slug or slug is None


def test_each_heading_has_an_id_of_its_own_that_stays():
    text = "# a\n\n## a\n\na\n===\n\n## a-1\n\n<h2>a</h2>\n\n##\n\n## b `c` *d* [e](/f) {#g}"
    made = render(text, ids="")
    assert ids(made) == ["a", "a-1", "a-2", "a-1-1", "a-3", "section", "g"]
    assert made == render(text + "\n\nmore", ids="").replace("<p>more</p>\n", "")
    assert "{#g}" not in made


def test_links_within_a_text_lead_to_its_own_parts_wherever_it_stands():
    text = (
        "[x](#second-part) [y](#Second-Part) [z][r] [no](#none)\n\n## Second part\n\n"
        "[r]: #عنوان\n\n## عنوان"
    )
    for marked in (render(text), render(text, ids=""), render(text, ids="approach-")):
        part, title = ids(marked)
        assert hrefs(marked)[:4] == [f"#{part}", f"#{part}", f"#{title}", "#none"]
    assert not {*ids(render(text))} & {*ids(render(text + "."))}


def test_footnotes_and_anchors_in_raw_html_work():
    text = """x<sup id="fnref1"><a href="#fn1">1</a></sup> <a name="old"></a> [to](#old) [q](#Main)

<h2 id="Main">b</h2>

<ol><li id="fn1">note <a href="#fnref1">back</a></li></ol> <p id="fn1 twice">a</p> <b id=" ">c</b>
"""
    for made in (render(text), render(text, ids="")):
        found = ids(made)
        assert len(found) == len({*found}) == 5
        assert {href.removeprefix("#") for href in hrefs(made)} == {*found[:4]}
    assert ids(render(text, ids=""))[:2] == ["fnref1", "old"]


@pytest.mark.parametrize("name", sorted(PAGE_IDS))
def test_no_author_takes_an_id_of_the_page(name):
    text = f"## {name}\n\n[x](#{name})\n\n<b id='{name}'>y</b>"
    made = render(text, ids="")
    assert name not in ids(made)
    assert hrefs(made)[-1] == f"#{ids(made)[0]}"


def test_the_ids_of_the_templates_are_known():
    pages = ["base.html", "detail.html", "journal/entry.html", "thinking/principle.html"]
    pages += ["roles/role.html", "tools/tool.html", "_brand.html", "_connections.html"]
    pages += [
        "_neighbours.html",
        "_preferences.html",
        "journal/_titles.html",
        "journal/_pages.html",
    ]
    found = {each for page in pages for each in ids((TEMPLATES / page).read_text())}
    assert found <= PAGE_IDS


def test_a_heading_is_a_link_to_itself_on_its_own_page_alone():
    assert '"#use-your-name">Use &lt;your-name&gt;</a>' in render("## Use <your-name>", ids="")
    assert '"#b-c">b <kbd>c</kbd></a>' in render("## b <kbd>c</kbd>", ids="")
    assert "anchor" not in render("## b <a href='/x'>c</a>", ids="")
    assert '"#b"><span id="x"></span>b</a>' in render("## <a name=x></a>b", ids="")
    own = render("## A *b*\n\n## [c](/d)\n\n##", ids="")
    assert '<h2 id="a-b"><a class="anchor" href="#a-b">A <em>b</em></a></h2>' in own
    assert own.count("anchor") == 1
    assert "anchor" not in render("## A")
    assert plain("## A\n\nb") == "A. b"
    assert "anchor" not in absolute(own, "https://a.example/b/")
    assert 'href="https://a.example/b/#a-b"' in absolute(
        render("[x](#a-b)\n\n## A b", ids=""), "https://a.example/b/"
    )


@pytest.mark.django_db
def test_no_page_has_an_id_twice_and_each_fragment_leads_somewhere(client):
    text = "# Tools\n\n## Near\n\n[x](#tools) [y](#near) z<a id=content></a>\n\n## Near"
    tool = make_tool(slug="one", note=text)
    parts = dict.fromkeys(["problem", "approach", "impact", "learned", "broke"], text)
    role = make_role(slug="one", tools=[tool], **parts)
    entry = make_entry(slug="one", body=text, tools=[tool], role=role)
    make_entry(body=text, tools=[tool], role=role)
    principle = make_principle(slug="one", body=text)
    make_principle(slug="two", body=f"{text} two")
    make_evidence(principle=principle, entry=entry)
    for address in (entry.get_absolute_url(), "/roles/one/", "/thinking/one/", "/tools/one/"):
        page = html5lib.parse(client.get(address).content, namespaceHTMLElements=False)
        found = [each.get("id") for each in page.iter() if each.get("id")]
        assert len(found) == len({*found}), address
        for link in page.iter("a"):
            if link.get("href", "").startswith("#"):
                assert unquote(link.get("href")[1:]) in found, (address, link.get("href"))
    ids_of_page = ids(client.get("/roles/one/").text)
    assert {"problem-tools", "approach-near-1", "broke-near"} <= {*ids_of_page}
