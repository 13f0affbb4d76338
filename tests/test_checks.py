"""The checks of a page before it is published."""

import time
from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from portfolio.editing.checks import CHECKS, findings, obstacles
from portfolio.editing.checks.links import MOST_LOOKED_UP, Addresses
from portfolio.editing.rehearsal import public_page
from portfolio.models import Image
from portfolio.months import Month
from tests.factories import (
    make_entry,
    make_evidence,
    make_image,
    make_outcome,
    make_principle,
    make_role,
    make_tool,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]

FENCE = "```"


def check(item):
    """What the checks find of an item that is live."""
    return findings(item, public_page(item))


def names(item):
    return [found.check for found in check(item)]


def entry(body, **overrides):
    return make_entry(**{"body": body, "tools": [make_tool()]} | overrides)


def fence(language, *lines):
    return "\n".join([f"{FENCE}{language}", *lines, FENCE])


# A text, what is found in it, and the same text put right.
TEXTS = {
    "no words": (" \n", ["empty"], "words"),
    "an empty heading": ("words\n\n##\n\nmore", ["empty heading"], "words\n\n## a\n\nmore"),
    "an invisible heading": ("## &#8203;\n\nmore", ["empty heading"], "## a&#8203;\n\nmore"),
    "a jump": ("## a\n\n#### b", ["heading jump"], "## a\n\n### b"),
    "a jump in HTML": ("<h2>a</h2>\n\n<h5>b</h5>", ["heading jump"], "<h4>a</h4>\n\n<h5>b</h5>"),
    "a jump further down": (
        "# a\n\n## b\n\n### c\n\n# d\n\n### e",
        ["heading jump"],
        "# a\n\n## b\n\n### c\n\n# d\n\n## e",
    ),
    "a link without text": ("x [](https://a.example/)", ["empty link"], "[x](https://a.example/)"),
    "a link without address": ("[x]()", ["empty link"], "[x](https://a.example/)"),
    "a link that was forbidden": (
        '<a href="javascript:alert(1)">x</a>',
        ["left out", "empty link"],
        '<a href="https://a.example/">x</a>',
    ),
    "a scheme that is forbidden": ("[x](ftp://a/b)", ["empty link"], "x <ftp://a/b>"),
    "an anchor with a forbidden address": (
        '<a id="x" href="ftp://a/b">x</a>',
        ["left out", "empty link"],
        '<a id="x">x</a>',
    ),
    "a link to no anchor": ('<a name="a"></a>[x](#b)', ["dead link"], '<a name="b"></a>[x](#b)'),
    "a bare address": ("https://a.example/b", ["bare link"], "[b](https://a.example/b)"),
    "an address in brackets": ("<https://a.example/b>", ["bare link"], "[b](https://a.example/b)"),
    "a link called here": (
        "It is [Here](https://a.example/).",
        ["bare link"],
        "[It is here](https://a.example/).",
    ),
    "plain http": ("[x](http://a.example/)", ["plain http"], "[x](https://a.example/)"),
    "nothing of the site": ("[x](/no/such/)", ["dead link"], "[x](/journal/)"),
    "a word for an address": ("[x](journal)", ["dead link"], "[x](../../../)"),
    "no URL": ('<a href="//[">x</a>', ["dead link"], "[x](//a.example/)"),
    "the desk": ("[x](/admin/)", ["dead link"], "[x](/)"),
    "no place": ("[x](#more)", ["dead link"], "[x](#top)"),
    "a detour": ("[x](/ROLES)", ["moved link"], "[x](/roles/)"),
    "an elsewhere picture": (
        "![a](https://a.example/b.png)",
        ["missing picture"],
        "[a](https://a.example/b.png)",
    ),
    "no picture of that name": (
        f"![a](/media/{'0' * 20}.png) [b](/media/{'0' * 20}.png)",
        ["missing picture", "dead link"],
        "a, b",
    ),
    "no language": (fence("", "x"), ["language"], fence("text", "x")),
    "an indented block": ("    x = 1", ["language"], fence("python", "x = 1")),
    "bad JSON": (fence("json", "{'a': 1}"), ["sample"], fence("json", '{"a": 1}')),
    "JSON with a comma": (fence("json", "[1,]"), ["sample"], fence("json", "[1]")),
    "JSON that is none": (fence("json", "[NaN]"), ["sample"], fence("json", '["NaN"]')),
    "JSON in part": (fence("json", '{"a": 1, …}'), ["fragment"], fence("json", '{"a": "…"}')),
    "bad Python": (fence("py", "def f(:"), ["sample"], fence("py", "def f(): ...")),
    "Python 2": (fence("Python", "print 1"), ["sample"], fence("Python", "print(1)")),
    "Python in part": (
        fence("python", "a = {", "    ...", "    'b': 1}"),
        ["fragment"],
        fence("python", "a = {", "    # ...", "    'b': 1}"),
    ),
    "a session": (fence("python", ">>> 1", "1"), ["fragment"], fence("pycon", ">>> 1", "1")),
}


