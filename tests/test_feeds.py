"""The feeds as feed readers, their validators and a browser take them."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import feedparser
import feedparser_rs
import html5lib
import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from lxml import etree
from playwright.sync_api import expect

from journal.models import Entry
from portfolio import markdown
from portfolio.models import Profile, Tool
from portfolio.months import Month
from tests.factories import make_entry, make_outcome, make_role, make_tool

pytestmark = pytest.mark.django_db

SITE = "https://ada.example"
FEEDS = ["/feed.xml", "/feed.json", "/tools/hammer/feed.xml"]
ATOM = "{http://www.w3.org/2005/Atom}"
SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).parent / "data/atom.rng"))
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
# What says something in plain text.
PLAIN = ("title", "subtitle", "summary", "name", "id")
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.fixture(autouse=True)
def site_url(settings):
    settings.SITE_URL = SITE


@pytest.fixture
def hammer():
    return make_tool(slug="hammer", name="hammer")


@pytest.fixture
def all_used(hammer):
    """Something in each feed."""
    entry = make_entry(tools=[hammer], body="what *happened*.")
    role = make_role(tools=[hammer])
    make_outcome(role=role, baseline="1x", as_of=Month(2026, 1), source="https://example.org/")
    return entry, role


# What the standards ask.


def validated(response):
    """An Atom document as lxml reads it, held to the schema and to what RFC 4287 says in words."""
    feed = etree.fromstring(response.content)
    assert SCHEMA.validate(feed), SCHEMA.error_log
    entries = feed.findall(ATOM + "entry")
    assert feed.tag == ATOM + "feed"
    # What the W3C's validator refuses beside that: it is in no registry.
    assert {each.tag[: len(ATOM)] for each in feed.iter(etree.Element)} == {ATOM}
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang")
    assert {each.get("type") for each in feed.iter(*(ATOM + name for name in PLAIN))} <= {None}
    assert all(text(each, ".").strip() for each in feed.iter(*(ATOM + name for name in PLAIN)))
    assert all(term.get("term").strip() for term in feed.iter(ATOM + "category"))
    for each in feed.iter(ATOM + "updated", ATOM + "published"):
        assert each.text >= "1990", each.text
        assert datetime.fromisoformat(each.text) <= timezone.now(), each.text
    assert feed.find(ATOM + "author") is not None
    assert text(feed, "title").strip() and text(feed, "author/name").strip()
    assert link(feed, "self") == text(feed, "id")
    for thing in (feed, *entries):
        kinds = [
            (a.get("rel"), a.get("type"), a.get("hreflang")) for a in thing.findall(ATOM + "link")
        ]
        assert len(kinds) == len(set(kinds)), "two links of one kind (4.1.1)"
        assert urlsplit(link(thing, "alternate")).scheme == "https"
        assert urlsplit(text(thing, "id")).scheme in ("https", "urn")
        assert DATE.fullmatch(text(thing, "updated"))
    for entry in entries:
        assert DATE.fullmatch(text(entry, "published"))
        assert text(entry, "published") <= text(entry, "updated") <= text(feed, "updated")
        html_checked(text(entry, "content"))
    ids = [text(entry, "id") for entry in entries]
    assert len(ids) == len(set(ids)), "an id twice (4.2.6)"
    return feed


def json_validated(response):
    """A JSON Feed, held to each MUST of https://www.jsonfeed.org/version/1.1/"""
    feed = json.loads(response.content)
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"] and isinstance(feed["title"], str)
    for name in ("home_page_url", "feed_url", "icon"):
        assert urlsplit(feed[name]).scheme == "https"
    authors_checked(feed["authors"])
    assert re.fullmatch(r"[a-z]{2,3}(-[A-Z]{2})?", feed["language"])
    known = {
        "version",
        "title",
        "home_page_url",
        "feed_url",
        "icon",
        "authors",
        "language",
        "items",
    }
    assert feed.keys() - {"description"} == known
    assert feed.get("description", "described").strip()
    for item in feed["items"]:
        assert isinstance(item["id"], str) and item["id"]
        assert urlsplit(item["url"]).scheme == "https"
        html_checked(item["content_html"])
        assert all(isinstance(tag, str) for tag in item["tags"])
        assert isinstance(item["title"], str) and isinstance(item["summary"], str)
        assert DATE.fullmatch(item["date_published"]) and DATE.fullmatch(item["date_modified"])
    ids = [item["id"] for item in feed["items"]]
    assert len(ids) == len(set(ids))
    return feed


