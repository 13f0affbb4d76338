"""Pasting into the Markdown field: markup becomes Markdown, and what is meant as text stays."""

import json
import random

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from portfolio import markdown

from .factories import make_tool
from .foreign import DATA
from .html_trees import characters, tree
from .test_editor import copy, message, signed_in, text  # noqa: F401  (a fixture)
from .test_import_html import CODE as CODE_TABLES
from .test_import_html import HIDDEN
from .test_toolbar import fill, shown

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(page, live_server, signed_in):  # noqa: F811
    """A tool's form, whose Markdown field is empty; `errors` are those in its console."""
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda said: said.type == "error" and page.errors.append(said.text))
    page.goto(live_server.url + reverse("admin:portfolio_tool_change", args=[make_tool().pk]))
    page.get_by_role("toolbar", name="Markdown").wait_for()
    return page


def paste(desk, markup="", plain="plain", at="|", picture=False):
    """The field's text after a paste at the place that `fill` takes; … if it is the browser's."""
    fill(desk, at)
    left = desk.evaluate(
        """([html, plain, picture]) => {
            const clipboardData = new DataTransfer();
            if (html) clipboardData.setData("text/html", html);
            clipboardData.setData("text/plain", plain);
            if (picture) clipboardData.items.add(new File(["x"], "a.png", {type: "image/png"}));
            const options = {clipboardData, bubbles: true, cancelable: true};
            const field = document.querySelector("#id_note");
            return field.dispatchEvent(new ClipboardEvent("paste", options));
        }""",
        [markup, plain, picture],
    )
    return "…" if left else text(desk)


WORD = """
<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns:w="urn:x-office:word"><head>
<meta name=Generator content="Microsoft Word 15"><style><!-- p.MsoNormal {margin:0} --></style>
<!--[if gte mso 9]><xml><w:WordDocument/></xml><![endif]--></head><body lang=EN>
<!--StartFragment--><p class=MsoNormal>We <b
style='mso-bidi-font-weight:normal'>cut</b> it.<o:p></o:p></p>
<p class=MsoListParagraphCxSpFirst style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'>
<![if !supportLists]><span style='font-family:Symbol'><span style='mso-list:Ignore'>·<span
style='font:7.0pt "Times New Roman"'>&nbsp;&nbsp; </span></span></span><![endif]>one<o:p></o:p></p>
<p class=MsoListParagraphCxSpLast style='text-indent:-18.0pt;mso-list:l0 level1 lfo1'>
<![if !supportLists]><span style='mso-list:Ignore'>·<span>&nbsp; </span></span><![endif]>two</p>
<!--EndFragment--></body></html>"""
DOCS = """
<meta charset='utf-8'><b style="font-weight:normal;" id="docs-internal-guid-1"><h2 dir="ltr"><span
style="font-weight:700;white-space:pre-wrap;">Plan</span></h2><p dir="ltr"><span
style="font-weight:400;white-space:pre-wrap;">We </span><span
style="font-weight:700;font-style:italic;white-space:pre-wrap;">cut</span><span
style="white-space:pre-wrap;"> it.</span></p><br><ul><li dir="ltr"><p><span>one</span></p></li><ul>
<li dir="ltr"><p><span>in it</span></p></li></ul><li dir="ltr"><p><span>two</span></p></li></ul></b>
<br class="Apple-interchange-newline">"""
CODE = """
<meta charset='utf-8'><div style="color: #d4d4d4;font-family: Menlo, monospace;white-space: pre;">
<div><span style="font-weight: bold;">def</span> f():</div></div>"""
GRID = "<table><tr><th>a<th>b<tr><td>x|y<td>one<br>two<tr><td><td><b>z</b></table>"
IDEA = (
    "<pre style=\"font-family:'JetBrains Mono',monospace\"><span style='font-weight:700'>def</span>"
)
HIGHLIGHTED = '<div class="highlight-source-js"><pre>let <span>a</span> = 1;\nb(`${a}`)</pre></div>'

