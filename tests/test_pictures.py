"""Pictures in a text: what is known of them is on the page, and their size fits the screen."""

import io

import html5lib
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image as Pillow

from portfolio import images
from portfolio.images import shown_in
from portfolio.markdown import absolute, render
from portfolio.models import Image

from .factories import make_image, make_principle

pytestmark = pytest.mark.django_db

SITE = "https://example.org/"


def make_picture(width, height, format="PNG", **fields):
    """A stored picture of that size, with some detail in it."""
    content = io.BytesIO()
    Pillow.linear_gradient("L").resize((width, height)).convert("RGB").save(content, format)
    content.seek(0)
    image = images.store(images.clean(ContentFile(content.getvalue())))
    Image.objects.filter(pk=image.pk).update(**fields)
    image.refresh_from_db()
    return image


def elements(text):
    page = html5lib.parse(render(text, shown_in(text)), namespaceHTMLElements=False)
    return {element.tag: element for element in page.find("body").iter()}


def test_a_picture_alone_is_a_figure_with_its_size_words_and_caption():
    image = make_image(alt="a desk", caption="where it < happened")
    found = elements(f"before\n\n![]({image.file.url})\n\nafter")
    assert found["img"].attrib == {
        "src": image.file.url,
        "alt": "a desk",
        "width": "4",
        "height": "3",
        "decoding": "async",
    }
    assert found["figcaption"].text == "where it < happened"
    assert found["figure"][0] is found["img"]


def test_what_the_text_says_of_a_picture_comes_first():
    image = make_image(alt="a desk", caption="where it happened")
    found = elements(f'![my desk]({image.file.url} "in spring")')
    assert found["img"].attrib["alt"] == "my desk"
    assert "title" not in found["img"].attrib
    assert found["figcaption"].text == "in spring"


def test_without_a_caption_there_is_no_caption():
    found = elements(f"![]({make_image().file.url})")
    assert "figure" in found
    assert "figcaption" not in found


def test_a_decorative_picture_is_passed_over_by_screen_readers():
    assert elements(f"![]({make_image(alt='', decorative=True).file.url})")["img"].get("alt") == ""


def test_a_picture_among_words_is_no_figure_but_has_its_size():
    found = elements(f"see ![]({make_image().file.url}) here")
    assert "figure" not in found
    assert found["img"].attrib["width"] == "4"


@pytest.mark.parametrize(
    "address", ["https://a.example/x.png", "/media/00000000000000000000.png", "/x.png"]
)
def test_a_picture_that_is_not_ours_is_left_as_it_is(address):
    assert render(f"![x]({address})", shown_in(f"![x]({address})")) == (
        f'<p><img src="{address}" alt="x"></p>\n'
    )


def test_pictures_after_the_first_wait_until_they_are_near():
    text = "\n\n".join(f"![]({make_image().file.url})" for _ in range(3))
    assert render(text, shown_in(text)).count('loading="lazy"') == 2


def test_a_caption_that_changes_changes_the_page(client):
    image = make_image(caption="as it was")
    principle = make_principle(body=f"![]({image.file.url})")
    assert "as it was" in client.get(principle.get_absolute_url()).text
    Image.objects.update(caption="as it is")
    assert "as it is" in client.get(principle.get_absolute_url()).text


def test_the_database_is_asked_once_and_only_for_a_text_with_pictures():
    named = "\n\n".join(f"![]({make_image().file.url})" for _ in range(5))
    for text, count in ((named, 1), ("![](https://a.example/x.png) and /media/ and words", 0)):
        with CaptureQueriesContext(connection) as queries:
            shown_in(text)
        assert len(queries) == count


# Renditions.


def picture(text):
    """The candidates that a browser chooses from, as [(type, srcset), …], the last without type."""
    found = html5lib.parse(render(text, shown_in(text)), namespaceHTMLElements=False)
    element = found.find(".//picture")
    return [(each.get("type"), each.get("srcset")) for each in element]


def test_a_large_picture_has_narrower_copies_in_three_formats():
    image = make_picture(2000, 1000)
    stem = image.file.name.removesuffix(".png")

    def copies(extension):
        return ", ".join(f"/media/{stem}-{w}.{extension} {w}w" for w in (480, 960, 1600))

    text = f"![]({image.file.url})"
    expected = [
        *(("image/avif", copies("avif")), ("image/webp", copies("webp"))),
        (None, copies("jpg")),
    ]
    assert picture(text) == expected
    found = elements(text)
    assert found["figure"][0] is found["picture"]
    assert {e.get("sizes") for e in found["picture"]} == {"(min-width: 46rem) 37rem, 100vw"}
    assert (found["img"].get("width"), found["img"].get("height")) == ("2000", "1000")


