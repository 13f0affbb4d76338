"""What Markdown becomes, what cannot come through it, and what it may cost."""

import json
import re
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from timeit import timeit
from urllib.parse import urlsplit

import html5lib
import pytest
from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString
from markdown_it.rules_block.html_block import html_block
from markdown_it.rules_inline.autolink import autolink
from markdown_it.rules_inline.html_inline import html_inline
from mdit_py_plugins.footnote.index import footnote_ref
from pygments.lexers import get_all_lexers

from portfolio import markdown
from portfolio.markdown import LIMIT, excerpt, plain, render, validate_markdown

pytestmark = pytest.mark.once

DATA = Path(__file__).parent / "data"
EXAMPLES = json.loads((DATA / "commonmark-0.31.2.json").read_text())


def body(markup):
    """The markup as a browser's tree; in a document, since html5lib loses parts of fragments."""
    page = html5lib.parse(f"<!doctype html><body>{markup}", namespaceHTMLElements=False)
    return page.find("body")


def elements(markup):
    """Every element, as (name, attributes)."""
    return [(e.tag, e.attrib) for e in body(markup).iter() if isinstance(e.tag, str)][1:]


def text_of(markup):
    return "".join(body(markup).itertext())


@cache
def parser_of_raw_html():
    """The parser with the library's own rules for what is in `<>`, which let all of it through."""
    parser = markdown._parser()
    interrupts = {"alt": ["paragraph", "reference", "blockquote"]}
    parser.block.ruler.at("html_block", html_block, interrupts)
    parser.inline.ruler.at("html_inline", html_inline)
    parser.inline.ruler.at("autolink", autolink)
    parser.disable(["pair_tags", "name_parts", "join_tags"])
    return parser


def unsafe(text, parser=None, **env):
    """What a parser makes of the text before nh3, by default that of raw HTML."""
    parser = parser or parser_of_raw_html()
    return parser.render(
        text, {"docId": "00000000", "work": 10**9, "colour": markdown.COLOUR} | env
    )


# CommonMark.


def normal(markup):
    """The tree as text, without white space between blocks and the box around code."""
    markup = re.sub(r'<div class="code"[^>]*>(<pre.*?</pre>)</div>', r"\1", markup, flags=re.DOTALL)
    tree = body(markup)
    for element in tree.iter():
        if element.tag in ("pre", "table"):
            for name in ("aria-label", "role", "tabindex"):
                element.attrib.pop(name, None)
        if re.fullmatch("h[1-6]", str(element.tag)):
            element.attrib.pop("id", None)
        if element.tag == "pre" and element.text:
            element.text = element.text.removeprefix("\n")  # html5lib forgets to in table cells
        if element.tag in ("blockquote", "body", "dl", "div", "ol", "table", "tbody", "tr", "ul"):
            element.text = (element.text or "").strip()
            for child in element:
                child.tail = (child.tail or "").strip()
    walker = html5lib.getTreeWalker("etree")
    serializer = html5lib.serializer.HTMLSerializer(
        alphabetical_attributes=True, omit_optional_tags=False, quote_attr_values="always"
    )
    return serializer.render(walker(tree))


def test_the_specification_has_652_examples():
    assert [example["example"] for example in EXAMPLES] == list(range(1, 653))


@cache
def commonmark_alone():
    parser = parser_of_raw_html.__wrapped__()
    parser.disable(
        ["bare_link", "deflist", "footnote_def", "footnote_ref", "strikethrough", "table"]
    )
    parser.options["tasklists"] = False
    return parser


def test_without_extensions_and_colours_the_parser_is_commonmark():
    for example in EXAMPLES:
        env = {"work": markdown.WORK, "colour": 0}
        made = commonmark_alone().render(example["markdown"], env)
        assert normal(made) == normal(example["html"]), example["example"]


