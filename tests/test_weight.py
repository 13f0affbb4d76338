"""What a first visit costs a reader, measured in a browser at the site as it is served."""

import pytest

from bench import weight
from tests.server import running_site

pytestmark = pytest.mark.once

# The fallbacks are fonts of the reader's machine, which nobody waits for.
DISPLAYS = """
[...document.fonts].filter((font) => !font.family.includes("fallback")).map((font) => font.display)
"""
# The fonts are in only after a first paint, and something has moved by then.
JUMPING = """data:text/html,<div id=above></div><p>text<script>
const later = (resolve) => requestAnimationFrame(() => requestAnimationFrame(() => {
  above.style.height = "300px";
  resolve();
}));
Object.defineProperty(document.fonts, "ready", { value: new Promise(later) });
</script>"""


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with running_site(tmp_path_factory.mktemp("site")) as site:
        yield site.url


def test_a_first_visit_stays_within_its_limits(browser, url):
    measured = weight.weigh(browser, url)
    assert measured.keys() >= weight.LIMITS.keys()
    beyond = {
        what: measured[what] for what in weight.LIMITS if measured[what] > weight.LIMITS[what]
    }
    assert beyond == {}


def test_everything_that_home_loads_is_weighed(browser, url):
    home = weight.visit(browser, url)
    assert {"document", "stylesheet", "font"} <= {kind for kind, _ in home.values()}
    assert all(size > 0 for _, size in home.values())


def test_a_request_to_another_host_would_be_noticed(browser, url):
    other = "http://localhost:9/"  # nothing listens there
    asked = weight.visit(browser, f"data:text/html,<img src='{url}/'><img src='{other}'>")
    assert other in weight.foreign(asked, url)
    assert f"{url}/" not in weight.foreign(asked, url)


def test_a_jump_would_be_noticed(browser):
    assert weight.shift(browser, JUMPING, 360) > 0.01


def test_text_never_waits_for_its_font(page, url):
    page.goto(url)
    assert set(page.evaluate(DISPLAYS)) == {"swap"}