def test_no_picture_is_made_larger(client):
    image = make_picture(600, 400)
    stem = image.file.name.removesuffix(".png")
    text = f"![]({image.file.url})"
    assert picture(text)[0] == (
        "image/avif",
        f"/media/{stem}-480.avif 480w, /media/{stem}-960.avif 600w",
    )
    with Pillow.open(io.BytesIO(b"".join(client.get(f"/media/{stem}-960.avif")))) as copy:
        assert copy.size == (600, 400)
    assert client.get(f"/media/{stem}-1600.avif").status_code == 404
    assert "picture" not in elements(f"![]({make_picture(480, 480).file.url})")


@pytest.mark.parametrize(
    ("format", "place", "extension"), [("JPEG", 2, "jpg"), ("WEBP", 1, "webp"), ("AVIF", 0, "avif")]
)
def test_a_file_is_not_written_again_in_its_own_size_and_format(client, format, place, extension):
    image = make_picture(600, 400, format)
    addresses = picture(f"![]({image.file.url})")[place][1]
    assert addresses.endswith(f"-480.{extension} 480w, {image.file.url} 600w")
    assert client.get(f"/media/{image.file.name[:20]}-960.{extension}").status_code == 404


@pytest.mark.once
def test_what_is_transparent_stays_so_in_every_copy(client):
    content = io.BytesIO()
    Pillow.new("RGBA", (700, 300), (200, 20, 20, 128)).save(content, "PNG")
    image = images.store(images.clean(ContentFile(content.getvalue())))
    assert image.transparent
    assert "-480.png 480w" in picture(f"![]({image.file.url})")[2][1]
    for extension in ("avif", "webp", "png"):
        copy = b"".join(client.get(f"/media/{image.file.name[:20]}-480.{extension}"))
        with Pillow.open(io.BytesIO(copy)) as opened:
            assert opened.size == (480, 206)
            assert 120 < opened.convert("RGBA").getpixel((9, 9))[3] < 136
    assert client.get(f"/media/{image.file.name[:20]}-480.jpg").status_code == 404


def test_an_unused_channel_for_transparency_is_no_transparency():
    content = io.BytesIO()
    Pillow.new("RGBA", (8, 8), (200, 20, 20, 255)).save(content, "PNG")
    image = images.store(images.clean(ContentFile(content.getvalue())))
    assert not image.transparent
    with image.file.open() as file, Pillow.open(file) as stored:
        assert stored.mode == "RGB"


def test_a_picture_too_tall_for_a_format_has_fewer_copies():
    def names(height):
        image = Image(file=f"{'0' * 20}.png", width=500, height=height)
        return {name[20:] for name in images.renditions(image)}

    assert names(17_000) == {"-480.avif", "-480.webp", "-480.jpg"}
    assert names(18_000) == set()
    for height in (images.TALLEST, images.TALLEST + 1):
        try:
            Pillow.new("RGB", (1, height)).save(io.BytesIO(), "WEBP")
        except ValueError:
            assert height > images.TALLEST
        else:
            assert height == images.TALLEST


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "AVIF"])
@pytest.mark.parametrize("extension", ["avif", "webp", "jpg"])
def test_a_copy_is_made_when_it_is_first_asked_for_and_then_kept(client, format, extension):
    image = make_picture(1000, 500, format)
    name = f"{image.file.name.partition('.')[0]}-480.{extension}"
    assert not default_storage.exists(name)
    response = client.get(f"/media/{name}")
    content = b"".join(response)
    assert response["Content-Type"] == images.CONTENT_TYPES[extension]
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    with Pillow.open(io.BytesIO(content)) as copy:
        assert (copy.format, copy.size) == (images.RENDITION_FORMATS[extension][0], (480, 240))
    Image.objects.all().delete()
    assert b"".join(client.get(f"/media/{name}")) == content


@pytest.mark.once
@pytest.mark.parametrize("mode", ["P", "1", "L", "LA", "RGB"])
def test_copies_of_a_palette_and_of_grey_are_smooth(client, mode):
    # Black and white dots, which a copy of half the size has to mix.
    source = Pillow.radial_gradient("L").resize((960, 960)).convert("1").convert("RGB")
    if mode == "LA":
        source.putalpha(128)
    source = source.quantize(2) if mode == "P" else source.convert(mode)
    content = io.BytesIO()
    options = {"transparency": (255, 255, 255)} if mode == "RGB" else {}
    source.save(content, "PNG", **options)
    image = images.store(images.clean(ContentFile(content.getvalue())))
    assert image.transparent == (mode in ("LA", "RGB"))
    for extension in images.extensions(image):
        copy = b"".join(client.get(f"/media/{image.file.name[:20]}-480.{extension}"))
        with Pillow.open(io.BytesIO(copy)) as opened:
            shades = images.on_white(opened).convert("L").histogram()
        assert sum(shades[40:215]) > 480 * 480 / 3