COLOUR = "Ruby is coloured"
TAG = "not a tag that is allowed, so it is shown"
OPEN = "a tag without its partner is shown"
ATTRIBUTE = "ids get a mark, foreign classes and unknown attributes are dropped"
COMMENT = "comments are dropped"
SCHEME = "not a scheme that is allowed, so it is no link and shown"
ANCHOR = "an `a` without an address is no link"
BARE = "a bare address is a link here"
RUBY = (
    '<pre><code class="language-ruby"><span class="k">def</span><span class="w"> </span>'
    '<span class="nf">foo</span><span class="p">(</span><span class="n">x</span>'
    '<span class="p">)</span>\n<span class="w">  </span><span class="k">return</span>'
    '<span class="w"> </span><span class="mi">3</span>\n<span class="k">end</span>\n</code></pre>'
)
DIFFERENCES = {
    21: (OPEN, '<p>&lt;a href="/bar\\/)"&gt;</p>'),
    31: (OPEN, '<p>&lt;a href="&amp;ouml;&amp;ouml;.html"&gt;</p>'),
    142: (COLOUR, RUBY),
    143: (COLOUR, RUBY),
    148: (
        OPEN,
        "<table><tbody><tr><td>\n&lt;pre&gt;\n**Hello**,\n<p><em>world</em>.\n&lt;/"
        "pre&gt;</p>\n</td></tr></tbody></table>",
    ),
    150: (TAG, "<div>*hello*\n         &lt;foo&gt;&lt;a&gt;</div>"),
    151: (OPEN, "<p>&lt;/div&gt;\n*foo*</p>"),
    152: (ATTRIBUTE, "<div>\n<p><em>Markdown</em></p>\n</div>"),
    153: (ATTRIBUTE, '<div id="499495ad-foo"></div>'),
    154: (ATTRIBUTE, '<div id="606da8a3-foo"></div>'),
    156: (OPEN, '<p>&lt;div id="foo"\n*hi*</p>'),
    157: (OPEN, "<p>&lt;div class\nfoo</p>"),
    158: (OPEN, "<p>&lt;div *???-&amp;&amp;&amp;-&lt;---\n*foo*</p>"),
    163: (TAG, "<p>&lt;Warning&gt;\n<em>bar</em>\n&lt;/Warning&gt;</p>"),
    164: (ATTRIBUTE, "<i>\n*bar*\n</i>"),
    165: (OPEN, "<p>&lt;/ins&gt;\n*bar*</p>"),
    169: (
        ATTRIBUTE,
        "<pre><code>\nimport Text.HTML.TagSoup\n\nmain :: IO ()\nmain = print $ par"
        "seTags tags\n</code></pre>\n<p>okay</p>",
    ),
    170: (
        TAG,
        '<pre class="unrendered">&lt;script type="text/javascript"&gt;\n// JavaS'
        'cript example\n\ndocument.getElementById("demo").innerHTML = "Hello Java'
        'Script!";\n&lt;/script&gt;\n</pre><p>okay</p>',
    ),
    171: (
        TAG,
        '<pre class="unrendered">&lt;textarea&gt;\n\n*foo*\n\n_bar_\n\n&lt;/textarea&gt;\n</pre>',
    ),
    172: (
        TAG,
        '<pre class="unrendered">&lt;style\n  type="text/css"&gt;\nh1 {color:red;'
        "}\n\np {color:blue;}\n&lt;/style&gt;\n</pre><p>okay</p>",
    ),
    173: (TAG, '<p>&lt;style\n  type="text/css"&gt;</p><p>foo</p>'),
    176: (
        TAG,
        '<pre class="unrendered">&lt;style&gt;p{color:red;}&lt;/style&gt;\n</pre'
        "><p><em>foo</em></p>",
    ),
    177: (TAG, "<p>*bar*</p><p><em>baz</em></p>"),
    178: (TAG, "<p>&lt;script&gt;\nfoo\n&lt;/script&gt;1. <em>bar</em></p>"),
    179: (COMMENT, "<p>okay</p>"),
    180: (TAG, "<p>&lt;?php</p><p>echo '&gt;';</p><p>?&gt;\nokay</p>"),
    181: (TAG, "<p>&lt;!DOCTYPE html&gt;</p>"),
    182: (
        TAG,
        "<p>&lt;![CDATA[\nfunction matchwo(a,b)\n{\nif (a &lt; b &amp;&amp; a &lt;"
        " 0) then {\nreturn 1;</p><p>} else {</p><pre><code>return 0;\n</code></p"
        "re><p>}\n}\n]]&gt;\nokay</p>",
    ),
    183: (COMMENT, "<pre><code>&lt;!-- foo --&gt;\n</code></pre>"),
    187: (OPEN, '<p>Foo\n&lt;a href="bar"&gt;\nbaz</p>'),
    201: (TAG, "<p>[foo]: &lt;bar&gt;(baz)</p><p>[foo]</p>"),
    308: (COMMENT, "<ul><li>foo</li>\n<li>bar</li></ul>\n<ul><li>baz</li>\n<li>bim</li></ul>"),
    309: (
        COMMENT,
        "<ul><li>\n<p>foo</p>\n<p>notcode</p>\n</li>\n<li>\n<p>foo</p>\n</li></ul>\n<p"
        "re><code>code\n</code></pre>",
    ),
    344: (OPEN, '<p>&lt;a href="`"&gt;`</p>'),
    476: (OPEN, '<p>**&lt;a href="**"&gt;</p>'),
    477: (OPEN, '<p>__&lt;a href="__"&gt;</p>'),
    491: (TAG, "<p>[link](&lt;foo\nbar&gt;)</p>"),
    494: (OPEN, "<p>[a](&lt;b)c\n[a](&lt;b)c&gt;\n[a](&lt;b&gt;c)</p>"),
    524: (TAG, '<p>[foo &lt;bar attr="](baz)"&gt;</p>'),
    536: (TAG, '<p>[foo &lt;bar attr="][ref]"&gt;</p>'),
    596: (SCHEME, "<p>&lt;irc://foo.bar:2233/baz&gt;</p>"),
    598: (SCHEME, "<p>&lt;a+b+c:d&gt;</p>"),
    599: (SCHEME, "<p>&lt;made-up-scheme://foo,bar&gt;</p>"),
    601: (SCHEME, "<p>&lt;localhost:5001/foo&gt;</p>"),
    602: (
        BARE,
        '<p>&lt;<a class="bare" href="https://foo.bar/baz">https://foo.bar/baz</a> bim&gt;</p>',
    ),
    608: (BARE, '<p>&lt; <a class="bare" href="https://foo.bar">https://foo.bar</a> &gt;</p>'),
    611: (BARE, '<p><a class="bare" href="https://example.com">https://example.com</a></p>'),
    613: (OPEN, "<p>&lt;a&gt;&lt;bab&gt;&lt;c2c&gt;</p>"),
    614: (ANCHOR, "<p><span></span>&lt;b2/&gt;</p>"),
    615: (ANCHOR, '<p><span></span>&lt;b2\ndata="foo" &gt;</p>'),
    616: (ANCHOR, "<p><span></span></p>"),
    617: (TAG, '<p>Foo &lt;responsive-image src="foo.jpg" /&gt;</p>'),
    623: (OPEN, "<p>&lt;/a&gt;&lt;/foo &gt;</p>"),
    625: (COMMENT, "<p>foo </p>"),
    626: (COMMENT, "<p>foo  foo --&gt;</p>\n<p>foo  foo --&gt;</p>"),
    627: (TAG, "<p>foo &lt;?php echo $a; ?&gt;</p>"),
    628: (TAG, "<p>foo &lt;!ELEMENT br EMPTY&gt;</p>"),
    629: (TAG, "<p>foo &lt;![CDATA[&gt;&amp;&lt;]]&gt;</p>"),
    630: (OPEN, '<p>foo &lt;a href="&amp;ouml;"&gt;</p>'),
    631: (OPEN, '<p>foo &lt;a href="\\*"&gt;</p>'),
    642: (OPEN, '<p>&lt;a href="foo  \nbar"&gt;</p>'),
    643: (OPEN, '<p>&lt;a href="foo\\\nbar"&gt;</p>'),
}