@pytest.mark.parametrize(("text", "expected", "put_right"), TEXTS.values(), ids=TEXTS)
def test_a_text_is_found_wanting_until_it_is_put_right(text, expected, put_right):
    assert names(entry(text)) == expected
    assert names(entry(put_right)) == []


FINE = {
    "footnotes": "x[^1] and y[^1]\n\n[^1]: a note with [a link](https://a.example/)",
    "anchors": (
        '<a id="é"></a> <a name="y">[z](#é)</a>\n\n## <a name="x"/>Title\n\n<p><a name="y">a</a>'
        '</p>\n\n<a class=""></a> <a id="top">b</a> <a name=" "></a>[c](#y) [d](#x) [e](#title)'
    ),
    "words in angle brackets": "<xs:element> <host:port> std::vector<std::string> <ftp://a/b> "
    "http://host:port/ and <https://host:port/>",
    "a picture as a link": "[![the map](/media/{}.png)](https://a.example/)",
    "indented Python": fence("python", "    return 1"),
    "top-level await": fence("python", "await f()"),
    "an escape": fence("python", r'x = "\d"'),
    "a huge number": fence("json", "1" * 5000),
    "another language": fence("js", "def f(:"),
    "mail": "[x](mailto:a@b.example) [y](tel:+1)",
    "a query and a fragment": "[x](/journal/?a=b#c) [y](?a) [z](#) [top](#top)",
    "its twin": "[x](/index.html.md)",
    "files": "[x](/feed.xml) [y](/resume.json) [z](/static/portfolio/site.css)",
    "code that looks like a link": "`[x](/no/such/)`\n\n" + fence("md", "[x](/no/such/)", "![](a)"),
}


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_what_is_right_is_left_alone(text):
    stem = make_image().file.name.partition(".")[0]
    assert names(entry(text.replace("{}", stem))) == []


@pytest.mark.parametrize("state", ["draft", "scheduled", "live"])
def test_a_link_to_a_page_of_the_site_is_looked_up_as_a_reader_would(state, settings):
    at = {"draft": None, "scheduled": timezone.now() + timedelta(days=1), "live": timezone.now()}
    other = make_entry(slug="other", month=Month(2025, 10), publish_at=at[state])
    path = other.get_absolute_url()
    expected = [] if state == "live" else ["dead link"]
    for address in (path, settings.SITE_URL + path, "../../../2025/10/other/", f"{path}?a#b"):
        assert names(entry(f"[x]({address})")) == expected
    assert names(entry(f"[x](https://elsewhere.example{path})")) == []


def test_a_draft_is_not_told_from_nothing():
    make_entry(slug="other", month=Month(2025, 10), publish_at=None)
    [draft] = check(entry("[x](/journal/2025/10/other/)"))
    [nothing] = check(entry("[x](/journal/2025/10/nonesuch/)"))
    assert draft.message.replace("other", "nonesuch") == nothing.message


@pytest.mark.parametrize("make", [make_role, make_principle, make_tool])
def test_links_to_every_kind_are_known(make):
    path = make().get_absolute_url()
    assert names(entry(f"[x]({path})")) == []
    assert names(entry(f"[x]({path[:-1]}x/)")) == ["dead link"]


def test_a_link_to_where_something_was_says_where_it_is_now():
    other = make_entry(slug="before", month=Month(2025, 10))
    other.slug = "after"
    other.save()
    [found] = check(entry("[the story](/journal/2025/10/before/)"))
    assert (found.check, found.blocking) == ("moved link", False)
    assert found.message == "the link “the story” takes a detour to “/journal/2025/10/after/”."


def test_a_page_may_link_to_itself():
    assert names(entry("[x](/journal/2026/01/me/)", slug="me")) == []
    assert names(entry("[x](/journal/2026/01/me/)", slug="not-me")) == []