BECOMES = {
    WORD: "We **cut** it.\n\n- one\n- two",
    DOCS: "## Plan\n\nWe ***cut*** it.\n\n- one\n  - in it\n- two",
    "a <a href='https://b.example/x y(1)' title=t>b</a> *": (
        "a [b](https://b.example/x%20y\\(1\\)) \\*"
    ),
    "<h1>A</h1><ol start=3><li>a<li><input type=checkbox checked>b": "# A\n\n3. a\n4. [x] b",
    GRID: "| a | b |\n| --- | --- |\n| x\\|y | one<br>two |\n|  | **z** |",
    "<table><tr><td><h2>T</h2><tr><td>x <i>y</i></table>": "## T\n\nx *y*",
    HIGHLIGHTED: "```js\nlet a = 1;\nb(`${a}`)\n```",
    "<s>old</s> <code>a`b</code><br>new<br>": "~~old~~ ``a`b``\\\nnew",
    "<a href=https://a.example/_c>https://a.example/_c</a> <b>x</b>": (
        "<https://a.example/_c> **x**"
    ),
    "<a href=https://a.example/><h3>T</h3><p>d</p></a>": "[T d](https://a.example/)",
    "<blockquote><p>a<p>b</blockquote>": "> a\n>\n> b",
    "<div>a<br><br>b<br></div><span>c<br></span><i>d</i>": "a\n\nb\n\nc\\\n*d*",
    "<p># a<p>1. b<p>&lt;details&gt; &amp;amp;": "\\# a\n\n1\\. b\n\n\\<details> \\&amp;",
    "<img src=https://a.example/p.png alt='a [cat]'> b": "[a \\[cat\\]](https://a.example/p.png) b",
}
LEFT = {
    "nothing to express": "<meta charset=utf-8><span style='color:red'>a * b</span><p>c",
    "a cell": "<google-sheets-html-origin><table><tr><td><b>1 * 2</b></table>",
    "an editor of code": CODE,
    "another": IDEA,
    "only text": "",
}


@pytest.mark.once
def test_markup_of_other_programs_becomes_markdown(desk):
    for markup, expected in BECOMES.items():
        assert paste(desk, markup) == expected
    for name, markup in LEFT.items():
        assert paste(desk, markup) == "…", name
    assert paste(desk, "<b>a</b>", at="```\n|") == paste(desk, "<b>a</b>", at="run `|") == "…"
    assert paste(desk, "<b>a</b>", at="```\n```\n|") == "```\n```\n**a**"
    assert paste(desk, "<ul><li>a", at="one|two") == "one\n\n- a\n\ntwo"
    assert paste(desk, "<b>a</b> b", " a b", at="one|two") == "one **a** btwo"
    assert not desk.errors


# Programs that say by attributes what there is no markup for.


def word_item(level, mark, words):
    return (
        f"<p class=MsoListParagraph style='mso-list:l0 level{level} lfo1'><![if !supportLists]>"
        f"<span style='mso-list:Ignore'>{mark}<span>&nbsp; </span></span><![endif]>{words}"
        "<o:p></o:p></p>"
    )


def word(*items):
    return "<html xmlns:w='urn:x'><body>" + "".join(word_item(*each) for each in items)


