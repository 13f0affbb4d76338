"""HTML of other systems: what an import makes of it is what pasting makes of it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio import markdown
from portfolio.exchange.foreign.html import to_markdown

from .foreign import DATA
from .html_trees import characters, tree

pytestmark = pytest.mark.once
TABLE = json.loads((DATA / "html.json").read_text())


class Quiet:
    """A post, and a source that keeps no remarks and changes no address."""

    where = "here"

    def remark(self, *args):
        pass

    remark_often = shown = linked = remark


def imported(text):
    return to_markdown(Quiet, Quiet(), text)


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_importing_html_makes_the_markdown_of_the_table(text, expected):
    assert imported(text) == expected
    assert characters(markdown.render(expected)) == characters(text)


HIDDEN = {
    "<h2 class=sr-only id=footnote-label>Notes</h2><p><b>a</b>": "**a**",
    "<p><a href='https://a.example/'>a<span class='screen-reader-text'> (opens)</span></a> <i>b": (
        "[a](https://a.example/) *b*"
    ),
    "<div class='x visually-hidden'><p>a<p class=sr-only>b</div><p class=sr-only-not><i>c": "*c*",
    "<p><b>a</b><span style='position:absolute; clip: rect(0 0 0 0)'>b</span>": "**a**",
    "<ul><li><span class=sr-only><input type=checkbox checked></span>a</ul>": "- [x] a",
}


@pytest.mark.parametrize(("text", "expected"), HIDDEN.items())
def test_imports_leave_out_what_only_screen_readers_say(text, expected):
    assert imported(text) == expected


CODE = {
    "<table class=highlight><tr><td class='blob-num js-line-number' data-line-number=1>1<td class="
    "'blob-code blob-code-inner'><span class=pl-k>def</span> f():<tr><td class=blob-num>2<td class="
    "blob-code>\n<tr><td class=blob-num>3<td class=blob-code>    return `1`  * 2</table>": (
        "```\ndef f():\n\n    return `1`  * 2\n```"
    ),
    "<p>a<table><tr><td class=hljs-ln-numbers>1<td class=hljs-ln-code>&lt;b> |</table>": (
        "a\n\n```\n<b> |\n```"
    ),
}


@pytest.mark.parametrize(("text", "expected"), CODE.items())
def test_imports_take_code_in_a_table_for_code(text, expected):
    assert imported(text) == expected


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_no_character_of_imported_html_is_lost(random):
    text = tree(random)
    assert characters(markdown.render(imported(text))) == characters(text)


def test_code_in_code_and_the_number_of_a_list_in_a_cell_are_imported():
    assert imported("<code>a <b><code>b</code></b></code>") == "`a b`"
    cell = "<table><tr><th><ol start='\"><b>'><li>a</ol><th><ol start=7><li>b</ol></table>"
    assert imported(cell) == (
        '| <ol><li>a</li></ol> | <ol start="7"><li>b</li></ol> |\n| --- | --- |'
    )


def test_characters_that_are_not_escaped_would_be_lost():
    text = "<p>a <b>&lt;script&gt; *b* &amp;copy;</b>"
    assert characters(markdown.render("a **<script> *b* &copy;**")) != characters(text)
    assert characters(markdown.render(imported(text))) == characters(text)