def test_a_picture_needs_words_unless_it_is_decorative():
    image = make_image(alt="")
    plain, titled = f"![]({image.file.url})", f"![ ]({image.file.url})\n\nwords"
    raw = f'words <img src="{image.file.url}">'
    for text in (plain, titled, raw):
        assert names(entry(text)) == ["alt text"]
    assert names(entry(f"![a graph]({image.file.url})")) == []
    Image.objects.update(alt="a graph")
    assert names(entry(plain)) == []
    Image.objects.update(alt="", decorative=True)
    for text in (plain, titled, raw):
        assert names(entry(text)) == []


def test_all_pictures_of_a_page_are_looked_up_at_once(django_assert_max_num_queries):
    images = [make_image(alt="", decorative=True) for _ in range(9)]
    item = entry("\n\n".join(f"words ![]({image.file.url})" for image in images))
    page = public_page(item)
    with django_assert_max_num_queries(2):
        assert findings(item, page) == []


def test_each_address_is_looked_up_once_in_a_run(django_assert_num_queries):
    other, addresses = make_role(), Addresses()
    items = [entry(f"[x]({other.get_absolute_url()})") for _ in range(3)]
    pages = [public_page(item) for item in items]
    with django_assert_num_queries(3 + 1):
        assert [findings(*both, addresses) for both in zip(items, pages, strict=True)] == [[]] * 3


def test_titles_and_summaries_have_a_length():
    assert names(entry("words", title="x" * 91, summary="y" * 161)) == ["title", "summary"]
    assert names(entry("words", title="x" * 90, summary="y" * 160)) == []


def test_roles_and_entries_name_tools_and_principles_need_not():
    assert names(make_entry()) == names(make_role()) == ["tools"]
    assert names(make_role(tools=[make_tool()])) == names(make_principle()) == []


def test_a_role_is_read_in_all_its_parts_in_the_order_of_its_page():
    role = make_role(
        problem="[a]()", broke="# x\n\n### y\n\n[e]()", approach="[b]()\n\n## z", learned="[d]()"
    )
    make_outcome(role=role, source="http://a.example/")
    found = [each for each in check(role) if each.check != "tools"]
    assert [each.check for each in found] == [
        *("plain http", "empty link", "empty link", "empty link", "heading jump", "empty link"),
    ]
    assert [each.message[9:13] for each in found if each.check == "empty link"] == [
        f"“{name}” " for name in "abde"
    ]


def test_what_the_page_shows_of_others_is_not_the_author_s_to_put_right():
    role = make_role(title="here", tools=[make_tool(name="link", url="https://a.example/")])
    principle = make_principle(title="https://a.example/")
    item = entry("words", role=role, tools=role.tools.all())
    make_evidence(principle=principle, entry=item)
    make_entry(title="this", role=role, tools=role.tools.all())
    assert names(item) == names(role) == names(principle) == names(role.tools.get()) == []


def test_a_tool_s_note_is_read_too():
    assert names(make_tool(note="[x](/no/)", url="https://a.example/")) == ["dead link"]


def test_messages_say_what_and_where():
    [found] = check(entry("[the whole long story of how we all went there](/no/such/page/)"))
    assert found.message == (
        "the link “the whole long story of how we all went…” leads to a page that is not live: "
        "“/no/such/page/”."
    )
    assert found.fix == "publish that page first, or choose another."


def test_text_from_right_to_left_keeps_to_its_place_in_a_message():
    [found] = check(entry("[שלום עולם](/no/)"))
    assert "“\u2068שלום עולם\u2069” leads" in found.message


def test_no_character_disturbs_a_message():
    [found] = check(entry("[a\u202eb\x1bM\u2028c](/no/)"))
    assert found.message.startswith("the link “abM c” leads")


def test_only_what_blocks_is_an_obstacle():
    found = check(entry("[x](/no/)\n\nhttps://a.example/"))
    assert [each.check for each in found] == ["dead link", "bare link"]
    assert [each.check for each in obstacles(found)] == ["dead link"]


def test_checks_have_names_of_their_own():
    assert len({each.name for each in CHECKS}) == len(CHECKS)


# Hostile texts.

