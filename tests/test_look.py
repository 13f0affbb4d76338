"""Every page in a real browser: nothing scrolls sideways, nothing breaks a rule of WCAG 2.2 AA."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from playwright.sync_api import expect

from portfolio.models import Profile
from portfolio.months import Month
from tests.factories import (
    make_entry,
    make_evidence,
    make_focus,
    make_outcome,
    make_principle,
    make_role,
    make_tool,
)

pytestmark = pytest.mark.django_db(transaction=True)

WIDTHS = [320, 360, 768, 1280, 1600]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "seed": [
        *("/", "/now/", "/roles/", "/thinking/", "/journal/", "/tools/", "/lessons/", "/cv/"),
        "/none/",
        *("/roles/engineering-lead/", "/thinking/if-i-cant-explain-it/", "/tools/postgresql/"),
        *("/journal/2025/", "/journal/2025/10/", "/journal/2025/10/refactored-three-times/"),
    ],
    "stress": [
        *("/", "/now/", "/roles/", "/thinking/", "/journal/", "/tools/", "/lessons/", "/cv/"),
        *("/roles/hard/", "/thinking/hard/", "/tools/hard/", "/journal/2026/01/hard/"),
    ],
}
HARD_TEXT = """# a heading

a paragraph with `code that is long and goes on` and https://example.org/{path} in it.

```python
def wide(): return "{wide}"  # a line of far more than a hundred and twenty columns
```

| month | deploys | a rather long heading | and another |
|:------|--------:|:---------------------:|-------------|
| jan   | 12      | {word}                | x           |

> quoted

- [x] done
- [ ] not done

term
: definition[^1]

[^1]: a note.

مرحبا بالعالم، هذا نص من اليمين إلى اليسار.
"""


@pytest.fixture
def seed():
    call_command("loaddata", "seed", verbosity=0)


@pytest.fixture
def stress():
    word = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"
    text = HARD_TEXT.format(path="a" * 120, wide="x" * 130, word=word)
    title = f"{word} " + "a title that goes on " * 10
    tool = make_tool(slug="hard", name=word, note=text, url=f"https://example.org/{'a' * 150}")
    for number in range(30):
        make_tool(name=f"tool number {number}", slug=f"t{number}", position=number)
    role = make_role(
        slug="hard",
        title=title,
        organisation=word,
        started=Month(2020, 1),
        **dict.fromkeys(["problem", "approach", "impact", "learned", "broke"], text),
        tools=[tool],
    )
    make_outcome(role=role, figure="1,000,000,000x", what=word, baseline=word)
    entry = make_entry(slug="hard", title=title, body=text, role=role, tools=[tool])
    make_entry(title="عنوان من اليمين إلى اليسار", body="نص عربي.", month=Month(2025, 12))
    principle = make_principle(slug="hard", title=title, body=text)
    make_evidence(principle=principle, role=role)
    make_evidence(principle=principle, entry=entry, verdict="broke")
    make_focus(text=word, detail=word, since=Month(2020, 1))
    make_focus(text=title, until=Month(2020, 1))
    Profile.objects.create(name=word, about=text, email=f"{'a' * 60}@example.org", location=word)


@pytest.fixture(params=PAGES)
def addresses(request):
    request.getfixturevalue(request.param)
    return PAGES[request.param]


def test_nothing_scrolls_sideways_at_any_width(page, live_server, addresses):
    for address in addresses:
        page.goto(live_server.url + address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            overflow = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert overflow <= 0, (address, width)


def test_the_sideways_check_can_fail(page):
    page.set_content('<div style="width: 2000px">wide</div>')
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") > 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_keeps_the_rules_of_wcag(page, live_server, addresses, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    for address in addresses:
        page.goto(live_server.url + address)
        options = {"runOnly": {"type": "tag", "values": RULES}}
        found = Axe().run(page, options=options).response["violations"]
        if addresses is PAGES["stress"]:
            # These texts have headings of the author's own, a first level among them.
            found = [
                item
                for item in found
                if item["id"] not in ("heading-order", "page-has-heading-one")
            ]
        said = [(item["id"], [node["html"][:200] for node in item["nodes"]]) for item in found]
        assert not said, (address, said)


def test_body_text_has_a_contrast_of_seven_to_one(page, live_server, seed):
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(live_server.url + "/journal/2025/10/refactored-three-times/")
        options = {"runOnly": {"type": "rule", "values": ["color-contrast-enhanced"]}}
        found = Axe().run(page, context=".prose", options=options).response
        assert found["passes"]
        assert not found["violations"]


def test_a_page_reads_without_javascript(new_context, live_server, seed):
    page = new_context(java_script_enabled=False).new_page()
    page.goto(live_server.url)
    expect(page.get_by_text("complexity is debt.")).to_be_visible()
    page.get_by_role("link", name="realized most bugs are communication failures.").click()
    expect(page.locator("h1")).to_have_text("realized most bugs are communication failures.")


def test_the_keyboard_reaches_the_content_first_and_then_every_link(page, live_server, seed):
    page.goto(live_server.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("main a").first).to_be_focused()


# Smooth scrolling takes some frames; a function in the page, since the policy forbids eval.
UNTIL_SCROLLED = """
(element) => new Promise((resolve) => {
  let frames = 0;
  const look = () => {
    if (element.scrollLeft > 0 || ++frames > 300) resolve(element.scrollLeft > 0);
    else requestAnimationFrame(look);
  };
  look();
})
"""


def test_a_wide_block_of_code_is_scrolled_by_keyboard(page, live_server, stress):
    page.set_viewport_size({"width": 360, "height": 900})
    page.goto(live_server.url + "/thinking/hard/")
    block = page.locator("pre").first
    block.focus()
    expect(block).to_be_focused()
    page.keyboard.press("ArrowRight")
    assert block.evaluate(UNTIL_SCROLLED)


def test_right_to_left_text_runs_from_the_right(page, live_server, stress):
    page.goto(live_server.url + "/journal/2025/12/")
    title = page.get_by_role("link", name="عنوان من اليمين إلى اليسار")
    assert title.evaluate("element => getComputedStyle(element).direction") == "rtl"


def test_a_page_prints_without_its_navigation(page, live_server, seed):
    page.goto(live_server.url + "/roles/engineering-lead/")
    expect(page.get_by_role("navigation", name="main")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="main")).to_be_hidden()
    expect(page.get_by_text("keep the architecture boring.")).to_be_visible()


def test_the_browser_asks_no_other_host_for_anything(page, live_server, seed):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for address in PAGES["seed"]:
        page.goto(live_server.url + address)
    assert asked
    assert all(url.startswith(live_server.url) for url in asked)