def authors_checked(authors):
    assert authors
    for author in authors:
        assert author.keys() & {"name", "url", "avatar"}
        assert all(isinstance(value, str) and value for value in author.values())


def html_checked(markup):
    """HTML without scripts, in which no address is relative."""
    fragment = html5lib.parseFragment(markup, namespaceHTMLElements=False)
    for element in fragment.iter():
        assert element.tag not in ("script", "style", "iframe")
        for name in ("href", "src", "srcset", "poster", "cite"):
            if element.get(name) is not None:
                assert urlsplit(element.get(name)).scheme, element.get(name)
    return fragment


def text(thing, path):
    found = thing if path == "." else thing.find(ATOM + path.replace("/", "/" + ATOM))
    return found.text or ""


def link(thing, rel):
    return thing.find(f"{ATOM}link[@rel='{rel}']").get("href")


def check(client, address):
    response = client.get(address)
    return (json_validated if address.endswith("json") else validated)(response)


def parsed(client, address):
    """What two independent feed readers make of a feed, neither of them with a complaint."""
    content = client.get(address).content
    readers = [feedparser_rs.parse(content)]
    if address.endswith("xml"):
        readers.append(feedparser.parse(content, sanitize_html=False))
    for reader in readers:
        assert not reader.bozo, reader.get("bozo_exception")
    return readers


@pytest.mark.parametrize("address", FEEDS)
def test_a_feed_is_valid_and_read(client, all_used, address):
    check(client, address)
    for reader in parsed(client, address):
        assert {entry.id for entry in reader.entries} <= {item.uuid.urn for item in all_used}
        assert reader.entries


@pytest.mark.parametrize("address", FEEDS)
def test_a_feed_of_nothing_is_valid_and_always_the_same(client, hammer, address):
    check(client, address)
    assert [list(reader.entries) for reader in parsed(client, address)] in ([[]], [[], []])
    before = client.get(address)["ETag"]
    Entry.objects.update(updated_at=timezone.now())
    assert client.get(address)["ETag"] == before


def test_the_checks_find_a_feed_that_is_not_valid(client, all_used):
    """The control for the checks of this file."""
    good = client.get("/feed.xml").text
    for pattern, replacement in [
        ("<id>[^<]*</id>", ""),
        ("</title>", "</title><title>twice</title>"),
        ("<updated>2", "<updated>on 2"),
        ("(?s)<author>.*?</author>", ""),
        ("&lt;p&gt;", "&lt;a href=&quot;/x&quot;&gt;"),
        ("&lt;p&gt;", "&lt;script&gt;"),
        ('rel="alternate"', 'rel="other"'),
        ("<title>", '<meta xmlns="http://www.w3.org/1999/xhtml" name="viewport"/><title>'),
        ("<id>", '<x:y xmlns:x="https://example.org/"/><id>'),
        ("<id>", '<subtitle type="html">do this</subtitle><id>'),
        ("<id>", "<subtitle> </subtitle><id>"),
        ("<updated>[^<]*", "<updated>1970-01-01T00:00:00Z"),
        ("<updated>2", "<updated>3"),
        ("<content", '<category term=" "/><content'),
        (' xml:lang="[^"]*"', ""),
    ]:
        bad = re.sub(pattern, replacement, good)
        assert bad != good, pattern
        with pytest.raises((AssertionError, AttributeError)):
            validated(type("Response", (), {"content": bad.encode()}))