HOSTILE = {
    "links": "[x](/no/such/) " * 6_000,
    "different links": "".join(f"[x](/a{n}) " for n in range(6_000)),
    "bare links": "https://a.example/b " * 5_000,
    "pictures": "".join(f"![](/media/{n:020x}.png)" for n in range(2_500)),
    "headings": "# a\n\n### b\n\n" * 3_000,
    "headings in headings": "<h2><div>" * 2_400,
    "open tags": "<div>" * 4_000,
    "fences": "```json\n{\n```\n" * 5_000,
    "code": "```python\n" + "(" * 99_000 + "\n```",
    "minus": "```python\n" + "-" * 19_000 + "1\n```",
    "attributes": "```python\na" + ".b" * 9_000 + "\n```",
    "calls": "```python\na" + "()" * 9_000 + "\n```",
    "powers": "```python\n" + "1**" * 6_000 + "1\n```",
    "brackets": "```python\n" + "[x for x in " * 90 + "\n```",
    "dictionaries": "```python\n" + "{a: " * 90 + "\n```",
    "lambdas": "```python\n" + "lambda x=(" * 90 + "\n```",
    "formats": "```python\n" + "f'{f\"{" * 90 + "\n```",
    "deep JSON": "```json\n" + "[" * 19_000 + "]" * 500 + "\n```",
    "long JSON": "```json\n[" + "1," * 40_000 + "\n```",
    "characters": "".join(map(chr, range(1, 0xD800, 7))) + "&#0;&#x110000;&nosuch;",
    "addresses": " ".join(
        f"[x]({address})"
        for address in (
            *("/%00", "/%", "/%ff/", "//", "///", "/./../..", "http:", "https:///", "http://[::1"),
            *("http://a:b:c/", "http://a:99999999/", "/journal/9999/99/", "/journal/0000/01/x/"),
            f"/sitemap-2024-{'9' * 60}.xml",
            *("/search/?q=%00", "/tools/x/before/2024/01/x/", "/roles/x/before/9999/12/x/"),
            *("/card/home.png", "/card/no.png", "/media/../x", "/media/", "#%00", "?", "\\\\a"),
            *("/admin/sign-in/x/y/", "/index.html", "/speculation-rules.json", "/" + "a/" * 2_000),
        )
    ),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_text_makes_the_checks_fail_or_take_long(text):
    item = entry(text)
    page = public_page(item)
    started = time.process_time()
    found = findings(item, page)
    assert time.process_time() - started < 2
    assert len(found) < 60


def test_many_of_a_kind_are_counted_and_not_listed():
    found = check(entry("[x](/no/) " * 30))
    assert [each.check for each in found] == ["dead link"] * 11
    assert found[-1].message == "the check “dead link” found 20 more like those above."
    assert found[-1].blocking


def test_so_many_addresses_are_looked_up_and_no_more(django_assert_max_num_queries):
    links = [f"[x](/roles/r{n}/)" for n in range(MOST_LOOKED_UP + 50)]
    item = entry(" ".join(links))
    page = public_page(item)
    with django_assert_max_num_queries(MOST_LOOKED_UP * 2 + 1):
        found = findings(item, page)
    assert found[0].message == "the page has links to 250 addresses."
    assert found[-1].message.endswith(f"found {MOST_LOOKED_UP - 10} more like those above.")


def test_an_ordinary_page_takes_no_time():
    stem = make_image().file.name
    text = "\n\n".join(
        [
            *["words of a paragraph, with *some* markup and [a link](https://a.example/). " * 5]
            * 8,
            *["## a heading", fence("python", *["x = [1, 2, 3]"] * 20), f"![](/media/{stem})"] * 3,
        ]
    )
    item = entry(text)
    page = public_page(item)
    findings(item, page)
    times = []
    for _ in range(5):
        started = time.process_time()
        assert findings(item, page) == []
        times.append(time.process_time() - started)
    assert min(times) < 0.03


# How findings are shown.


def test_findings_are_shown_as_a_list_that_says_what_blocks():
    found = check(entry("[\\<b>](/no/)\n\nhttps://a.example/"))
    html = render_to_string("admin/editing/_findings.html", {"findings": found})
    assert html.count("<li") == 2
    assert html.count('<li class="blocking"><strong>blocks:</strong>') == 1
    assert "the link “&lt;b&gt;” leads" in html
    nothing = render_to_string("admin/editing/_findings.html", {"findings": []})
    assert "the checks found nothing." in nothing
    assert "<ul>" not in nothing


def test_a_draft_s_page_is_nobody_s_by_its_address(client):
    # The control of those above: what the checks call dead is a 404 to a reader.
    draft = make_entry(publish_at=None)
    assert client.get(draft.get_absolute_url()).status_code == 404
    assert client.get(reverse("journal:index")).status_code == 200
