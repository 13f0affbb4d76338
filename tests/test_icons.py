"""The site among tabs and on home screens: one drawing, in the sizes that each place asks for."""

import io
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from PIL import Image, ImageChops

from portfolio.models import Profile
from tests.metadata import links

pytestmark = pytest.mark.once

ICONS = Path(finders.find("portfolio/icons/icon.svg")).parent
PAPER = "#faf8f3"
# File → (pixels, what lies behind the drawing).
DRAWN = {
    "favicon.ico": (32, "transparent"),
    "apple-touch-icon.png": (180, PAPER),
    "192.png": (192, "transparent"),
    "512.png": (512, "transparent"),
    "maskable.png": (512, PAPER),
}


def opened(content):
    with Image.open(io.BytesIO(content)) as image:
        return image.convert("RGBA")


def painted(page, size, background, scheme="light"):
    """The drawing as the browser paints it."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": size, "height": size})
    svg = ICONS.joinpath("icon.svg").read_text()
    svg = svg.replace("<svg", f'<svg width="{size}" height="{size}" style="display: block"')
    page.set_content(f'<body style="margin: 0; background: {background}">{svg}')
    return opened(page.screenshot(omit_background=True))


def difference(one, other):
    """The greatest in any channel of any pixel, both on the same ground."""
    grounds = [Image.alpha_composite(Image.new("RGBA", i.size, "white"), i) for i in (one, other)]
    found = ImageChops.difference(*grounds).convert("RGB").getextrema()
    return max(most for _, most in found)


@pytest.mark.parametrize("name", DRAWN)
def test_every_icon_shows_the_one_drawing(page, name):
    size, background = DRAWN[name]
    content = ICONS.joinpath(name).read_bytes()
    icon = opened(content)
    assert icon.size == (size, size)
    assert difference(icon, painted(page, size, background)) < 24
    assert len(content) < 5_000
    # The control: another colour would be noticed.
    assert difference(icon, painted(page, size, background, "dark")) > 60


def test_a_launcher_may_cut_the_maskable_icon_to_a_circle(page):
    icon = opened(ICONS.joinpath("maskable.png").read_bytes()).convert("RGB")
    left, top, right, bottom = ImageChops.difference(
        icon, Image.new("RGB", icon.size, PAPER)
    ).getbbox()
    # What is safe is a circle of 40% of the width around the middle; the drawing is a disc.
    safe = 0.4 * icon.width
    assert max(256 - left, 256 - top, right - 256, bottom - 256) <= safe


def test_browsers_find_an_icon_that_they_were_not_told_of(client):
    response = client.get("/favicon.ico")
    assert response["Content-Type"] == "image/x-icon"
    assert opened(response.content).size == (32, 32)


@pytest.mark.django_db
def test_the_head_leads_to_every_icon_and_to_the_manifest(client):
    response = client.get("/")
    icons = ["/favicon.ico", "/static/portfolio/icons/icon.svg"]
    assert links(response, "icon") == icons
    assert links(response, "apple-touch-icon") == ["/static/portfolio/icons/apple-touch-icon.png"]
    assert links(response, "manifest") == ["/site.webmanifest"]


@pytest.mark.django_db
def test_the_manifest_names_the_site_and_its_icons(client):
    Profile.objects.create(name="Ada")
    response = client.get("/site.webmanifest")
    assert response["Content-Type"] == "application/manifest+json"
    manifest = response.json()
    assert manifest["name"] == manifest["short_name"] == "Ada"
    assert manifest["id"] == manifest["start_url"] == manifest["scope"] == "/"
    assert manifest["display"] == "minimal-ui"
    assert manifest["theme_color"] == manifest["background_color"] == PAPER
    for icon in manifest["icons"]:
        name = re.fullmatch(r"/static/portfolio/icons/(.+\.png)", icon["src"])[1]
        size, _ = DRAWN[name]
        assert icon["sizes"] == f"{size}x{size}"
        assert icon["type"] == "image/png"
    assert {icon["purpose"] for icon in manifest["icons"]} == {"any", "maskable"}
