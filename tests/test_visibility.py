"""The visibility matrix: every state × every public output × who is looking.

One item of each kind stands in the state under test, with a canary word in every text, tied to
live items in every way the models allow. The canary is then looked for in every output.
"""

from datetime import timedelta

import pytest
from django.urls import URLPattern, get_resolver, reverse
from django.utils import timezone

from portfolio.models import Tool
from portfolio.months import Month
from tests.factories import (
    make_entry,
    make_evidence,
    make_outcome,
    make_principle,
    make_role,
    make_tool,
)

CANARY = "canary"
TWIN = "index.html.md"
STATES = ["draft", "scheduled", "live", "unpublished"]

# Route → (address, whether a live canary shows there). Every public route stands here.
LISTS = {
    "": ("/", True),
    "now/": ("/now/", False),
    "roles/": ("/roles/", True),
    "thinking/": ("/thinking/", True),
    "journal/": ("/journal/", True),
    "journal/before/<place:before>/": ("/journal/before/2024/05/beside/", True),
    "journal/<year:year>/": ("/journal/2024/", True),
    "journal/<year:year>/before/<place:before>/": (
        "/journal/2024/before/2024/05/beside/",
        True,
    ),
    "journal/<month:month>/": ("/journal/2024/05/", True),
    "journal/<month:month>/before/<place:before>/": (
        "/journal/2024/05/before/2024/05/beside/",
        True,
    ),
    "tools/": ("/tools/", False),
    "tools/<slug:slug>/": ("/tools/hammer/", True),
    "tools/<slug:slug>/before/<place:before>/": ("/tools/hammer/before/2024/05/beside/", True),
    # Of the canary's entries there is none in another role's list.
    "roles/<slug:slug>/before/<place:before>/": ("/roles/beside/before/2024/05/at-it/", False),
    "lessons/": ("/lessons/", True),
    # A typing mistake, so that the page itself does not say the word: corrected only if it is live.
    "search/": ("/search/?q=canray", True),
    "search/suggest/": ("/search/suggest/?q=canar", True),
    "feed.xml": ("/feed.xml", True),
    "feed.json": ("/feed.json", True),
    "tools/<slug:slug>/feed.xml": ("/tools/hammer/feed.xml", True),
    "cv/": ("/cv/", True),
    "resume.json": ("/resume.json", True),
    "sitemap.xml": ("/sitemap.xml", False),
    "sitemap-pages.xml": ("/sitemap-pages.xml", False),
    "sitemap-<year:year>-<int:number>.xml": ("/sitemap-2024-1.xml", False),
    "llms.txt": ("/llms.txt", True),
    "robots.txt": ("/robots.txt", False),
    "site.webmanifest": ("/site.webmanifest", False),
}
PAGES = {
    "roles/<slug:slug>/": "/roles/bird/",
    "thinking/<slug:slug>/": "/thinking/bird/",
    "journal/<month:month>/<slug:slug>/": "/journal/2024/05/bird/",
}
# Live pages beside the item, which name it as a neighbour, as evidence or as where it happened.
BESIDE = ["/roles/beside/", "/thinking/beside/", "/journal/2024/05/beside/"]
# Pictures of live pages, which an editor gets no others of.
CARD = r"^card/(?P<name>[a-z0-9/-]+)\.png$"
# Files by the hash of their content, which no page in the matrix lists; and what is the same for
# all sites.
ELSEWHERE = ["media/<path:name>", "favicon.ico", "speculation-rules.json"]
# Drafts for whoever was given the link, of which tests/test_share_links.py is.
SHARED = "shared/<int:pk>/<str:signature>/"
MISSING = "/no-such-page/"


def public_routes(resolver, prefix=""):
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from public_routes(pattern, route)


# A page's plain form is in the matrix as the page is: it shows the same to the same people.
for route in public_routes(get_resolver()):
    page = route.removesuffix(TWIN)
    if page != route and page in PAGES:
        PAGES[route] = PAGES[page] + TWIN
    elif page != route and page in LISTS:
        address, shown = LISTS[page]
        LISTS[route] = (address + TWIN, shown)