def test_in_a_feed_every_candidate_has_its_whole_address():
    image = make_picture(1000, 500)
    markup = absolute(render(f"![]({image.file.url})", shown_in(image.file.url)), SITE + "a/b/")
    assert markup.count("srcset=") == 3
    assert markup.count(f"{SITE}media/") == markup.count("/media/") == 10


@pytest.mark.parametrize(
    "element",
    [
        "<source srcset='//evil.example/x.webp 480w' type=image/webp>",
        "<source srcset='https://evil.example/x.webp'>",
        "<source src='https://evil.example/x.webp' onerror=alert(1)>",
    ],
)
def test_an_authors_own_candidates_come_from_here_only(element):
    markup = render(f"<picture>{element}<img src=/x.png></picture>")
    assert "evil" not in markup
    assert "onerror" not in markup
    ours = "<picture><source srcset='/x.webp 480w'><img src=/x.png></picture>"
    assert 'srcset="/x.webp 480w"' in render(ours)


# What is said of them.


def test_the_pictures_that_lack_words_are_known():
    bare, described, empty = (make_image(alt=alt) for alt in ("", "a desk", ""))
    decorative = make_image(alt="", decorative=True)

    def lacking(*texts):
        return images.undescribed("\n\n".join(texts))

    def show(image, words=""):
        return f"![{words}]({image.file.url})"

    assert lacking(show(bare), show(described), show(decorative), show(empty, "words")) == [bare]
    # Words that are only spaces, one of two that has none, and what the text does not say itself.
    assert lacking(show(bare, " ")) == [bare]
    assert lacking(show(bare, "words"), show(bare)) == [bare]
    assert lacking(f"<img src='{described.file.url}'>") == [described]
    assert lacking(f"`{show(bare)}`", "words", "![](/x.png)") == []
    Image.objects.filter(pk=bare.pk).update(alt="a chair")
    assert lacking(show(bare)) == []


@pytest.mark.parametrize("width", ["479", "0", "1", "99999", "0480", "480.5", "-480", "480x480"])
def test_only_three_widths_are_made(client, media_root, width):
    image = make_picture(2000, 20)
    kept = sorted(media_root.iterdir())
    for extension in ("avif", "webp", "jpg"):
        address = f"/media/{image.file.name[:20]}-{width}.{extension}"
        assert client.get(address).status_code == 404
    assert sorted(media_root.iterdir()) == kept


def test_no_copy_is_made_of_what_is_not_there(client):
    assert client.get(f"/media/{'0' * 20}-480.webp").status_code == 404
    image = make_picture(2000, 20)
    default_storage.delete(image.file.name)
    assert client.get(f"/media/{image.file.name[:20]}-480.webp").status_code == 404


# In a browser.

SIZES = "images => images.map(image => [image.clientWidth, image.clientHeight])"


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_pictures_of_every_shape_fit_and_nothing_moves(page, live_server):
    tall, tiny, wide = make_picture(800, 4000), make_picture(16, 16), make_picture(3000, 500)
    text = "\n\n".join(f"![]({image.file.url})" for image in (wide, tall, tiny))
    make_principle(slug="pictures", body=f"{text}\n\n![gone](/media/{'0' * 20}.png)\n\nthe end")
    page.set_viewport_size({"width": 400, "height": 800})
    page.route("**/media/**", lambda route: route.abort())
    address = live_server.url + "/thinking/pictures/"
    page.goto(address)
    images = page.locator(".prose img")
    unloaded = images.evaluate_all(SIZES)[:3]
    page.unroute("**/media/**")
    page.goto(address)
    for image in images.all():
        image.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    column = page.locator(".prose").evaluate("element => element.clientWidth")
    loaded = images.evaluate_all(SIZES)[:3]
    assert loaded == unloaded
    assert loaded[0] == [column, round(column / 6)]
    assert loaded[1][1] == 720
    assert loaded[2] == [16, 16]
    sent = images.evaluate_all("images => images.map(image => image.currentSrc)")
    assert sent[0].endswith("-480.avif")
    page.get_by_role("link", name="The picture in full size").click()
    page.wait_for_url(live_server.url + tall.file.url)