@pytest.mark.parametrize(
    "hostile",
    [
        "👩‍👩‍👧‍👦 🏳️‍🌈 \U0001f9d1\U0001f3fd",
        "مرحبا بالعالم \u202e txet \u202c",
        "]]> <![CDATA[ x ]]> <!-- -- > <?xml ?>",
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "a" + "".join(map(chr, range(1, 32))) + "\x7f\x80\x85\u2028\ufdd0\ufffe\uffff\U0001fffe b",
        "a title that goes on " * 14,
        "&amp;lt; &nbsp; &#0; &#xD800; &bogus; &lt;b&gt; & &#38;#38; < > \" '",
        "a" * 300,
    ],
    ids=["emoji", "rtl", "cdata", "script", "control", "long", "entities", "word"],
)
def test_no_text_breaks_a_feed(client, hostile):
    title = hostile[:300].strip()
    tool = make_tool(slug="hammer", name=title[:100])
    fields = {"title": title, "summary": title, "tools": [tool]}
    entry = make_entry(**fields, body=f"{hostile}\n\n[{title}](/x?{title})\n\n```\n{hostile}\n```")
    role = make_role(**fields, problem=hostile, organisation=title[:200])
    make_outcome(role=role, figure="10x", what=title, baseline=title)
    Profile.objects.create(name=title[:200])
    for address in FEEDS:
        check(client, address)
        for reader in parsed(client, address):
            assert entry.uuid.urn in [item.id for item in reader.entries]
    shown = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", title)
    atom = validated(client.get("/feed.xml"))
    assert text(atom, "entry/title").split() == shown.split()
    assert text(atom, "title").split() == shown[:200].split()
    data = json_validated(client.get("/feed.json"))
    assert data["title"] == title[:200]
    assert data["items"][0]["title"] == title


RICH = """\
# Heading é

*em* ~~del~~ `code` [rel](/now/) [up](../x) <b>raw</b> <i style="color:red" onclick="x()">s</i>
&nbsp; &hearts; <iframe src="https://example.org/"></iframe> <script>x()</script> <center>c</center>

- [x] a task

| a | b |
|:-:|--:|
| 1 | 2 |

```python
def f(): return 1
```

![alt](/media/nope.png "title") <details><summary>s</summary>x</details> <q cite="/z">q</q>

https://example.org/auto, me@example.org, [idn](https://münchen.example/ü) and a note.[^1]

[^1]: مرحبا بالعالم.
"""


def seed():
    call_command("loaddata", "seed", verbosity=0)


def a_rich_site():
    tools = [make_tool(slug="hammer", name="a <hammer> & co", note=RICH)]
    make_entry(title="use <b>", body=RICH, tools=tools)
    make_role(problem=RICH, tools=tools)
    Profile.objects.create(name="Ada & <i>co</i>", headline="who &amp; <b>why</b>", about=RICH)


@pytest.mark.once
@pytest.mark.parametrize("content", [make_tool, seed, a_rich_site])
def test_every_feed_is_what_the_w3c_s_validator_accepts(client, content):
    content()
    for tool in Tool.objects.all():
        check(client, reverse("tool_feed", args=[tool.slug]))
    for address in ("/feed.xml", "/feed.json"):
        check(client, address)
        parsed(client, address)


def test_a_feed_is_described_by_the_headline_and_that_of_a_tool_by_its_note(client, hammer):
    def described():
        feed = validated(client.get("/feed.xml"))
        subtitle = None if feed.find(ATOM + "subtitle") is None else text(feed, "subtitle")
        assert json_validated(client.get("/feed.json")).get("description") == subtitle
        return subtitle

    assert described() is None
    profile = Profile.objects.create(name="", headline="who <b>builds</b> & mends")
    # It is the title by now.
    assert described() is None
    profile.name = "Ada"
    profile.save()
    assert described() == "who <b>builds</b> & mends"
    address = reverse("tool_feed", args=["hammer"])
    assert validated(client.get(address)).find(ATOM + "subtitle") is None
    hammer.note = "for *nails*."
    hammer.save()
    assert text(validated(client.get(address)), "subtitle") == "for nails."