def test_an_example_is_rendered_as_specified_or_differs_for_a_listed_reason():
    for example in EXAMPLES:
        number = example["example"]
        made, specified = normal(render(example["markdown"], under=0)), normal(example["html"])
        if number in DIFFERENCES:
            reason, expected = DIFFERENCES[number]
            assert made == normal(expected), (number, reason)
            assert made != specified, f"{number} is listed as different and is not"
        else:
            assert made == specified, number


# What cannot come through.

HOSTILE = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example></sCrIpT>",
    "<scr<script>ipt>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<p><img/onerror=alert(1)/src=x></p>",
    "<img src=x\tonerror\n=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<svg><animate attributeName=href values=javascript:alert(1) /></svg>",
    "<svg></p><style><a id='</style><img src=1 onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=x>'>",
    "<math href=javascript:alert(1)>x</math>",
    "<details open ontoggle=alert(1)>x</details>",
    "<body onload=alert(1)><p onclick=alert(1)>x</p>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='jAvAsCrIpT:alert(1)'>x</a>",
    "<a href=' &#14; javascript:alert(1)'>x</a>",
    "<a href='java&#10;script:alert(1)'>x</a>",
    "<a href='java&Tab;script&colon;alert(1)'>x</a>",
    "<a href='&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;alert(1)'>x</a>",
    "<a href=data:text/html,<script>alert(1)</script>>x</a>",
    "<a href=vbscript:msgbox(1)>x</a>",
    "<a href='blob:https://evil.example/1'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "![x](data:image/gif;base64,R0lGODlhAQABAAAAACw=)",
    "[x](data:image/png;base64,iVBORw0KGgo=)",
    "<blockquote cite=javascript:alert(1)>x</blockquote>",
    "<q cite='data:text/html,x'>x</q>",
    "<iframe src=//evil.example></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=//evil.example></object>",
    "<embed src=//evil.example>",
    "<link rel=stylesheet href=//evil.example>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example>",
    "<style>*{display:none}</style>",
    "<p style='position:fixed;inset:0'>x</p>",
    "<div style=background:url(//evil.example)>x</div>",
    "<form action=//evil.example><button>Sign in</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<input type=text name=password>",
    "<input type=checkbox>",
    "<input type=image src=x onerror=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<select><option>x</select>",
    "<textarea>x</textarea>",
    "<video src=x onerror=alert(1)></video>",
    "<audio src=x autoplay></audio>",
    "<template><img src=x onerror=alert(1)></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<title><img src=x onerror=alert(1)></title>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<dialog open>x</dialog>",
    "<x-element onclick=alert(1)>x</x-element>",
    "<p id=app>x</p>",
    "<a name=body>x</a>",
    "<img name=getElementById>",
    "<p class=site-header>x</p>",
    "<span class='nav k'>x</span>",
    "<p contenteditable accesskey=x>x</p>",
    "<p aria-hidden=true role=alert>x</p>",
    "<a target=_blank href=//evil.example>x</a>",
    "<a ping=//evil.example href=/>x</a>",
    "<img srcset='//evil.example 2x' src=x>",
    "<p hidden>x</p>",
    "<p slot=x is=y part=z>x</p>",
    "<p data-markdownx-init>x</p>",
    "**bold <img src=x onerror=alert(1)> *and***",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "<pre role=alert>x</pre>",
    "<pre role=group aria-hidden=true>x</pre>",
    "<div data-language='\\\"; x'>x</div>",
    "<img src=x srcset='https://evil.example/x 480w'>",
    "<img src=x srcset='/a.webp 480w, //evil.example/x 960w'>",
    "- [ ] <script>alert(1)</script>",
    "x[^1]\n\n[^1]: <img src=x onerror=alert(1)>",
]
TAGS = """
    a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em
    figcaption figure h1 h2 h3 h4 h5 h6 hr i img input ins kbd li mark ol p pre q rp rt ruby s samp
    section small span strong sub summary sup table tbody td tfoot th thead time tr u ul var
    wbr
"""
ATTRIBUTES = """
    abbr alt aria-label checked class colspan data-language datetime decoding dir disabled height
    href hreflang id lang loading open rel reversed role rowspan scope sizes span src start tabindex
    title type value width
"""


