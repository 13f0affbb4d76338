"""How long after a key the real page beside the form has what was typed, the pause included."""

import secrets
from statistics import median

from playwright.sync_api import sync_playwright

from tests.machine import CHROMIUM_FLAGS, chromium

TITLE = "From a key to the page beside the form"
HEADINGS = ["text", "milliseconds", "of the 120 ms pause and 300 more"]
LIMIT = 420  # milliseconds
KEYS = 20  # the middle one counts
TEXTS = {"a paragraph": 60, "a page": 600, "a long read": 3_000}  # words

TYPE = """async (word) => {
    const field = document.querySelector("#id_body");
    const page = document.querySelector(".pane iframe");
    const start = performance.now();
    field.value += word;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    while (!page.contentDocument.body.textContent.includes(word)) {
      await new Promise(requestAnimationFrame);
    }
    return performance.now() - start;
}"""


def rows(site):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        page = browser.new_page()
        sign_in(page, site)
        measured = {name: measure(page, site, words) for name, words in TEXTS.items()}
        browser.close()
    return [(name, round(time), f"{time / LIMIT:.2f}") for name, time in measured.items()]


def sign_in(page, site):
    password = secrets.token_urlsafe()
    page.goto(site.sign_in_link)
    page.fill("#id_new_password1", password)
    page.fill("#id_new_password2", password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/")


def measure(page, site, words):
    page.goto(f"{site.url}/admin/journal/entry/add/")
    page.fill("#id_body", "some *words* and `code`. " * (words // 4))
    page.frame_locator(".pane iframe").locator("article em").first.wait_for()
    return median(page.evaluate(TYPE, f" key{number}.") for number in range(KEYS))