def test_readers_show_titles_as_they_were_written(client):
    title = "less code. 👩‍👩‍👧‍👦 مرحبا بالعالم"
    make_entry(title=title)
    for address in ("/feed.xml", "/feed.json"):
        assert {reader.entries[0].title for reader in parsed(client, address)} == {title}


# What is in it.


def test_an_entry_says_what_the_page_says(client, hammer):
    Profile.objects.create(name="Ada")
    entry = make_entry(
        title="less <b>code</b>",
        summary="deleted & <i>gone</i>",
        body="what *happened*.",
        tools=[hammer, make_tool(name="C & C++")],
    )
    atom = validated(client.get("/feed.xml"))
    item = atom.find(ATOM + "entry")
    (data,) = json_validated(client.get("/feed.json"))["items"]
    address = SITE + entry.get_absolute_url()
    assert text(item, "id") == data["id"] == f"urn:uuid:{entry.uuid}"
    assert text(item, "title") == data["title"] == "less <b>code</b>"
    assert text(item, "summary") == data["summary"] == "deleted & <i>gone</i>"
    assert text(item, "content") == data["content_html"] == "<p>what <em>happened</em>.</p>\n"
    assert link(item, "alternate") == data["url"] == address
    assert data["tags"] == ["hammer", "C & C++"]
    assert [c.get("term") for c in item.findall(ATOM + "category")] == data["tags"]
    assert text(atom, "title") == text(atom, "author/name") == "Ada"
    assert link(atom, "self") == SITE + "/feed.xml"
    assert link(atom, "alternate") == text(atom, "author/uri") == SITE + "/"


def test_without_a_name_the_author_is_what_the_site_is_called(client):
    Profile.objects.create()
    make_role(title="Engineering Lead")
    assert text(validated(client.get("/feed.xml")), "author/name") == "Engineering Lead"


def test_a_tool_has_a_feed_of_the_roles_and_entries_that_used_it(client, hammer, all_used):
    make_entry(title="without it")
    make_role(title="without it")
    entry, role = all_used
    feed = validated(client.get("/tools/hammer/feed.xml"))
    ids = [text(entry, "id") for entry in feed.findall(ATOM + "entry")]
    assert ids == [role.uuid.urn, entry.uuid.urn]
    assert text(feed, "title").startswith("hammer · ")
    assert link(feed, "alternate") == SITE + "/tools/hammer/"
    story = text(feed.find(ATOM + "entry"), "content")
    for said in ("10x", "from 1x", "jan 2026", "a problem.", "what i learned", "a lesson."):
        assert said in story
    assert 'href="https://example.org/"' in story


def test_the_newest_thirty_stand_in_the_order_of_publication(client, hammer):
    now = timezone.now()
    entries = [
        make_entry(publish_at=now - timedelta(days=n), month=Month(2000 + n, 1), tools=[hammer])
        for n in range(33)
    ]
    role = make_role(publish_at=now - timedelta(days=1.5), tools=[hammer])
    newest = [entry.uuid.urn for entry in entries]
    assert [item["id"] for item in client.get("/feed.json").json()["items"]] == newest[:30]
    ids = [text(e, "id") for e in validated(client.get("/feed.xml")).findall(ATOM + "entry")]
    assert ids == newest[:30]
    feed = validated(client.get("/tools/hammer/feed.xml"))
    ids = [text(e, "id") for e in feed.findall(ATOM + "entry")]
    assert ids == [*newest[:2], role.uuid.urn, *newest[2:29]]


# Addresses.

LINKS = """[rooted](/now/) [beside](other/) [up](../up?a=1&b=2) [part](#part) [itself](<>)
![picture](/media/p.png) [by reference][r] [else](https://example.org/x) [post](mailto:a@b.example)
<a href="?q=1">query</a> <img src="p.png" srcset="/q.png 2x, r.png 3x">
a note[^1] <a href="//cdn/x">

[r]: there "title"
[^1]: said below. [again](/again/)
"""