BESIDE += [address + TWIN for address in BESIDE]


def publish_at(state):
    now = timezone.now()
    return {"live": now - timedelta(days=1), "scheduled": now + timedelta(days=1)}.get(state)


@pytest.fixture
def site_in(db):
    def build(state):
        tool = make_tool(slug="hammer")
        words = {"title": f"{CANARY} title", "slug": "bird", "summary": f"{CANARY} summary"}
        role = make_role(
            **words,
            organisation=CANARY,
            **dict.fromkeys(["problem", "approach", "impact", "learned", "broke"], CANARY),
            tools=[tool],
            position=5,
        )
        make_outcome(role=role, figure="7x", what=CANARY, baseline=CANARY)
        entry = make_entry(**words, body=CANARY, month=Month(2024, 5), tools=[tool], role=role)
        principle = make_principle(**words, body=CANARY, position=5)
        beside = {"slug": "beside"}
        other_role = make_role(**beside, position=4)
        other_entry = make_entry(**beside, month=Month(2024, 5), role=role, tools=[tool])
        make_entry(slug="at-it", month=Month(2024, 5), role=other_role)
        make_entry(
            slug="older",
            month=Month(2024, 5),
            publish_at=timezone.now() - timedelta(days=2),
            role=other_role,
            tools=[tool],
        )
        other_principle = make_principle(**beside, position=4)
        make_evidence(principle=principle, role=other_role)
        make_evidence(principle=principle, entry=other_entry, verdict="broke")
        make_evidence(principle=other_principle, role=role)
        make_evidence(principle=other_principle, entry=entry, verdict="broke")
        for item in (role, entry, principle):
            if state == "unpublished":
                item.publish_at = publish_at("live")
                item.save()
            item.publish_at = publish_at(state)
            item.save()

    return build


@pytest.fixture(params=["anonymous", "editor"])
def visitor(request, client, django_user_model):
    if request.param == "editor":
        client.force_login(django_user_model.objects.create_superuser("editor"))
    client.kind = request.param
    return client


@pytest.mark.parametrize("state", STATES)
def test_a_list_shows_an_item_only_when_it_is_live(state, visitor, site_in):
    site_in(state)
    for address, shown in [*LISTS.values(), *((address, True) for address in BESIDE)]:
        response = visitor.get(address)
        assert response.status_code == 200, address
        expected = shown and state == "live"
        assert (CANARY in response.text) == expected, (address, state)


@pytest.mark.parametrize("state", STATES)
def test_a_page_is_for_everyone_when_live_and_else_for_editors(state, visitor, site_in):
    site_in(state)
    for address in PAGES.values():
        response = visitor.get(address)
        visible = state == "live" or visitor.kind == "editor"
        assert response.status_code == (200 if visible else 404), address
        assert (CANARY in response.text) == visible, address


@pytest.mark.parametrize("state", ["draft", "scheduled", "unpublished"])
def test_a_hidden_page_answers_as_nothing_does(state, client, site_in):
    site_in(state)
    for address in PAGES.values():
        hidden, nothing = client.get(address), client.get(address.replace("bird", "stone"))
        assert hidden.status_code == nothing.status_code == 404
        assert hidden.text == nothing.text.replace("stone", "bird")
        assert hidden.headers == nothing.headers


TAGGED = [
    *("/feed.xml", "/feed.json", "/tools/hammer/feed.xml", "/tools/saw/feed.xml"),
    *("/sitemap.xml", "/sitemap-pages.xml", "/sitemap-2024-1.xml", "/llms.txt"),
]


@pytest.mark.parametrize("state", ["draft", "scheduled", "unpublished"])
def test_what_is_not_live_changes_no_tag(state, client, site_in):
    def tags():
        return {address: client.get(address)["ETag"] for address in TAGGED}

    make_tool(slug="saw")
    site_in("live")
    before = tags()
    fields = {"title": CANARY, "publish_at": publish_at(state), "tools": Tool.objects.all()}
    items = [make_entry(**fields, month=Month(2024, 8)), make_role(**fields)]
    if state == "unpublished":
        # The control: what is live does change them.
        for item in items:
            item.publish_at = timezone.now()
            item.save()
        assert not before.items() & tags().items()
        for item in items:
            item.publish_at = None
            item.save()
    assert tags() == before


