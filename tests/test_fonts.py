"""Fonts come late and nothing moves; the few scripts that a page waits for are tiny."""

import re
from pathlib import Path

import brotli
import pytest
from django.conf import settings
from django.core.management import call_command

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

STATIC = Path(settings.BASE_DIR) / "portfolio/static/portfolio"
FONTS = 110 * 1024


@pytest.fixture
def seed():
    call_command("loaddata", "seed", verbosity=0)


def test_the_script_that_a_page_waits_for_is_tiny():
    assert len(brotli.compress(STATIC.joinpath("theme.js").read_bytes())) <= 300


def test_the_fonts_of_the_first_page_are_few_and_small(page, live_server, seed):
    fonts = []
    page.on("request", lambda r: r.resource_type == "font" and fonts.append(r.url))
    page.goto(live_server.url)
    page.evaluate("() => document.fonts.ready.then(() => true)")
    names = {url.rpartition("/")[2] for url in fonts}
    assert len(names) == 4
    assert sum(STATIC.joinpath("fonts", name).stat().st_size for name in names) <= FONTS
    preloaded = page.locator('link[rel="preload"]').evaluate_all("all => all.map(l => l.href)")
    assert set(preloaded) <= set(fonts)
    assert len(preloaded) == 1


PAINTED = """
() => new Promise((resolve) => {
  new PerformanceObserver(resolve).observe({ type: "paint", buffered: true });
}).then(() => true)
"""


def test_a_page_shows_its_text_while_the_fonts_are_on_their_way(page, live_server, seed):
    held = []
    page.route("**/*.woff2", lambda route: held.append(route))
    page.goto(live_server.url, wait_until="domcontentloaded")
    page.evaluate(PAINTED)
    assert held
    for route in held:
        route.continue_()


# How much has moved, once the fonts are there.
SHIFT = """
() => new Promise((resolve) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  document.fonts.ready.then(() => requestAnimationFrame(() => setTimeout(() => resolve(sum), 200)));
})
"""


def late_fonts(page, live_server, address):
    """How much moves when the fonts come after the page has been painted."""
    held = []
    page.route("**/*.woff2", lambda route: held.append(route))
    page.goto(live_server.url + address, wait_until="domcontentloaded")
    page.evaluate(PAINTED)
    page.route("**/*.woff2", lambda route: route.continue_())
    for route in held:
        route.continue_()
    return page.evaluate(SHIFT)


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize(
    "address", ["/", "/roles/engineering-lead/", "/journal/2025/10/refactored-three-times/"]
)
def test_little_moves_when_the_fonts_arrive(page, live_server, seed, width, address):
    page.set_viewport_size({"width": width, "height": 900})
    assert late_fonts(page, live_server, address) < 0.02


def test_much_would_move_if_the_fallbacks_had_another_measure(page, live_server, seed):
    css = STATIC.joinpath("site.css").read_text()
    wider = re.sub(r"size-adjust: [\d.]+%;", "size-adjust: 130%;", css)
    page.route("**/site.css", lambda route: route.fulfill(body=wider, content_type="text/css"))
    page.set_viewport_size({"width": 360, "height": 900})
    assert late_fonts(page, live_server, "/") > 0.02
