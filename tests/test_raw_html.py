"""Words in angle brackets: what stays markup, what is shown as written, and what is named."""

import re

import pytest

from portfolio import markdown, raw_html
from portfolio.editing.checks import findings
from portfolio.editing.rehearsal import public_page
from portfolio.markdown import left_out, plain, render
from tests.factories import make_entry, make_tool
from tests.test_markdown import body, text_of, unsafe

pytestmark = pytest.mark.once

WORDS = [
    *("<script>", "<style>", "<title>", "<textarea>", "<iframe>", "<xmp>", "<noembed>"),
    *("<noframes>", "<plaintext>", "<svg>", "<math>", "<select>", "<template>", "<noscript>"),
    *("<frameset>", "<video>", "<object>", "<form>", "<body>", "<html>", "<head>", "<meta>"),
    *("<your-name>", "List<String>", "Map<K>", "</script>", "</body>", "<SCRIPT>", "<x/>"),
    *("<script src='a'>", '<iframe src="https://a.example/">', "<!-- open", "<?php echo 1; ?>"),
    *("<!DOCTYPE html>", "<![CDATA[x]]>", "<details>", "<table>", "<td>", "<pre>", "<a href='/x'>"),
    *("<b>", "</b>", "</div>", "<summary>", "<del>", "<h1>", "<li>", "<p>", "<img>", "<input>"),
    *("<div title='", "<a b='", "a < b > c", "<3", "<>", "<-", "<_x>"),
    *("std::vector<std::string> x", "<xs:element>", "</xs:element>", "<host:port>", "<foo:bar>"),
    *("<user:password@host>", "<ftp://a.example/>", "<c:\\x>", "<a:b>", "<urn:isbn:1>", "<p:x/>"),
    *("Map<k::K, v::V>", "<httpx:a>", "<ä:a>", "<a:b@c:d>", "<https://a b>", "<@a>"),
    *("<https:>", "<http://>", "<http://host:port/>", "<https://a.example:99999>", "<http://%zz>"),
]


@pytest.mark.parametrize("word", WORDS)
def test_a_word_in_angle_brackets_is_shown_and_takes_nothing_away(word):
    for text in (f"A {word} stops *there*.", f"- A {word} in *it*", f"> A {word} in *it*"):
        made = render(f"{text}\n\nThe *second* paragraph.")
        assert word in text_of(made)
        assert "<em>" in made.split("The <em>second</em>")[0]
        assert [e.text for e in body(made) if e.tag == "p"][-1:] == ["The "]
        assert plain(f"{text}\n\nThe second.").endswith("The second.")


@pytest.mark.parametrize("word", [word for word in WORDS if word not in ("<p>", "<li>", "</b>")])
def test_a_line_that_begins_with_a_word_in_angle_brackets_is_shown(word):
    made = render(f"{word} begins it.\n\nThe *second* paragraph.")
    assert word in text_of(made)
    assert made.endswith("<p>The <em>second</em> paragraph.</p>\n")


def test_without_the_decision_words_and_paragraphs_vanish():
    """The control."""
    for word in ("<script>", "<your-name>", "<template>"):
        text = f"A {word} stops there.\n\nThe second paragraph."
        assert word not in text_of(markdown._CLEANER.clean(unsafe(text)))


@pytest.mark.parametrize(
    "text",
    [
        "<script>\nlet a = b*c*d;\n\n  x_y_z()\n</script>",
        "<style>\np { color: red }\n</style>",
        "<textarea>\n*a*\n\n</textarea>",
    ],
)
def test_a_block_of_code_in_tags_is_shown_line_by_line(text):
    made = render(f"{text}\n\nnext")
    assert body(made).find("pre").text.strip() == text
    assert made.endswith("<p>next</p>\n")


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("a <b>b</b> <kbd>c</kbd><br>d", "<p>a <b>b</b> <kbd>c</kbd><br>d</p>\n"),
        ("a<!--more-->b <!-- c --> d", "<p>ab  d</p>\n"),
        ("<!-- a\n\nb -->\n\nc", "<p>c</p>\n"),
        ("<p>a\n<p>b", "<p>a\n</p><p>b</p>"),
        ("<ul>\n<li>a\n<li>b\n</ul>", "<ul>\n<li>a\n</li><li>b\n</li></ul>"),
        ("<details>\n\n*a*\n\n</details>\n\nb", None),
        ("<b><i>x</b></i>", "<p><b><i>x</i></b></p>\n"),
        ("<span/>a", "<p><span></span>a</p>\n"),
        ("<a href='/?a=1&copy=2'>x</a>", '<p><a href="/?a=1&amp;copy=2">x</a></p>\n'),
        ("\\<script> `<script>` &lt;b&gt;", None),
        ("<Tel:+1>", '<p><a href="Tel:+1">Tel:+1</a></p>\n'),
        ("<mailto:a@b>", '<p><a href="mailto:a@b">mailto:a@b</a></p>\n'),
        ("<a+b@c>", '<p><a href="mailto:a+b@c">a+b@c</a></p>\n'),
        ("<https://a.example/>", '<p><a href="https://a.example/">https://a.example/</a></p>\n'),
    ],
)
def test_markup_that_is_kept_stays_markup(text, made):
    if made is None:
        assert left_out(text) == []
    else:
        assert render(text) == made


def test_kept_tags_are_all_that_come_through():
    for tag in sorted(markdown.KEPT_TAGS - {"input", "img", "source"} - raw_html.TABLE_PARTS):
        end = "" if tag in raw_html.VOID else f"y</{tag}>"
        assert f"<{tag}" in render(f"x <{tag} href='/'>{end}", under=0)
        assert f"&lt;{tag}z&gt;" in render(f"x <{tag}z>{end}")


