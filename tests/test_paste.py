"""Pasting into the Markdown field: markup becomes Markdown, and what is meant as text stays."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from .factories import make_tool
from .test_editor import copy, message, signed_in, text  # noqa: F401  (a fixture)
from .test_toolbar import fill, shown

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def desk(page, live_server, signed_in):  # noqa: F811
    """A tool's form, whose Markdown field is empty; `errors` are those of its scripts."""
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(live_server.url + reverse("admin:portfolio_tool_change", args=[make_tool().pk]))
    page.get_by_role("toolbar", name="Markdown").wait_for()
    return page


def paste(desk, html="", plain="plain", at="|"):
    """The field's text after a paste at the place that `fill` takes; … if it is the browser's."""
    fill(desk, at)
    left = desk.evaluate(
        """([html, plain]) => {
            const clipboardData = new DataTransfer();
            if (html) clipboardData.setData("text/html", html);
            clipboardData.setData("text/plain", plain);
            const options = {clipboardData, bubbles: true, cancelable: true};
            const field = document.querySelector("#id_note");
            return field.dispatchEvent(new ClipboardEvent("paste", options));
        }""",
        [html, plain],
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
    GRID: "| a | b |\n| --- | --- |\n| x\\|y | one two |\n|  | **z** |",
    "<table><tr><td><h2>T</h2><tr><td>x <i>y</i></table>": "## T\n\nx *y*",
    HIGHLIGHTED: "```js\nlet a = 1;\nb(`${a}`)\n```",
    "<s>old</s> <code>a`b</code><br>new<br>": "~~old~~ ``a`b``\\\nnew",
    "<a href=https://a.example/_c>https://a.example/_c</a> <b>x</b>": (
        "<https://a.example/_c> **x**"
    ),
    "<a href=https://a.example/><h3>T</h3><p>d</p></a>": "[T d](https://a.example/)",
    "<blockquote><p>a<p>b</blockquote>": "> a\n> \n> b",
    "<div>a<br><br>b<br></div><span>c<br></span><i>d</i>": "a\n\nb\n\nc\\\n*d*",
    "<img src=https://a.example/p.png alt='a [cat]'> b": "[a \\[cat\\]](https://a.example/p.png) b",
}
LEFT = {
    "nothing to express": "<meta charset=utf-8><span style='color:red'>a * b</span><p>c",
    "a spreadsheet": "<google-sheets-html-origin><table><tr><td>1<td>2<tr><td><b>3</b><td>4",
    "Excel": "<html xmlns:x='urn:schemas-microsoft-com:office:excel'><table><tr><td><b>1</b><td>2",
    "Calc": "<meta name=generator content='LibreOffice 25'><table><tr><td><b>1</b><td>2<tr><td>3",
    "an editor of code": CODE,
    "another": IDEA,
    "only text": "",
}


@pytest.mark.once
def test_markup_of_other_programs_becomes_markdown(desk):
    for html, markdown in BECOMES.items():
        assert paste(desk, html) == markdown
    for name, html in LEFT.items():
        assert paste(desk, html) == "…", name
    assert paste(desk, "<b>a</b>", at="```\n|") == paste(desk, "<b>a</b>", at="run `|") == "…"
    assert paste(desk, "<b>a</b>", at="```\n```\n|") == "```\n```\n**a**"
    assert paste(desk, "<ul><li>a", at="one|two") == "one\n\n- a\n\ntwo"
    assert paste(desk, "<b>a</b> b", " a b", at="one|two") == "one **a** btwo"
    assert not desk.errors


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


# The most that is converted, and markup of such a size. More would hold up the page for seconds.
HUGE = {
    "characters": (500_000, lambda size: '<b title="{}">x</b>'.format("w" * (size - 17))),
    "tags": (19_999, lambda size: "<b>x</b>" + "<wbr>" * (size - 2)),
    "depth": (49, lambda size: "<div>" * (size - 1) + "<b>x"),
}


@pytest.mark.once
@pytest.mark.parametrize("name", HUGE)
def test_what_would_hold_up_the_page_is_pasted_as_plain_text(desk, name):
    most, html = HUGE[name]
    assert paste(desk, html(most)) == "**x**"
    assert not message(desk).is_visible()
    assert paste(desk, html(most + 1)) == "…"
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