OURS = {
    "class": r"footnotes?(-.*)?|.*task-.*|unrendered|.{1,2}",
    "data-language": r"[\w#+.-]+",
    "id": r"(fn(ref)?-)?[0-9a-f]{8}-.*",
    "role": "group",
}


def dangers(markup):
    """What a browser would find in the markup that an author may not write."""
    found = []
    for name, attributes in elements(markup):
        if name not in TAGS.split():
            found.append(name)
        if name == "input" and not (
            attributes.get("type") == "checkbox" and "disabled" in attributes
        ):
            found.append("a control that works")
        for attribute, value in attributes.items():
            # Browsers drop control characters and white space before they look for a scheme.
            address = re.sub(r"[\x00-\x20]", "", value).lower()
            if attribute not in ATTRIBUTES.split():
                found.append(attribute)
            elif attribute in ("href", "src") and urlsplit(address).scheme not in (
                *("", "http", "https", "mailto", "tel"),
            ):
                found.append(address)
            elif not re.fullmatch(OURS.get(attribute, ".*"), value, re.DOTALL):
                found.append(value)
    return found


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_markup_does_not_come_through(text):
    assert dangers(render(text)) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_the_sanitiser_alone_stops_hostile_markup(text):
    let_through = unsafe(text)
    assert dangers(let_through) != []
    found = dangers(markdown._CLEANER.clean(let_through))
    assert [each for each in found if each not in ("app", "x")] == []  # ids


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x](JAVASCRIPT:alert(1))",
        "[x](java&#115;cript:alert(1))",
        "[x](javascript&colon;alert(1))",
        "[x](<javascript:alert(1)>)",
        "[x](vbscript:msgbox(1))",
        "[x](file:///etc/passwd)",
        "[x](data:text/html,x)",
        "[x]\n\n[x]: javascript:alert(1)",
        "![x](javascript:alert(1))",
        "<javascript:alert(1)>",
    ],
)
def test_a_hostile_link_is_stopped_twice(text, monkeypatch):
    assert dangers(unsafe(text)) == []
    for parser in (markdown._PARSER, parser_of_raw_html()):
        monkeypatch.setattr(parser, "validateLink", lambda url: True)
    assert dangers(unsafe(text)) != []
    assert dangers(markdown._render(text)[0]) == []


def test_all_hostile_markup_together_does_not_come_through():
    assert dangers(render("\n\n".join(HOSTILE))) == []
    assert dangers(render("".join(HOSTILE))) == []


@pytest.mark.parametrize(
    "markup",
    [
        '<abbr title="HyperText Markup Language">HTML</abbr> and <kbd>Ctrl</kbd>',
        "H<sub>2</sub>O, E = mc<sup>2</sup>, <mark>marked</mark>, <small>small</small>",
        '<del datetime="2026-01-02">old</del><ins datetime="2026-01">new</ins>',
        "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>",
        '<time datetime="2026-01">January</time>, <q>said</q>',
        '<a href="https://a.example/" hreflang="fr" rel="me">me</a>, <a href="/work">work</a>',
        '<a href="tel:+441234">call</a> <a href="mailto:a@b.example">write</a>',
        '<img alt="A desk" height="2" loading="lazy" src="/media/a.png" width="3">',
        '<bdi>إيان</bdi> <bdo dir="rtl">abc</bdo> <span dir="rtl" lang="ar">مرحبا</span>',
    ],
)
def test_markup_that_authors_use_comes_through(markup):
    made = normal(render(f"As {markup}")).replace('<p dir="auto">', "<p>")
    assert made == normal(f"<p>As {markup}</p>")