STRUCTURE = {
    word((1, "·", "a"), (2, "o", "b"), (3, "§", "c"), (1, "·", "d")): "- a\n  - b\n    - c\n- d",
    word((1, "3.", "a"), (2, "a)", "b"), (2, "b)", "c"), (1, "4.", "d"), (1, "1.", "e")): (
        "3. a\n   1. b\n   2. c\n4. d\n1) e"
    ),
    word((1, "iv.", "a"), (1, "v.", "b")): "4. a\n5. b",
    word((1, "h.", "a"), (1, "i.", "b")): "8. a\n9. b",
    word((1, "i)", "a"), (1, "ii)", "b"), (3, "1.2.", "c")): "1. a\n2. b\n\n   2. c",
    word((1, "1.", "a")) + "<p class=MsoNormal>b</p>" + word_item(1, "2.", "c"): (
        "1. a\n\nb\n\n2. c"
    ),
    "<div><ol start=1><li data-aria-level=1><p>a</ol></div><div><ol><li data-aria-level=2><p>b"
    "</ol></div><div><ol start=2><li data-aria-level=1><p>c</ol></div>": "1. a\n   1. b\n2. c",
    "<ul data-indent=0><li>a</ul><ul data-indent=1><li>b</ul>": "- a\n  - b",
    "<ul><li role=checkbox aria-checked=true><img src='data:image/svg+xml;base64,PHN2Zy8+'"
    " alt=checked><p>a</p><li role=checkbox aria-checked=false><img src='data:image/png;base64,A'>"
    "<p>b</p></ul>": "- [x] a\n- [ ] b",
    "<ul class=to-do-list><li><div class='checkbox checkbox-on'></div> <i>a</i></ul><ul class="
    "to-do-list><li><div class='checkbox checkbox-off'></div> b</ul>": "- [x] *a*\n- [ ] b",
    "<p><b>E</b>=mc<span style='font-size:0.6em;vertical-align:super'>2</span> H<span"
    " style='vertical-align:sub'>2</span>O": "**E**=mc<sup>2</sup> H<sub>2</sub>O",
    "<p>a<a style='mso-footnote-id:ftn1' href='#_ftn1' name='_ftnref1'><span>[1]</span></a></p><div"
    " style='mso-element:footnote-list'><hr><div style='mso-element:footnote' id=ftn1><p><a"
    " href='#_ftnref1' name='_ftn1'>[1]</a> The <i>note</i></p></div></div>": (
        "a[^1]\n\n[^1]: The *note*"
    ),
    "<p>a<sup><a href='#fn1' id=r1>1</a></sup><section><ol><li id=fn1><p>note <a href='#r1'>↩</a>"
    "</ol></section>": "a[^1]\n\n[^1]: note",
    "<p>a<span style='vertical-align:super'><sup><a href=#n1 id=r1>[1]</a></sup></span> b<sup><span"
    " style='vertical-align: super'><a href=#n2 id=r2>[2]</a></span></sup><hr><p>c<br><hr><div>"
    "<p><a href=#r1 id=n1>[1]</a><span> n</span></div><div><p><sup><a href=#r2 id=n2>[2]</a></sup>"
    " m</div>": "a[^1] b[^2]\n\n---\n\nc\n\n[^1]: n\n\n[^2]: m",
    "<p>x<sup>2, <a href=#n id=r>1</a></sup><ol><li id=n>n <a href=#r>↩</a></ol>": (
        "x<sup>2, [^1]</sup>\n\n[^1]: n"
    ),
    "<google-sheets-html-origin><style>td{}</style><table><tr><td>Name<td>Sum<td><tr><td>a|b"
    "<td style='font-weight:bold'>1,234.50<td><tr><td><td>&lt;1<br>2<tr><td><td></table>": (
        "| Name | Sum |\n| --- | --- |\n| a\\|b | 1,234.50 |\n|  | \\<1<br>2 |"
    ),
    "<html xmlns:x='urn:schemas-microsoft-com:office:excel'><table><tr><td>1<tr><td>2": (
        "| 1 |\n| --- |\n| 2 |"
    ),
    "<meta name=generator content='LibreOffice 25'><table><tr><td colspan=2>1<td>2</table>": (
        "| 1 |  | 2 |\n| --- | --- | --- |"
    ),
}


@pytest.mark.once
def test_what_programs_say_by_attributes_alone_is_kept(desk):
    for markup, expected in STRUCTURE.items():
        assert paste(desk, markup) == expected
        assert not message(desk).is_visible()
    # Excel and Word offer a picture of it, too.
    assert paste(desk, word((1, "1.", "a")), picture=True) == "1. a"
    # A name of the text's own is not taken again.
    note = [markup for markup in STRUCTURE if "fn1" in markup][-1]
    assert paste(desk, note, at="[^1]|") == "[^1]\n\na[^2]\n\n[^2]: note"
    assert not desk.errors


@pytest.mark.once
def test_pasting_and_importing_make_the_same_of_the_same_html(desk):
    """What the table has, tests/test_import_html.py asks of the import."""
    table = json.loads((DATA / "html.json").read_text())
    assert convert(desk, [markup for markup, _ in table]) == [expected for _, expected in table]
    assert not desk.errors


def convert(desk, texts):
    """What the browser makes of HTML, without the field."""
    return desk.evaluate(
        """async (texts) => {
            const {src} = document.querySelector("script[data-rules]");
            const {converted} = await import(new URL("from-html.js", src).href);
            return texts.map((html) => converted(html).text);
        }""",
        texts,
    )


@pytest.mark.once
def test_pasting_takes_code_in_a_table_for_code(desk):
    assert convert(desk, [*CODE_TABLES]) == [*CODE_TABLES.values()]
    assert not desk.errors


@pytest.mark.once
def test_pasting_leaves_out_what_only_screen_readers_say(desk):
    assert convert(desk, [*HIDDEN]) == [*HIDDEN.values()]
    assert not desk.errors


@pytest.mark.once
def test_no_character_of_pasted_html_is_lost(desk):
    texts = [tree(random.Random(seed)) for seed in range(150)]
    for markup, found in zip(texts, convert(desk, texts), strict=True):
        if found is not None:
            assert characters(markdown.render(found)) == characters(markup), (markup, found)


@pytest.mark.once
def test_an_address_pasted_over_words_makes_them_a_link(desk):
    address = "https://a.example/b_(c)"
    link = f"<a href='{address}'>{address}</a>"
    assert paste(desk, link, address, "see |this| now") == (
        "see [this](https://a.example/b_\\(c\\)) now"
    )
    for at in ("see |", "see |https://b.example|", "[see](|old|)", "|a\n\nb|"):
        assert paste(desk, link, address, at) == "…", at
    assert paste(desk, "", "not an address", "see |this| now") == "…"


