"""What pages say of themselves to search engines, link previews and readers of microformats."""

import json
from datetime import datetime

import mf2py
import pytest
from django.core.management import call_command
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import path
from django.views.defaults import server_error

from portfolio.models import Profile
from portfolio.months import Month
from portfolio.page import Page
from portfolio.structured_data import JsonLd
from portfolio.urls import urlpatterns as site_urls
from tests.factories import make_entry, make_image, make_principle, make_role, make_tool
from tests.metadata import document, graph, links, properties

pytestmark = [pytest.mark.once, pytest.mark.django_db]

ENTRY = "/journal/2026/01/one/"
LISTS = ["/", "/now/", "/roles/", "/thinking/", "/journal/", "/tools/", "/lessons/", "/cv/"]
ARCHIVES = ["/journal/2026/", "/journal/2026/01/"]
THINGS = ["/roles/lead/", "/thinking/simple/", ENTRY, "/tools/hammer/"]
HOSTILE = """</script><script>alert(1)</script><!-- <script> & "'\u2028\u2029"""


@pytest.fixture
def content():
    Profile.objects.create()
    tool = make_tool(slug="hammer", name="hammer", note="hits.")
    role = make_role(slug="lead", title="Engineering Lead", tools=[tool])
    make_entry(slug="one", title="an entry", body="what *happened*.", role=role, tools=[tool])
    make_principle(slug="simple")


@pytest.fixture
def ada():
    facts = {"name": "Ada", "headline": "prunes", "location": "London", "portrait": make_image()}
    profile, _ = Profile.objects.update_or_create(defaults=facts)
    profile.links.create(label="elsewhere", url="https://example.org/ada")
    profile.links.create(label="a project", url="https://example.org/", rel_me=False)
    return profile


# The head.


@pytest.mark.parametrize("address", [*LISTS, *ARCHIVES, *THINGS])
def test_every_page_says_what_it_is_and_where(client, content, address):
    response = client.get(address)
    said = properties(response)
    assert links(response, "canonical") == [f"http://localhost{address}"]
    assert said["og:url"] == links(response, "canonical")
    assert said["og:site_name"] == ["Engineering Lead"]
    assert said["og:locale"] == ["en_US"]
    assert said["twitter:card"] == ["summary_large_image"]
    assert said["og:image"][0].startswith("http://localhost/card/")
    assert (said["og:image:width"], said["og:image:height"]) == (["1200"], ["630"])
    assert all(said["og:image:alt"])
    assert all(said["og:title"])
    assert said["description"] == said["og:description"]
    assert 0 < len(said["description"][0]) <= 160
    assert "robots" not in said


def test_no_two_pages_have_the_same_description(client):
    call_command("loaddata", "seed", verbosity=0)
    pages = [*LISTS, "/journal/2025/", "/roles/instructor/"]
    assert len({properties(client.get(page))["description"][0] for page in pages}) == len(pages)


def test_the_kind_of_a_page_is_said_in_the_words_of_open_graph(client, content):
    kinds = {address: properties(client.get(address))["og:type"] for address in [*LISTS, *THINGS]}
    assert kinds.pop("/") == ["profile"]
    assert {address for address, kind in kinds.items() if kind == ["article"]} == {*THINGS[:3]}
    assert all(kind in (["article"], ["website"]) for kind in kinds.values())


def test_an_entry_says_when_it_was_published_and_with_what(client, content):
    said = properties(client.get(ENTRY))
    assert datetime.fromisoformat(said["article:published_time"][0]).tzinfo
    assert datetime.fromisoformat(said["article:modified_time"][0]).tzinfo
    assert said["article:tag"] == ["hammer"]
    assert "article:tag" not in properties(client.get("/journal/"))


def test_addresses_come_from_the_settings_and_not_from_the_request(client, content, settings):
    settings.SITE_URL = "https://example.org"
    response = client.get(f"{ENTRY}?utm_source=x", headers={"host": "127.0.0.1"})
    assert links(response, "canonical") == [f"https://example.org{ENTRY}"]
    assert "127.0.0.1" not in response.text
    assert "http://" not in response.text
    assert "utm_source" not in response.text


