"""Links are followed ahead: the browser is told which, by a header, on public pages alone."""

import pytest
from playwright.sync_api import expect

from .factories import make_entry, make_tool

HEADER = "Speculation-Rules"


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/now/", "/nothing/", "/journal/2026/01/one/"])
def test_public_pages_carry_the_header(client, address):
    make_entry(slug="one")
    assert client.get(address)[HEADER] == '"/speculation-rules.json"'


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/admin/", "/admin/login/", "/speculation-rules.json"])
def test_nothing_else_does(client, address):
    assert HEADER not in client.get(address)


def test_the_rules_have_the_type_that_browsers_ask_for(client):
    response = client.get("/speculation-rules.json")
    assert response["Content-Type"] == "application/speculationrules+json"
    assert "max-age=86400" in response["Cache-Control"]


LINKS = """
() => {
  for (const path of ["/admin/", "/search/", "/search/?q=x", "/journal/?page=2", "/feed.xml",
                      "/media/x.png", "/tools/hammer/#top", "//other.example/"]) {
    const link = document.createElement("a");
    link.href = link.textContent = path;
    document.querySelector("main").append(link);
  }
}
"""


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_a_browser_takes_the_rules_and_follows_pages_ahead_but_nothing_else(page, live_server):
    make_tool(slug="hammer", name="hammer")
    rules, candidates, fetched = [], {}, []
    session = page.context.new_cdp_session(page)
    session.on("Preload.ruleSetUpdated", lambda event: rules.append(event["ruleSet"]))
    session.on(
        "Preload.preloadingAttemptSourcesUpdated",
        lambda event: candidates.update(
            {source["key"]["url"]: True for source in event["preloadingAttemptSources"]}
        ),
    )
    session.on("Preload.prefetchStatusUpdated", lambda event: fetched.append(event))
    session.send("Preload.enable")
    page.goto(live_server.url)
    page.evaluate(LINKS)
    link = page.get_by_role("link", name="hammer", exact=True)
    link.hover()
    with page.expect_event("framenavigated"):
        wait_until(page, lambda: any(event["status"] == "Ready" for event in fetched))
        link.click()
    wait_until(page, lambda: any(event["status"] == "Success" for event in fetched))
    assert "errorType" not in rules[0]
    paths = {url.removeprefix(live_server.url) for url in candidates}
    assert {"/now/", "/tools/hammer/"} <= paths
    assert not [p for p in paths if "?" in p or "." in p or p.startswith(("/admin", "/search"))]


def wait_until(page, condition):
    for _ in range(100):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not happen within 5 seconds")


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_pages_dissolve_into_each_other_unless_motion_is_unwelcome(page, live_server):
    for motion, dissolves in (("no-preference", True), ("reduce", False)):
        page.emulate_media(reduced_motion=motion)
        page.add_init_script(
            "addEventListener('pagereveal', (event) => "
            "{ document.documentElement.lang = event.viewTransition ? 'x-moves' : 'x-still'; })"
        )
        page.goto(live_server.url)
        page.get_by_role("navigation", name="main").get_by_role("link", name="now").click()
        page.wait_for_url(live_server.url + "/now/")
        lang = "x-moves" if dissolves else "x-still"
        expect(page.locator("html")).to_have_attribute("lang", lang)
