"""Every page in a real browser: nothing scrolls sideways, nothing breaks a rule of WCAG 2.2 AA."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles.finders import find
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

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]

WIDTHS = [320, 360, 768, 1280, 1600]
# Put into a page once, which takes as long as a run; of what passes only the names are fetched.
AXE = Axe().axe_script
RUN = """
async (options) => {
  const { passes, violations } = await axe.run(options);
  return { passes: passes.map(({ id }) => id), violations };
}
"""
# By itself the check of 7:1 leaves what is below 4.5:1, or 3:1 when large, to another rule.
WHATEVER_IS_BELOW = {"contrastRatio": {"normal": {"minThreshold": 0}, "large": {"minThreshold": 0}}}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "seed": [
        *("/", "/now/", "/roles/", "/thinking/", "/journal/", "/tools/", "/lessons/", "/cv/"),
        "/none/",
        *("/roles/engineering-lead/", "/thinking/if-i-cant-explain-it/", "/tools/postgresql/"),
        *("/journal/2025/", "/journal/2025/10/", "/journal/2025/10/refactored-three-times/"),
        "/journal/before/2025/12/removed-more-code-than-i-wrote/",
        *("/search/", "/search/?q=team", "/search/?q=kuberntes", "/search/?q=zzqx"),
    ],
    "stress": [
        *("/", "/now/", "/roles/", "/thinking/", "/journal/", "/tools/", "/lessons/", "/cv/"),
        *("/roles/hard/", "/thinking/hard/", "/tools/hard/", "/journal/2026/01/hard/"),
        *("/search/?q=donau", f"/search/?q={'w' * 200}"),
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


@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_keeps_the_rules_of_wcag_and_seven_to_one(page, live_server, addresses, width):
    """In both schemes. The rule of 7:1 is of level AAA and stricter than that of 4.5:1."""
    page.set_viewport_size({"width": width, "height": 900})
    contrast = {"color-contrast-enhanced": {"enabled": True}, "color-contrast": {"enabled": False}}
    options = {
        "runOnly": {"type": "tag", "values": RULES},
        "rules": contrast,
        "checks": {"color-contrast-enhanced": {"options": WHATEVER_IS_BELOW}},
        # Of the others one node each, which takes half the time.
        "resultTypes": ["violations"],
    }
    for address in addresses:
        page.goto(live_server.url + address)
        page.evaluate(AXE)
        for scheme in ("light", "dark"):
            # Without motion a colour is at once what it will be.
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            # But for contrast, no rule sees the scheme.
            of_scheme = options | (
                {"runOnly": ["color-contrast-enhanced"]} if scheme == "dark" else {}
            )
            found = page.evaluate(RUN, of_scheme)
            assert "color-contrast-enhanced" in found["passes"]
            said = [
                (item["id"], [node["html"][:200] for node in item["nodes"]])
                for item in found["violations"]
            ]
            assert not said, (address, scheme, said)


def test_the_admin_has_the_colours_of_the_site():
    def colours(name):
        sheet = Path(find(f"portfolio/{name}.css")).read_text()
        return dict(re.findall(r"(--\w+): (light-dark\(#\w+, #\w+\))", sheet))

    assert colours("site") == colours("admin")
    assert len(colours("site")) == 8


# What readers change about a page.

SPACED = """
* {
  line-height: 1.5 !important;
  letter-spacing: 0.12em !important;
  word-spacing: 0.16em !important;
}