def test_a_page_that_its_query_makes_another_says_so(rf, content):
    page = Page("journal", path="/journal/?before=2025-01")
    request = rf.get("/journal/?before=2025-01&utm_source=x")
    text = render_to_string("base.html", {"page": page}, request)
    assert '<link rel="canonical" href="http://localhost/journal/?before=2025-01">' in text


def test_a_page_without_a_description_is_described_by_what_it_lists(client, content):
    assert properties(client.get("/tools/"))["description"] == ["tools: hammer"]
    assert properties(client.get(ENTRY))["description"] == ["what happened."]
    assert properties(client.get("/now/"))["description"] == ["now: Engineering Lead"]
    Profile.objects.update(headline="prunes")
    assert properties(client.get("/"))["description"] == ["prunes"]


def test_the_head_names_the_colours_of_both_schemes(client):
    colours = {
        meta.get("media"): meta.get("content")
        for meta in document(client.get("/")).iter("meta")
        if meta.get("name") == "theme-color"
    }
    assert colours == {
        "(prefers-color-scheme: light)": "#faf8f3",
        "(prefers-color-scheme: dark)": "#16150f",
    }


# What is not for the world.


def assert_says_nothing(response):
    said = properties(response)
    assert said["robots"] == ["noindex"]
    assert not [name for name in said if name.startswith(("og:", "article:", "twitter:"))]
    assert "description" not in said
    assert not links(response, "canonical")
    assert not graph(response)


def test_a_draft_that_an_editor_sees_says_nothing_to_machines(admin_client):
    make_entry(slug="one", publish_at=None)
    response = admin_client.get(ENTRY)
    assert response.status_code == 200
    assert_says_nothing(response)
    (entry,) = microformats(response, ENTRY)
    assert {*entry["properties"]} == {"name", "content"}


def test_an_error_says_nothing_to_machines(client, content, rf):
    assert_says_nothing(client.get("/nothing/"))
    assert_says_nothing(server_error(rf.get("/")))


def test_the_check_for_saying_nothing_can_fail(client, content):
    with pytest.raises((AssertionError, KeyError)):
        assert_says_nothing(client.get(ENTRY))


# Structured data. What each type must have is what Google's documentation of 2026 requires of it,
# and what it recommends and the content knows.

REQUIRED = {
    "WebSite": {"@id", "url", "name"},
    "ProfilePage": {"mainEntity"},
    "BlogPosting": {
        *("headline", "datePublished", "dateModified", "author", "image", "keywords"),
        *("url", "mainEntityOfPage", "inLanguage", "description"),
    },
    "Article": {
        *("headline", "datePublished", "dateModified", "author", "image"),
        *("url", "mainEntityOfPage", "inLanguage"),
    },
    "BreadcrumbList": {"itemListElement"},
}
TYPES = {
    "/": {"WebSite", "ProfilePage"},
    "/roles/": set(),
    "/journal/2026/01/": {"BreadcrumbList"},
    ENTRY: {"BlogPosting", "BreadcrumbList"},
    "/roles/lead/": {"Article", "BreadcrumbList"},
    "/thinking/simple/": {"Article", "BreadcrumbList"},
    "/tools/hammer/": {"BreadcrumbList"},
}


@pytest.mark.parametrize("address", TYPES)
def test_structured_data_has_what_its_types_require(client, content, address):
    found = graph(client.get(address))
    assert {*found} == TYPES[address]
    for kind, thing in found.items():
        assert REQUIRED[kind] <= {*thing}, kind
        assert all(value not in ("", None, []) for value in thing.values()), kind