HOSTILE = """
<script>window.hit = 1</script><img src=x onerror="window.hit = 2"><svg onload="window.hit = 3">
<iframe srcdoc="<script>parent.hit = 4</script>"></iframe><style>@import "https://a.example"</style>
<b style="background: url(https://a.example/)">bold</b>
<a href="javascript:window.hit=5">one</a> <a href=" JaVa\nScript:x">two</a>
<a href="data:text/html,x">three</a> <img src="data:image/png;base64,AAAA" alt="secret">
<img src="file:///etc/passwd">"""


@pytest.mark.once
def test_hostile_markup_runs_nothing_and_loads_nothing(desk):
    requests = []
    desk.on("request", lambda request: requests.append(request.url))
    assert paste(desk, HOSTILE) == "**bold** one two three"
    expect(message(desk)).to_have_text("Pictures that did not come along: 3. Add them as files.")
    assert desk.evaluate("window.hit") is None
    assert not [url for url in requests if "/admin/preview/" not in url]
    assert not desk.errors
    # In a page the same markup does run something.
    bare = desk.context.new_page()
    bare.set_content(HOSTILE)
    bare.wait_for_function("window.hit")


PICTURES = """
<p><b>a</b><img src="data:image/png;base64,{}" alt="a cat"><img src="file:///b.png">
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><img src="https://a.example/t" width="1">
<img src="https://a.example/spacer.gif" style="height: 1px" alt="x"><img src="x" aria-hidden=true>
""".format("A" * 500)
NOTE = "Pictures that did not come along: 2. Add them as files."


@pytest.mark.once
def test_a_note_about_a_paste_goes_away_when_it_is_no_longer_true(desk):
    for then in (
        lambda: desk.keyboard.press("x"),
        lambda: desk.keyboard.press("Control+z"),
        lambda: paste(desk, "<b>b</b>"),
    ):
        assert paste(desk, PICTURES) == "**a**"
        # Neither a dot that counts readers nor what keeps a place is a picture.
        expect(message(desk)).to_have_text(NOTE)
        then()
        expect(message(desk)).to_have_text("")
    assert not desk.errors


@pytest.mark.once
def test_a_note_of_something_else_stays_when_one_pastes(desk):
    paste(desk, PICTURES)
    message(desk).evaluate("(message) => { message.textContent = 'Adding a.png…' }")
    desk.keyboard.press("x")
    assert paste(desk, "<b>b</b>") == "**b**"
    expect(message(desk)).to_have_text("Adding a.png…")


STYLED = """<style>p { color: red }</style><p style="color: red" title="a > b" STYLE='x'>a
<b title='"' style = "font-weight: 700">b</b><svg><style>a</style></svg> <i title="x<y"style=x>c</i>
&lt;p style="x"&gt;"""


@pytest.mark.once
def test_styles_in_pasted_html_write_no_complaint_of_the_policy(desk):
    assert paste(desk, STYLED) == 'a **b** *c* \\<p style="x">'
    assert not desk.errors
    # The policy does complain of what it sees.
    desk.evaluate("(html) => new DOMParser().parseFromString(html, 'text/html')", STYLED)
    desk.evaluate("1")
    assert any("style" in error for error in desk.errors)


# The most that is converted, and markup of such a size. More would hold up the page for seconds.
HUGE = {
    "characters": (500_000, lambda size: '<b title="{}">x</b>'.format("w" * (size - 17))),
    "tags": (19_999, lambda size: "<b>x</b>" + "<wbr>" * (size - 2)),
    "depth": (49, lambda size: "<div>" * (size - 1) + "<b>x"),
}


@pytest.mark.once
@pytest.mark.parametrize("name", HUGE)
def test_what_would_hold_up_the_page_is_pasted_as_plain_text(desk, name):
    most, markup = HUGE[name]
    assert paste(desk, markup(most)) == "**x**"
    assert not message(desk).is_visible()
    assert paste(desk, markup(most + 1)) == "…"
    expect(message(desk)).to_have_text(
        "That is too large to become Markdown, so its plain text is pasted."
    )


def test_what_the_keyboard_pastes_is_one_step_to_undo_and_plain_with_shift(desk):
    copy(desk, text_plain=b"bold and not", text_html=b"<b>bold</b> and not")
    fill(desk, "some |words|")
    desk.keyboard.press("Control+v")
    expect(desk.locator("#id_note")).to_have_value("some **bold** and not")
    desk.keyboard.press("Control+z")
    assert shown(desk) == "some |words|"
    desk.keyboard.press("Control+Shift+v")
    expect(desk.locator("#id_note")).to_have_value("some bold and not")
