"""WordPress's export as a source of an import."""

import html
import zipfile
from contextlib import suppress

import nh3
import pytest
from django.core.exceptions import ValidationError

from portfolio import markdown
from portfolio.exchange.files import SourceError, opened
from portfolio.exchange.foreign.html import to_markdown
from portfolio.exchange.foreign.wordpress import WordPress
from tests.foreign import DATA, Read

pytestmark = [pytest.mark.once, pytest.mark.django_db]

HEAD = """<rss xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:wp="http://wordpress.org/export/1.2/"><channel><link>https://old.example</link>
"""
FILE = "wordpress.xml"


@pytest.fixture
def wordpress():
    return Read(WordPress, DATA / FILE)


def item(text, title="t", more=""):
    return (
        f"<item><title>{title}</title><content:encoded><![CDATA[{text}]]></content:encoded>"
        f"<guid>{title}</guid><wp:post_date>2020-01-01 00:00:00</wp:post_date>"
        f"<wp:status>publish</wp:status><wp:post_type>post</wp:post_type>{more}</item>\n"
    )


def read(tmp_path, *items):
    file = tmp_path / "export.xml"
    file.write_bytes((HEAD + "".join(items) + "</channel></rss>").encode())
    return Read(WordPress, file)


def body(tmp_path, text, more=""):
    return read(tmp_path, item(text, more=more)).entry("t")["body"]


def test_a_wordpress_post_is_an_entry_of_its_month(wordpress):
    entry = wordpress.entry("Queues & back pressure")
    # The moment is one for all, the month that of the clock on the author's wall.
    assert (entry["month"], entry["publish_at"]) == ("2020-02", "2020-01-31T23:30:00Z")
    assert entry["updated_at"] == "2020-03-01T10:00:00Z"
    assert entry["summary"] == "why bounded queues < win"
    assert entry["tools"] == [["craft"], ["go"]]


def test_the_blocks_of_a_post_are_markdown(wordpress):
    assert wordpress.entry("Queues & back pressure")["body"].split("\n\n") == [
        "Bounded queues **win**, see [the classic](/journal/2020/02/classic/).",
        "## Why",
        "```go\nif a < b { [gallery] }\n```",
        '![a queue](https://old.example/wp-content/uploads/2020/01/q.png "Back pressure")',
        "https://youtu.be/abc",
        "| a | b |\n| --- | --- |\n| 1 | 2 |",
    ]


def test_a_classic_post_has_the_paragraphs_that_wordpress_would_show(wordpress):
    assert wordpress.entry("Classic")["body"].split("\n\n") == [
        "First line\\\nsecond line with `[code]`.",
        '![an a](https://pictures.example/a.png "The caption")',
        "- one\n- two",
        "```php\necho 1 < 2;",
        'echo "[x]";\n```',
        "https://vimeo.com/1",
        "![the cover](https://old.example/wp-content/uploads/2020/01/q.png)",
        'and [contact-form-7 id="5"] and [sic]',
        "<https://maps.example/x>",
    ]


def test_what_is_not_public_there_is_not_public_here(wordpress):
    for title in ("שלום", "About", "Secret", "Password"):
        assert wordpress.entry(title)["publish_at"] is None
    assert wordpress.entry("Future")["publish_at"] == "2999-01-02T03:04:05Z"
    assert wordpress.entry("שלום")["month"] == "2020-04"
    assert "Thrown away" not in [e["title"] for e in wordpress.of("journal.entry")]


def test_old_addresses_lead_to_the_entries(wordpress):
    assert wordpress.addresses == {
        "/2019/02/secret/": ["2019-02", "secret"],
        "/2020/01/queue/": ["2020-02", "queues"],
        "/2020/01/queues/": ["2020-02", "queues"],
        "/2020/02/classic/": ["2020-02", "classic"],
        "/about/": ["2019-01", "about"],
    }