def test_an_entry_is_a_post_with_its_dates_author_and_tools(client, content, ada):
    post = graph(client.get(ENTRY))["BlogPosting"]
    assert post["headline"] == "an entry"
    assert post["mainEntityOfPage"] == post["url"] == f"http://localhost{ENTRY}"
    assert post["keywords"] == ["hammer"]
    assert post["image"].startswith("http://localhost/card/journal/2026/01/one.png?v=")
    assert post["author"] == {
        "@type": "Person",
        "@id": "http://localhost/#person",
        "url": "http://localhost/",
        "name": "Ada",
    }
    published, modified = (post[name] for name in ("datePublished", "dateModified"))
    assert datetime.fromisoformat(published) <= datetime.fromisoformat(modified)


def test_a_long_headline_is_shortened(client):
    make_entry(slug="one", title="a title that goes on " * 14)
    headline = graph(client.get(ENTRY))["BlogPosting"]["headline"]
    # Between words, as everything that is cut.
    assert headline.endswith(" goes on a…") and 100 < len(headline) <= 110


def test_a_trail_leads_from_the_outermost_page_to_this_one(client, content):
    steps = graph(client.get(ENTRY))["BreadcrumbList"]["itemListElement"]
    assert [(step["position"], step["name"], step["item"]) for step in steps] == [
        (1, "journal", "http://localhost/journal/"),
        (2, "2026", "http://localhost/journal/2026/"),
        (3, "jan 2026", "http://localhost/journal/2026/01/"),
        (4, "an entry", f"http://localhost{ENTRY}"),
    ]


def test_the_first_page_is_a_profile_of_what_the_content_knows(client, ada):
    person = graph(client.get("/"))["ProfilePage"]["mainEntity"]
    assert person.pop("image").startswith("http://localhost/media/")
    assert person == {
        "@type": "Person",
        "@id": "http://localhost/#person",
        "url": "http://localhost/",
        "name": "Ada",
        "jobTitle": "prunes",
        "homeLocation": {"@type": "Place", "name": "London"},
        "sameAs": ["https://example.org/ada"],
    }


@pytest.mark.parametrize("exists", [True, False])
def test_nothing_is_invented_for_an_empty_profile(client, exists):
    if exists:
        Profile.objects.create()
    person = graph(client.get("/"))["ProfilePage"]["mainEntity"]
    assert {*person} == {"@type", "@id", "url"}


urlpatterns = [*site_urls, path("search/", lambda request: HttpResponse(), name="search")]


@pytest.mark.urls(__name__)
def test_a_site_with_a_search_says_how_to_search(client):
    action = graph(client.get("/"))["WebSite"]["potentialAction"]
    assert action == {
        "@type": "SearchAction",
        "target": "http://localhost/search/?q={search_term_string}",
        "query-input": "required name=search_term_string",
    }


def test_no_text_ends_the_script_element(client):
    make_entry(slug="one", title=HOSTILE, summary=HOSTILE, tools=[make_tool(name=HOSTILE)])
    Profile.objects.create(name=HOSTILE, headline=HOSTILE)
    response = client.get(ENTRY)
    post = graph(response)["BlogPosting"]
    assert (post["headline"], post["keywords"]) == (HOSTILE, [HOSTILE])
    assert graph(client.get("/"))["WebSite"]["name"] == HOSTILE
    inline = [script for script in document(response).iter("script") if not script.get("src")]
    assert len(inline) == 1


def test_the_escapes_are_what_keeps_the_element_whole():
    """The control: without them the text would end it."""
    text = JsonLd([{"name": HOSTILE}]).__html__()
    assert not {*"<>&\u2028\u2029"} & {*text}
    assert json.loads(text)["@graph"] == [{"name": HOSTILE}]
    assert "</script>" in json.dumps(HOSTILE)


def test_a_browser_takes_the_data_and_the_manifest_under_the_policy(page, live_server, content):
    said = []
    page.on("console", lambda message: said.append(message.text))
    devtools = page.context.new_cdp_session(page)
    for address in ["/", ENTRY, "/nothing/"]:
        page.goto(live_server.url + address)
        manifest = devtools.send("Page.getAppManifest")
        assert manifest["errors"] == []
        assert json.loads(manifest["data"])["name"] == "Engineering Lead"
    assert [text for text in said if "404" not in text] == []
    # The control: what the policy forbids would have been said.
    page.evaluate(
        "document.head.append(Object.assign(document.createElement('script'), {text: '1'}))"
    )
    page.wait_for_function("true")
    assert any("Content Security Policy" in text for text in said)