@pytest.mark.parametrize(
    "markup",
    [
        "<details open><summary>More</summary>text</details>",
        '<figure><img alt="" src="/a.png"><figcaption>A figure</figcaption></figure>',
        '<blockquote lang="fr">oui</blockquote>',
        '<ol reversed start="3" type="a"><li value="7">seven</li></ol>',
        "<dl><dt>term</dt><dd>what it means</dd></dl>",
        '<table><caption>c</caption><colgroup><col span="2"></colgroup><tbody><tr>'
        '<th scope="row" rowspan="2">h</th><td colspan="2">d</td></tr></tbody></table>',
        '<div dir="rtl" lang="he">שלום</div>',
    ],
)
def test_blocks_of_markup_come_through(markup):
    assert normal(render(markup)) == normal(markup)


# What Markdown has here besides.


def test_a_table_is_aligned_by_class_and_scrolls_with_the_keyboard():
    made = render("| l | c | r | n |\n|:--|:-:|--:|---|\n| 1 | 2 | 3 | 4 |")
    cells = [attributes for name, attributes in elements(made) if name in ("th", "td")]
    aligned = [{"class": f"align-{side}"} for side in ("left", "center", "right")]
    heads = [cell | {"scope": "col"} for cell in [*aligned, {}]]
    assert cells == [*heads, *aligned, {}]
    assert ("table", {"tabindex": "0"}) in elements(made)


@pytest.mark.parametrize("text", ["    indented", "```\nfenced\n```", "<pre>raw</pre>"])
def test_code_scrolls_with_the_keyboard(text):
    assert [a["tabindex"] for name, a in elements(render(text)) if name == "pre"] == ["0"]


def test_a_language_is_coloured_by_class():
    made = render('```python startline=3\nprint("<b>")\n```')
    assert '<code class="language-python"><span class="nb">print</span>' in made
    assert text_of(made).strip() == 'print("<b>")'


@pytest.mark.parametrize("info", ["nosuchlanguage", "föö", "c\\+", '"><script>', "text"])
def test_an_unknown_language_is_plain_text(info):
    made = render(f"```{info}\na &lt; <b> & c\n```")
    assert [name for name, _ in elements(made)] in (
        ["div", "pre", "code"],
        ["div", "pre", "code", "span"],
    )
    assert text_of(made).strip() == "a &lt; <b> & c"


def test_coloured_code_keeps_every_character():
    code = "\n\n  def f():\t\n\n\n      return 'é\u2028😀'   \n\n\n"
    assert text_of(render(f"~~~python\n{code}~~~")).rstrip("\n") == code.rstrip("\n")


def test_every_language_of_the_list_is_one_that_pygments_knows():
    known = {alias for _, aliases, _, _ in get_all_lexers(plugins=False) for alias in aliases}
    assert set(markdown.LANGUAGES.split()) <= known


def test_text_without_code_does_not_load_pygments():
    script = (
        "import sys; from portfolio.markdown import render;"
        "loaded = lambda: any(name.startswith('pygments') for name in sys.modules);"
        "render('*text* `code`\\n\\n    block'); assert not loaded();"
        "render('```js\\nlet x\\n```'); assert loaded()"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=DATA.parent.parent)


def test_a_task_list_has_boxes_that_nobody_can_tick():
    made = render("- [x] done\n- [ ] *to do*\n- no task")
    box = {
        "aria-label": "Task",
        "class": "task-list-item-checkbox",
        "disabled": "",
        "type": "checkbox",
    }
    boxes = [attributes for name, attributes in elements(made) if name == "input"]
    assert boxes == [box | {"checked": ""}, box]
    assert made.count('class="task-list-item"') == 2
    assert '<ul class="contains-task-list">' in made


def test_strikethrough_and_definitions():
    assert render("~~gone~~") == "<p><s>gone</s></p>\n"
    assert normal(render("Term\n: What it *means*")) == normal(
        "<dl><dt>Term</dt><dd>What it <em>means</em></dd></dl>"
    )


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("See https://a.example/b_c_d.", ["https://a.example/b_c_d"]),
        ("(http://a.example) http://b.example!", ["http://a.example", "http://b.example"]),
        ("https://a.example/w_(x), then", ["https://a.example/w_(x)"]),
        ("**https://a.example/?q=1&r=2#s**", ["https://a.example/?q=1&r=2#s"]),
        ("_HTTPS://A.example_", ["HTTPS://A.example"]),
        ("https://bücher.example/é", ["https://xn--bcher-kva.example/%C3%A9"]),
        ("看https://a.example/b。看", ["https://a.example/b"]),
        ("“https://a.example”—«https://b.example»", ["https://a.example", "https://b.example"]),
        ("[text https://a.example](https://b.example)", ["https://b.example"]),
        ('<a href="/x">https://a.example</a>', ["/x"]),
        ("`https://a.example`", []),
        ("README.md www.a.example a@b.example ftp://a.example //a.example", []),
        ("xhttps://a.example http:// http://, javascript://a.example", []),
        ("https\\://a.example", []),
    ],
)
def test_a_bare_address_is_a_link(text, links):
    found = [attributes["href"] for name, attributes in elements(render(text)) if name == "a"]
    assert found == links