p { margin-block-end: 2em !important }
"""
CLIPPED = """
() => [...document.querySelectorAll("main *, header *, footer *")].filter((element) => {
  const { overflowX, overflowY } = getComputedStyle(element);
  const hides = [overflowX, overflowY].some((value) => value === "hidden" || value === "clip");
  return hides && element.scrollHeight > element.clientHeight;
}).map((element) => element.outerHTML.slice(0, 100))
"""


def test_wider_spacing_of_text_loses_nothing(page, live_server, addresses):
    """WCAG 1.4.12."""
    page.set_viewport_size({"width": 320, "height": 900})
    for address in addresses:
        page.goto(live_server.url + address)
        page.evaluate(
            """(css) => {
              const sheet = new CSSStyleSheet();
              sheet.replaceSync(css);
              document.adoptedStyleSheets.push(sheet);
            }""",
            SPACED,
        )
        spacing = "getComputedStyle(document.querySelector('p')).letterSpacing"
        assert page.evaluate(spacing) != "normal"
        assert page.evaluate(CLIPPED) == []
        overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, address


def test_at_four_times_the_size_nothing_is_lost_or_scrolls_sideways(page, live_server, addresses):
    """WCAG 1.4.10: a window of 1280 × 1024 at 400%."""
    page.set_viewport_size({"width": 320, "height": 256})
    for address in addresses:
        page.goto(live_server.url + address)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address
        assert page.evaluate(CLIPPED) == []
        # Nothing is fixed in front of the text.
        assert page.evaluate(
            "[...document.querySelectorAll('*')].every("
            "(e) => !['fixed', 'sticky'].includes(getComputedStyle(e).position))"
        )


FOCUSED = """
() => {
  const element = document.activeElement;
  const shown = element.matches("input") ? element.closest("label") : element;
  // An element that is broken over lines has a box a line, of which one may be above the window.
  const boxes = [...shown.getClientRects()];
  const box = boxes.find(({ top, bottom }) => top >= 0 && bottom <= innerHeight) ?? boxes[0];
  const middle = [box.left + Math.min(box.width / 2, 40), box.top + box.height / 2];
  const front = document.elementFromPoint(...middle);
  return {
    name: shown.textContent.trim().slice(0, 60),
    seen: Boolean(front) && (shown.contains(front) || front.contains(shown)),
    outlined: getComputedStyle(shown).outlineStyle !== "none",
    top: box.top,
  };
}
"""


@pytest.mark.parametrize("width", [320, 1280])
def test_each_stop_of_the_keyboard_is_seen_with_its_outline(page, live_server, stress, width):
    """WCAG 2.4.7, 2.4.11."""
    page.set_viewport_size({"width": width, "height": 600})
    for address in ("/", "/journal/2026/01/hard/", "/roles/hard/"):
        page.goto(live_server.url + address)
        stops = page.evaluate(
            "document.querySelectorAll('a[href], button, [tabindex=\"0\"], summary').length"
        )
        assert stops > 10
        for _ in range(min(stops, 60)):
            page.keyboard.press("Tab")
            stop = page.evaluate(FOCUSED)
            assert stop["seen"], (address, stop)
            assert stop["outlined"], (address, stop)


def stops_of(page, count):
    names = []
    for _ in range(count):
        page.keyboard.press("Tab")
        names.append(page.evaluate(FOCUSED)["name"])
    return names


def test_the_keyboard_walks_a_page_in_the_order_in_which_it_is_read(page, live_server, seed):
    page.goto(live_server.url + "/journal/2025/10/refactored-three-times/")
    names = stops_of(page, 24)
    assert names[:3] == ["skip to content", "Engineering Lead", "now"]
    assert names.index("oct 2025") < names.index("what broke")
    before, after = (next(n for n in names if mark in n) for mark in ("←", "→"))
    assert names.index("oct 2025") < names.index(before) < names.index(after)


def test_forced_colours_leave_everything_visible(page, live_server, addresses):
    page.emulate_media(forced_colors="active")
    for address in addresses:
        page.goto(live_server.url + address)
        page.evaluate(AXE)
        options = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
        found = page.evaluate(RUN, options | {"resultTypes": ["violations"]})
        assert found["passes"], address
        assert not found["violations"], address


def test_forced_colours_leave_the_edges_of_what_is_told_apart_by_colour(page, live_server, stress):
    border = "element => getComputedStyle(element).borderInlineStartStyle"
    page.goto(live_server.url + "/roles/hard/")
    assert page.locator(".code").first.evaluate(border) == "none"
    page.emulate_media(forced_colors="active")
    assert page.locator(".code").first.evaluate(border) == "solid"
    assert page.locator(".learned > dd").evaluate(border) == "solid"
    assert page.locator(".broke > dd").evaluate(border) == "double"
    page.goto(live_server.url + "/roles/")
    current = page.get_by_role("navigation", name="main").get_by_role("link", name="roles")
    line = "element => getComputedStyle(element).textDecorationLine"
    assert current.evaluate(line) == "underline"


def test_more_contrast_is_given_to_who_asks_for_it(page, live_server, seed):
    page.goto(live_server.url)
    colour = "getComputedStyle(document.querySelector('.label')).color"
    usual = page.evaluate(colour)
    page.emulate_media(contrast="more")
    assert page.evaluate(colour) == "rgb(0, 0, 0)" != usual


MOVING = """
() => [...document.querySelectorAll("*")].filter((element) => {
  const { transitionDuration, animationName } = getComputedStyle(element);
  return parseFloat(transitionDuration) || animationName !== "none";
}).length
"""


def test_nothing_moves_for_who_asks_for_less_motion(page, live_server, seed):
    page.goto(live_server.url)
    assert page.evaluate(MOVING) > 0
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(MOVING) == 0


TARGETS = """
() => [...document.querySelectorAll("button, label, nav a, .colophon a, .tools a")]
  .filter((element) => element.offsetParent)
  .map((element) => [element.textContent, element.getBoundingClientRect()])
  .filter(([, box]) => box.height < 24 || box.width < 24)
  .map(([text]) => text)
"""


def test_targets_are_large_enough_for_a_finger(page, live_server, seed):
    """WCAG 2.5.8: 24 × 24 CSS pixels for what is no link within a sentence."""
    page.set_viewport_size({"width": 360, "height": 800})
    for address in ("/", "/thinking/if-i-cant-explain-it/", "/tools/"):
        page.goto(live_server.url + address)
        assert page.evaluate(TARGETS) == [], address


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