@pytest.mark.parametrize("state", STATES)
def test_a_card_is_drawn_only_of_what_is_live(state, visitor, site_in):
    site_in(state)
    for page in (page for page in PAGES.values() if page.endswith("/")):
        address = f"/card{page.removesuffix('/')}.png"
        response, nothing = visitor.get(address), visitor.get(address.replace("bird", "stone"))
        assert nothing.status_code == 404, address
        if state == "live":
            assert response["Content-Type"] == "image/png", address
        else:
            assert response.status_code == 404, address
            assert response.text == nothing.text.replace("stone", "bird")
            assert response.headers == nothing.headers


@pytest.mark.parametrize("state", STATES)
def test_the_not_found_page_names_only_what_is_live(state, visitor, site_in):
    site_in(state)
    response = visitor.get(MISSING)
    assert response.status_code == 404
    assert (CANARY in response.text) == (state == "live")


@pytest.mark.parametrize("state", ["draft", "scheduled", "unpublished"])
def test_an_archive_of_nothing_live_is_not_found(state, client, site_in):
    site_in(state)
    make_entry(month=Month(2020, 3), publish_at=publish_at(state))
    assert client.get("/journal/2020/").status_code == 404
    assert client.get("/journal/2020/03/").status_code == 404
    assert "2020" not in client.get("/journal/").text
    assert client.get("/sitemap-2020-1.xml").status_code == 404


def test_an_editor_is_told_that_a_page_is_not_public(admin_client, site_in):
    site_in("draft")
    for address in PAGES.values():
        response = admin_client.get(address)
        assert "only editors see this page" in response.text
        assert response["X-Robots-Tag"] == "noindex"
        assert "no-store" in response["Cache-Control"]


def test_a_live_page_is_not_marked_so(admin_client, site_in, settings):
    settings.SITE_URL = "http://testserver"
    site_in("live")
    for address in PAGES.values():
        response = admin_client.get(address)
        assert "only editors see this page" not in response.text
        assert "X-Robots-Tag" not in response


def test_a_live_page_does_not_depend_on_who_is_looking(admin_client, site_in):
    site_in("live")
    for address in [*PAGES.values(), *(address for address, _ in LISTS.values())]:
        assert "Cookie" not in admin_client.get(address).get("Vary", ""), address


def test_staff_without_the_right_to_see_an_item_get_no_draft(client, site_in, django_user_model):
    site_in("draft")
    client.force_login(django_user_model.objects.create_user("helper", is_staff=True))
    for address in PAGES.values():
        assert client.get(address).status_code == 404


@pytest.mark.parametrize("state", STATES)
def test_what_lists_addresses_has_that_of_an_item_only_when_it_is_live(state, visitor, site_in):
    site_in(state)
    for address in ("/sitemap.xml", "/sitemap-pages.xml", "/sitemap-2024-1.xml", "/llms.txt"):
        assert ("/bird/" in visitor.get(address).text) == (state == "live"), address


def test_a_scheduled_item_goes_live_by_itself(client, site_in):
    site_in("scheduled")
    from journal.models import Entry

    entry = Entry.objects.get(slug="bird")
    assert client.get(entry.get_absolute_url()).status_code == 404
    # The moment passes: nothing but the clock has to change.
    Entry.objects.filter(pk=entry.pk).update(publish_at=timezone.now())
    assert client.get(entry.get_absolute_url()).status_code == 200


def test_every_public_route_is_in_the_matrix():
    routes = {route for route in public_routes(get_resolver()) if not route.startswith("admin/")}
    assert routes == {*LISTS, *PAGES, CARD, SHARED, *ELSEWHERE}


def test_the_addresses_of_the_matrix_are_those_that_the_routes_give():
    assert reverse("journal:entry", args=[Month(2024, 5), "bird"]) in PAGES.values()
    assert reverse("journal:month", args=[Month(2024, 5)]) == "/journal/2024/05/"