def test_whatever_of_wordpress_is_not_taken_over_is_told_with_its_line(wordpress):
    lines = (DATA / FILE).read_text().splitlines()
    starts = [number for number, line in enumerate(lines, start=1) if "<item>" in line]
    queues, attachment, classic, draft, future, about, secret, password, trash, shop, no = starts
    remarks = [
        (queues, "Comments", "2 in all"),
        (queues, "latest-posts"),
        (queues, "Uncategorized"),
        (queues, "post_format", "Aside"),
        (queues, "“mood”"),
        (queues, "old.example", "(2 of these)"),
        (queues, "Categories", "“Craft”"),
        (attachment, "media library"),
        (classic, "contact-form-7"),
        (classic, "maps.example"),
        (classic, "pictures.example"),
        (draft, "“שלום”", "entry-"),
        (future, "address"),
        (about, "page", "draft"),
        (secret, "private", "draft"),
        (password, "password", "draft"),
        (trash, "“trash”", "left out"),
        (shop, "“product”", "left out"),
        (no, "2019-02-31", "left out"),
    ]
    assert [told for told in remarks if not wordpress.told(f"{FILE}:{told[0]}", *told[1:])] == []
    assert not any("gallery" in what or "sic" in what for _, what in wordpress.remarks)


def test_several_files_in_a_zip_are_one_source(wordpress, tmp_path):
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.write(DATA / FILE, "export/1.xml")
        archive.writestr("export/2.xml", HEAD + item("more", "more") + "</channel></rss>")
    both = Read(WordPress, tmp_path / "export.zip")
    assert [e["uuid"] for e in both.of("journal.entry")] == [
        *(e["uuid"] for e in wordpress.of("journal.entry")),
        both.entry("more")["uuid"],
    ]


def test_the_picture_above_a_post_comes_first_unless_the_post_shows_it(tmp_path):
    meta = (
        "<wp:postmeta><wp:meta_key>{}</wp:meta_key><wp:meta_value>{}</wp:meta_value></wp:postmeta>"
    )
    picture = (
        "<item><wp:post_id>5</wp:post_id><wp:post_type>attachment</wp:post_type>"
        "<wp:attachment_url>https://old.example/a.png</wp:attachment_url></item>"
    )
    above = meta.format("_thumbnail_id", 5)
    own = '<p>x <img src="https://old.example/a.png"></p>'
    found = read(tmp_path, item("x", "one", above), item(own, "two", above), picture)
    assert found.entry("one")["body"] == "![](https://old.example/a.png)\n\nx"
    assert found.entry("two")["body"] == "x ![](https://old.example/a.png)"


# HTML as Markdown, whoever wrote it.

HTML = {
    "markup that is text": ("<p># a<p>1. b<p>- c<p>&gt;d<p>*e* _f_ g_h `i` [j](k) &amp;lt; "
                            "&lt;b&gt;",
                            "\\# a\n\n1\\. b\n\n\\- c\n\n\\>d\n\n\\*e\\* \\_f\\_ g_h \\`i\\` "
                            "\\[j](k) \\&lt; \\<b>"),
    "lists": ("<ul><li>a<ol start=3><li>b<li>c</ol><li>d</ul>", "- a\n\n  3. b\n  4. c\n- d"),
    "code with backticks": ("<pre>a\n```\nb</pre>", "````\na\n```\nb\n````"),
    "a language": ('<pre class="lang-C++"><code>x</code></pre>', "```c++\nx\n```"),
    "empty lines in code": ("<pre>a\n\n\n\nb</pre>", "```\na\n\n\n\nb\n```"),
    "a picture in a heading": ('<h2>a <img src="/b c.png" alt="d]"></h2>',
                               "## a ![d\\]](/b%20c.png)"),
    "what is left open": ("<b>a<p>b", "**a**\n\n**b**"),
    "paragraphs in a list": ("<ol start=9><li><p>a<p>b<li>c</ol>", "9. a\n\n   b\n10. c"),
    "parts of a table": ("<table><thead><tr><th>a<tbody><tr><td>1<tbody><tr><td>2"
                         "<tfoot><tr><td>3</table>",
                         "| a |\n| --- |\n| 1 |\n| 2 |\n| 3 |"),
    "a table without a head": ("<table><tr><td>1<td>2<tr><td>3</table>",
                               "| 1 | 2 |\n| --- | --- |\n| 3 |  |"),
    "numbers that are none": ("<ol start=²><li>a</ol>", "1. a"),
    "bold over blocks": ("<b>a<ul><li>c</ul>d</b>", "**a**\n\n- c\n\n**d**"),
    "a pipe in a table": ("<table><tr><th>a|b</table>", "| a\\|b |\n| --- |"),
    "what has no Markdown": ("<p>H<sub>2</sub>O <u>u</u> <del>d</del>",
                             "H<sub>2</sub>O <u>u</u> ~~d~~"),
    "a link around blocks": ('<a href="/x"><div>a</div><div>b</div></a>', "[a b](/x)"),
    "right to left": ('<p dir="rtl">שלום <em>עולם</em>', "שלום *עולם*"),
    "nothing": ("<p></p><div> </div>", ""),
}  # fmt: skip