def addresses(markup):
    fragment = html_checked(markup)
    return [e.get("href") or e.get("src") for e in fragment.iter() if e.tag in ("a", "img")]


def test_every_address_leads_where_it_does_on_the_page(client):
    entry = make_entry(body=LINKS)
    page = SITE + entry.get_absolute_url()
    (item,) = client.get("/feed.json").json()["items"]
    # html5lib reads them as they stand on the page; a browser joins them so.
    written = html5lib.parseFragment(markdown.render(LINKS), namespaceHTMLElements=False)
    links = [e for e in written.iter() if e.tag in ("a", "img")]
    expected = [urljoin(page, e.get("href") or e.get("src") or "") for e in links]
    assert addresses(item["content_html"]) == expected
    assert f"{SITE}/now/" in expected
    assert f"{page}other/" in expected
    assert f"{SITE}/journal/2026/01/up?a=1&b=2" in expected
    assert "https://example.org/x" in expected
    assert "mailto:a@b.example" in expected
    assert (
        text(validated(client.get("/feed.xml")).find(ATOM + "entry"), "content")
        == item["content_html"]
    )


def test_a_footnote_leads_to_its_place_on_the_page(client, hammer):
    noted = "said[^1].\n\n[^1]: below."
    make_entry(body=noted, tools=[hammer])
    make_role(problem=noted, learned="other[^1].\n\n[^1]: below.", tools=[hammer])
    feed = validated(client.get("/tools/hammer/feed.xml"))
    for entry in feed.findall(ATOM + "entry"):
        page = link(entry, "alternate")
        anchors = [urldefrag(a) for a in addresses(text(entry, "content"))]
        on_page = html5lib.parse(
            client.get(page.removeprefix(SITE)).content, namespaceHTMLElements=False
        )
        ids = {element.get("id") for element in on_page.iter()}
        assert len(anchors) in (2, 4)
        assert all(anchor.url == page and anchor.fragment in ids for anchor in anchors)


def test_addresses_are_the_site_s_whatever_host_was_asked_for(client, all_used, settings):
    settings.ALLOWED_HOSTS = ["evil.example"]
    for address in FEEDS:
        answer = client.get(address, headers={"host": "evil.example"})
        assert answer.status_code == 200
        assert "evil" not in answer.text


def test_a_site_elsewhere_keeps_its_ids(client, all_used, settings):
    def ids():
        return [item["id"] for item in client.get("/feed.json").json()["items"]]

    before = ids()
    settings.SITE_URL = "https://elsewhere.example"
    assert ids() == before


# Identity and dates.


def told(client):
    (item,) = client.get("/feed.json").json()["items"]
    return item


def test_an_id_stays_when_the_slug_and_the_month_change(client):
    entry = make_entry()
    before = told(client)
    entry.slug, entry.month = "another", Month(2020, 5)
    entry.save()
    after = told(client)
    assert after["id"] == before["id"]
    assert after["url"] != before["url"]


def test_an_edit_moves_updated_and_leaves_published(client):
    entry = make_entry(publish_at=datetime(2026, 1, 31, 10, tzinfo=UTC))
    Entry.objects.update(updated_at=datetime(2026, 2, 1, tzinfo=UTC))
    before = told(client)
    assert before["date_published"] == "2026-01-31T10:00:00+00:00"
    assert before["date_modified"] == "2026-02-01T00:00:00+00:00"
    entry.refresh_from_db()
    entry.save()
    assert told(client) == before
    entry.body += " and more."
    entry.save()
    after = told(client)
    assert after["date_modified"] > "2026-02-02"
    assert after["date_published"] == before["date_published"]
    feed = validated(client.get("/feed.xml"))
    assert text(feed, "updated") == after["date_modified"]