# Microformats: https://microformats.org/wiki/microformats2


def microformats(response, address):
    return mf2py.parse(doc=response.text, url=f"http://localhost{address}")["items"]


def test_the_first_page_has_a_card_that_represents_it(client, ada):
    (card,) = microformats(client.get("/"), "/")
    assert card["type"] == ["h-card"]
    assert card["properties"] == {
        "name": ["Ada"],
        "url": ["http://localhost/"],
        "uid": ["http://localhost/"],
    }


def test_a_site_without_a_name_has_a_card_without_one(client, content):
    card = microformats(client.get("/"), "/")[0]
    assert card["properties"]["job-title"] == ["Engineering Lead"]
    assert "name" not in card["properties"]


def test_an_entry_is_read_whole(client, content, ada):
    (entry,) = microformats(client.get(ENTRY), ENTRY)
    assert entry["type"] == ["h-entry"]
    said = entry["properties"]
    assert said["name"] == ["an entry"]
    assert said["url"] == said["uid"] == [f"http://localhost{ENTRY}"]
    assert said["content"][0]["html"] == "<p>what <em>happened</em>.</p>"
    assert said["summary"] == ["what happened."]
    assert said["category"] == ["hammer"]
    (author,) = said["author"]
    assert author["type"] == ["h-card"]
    assert author["properties"] == {
        "name": ["Ada"],
        "url": ["http://localhost/"],
        "uid": ["http://localhost/"],
    }
    published, updated = (
        datetime.fromisoformat(said[name][0]) for name in ("published", "updated")
    )
    assert published <= updated


@pytest.mark.parametrize("address", ["/", "/journal/", "/journal/2026/", "/journal/2026/01/"])
def test_lists_of_entries_are_feeds(client, content, address):
    (feed,) = [
        item for item in microformats(client.get(address), address) if "h-feed" in item["type"]
    ]
    assert feed["properties"]["name"]
    (entry,) = feed["children"]
    assert entry["type"] == ["h-entry"]
    assert entry["properties"] == {
        "name": ["an entry"],
        "url": [f"http://localhost{ENTRY}"],
        "published": ["2026-01"],
        "summary": ["what happened."],
    }


def test_a_month_has_no_day_in_a_feed(client):
    make_entry(month=Month(2024, 5))
    assert '<time class="dt-published" datetime="2024-05">may 2024</time>' in client.get("/").text


def test_the_same_person_is_linked_from_every_page(client, content, ada):
    for address in ["/", ENTRY, "/nothing/"]:
        parsed = mf2py.parse(doc=client.get(address).text, url=f"http://localhost{address}")
        assert parsed["rels"]["me"] == ["https://example.org/ada"]


@pytest.mark.parametrize(
    ("title", "alt"),
    [
        ("less code.", "less code."),
        ("less code 🎉.", "less code ."),
        ("中文的一篇", "who builds"),
        ("العنوان", "who builds"),
        ("so-so 中文", "who builds"),
    ],
)
def test_the_alternative_text_of_a_card_is_what_the_card_shows(client, title, alt):
    """No font of the site has the letters of some titles: then its name stands there."""
    Profile.objects.create(headline="who builds")
    entry = make_entry(title=title)
    said = properties(client.get(entry.get_absolute_url()))
    assert (said["og:image:alt"], said["og:title"]) == ([alt], [title])
    # What a list's card shows is the list's title, whichever part of it this is.
    assert properties(client.get("/journal/2026/"))["og:image:alt"] == ["journal"]
    assert properties(client.get("/"))["og:image:alt"] == ["who builds"]
    # A name that cannot be drawn leaves nothing else to say.
    Profile.objects.update(name="名前")
    assert properties(client.get(entry.get_absolute_url()))["og:image:alt"] == [
        "名前" if alt == "who builds" else alt
    ]