class Kept(list):
    """A source that keeps its remarks and changes no address."""

    def remark(self, where, what):
        self.append(what)

    remark_often = remark

    def shown(self, *args):
        pass

    linked = shown


def words_in(markup):
    """The text of HTML without its white space."""
    return "".join(html.unescape(nh3.clean(markup, tags=set())).split())


@pytest.mark.parametrize(("text", "expected"), HTML.values(), ids=HTML)
def test_html_becomes_markdown_that_shows_the_same(text, expected):
    class Post:
        where = "here"

    source = Kept()
    assert to_markdown(Post, source, text) == expected
    assert source == []
    # What the reader sees of either is the same.
    shown = markdown.render(expected)
    assert words_in(shown) == words_in(text)


# What is made to do harm.

REFUSED = {
    "entities": ('<!DOCTYPE a [<!ENTITY a "b">]>' + HEAD, "entities"),
    "laughs": ('<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + HEAD, "entities"),
    "a file": ('<!DOCTYPE a SYSTEM "file:///etc/passwd">' + HEAD, "document type"),
    "depth": (HEAD + "<a>" * 100_000, "too deeply"),
    "an end too early": (HEAD + item("x"), "export.xml:5 is broken XML"),
    "a control character": (HEAD + "\x01", "export.xml:4 is broken XML"),
    "an encoding": ('<?xml version="1.0" encoding="klingon"?>' + HEAD, "broken|cannot be read"),
}


@pytest.mark.parametrize(("content", "why"), REFUSED.values(), ids=REFUSED)
def test_a_broken_or_hostile_file_is_refused_in_a_sentence(tmp_path, content, why):
    (tmp_path / "export.xml").write_text(content)
    with pytest.raises(SourceError, match=why) as error:
        Read(WordPress, tmp_path / "export.xml")
    assert len(str(error.value).splitlines()) == 1


HOSTILE = ["[caption]", "[code]", "<pre>", "<code>", "[a", "<!-- wp:x ", "<div>", "[gallery ids=",
           "<p>", "<li>", "<table><tr><td>", "&", "[embed]", "\n\n", "<ol><li>",
           "<table><tbody><tr><td>", "<td colspan=²>", "<iframe><![</iframe>",
           "<ol><li>a</ol>", "<b>", "`",
           "[/caption]"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_takes_long_or_fails(tmp_path, text):
    # The first of it once and the last of it often, too.
    first, _, last = text.rpartition("<")
    texts = {text * (10_000 // len(text)), first + f"<{last}" * (10_000 // (len(last) + 1))}
    items = [item(each, f"hostile {n}") for n, each in enumerate(texts)]
    found = read(tmp_path, *items, item("fine", "fine"))
    assert found.entry("fine")["body"] == "fine"
    for entry in found.of("journal.entry"):
        with suppress(ValidationError):
            markdown.validate_markdown(entry["body"])
    left_out = [where for where, what in found.remarks if "left out" in what]
    assert len(found.of("journal.entry")) + len({*left_out}) > len(items)


@pytest.mark.parametrize("content", ["", "<rss/>", "<feed xmlns='http://www.w3.org/2005/Atom'/>"])
def test_other_xml_is_not_taken_for_wordpress(tmp_path, content):
    (tmp_path / "feed.xml").write_text(content)
    with opened(tmp_path) as files:
        assert not WordPress.recognises(files)