def test_links_are_the_authors_own():
    assert render("[out](https://a.example) [in](/work)") == (
        '<p><a href="https://a.example">out</a> <a href="/work">in</a></p>\n'
    )


# Footnotes.

NOTED = "One[^a] and two[^b] and one again[^a].\n\n[^a]: First.\n[^b]: Second.\n"


def test_footnotes_of_two_texts_on_a_page_do_not_collide():
    page = render(NOTED) + render(NOTED.replace("First", "Other"))
    ids = [attributes["id"] for _, attributes in elements(page) if "id" in attributes]
    links = [attributes["href"] for name, attributes in elements(page) if name == "a"]
    assert len(ids) == len(set(ids)) == 10
    assert sorted(set(links)) == sorted(f"#{name}" for name in ids)


def test_it_is_the_mark_of_the_text_that_keeps_footnotes_apart():
    page = unsafe(NOTED, docId="same") + unsafe(NOTED.replace("First", "Other"), docId="same")
    ids = [attributes["id"] for _, attributes in elements(page) if "id" in attributes]
    assert len(ids) == 2 * len(set(ids))


def test_the_first_of_footnotes_with_one_label_is_shown():
    made = render("a[^1] b[^1]\n\n[^1]: *first*\n\n[^1]: second\n\n> [^1]: third\n\nend")
    assert "<em>first</em>" in made
    assert "second" not in made and "third" not in made


def test_a_footnote_in_a_footnote_takes_nothing_away():
    made = render("a[^1]\n\n[^1]: b[^2]\n\n    [^2]: c\n\n    d\n\nend")
    assert text_of(made).split() == ["a1", "end", "b2", "d", "↑", "c", "↑"]


def test_links_of_footnotes_have_names():
    names = [
        attributes["aria-label"] for name, attributes in elements(render(NOTED)) if name == "a"
    ]
    references = ["Footnote 1", "Footnote 2", "Footnote 1"]
    returns = ["Back to reference 1", "Back to reference 1-2", "Back to reference 2"]
    assert names == references + returns


def test_a_footnote_without_its_note_stays_text():
    assert render("no note[^x]") == "<p>no note[^x]</p>\n"


# Odd text.


@pytest.mark.parametrize("text", ["", " ", "\n\n", " \t\r\n\u00a0", "\ufeff", "\ufeff\n"])
def test_nothing_is_rendered_as_nothing(text):
    assert text_of(render(text)).strip() == ""
    assert plain(text) == excerpt(text) == ""
    validate_markdown(text)


@pytest.mark.parametrize(
    "text",
    [
        *("\x00", "a\x00b", "\ud800", "a\udfff*b*", "`\udc80`", "[\ud83d](\udc00)", "\ud83d\ude00"),
        *("<p title=\ud800>", "&#xd800; &#0; &#x110000;", "\u202eabc", "\uffff\ufffe", "a\u2028b"),
        *("```\x00\n\ud800\n```", "| \x00 |\n|---|\n| \ud800 |", "[^\x00]\n\n[^\x00]: \ud800"),
        "".join(map(chr, range(0x180))),
    ],
)
def test_odd_characters_are_rendered_without_error(text):
    for made in (render(text), plain(text), excerpt(text, 5)):
        made.encode()
        assert "\x00" not in made
    validate_markdown(text)


def test_line_ends_of_all_systems_and_a_byte_order_mark_make_no_difference():
    unix = "# Title\n\none\ntwo\n\n```\ncode\n```\n"
    assert render(unix) == render(unix.replace("\n", "\r\n")) == render(unix.replace("\n", "\r"))
    assert render(unix) == render("\ufeff" + unix)


def test_right_to_left_text_is_left_as_it_is_but_for_its_direction():
    assert render("مرحبا *بالعالم*") == '<p dir="auto">مرحبا <em>بالعالم</em></p>\n'
    assert render('<p dir="rtl" lang="ar">مرحبا</p>') == '<p dir="rtl" lang="ar">مرحبا</p>'


# What is remembered.


def test_the_same_text_is_rendered_once_and_is_safe():
    text = "remembered *text*"
    assert render(text) is render("".join(list(text)))
    assert isinstance(render(text), SafeString)


def test_little_is_remembered_and_nothing_of_excessive_size():
    assert markdown._remembered.cache_info().maxsize == 256
    size = markdown._remembered.cache_info().currsize
    render("x" * (LIMIT + 1))
    assert markdown._remembered.cache_info().currsize == size


