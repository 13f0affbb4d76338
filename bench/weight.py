"""What a first visit costs: the bytes of home and of all scripts, and what jumps."""

from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from tests.machine import CHROMIUM_FLAGS, chromium

TITLE = "A first visit"
HEADINGS = ["what", "measured", "at most"]
KB = 1024
# Body bytes as sent. Layout shift is in the unit of web.dev/articles/cls, to three decimals.
LIMITS = {
    "HTML and CSS of home": 14 * KB,
    "fonts of home": 110 * KB,
    "scripts of all pages": 6 * KB,
    "requests to other hosts": 0,
    "layout shift of home": 0,
    "layout shift of home, fonts late": 0,
}
# One of each kind of page, in the seed.
PAGES = {
    "home": "/",
    "now": "/now/",
    "role": "/roles/engineering-lead/",
    "principle": "/thinking/if-i-cant-explain-it/",
    "journal": "/journal/",
    "entry": "/journal/2025/10/refactored-three-times/",
    "tool": "/tools/postgresql/",
    "search": "/search/?q=postgres",
}
WIDTHS = [360, 768, 1280]
WATCH_SHIFTS = """
self.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) self.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
PAINTED = """
new Promise((resolve, reject) => {
  new PerformanceObserver(resolve).observe({ type: "paint", buffered: true });
  setTimeout(() => reject(new Error("nothing is painted before the fonts are in")), 10000);
}).then(() => true)
"""
# Two frames after the fonts are in, whatever they moved has been seen.
SETTLED = """
document.fonts.ready.then(() => new Promise((resolve) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(self.shift))))
))
"""


def rows(site):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        measured = weigh(browser, site.url)
        browser.close()
    return [(what, f"{measured[what]:,}", f"{limit:,}") for what, limit in LIMITS.items()]


def weigh(browser, url):
    """What is measured at the site with this address: the names in `LIMITS` → numbers."""
    home = visit(browser, url)
    everywhere = {}
    for path in PAGES.values():
        everywhere |= visit(browser, url + path)
    return {
        "HTML and CSS of home": total(home, "document", "stylesheet"),
        "fonts of home": total(home, "font"),
        "scripts of all pages": total(everywhere, "script"),
        "requests to other hosts": len(foreign(everywhere, url)),
        "layout shift of home": max(shift(browser, url, width) for width in WIDTHS),
        "layout shift of home, fonts late": max(
            shift(browser, url, width, fonts_late=True) for width in WIDTHS
        ),
    }


def total(answers, *kinds):
    return sum(size for kind, size in answers.values() if kind in kinds)


def foreign(answers, url):
    return [asked for asked in answers if urlsplit(asked).netloc != urlsplit(url).netloc]


def visit(browser, url):
    """A visit with an empty cache: address → (Playwright's resource type, body bytes as sent)."""
    context = browser.new_context()
    page = context.new_page()
    requests = []
    page.on("request", lambda request: requests.append(request))
    page.goto(url, wait_until="networkidle")
    found = {request.url: (request.resource_type, size(request)) for request in requests}
    context.close()
    return found


def size(request):
    return request.sizes()["responseBodySize"] if request.response() else 0


def shift(browser, url, width, fonts_late=False):
    """How far things jump in a first visit, in a window so many pixels wide."""
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    page.add_init_script(WATCH_SHIFTS)
    held = [] if fonts_late else None
    page.route("**/*.woff2", lambda font: font.continue_() if held is None else held.append(font))
    page.goto(url, wait_until="domcontentloaded")
    if fonts_late:
        page.evaluate(PAINTED)
        fonts, held = held, None
        for font in fonts:
            font.continue_()
    page.wait_for_load_state("load")
    found = page.evaluate(SETTLED)
    context.close()
    return round(found, 3)