# What is named before publishing.

LEFT_OUT = {
    "an element": ("a\n\nb <iframe src='x'></iframe>", 3, "element", "<iframe src='x'>"),
    "a line of a paragraph": ("a\nb\n<video>c</video>", 3, "element", "<video>"),
    "in a list": ("- a\n- b\n  <form>c</form>", 3, "element", "<form>"),
    "in a block": ("<div>\nx\n<object>c</object></div>", 3, "element", "<object>"),
    "after code of that name": ("`<embed src=x>`\n<embed src=x>", 2, "element", "<embed src=x>"),
    "a block": ("a\n\n<script>\nb\n</script>", 3, "element", "<script>\nb\n</script>"),
    "no partner": ("a\n\n<details>\n\nb", 3, "tag", "<details>"),
    "an end alone": ("a</div>", 1, "tag", "</div>"),
    "a handler": ("<p\nonclick=x>a</p>", 1, "attribute", "onclick"),
    "a style": ("a <b style='color: red'>b</b>", 1, "attribute", "style"),
    "a target": ("a\n<a href='javascript:x'>b</a>", 2, "attribute", "href"),
    "an address where none goes": ("a\n<p href='/x'>b</p>", 2, "attribute", "href"),
    "a picture's source": ("<source src='x'>", 1, "element", "<source src='x'>"),
    "a source beside": (
        "<picture><img src=x></picture>\n<source srcset=x />",
        2,
        "element",
        "<source srcset=x />",
    ),
    "a source of nothing": (
        "a <picture><source src=x><img src=x></picture>",
        1,
        "attribute",
        "src",
    ),
    "a hidden target": ("<a href=' java\tscript:x'>b</a>", None, None, None),
    "a comment": ("a\n\n<!-- to do -->", 3, "comment", "to do"),
    "a note": ("a\n\n[^b]: c", 3, "footnote", "[^b]"),
    "a note below its like in code": ("`[^b]: c`\n\n> [^b]: c", 3, "footnote", "[^b]"),
    "a second note": ("a[^b]\n\n[^b]: c\n\n- [^b]: d", 5, "second note", "[^b]"),
    "a second note in the first": ("a[^b]\n\n[^b]: c\n\n    [^b]: d", 5, "second note", "[^b]"),
    "a definition": ("[TODO]: buy", 1, "definition", "[TODO]: buy"),
    "a definition alone": ("a\n\n[1]:\n  https://a.example", 3, "definition", "[1]:"),
    "a definition in a list": ("a\n\n> - [b c]: /d 'e'", 3, "definition", "[b c]: /d 'e'"),
    "a note with a space": ("a\n\n[^b c]: d", 3, "definition", "[^b c]: d"),
    "a definition that code has": ("`[b]`\n\n[b]: c", 3, "definition", "[b]: c"),
    "a comment by trick": ("a\n\n[//]: # (to do)", 3, "definition", "[//]: # (to do)"),
    "a second definition": ("[b]\n\n[b]: c\n[B]: d", 4, "definition", "[B]: d"),
    "a cell": ("|a|b|\n|-|-|\n|c|d|e|", 3, "cell", "e"),
    "a cell in a list": ("- x\n\n  |a|b|\n  |-|-|\n  |c|d|e|", 5, "cell", "e"),
    "a cell in a quotation": ("> |a|b|\n> |-|-|\n> |c|d|e|", 3, "cell", "e"),
    "behind a language": ("x\n\n~~~js {1,3} title=a\nb\n~~~", 3, "info", "{1,3} title=a"),
}


@pytest.mark.parametrize(("text", "line", "kind", "what"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_what_is_left_out_is_found_with_its_line(text, line, kind, what):
    found = left_out(text.replace("\n", "\r\n"))
    assert found == left_out(text) == ([(line, kind, what)] if line else found)


@pytest.mark.parametrize(
    "text",
    [
        "List<String> and <your-name>, <script> and <T>, a < b, <br> and `<iframe src=x></iframe>`",
        "```html\n<script>x</script>\n```",
        "a<!--more-->b <!-- excerpt -->",
        "<picture>\n<source srcset='/x 2w' type='image/png'><img src='/x' width=1>\n</picture>",
        "<p class='x' data-x='y' id='z' target=_blank>a</p>",
        "[a] [b][C] ![d][] [![e]][f]\n\n"
        "[a]: x\n[c]: x\n[D]: x\n[e]: x\n[f]: x\n[a]: x\n\n\\[g]: x and `[h]: x`\n\n    [i]: x",
        "x[^1] y\n\n[^1]: z [a]\n\n    [a]: b",
        "x[^1]\n\n[^1]: y [^2]\n\n    [^2]: z",
        "x[^1]\n\n[^1]: y\n\n|a|b|\n|-|-|\n|c|\n|d|e\\|f|",
        "x" * 100_001 + "<script>x</script>",
    ],
)
def test_what_is_shown_as_it_was_meant_is_not_named(text):
    assert left_out(text) == []


@pytest.mark.django_db
def test_a_finding_names_the_field_the_line_and_what_to_do():
    text = "a\n\n" + "<iframe src='x'></iframe>\n" * 5 + "<b onclick='x' style='y'>c</b>"
    item = make_entry(body=text, tools=[make_tool()])
    element, attribute = findings(item, public_page(item))
    assert not element.blocking
    assert element.message == (
        "in body, “<iframe src='x'>” (lines 3, 4, 5) is shown as words, "
        "since pages keep no such element."
    )
    assert re.search("“onclick” .line 8. and “style” .line 8. are left out", attribute.message)