def test_the_rules_are_arranged_before_threads_share_them():
    script = (
        "from portfolio.markdown import _PARSER as p;"
        "assert None not in [r.__cache__ for r in (p.core.ruler, p.block.ruler, p.inline.ruler)]"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=DATA.parent.parent)


def test_threads_can_colour_their_first_code_at_once():
    script = """
from concurrent.futures import ThreadPoolExecutor
from portfolio.markdown import _render

languages = ("c", "css", "go", "html", "java", "js", "php", "py", "rust", "sql", "vue", "yaml")
texts = [f"```{language}\\nx = {number}\\n```" for number in range(20) for language in languages]
with ThreadPoolExecutor(16) as threads:
    made = list(threads.map(_render, texts))
assert made == [_render(text) for text in texts]
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=DATA.parent.parent)


# Without markup.


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "# Title\n\nSome *emphasis*, `code`\nand [a link](/x).",
            "Title. Some emphasis, code and a link.",
        ),
        ("AT&T &lt;b&gt; a < b", "AT&T <b> a < b"),
        ("<p hidden>yes</p><!-- no -->", "yes"),
        ("a <script>b</script>", "a <script>b</script>"),
        (NOTED, "One and two and one again."),
        ("- [x] done\n- [ ] not", "done. not"),
        ("| a | b |\n|---|---|\n| c | d |", "a b c d"),
        ("<ul><li>a</li><li>b</li></ul>", "a. b"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("a<br>b<wbr>c", "a bc"),
        ("- a\n- b!\n  - c\n\nThe end", "a. b! c. The end"),
        ("## Why?\n\n“Yes.”\n\n> No\n\nterm\n: what", "Why? “Yes.” No. term. what"),
        ("<p title='</p><li>'>a</p>", "a"),
        ("```python\nx = '<b>'\n```", "x = '<b>'"),
    ],
)
def test_plain_text_is_what_a_reader_sees(text, line):
    assert plain(text) == line


def test_an_excerpt_is_cut_between_words():
    text = "The **quick** brown fox, and so on"
    assert excerpt(text) == "The quick brown fox, and so on"
    assert excerpt(text, 30) == "The quick brown fox, and so on"
    assert excerpt(text, 29) == "The quick brown fox, and so…"
    assert excerpt(text, 24) == "The quick brown fox…"
    assert excerpt(text, 12) == "The quick…"
    assert excerpt("看" * 200, 160) == "看" * 159 + "…"
    assert len(excerpt("word " * 100)) <= 160


# What a text may cost.


def test_a_text_over_the_limit_is_refused_with_its_length_and_what_to_do():
    validate_markdown("x" * LIMIT)
    with pytest.raises(ValidationError) as refusal:
        validate_markdown("x" * (LIMIT + 1))
    assert refusal.value.messages == [
        "This text is 100,001 characters long; the limit is 100,000. Split it into two."
    ]


def test_lists_are_eight_deep_at_most_and_nothing_is_dropped():
    def nested(depth):
        return "".join(f"{'  ' * level}- level {level}\n" for level in range(depth))

    validate_markdown(nested(8))
    assert render(nested(8)).count("<ul>") == 8
    with pytest.raises(ValidationError, match="eight lists are the most"):
        validate_markdown(nested(9))
    assert "level 30" in render(nested(31))


def test_the_parser_alone_drops_what_is_nested_too_deeply():
    parser = commonmark_alone()
    parser.disable("count")
    assert "kept" not in parser.render("> " * 30 + "kept", {"work": 0, "colour": 0})
    parser.enable("count")
    assert "kept" in render("> " * 30 + "kept")


@pytest.mark.parametrize("text", ["x\n" * LIMIT, ">" * 30 + "<b>&amp;\n *x*", "[" * 50_000])
def test_a_refused_text_is_shown_as_it_was_written(text):
    with pytest.raises(ValidationError):
        validate_markdown(text)
    made = render(text)
    assert [name for name, _ in elements(made)] == ["pre"]
    assert elements(made)[0][1] == {"class": "unrendered", "tabindex": "0"}
    assert text_of(made).removesuffix("\n") == text
    assert plain(text) == " ".join(text.split())


def test_odd_characters_of_a_refused_text_are_rendered_without_error():
    made = render(">" * 30 + "\x00\ud800" + "".join(map(chr, range(0x180))))
    made.encode()
    assert "unrendered" in made
    assert "\x00" not in made


def test_a_small_table_that_fills_up_thousands_of_cells_is_refused():
    text = "|a" * 150 + "\n" + "|-" * 150 + "\n" + "|b\n" * 150
    assert len(text) < 1_100
    assert unsafe(text).count("<td") > 20_000
    with pytest.raises(ValidationError, match="too much markup"):
        validate_markdown(text)


def test_the_densest_of_real_texts_is_far_from_too_much_markup():
    examples = "\n\n".join(example["markdown"] for example in EXAMPLES if example["example"] < 100)
    prose = "Some *words* with [a link](/x), `code` and https://a.example/.\n\n- an item\n"
    validate_markdown(examples)
    validate_markdown(prose * (LIMIT // len(prose)))


def test_long_code_is_plain_and_so_is_what_comes_after_enough_of_it():
    def coloured(text):
        return ["<span" in block for block in render(text).split("<pre")[1:]]

    line = 'print("a")  # b\n'
    assert coloured(f"```py\n{line * 300}```") == [True]
    assert coloured(f"```py\n{line * 320}```") == [False]
    assert coloured(f"```py\n{line * 62}```\n" * 30) == [True] * 25 + [False] * 5
    assert coloured(f"```py\n{line}```\n" * 1700).count(True) == 1562
    assert coloured(f"```py\n{'x = 1; ' * 50}\n```") == [False]
    assert coloured(f"```java\n{'word ' * 50}\n```") == [False]


ORDINARY = "The *quick* brown fox [jumps](https://a.example/b) over `the` lazy **dog**. "
COSTLY = {
    "brackets": "[",
    "pictures": "![",
    "pictures in links": "![[](",
    "links": "[a](",
    "links of addresses": "![<http://a>",
    "stars": "*a **b ",
    "underscores": "_a_*",
    "runs of stars": "***x ",
    "backticks": "`a``b```",
    "less than": "<",
    "tags": "<a b='",
    "comments": "<!-- ",
    "instructions": "<? ",
    "entities": "&amp",
    "autolinks": "<a@b>",
    "schemes": "://",
    "addresses": "http://a/(",
    "addresses in brackets": "http://a/[",
    "addresses of commas": "http://,,,",
    "quotations": "> ",
    "lists": "- a\n",
    "lists in lists": "- - - - - - a\n",
    "numbered": "1) ",
    "titles": "[a]: b 'c\n",
    "definitions": "[a]: /b\n",
    "terms": "a\n: b\n",
    "rules": "a\n===\n",
    "tables": "a|b\n-|-\nc|d\n\n",
    "pipes": "|",
    "elements": "<div>",
    "elements in lines": "<div>\n\n",
    "formatting": "<b></p>",
    "table in table": "<table><td>",
    "fences": "```x\n",
    "languages": "```c\n;;;;;;;;\n```\n",
}
BEGUN = {
    "open footnotes": ("[^a]: note\n\n", "[^"),
    "idle lines of a quotation": (">" * 17 + "a\n", "a\n"),
    "idle lines of a list": ("- " * 8 + "a\n", "a\n"),
    "references": ("[^a]: note\n\n", "[^a] "),
    "strings in code": ("```go\n" + '\\"\n' * 1_660 + "```\n", "a "),
    "blocks of code": (("```go\n" + '\\"\n' * 300 + "```\n") * 26, "a "),
}


def seconds(call, text):
    return timeit(lambda: call(text), timer=time.process_time, number=1)


def ratio(call, text):
    """How much longer a call takes with a text than `render` with an ordinary one of `LIMIT`.

    In processor time, both measured at the same moment, because a busy machine is slower at one
    moment than at another.
    """
    taken = seconds(call, text)
    # An ordinary one takes a quarter of the time for a quarter of its length.
    return taken / (4 * seconds(markdown._render, (ORDINARY * LIMIT)[: LIMIT // 4]))


@pytest.fixture(scope="module")
def fresh():
    """`ratio` in a process of its own: what thousands of tests left in memory slows this one."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        yield lambda *arguments: process.submit(ratio, *arguments).result()