def test_what_was_written_before_it_was_published_is_as_new_as_its_publication(client):
    make_entry(
        publish_at=datetime(2026, 3, 1, tzinfo=UTC), updated_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert told(client)["date_modified"] == told(client)["date_published"]


# Asking again.


@pytest.mark.parametrize("address", FEEDS)
def test_who_has_the_feed_is_not_sent_it_again(client, all_used, address):
    whole = client.get(address)
    tag = whole["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(address, headers={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        for name in ("ETag", "Cache-Control"):
            assert again[name] == whole[name]
        assert again.get("Vary") == whole.get("Vary")
    assert client.get(address, headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.parametrize("address", FEEDS)
def test_head_answers_as_get_without_the_body(client, all_used, address):
    get, head = client.get(address), client.head(address)
    assert head.status_code == 200
    assert head.headers == get.headers
    assert not head.content
    assert client.head(address, headers={"if-none-match": get["ETag"]}).status_code == 304


def unpublish(entry, role, tool):
    for item in (entry, role):
        item.publish_at = None
        item.save()


def rename_the_tool(entry, role, tool):
    tool.name = "mallet"
    tool.save()


def edit(entry, role, tool):
    for item in (entry, role):
        item.title += "!"
        item.save()


def name_the_author(entry, role, tool):
    Profile.objects.create(name="Ada")


def let_time_pass(entry, role, tool):
    Entry.objects.filter(slug="later").update(publish_at=timezone.now())


@pytest.mark.parametrize("address", FEEDS)
@pytest.mark.parametrize(
    "change", [unpublish, rename_the_tool, edit, name_the_author, let_time_pass]
)
def test_a_change_is_sent_to_who_had_the_feed_before(client, hammer, all_used, address, change):
    make_entry(slug="later", publish_at=timezone.now() + timedelta(days=1), tools=[hammer])
    before = client.get(address)
    asked = {
        "if-none-match": before["ETag"],
        "if-modified-since": "Fri, 31 Dec 2999 00:00:00 GMT",
    }
    assert client.get(address, headers=asked).status_code == 304
    change(*all_used, hammer)
    after = client.get(address, headers=asked)
    assert after.status_code == 200
    assert after.content != before.content


@pytest.mark.parametrize("address", FEEDS)
def test_a_date_alone_proves_nothing(client, all_used, address):
    later = {"if-modified-since": "Fri, 31 Dec 2999 00:00:00 GMT"}
    answer = client.get(address, headers=later)
    assert answer.status_code == 200
    assert "Last-Modified" not in answer


@pytest.mark.parametrize("address", FEEDS)
def test_a_feed_is_kept_but_always_asked_for_again(client, all_used, address):
    assert client.get(address)["Cache-Control"] == "public, max-age=0, must-revalidate"


@pytest.mark.parametrize("address", FEEDS)
def test_a_feed_looks_at_no_session(admin_client, client, all_used, address):
    expected = client.get(address)
    answer = admin_client.get(address)
    assert "Cookie" not in answer.get("Vary", "")
    assert not answer.cookies
    assert (answer.content, answer.headers) == (expected.content, expected.headers)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/atom+xml; charset=utf-8"),
        ("*/*", "application/atom+xml; charset=utf-8"),
        ("application/atom+xml, application/xml;q=0.9", "application/atom+xml; charset=utf-8"),
        ("application/rss+xml, application/json", "application/atom+xml; charset=utf-8"),
        ("\x00nonsense;;q=,/", "application/atom+xml; charset=utf-8"),
        ("x/y," * 3_000, "application/atom+xml; charset=utf-8"),
        (BROWSER, "application/xml; charset=utf-8"),
    ],
)
def test_atom_is_called_atom_except_to_a_browser(client, all_used, accept, expected):
    answer = client.get("/feed.xml", headers={"accept": accept} if accept else {})
    assert answer["Content-Type"] == expected
    assert "Accept" in answer["Vary"].split(", ")


def test_json_feed_is_called_json_feed(client):
    assert client.get("/feed.json")["Content-Type"] == "application/feed+json"


def test_what_is_called_something_else_has_a_tag_of_its_own(client, all_used):
    as_xml = client.get("/feed.xml", headers={"accept": BROWSER})
    as_atom = client.get("/feed.xml")
    assert as_xml.content == as_atom.content
    assert as_xml["ETag"] != as_atom["ETag"]


# Finding it.


def test_a_former_slug_of_a_tool_leads_to_its_feed(client, hammer):
    hammer.slug = "mallet"
    hammer.save()
    answer = client.get("/tools/hammer/feed.xml")
    assert (answer.status_code, answer["Location"]) == (301, "/tools/mallet/feed.xml")
    assert client.get("/tools/none/feed.xml").status_code == 404


def feeds_of(client, address):
    page = html5lib.parse(client.get(address).content, namespaceHTMLElements=False)
    links = [e for e in page.iter("link") if e.get("rel") == "alternate"]
    return [(e.get("href"), e.get("type")) for e in links if "feed" in e.get("href")]


def test_every_page_names_the_feeds(client, hammer, all_used):
    main = [("/feed.xml", "application/atom+xml"), ("/feed.json", "application/feed+json")]
    entry, role = all_used
    for address in ("/", "/journal/", entry.get_absolute_url(), role.get_absolute_url()):
        assert feeds_of(client, address) == main
    tool = ("/tools/hammer/feed.xml", "application/atom+xml")
    assert feeds_of(client, hammer.get_absolute_url()) == [tool, *main]
    for address, kind in [tool, *main]:
        assert client.get(address)["Content-Type"].split(";")[0] == kind


# In a browser.


@pytest.fixture
def on_this_server(live_server, settings):
    settings.SITE_URL = live_server.url


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_a_browser_shows_a_feed_as_a_page(page, live_server, on_this_server, hammer):
    said = []
    page.on("console", lambda message: said.append((message.location["url"], message.text)))
    make_entry(title="less code.", body="deleted *lines*.", tools=[hammer])
    make_entry(title="عنوان من اليمين إلى اليسار", summary="a" * 300)
    page.goto(live_server.url + "/feed.xml")
    # What is for people alone is in the style sheet: in the feed it would be no valid one.
    said_by = "([name, part]) => getComputedStyle(document.querySelector(name), part).content"
    assert page.evaluate(said_by, ["id", "::before"]) == '"this is a feed."'
    assert page.evaluate(said_by, ["feed > link[rel=alternate]", "::after"]) != "none"
    expect(page.get_by_text(f"{live_server.url}/feed.xml", exact=True)).to_be_visible()
    expect(page.get_by_text("less code.")).to_be_visible()
    assert page.locator("content").first.evaluate("e => getComputedStyle(e).display") == "none"
    fonts = "[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family)"
    page.evaluate("document.fonts.ready.then(() => 0)")
    assert "Newsreader" in page.evaluate(fonts)
    for width in (320, 768, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, width
    # A document without a head is given the icon that browsers look for by themselves.
    assert not [message for url, message in said if not url.endswith("/favicon.ico")]


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_a_feed_takes_the_colours_of_the_scheme(page, live_server, on_this_server):
    colour = "getComputedStyle(document.documentElement).backgroundColor"
    colours = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(live_server.url + "/feed.xml")
        colours.add(page.evaluate(colour))
    assert len(colours) == 2


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_a_feed_fits_a_phone(new_context, live_server, on_this_server):
    phone = new_context(
        viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True
    ).new_page()
    phone.goto(live_server.url + "/feed.xml")
    # Nothing tells it its width, so letters are as large as on a page once it has made them small.
    wide = phone.evaluate("document.documentElement.clientWidth")
    assert phone.evaluate("document.documentElement.scrollWidth") == wide
    size = phone.evaluate("parseFloat(getComputedStyle(document.querySelector('title')).fontSize)")
    assert size * 360 / wide >= 13