@pytest.mark.parametrize("name", [*COSTLY, *BEGUN])
def test_no_text_takes_much_longer_than_an_ordinary_one_of_the_same_length(name, fresh):
    start, repeated = BEGUN[name] if name in BEGUN else ("", COSTLY[name])
    text = (start + repeated * LIMIT)[:LIMIT]
    assert any(fresh(markdown._render, text) < 8 for _ in range(3))


def all_coloured(text):
    unsafe(text, colour=10**9)


def plugin_footnotes(text):
    parser = markdown._parser()
    parser.inline.ruler.at("footnote_ref", footnote_ref)
    parser.render(text, {"docId": "", "work": markdown.WORK, "colour": 0})


@pytest.mark.parametrize(
    ("unbounded", "text"),
    [
        (unsafe, ">" * 17 + "a\n" * 5_000),
        (unsafe, ("|a" * 100 + "\n" + "|-" * 100 + "\n" + "|b\n" * 200 + "\n") * 5),
        (all_coloured, "```go\n" + '\\"\n' * 3_000 + "```"),
        (plugin_footnotes, "[^a]: note\n\n" + "[^" * 1_500),
    ],
    ids=["work", "work of tables", "colour", "footnotes"],
)
def test_without_a_bound_a_tenth_of_that_length_takes_longer(unbounded, text, fresh):
    assert len(text) <= LIMIT / 10 + 100
    assert fresh(unbounded, text) > 8 / 10
    assert any(fresh(markdown._render, text) < 8 for _ in range(3))
