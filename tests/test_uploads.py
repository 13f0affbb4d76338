"""Adding pictures: who may, what is taken, what is left of it, and where it is kept."""

import io
import os
import re
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from PIL import Image as Picture
from PIL import ImageCms, JpegImagePlugin
from PIL.PngImagePlugin import PngInfo

from portfolio import images
from portfolio.models import Image

from .factories import make_user

RED, BLUE = (200, 20, 20), (20, 20, 200)
SECRET = "a name that nobody should read"


def red_over_blue():
    picture = Picture.new("RGB", (30, 20), RED)
    picture.paste(BLUE, (0, 10, 30, 20))
    return picture


def encoded(picture=None, format="PNG", **options):
    output = io.BytesIO()
    (picture or red_over_blue()).save(output, format, **options)
    return output.getvalue()


def opened(content):
    return Picture.open(io.BytesIO(content))


def exif(orientation=1):
    data = Picture.Exif()
    data[0x0112] = orientation
    data[0x013B] = SECRET
    data[0x8825] = {1: "N", 2: (48.0, 12.0, 30.0)}
    return data.tobytes()


def place(picture):
    """The GPS part of a picture's EXIF."""
    return dict(picture.getexif().get_ifd(0x8825))


def png_chunk(kind, content):
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)


def png_with(kind, content):
    """A PNG with one more chunk, right after its header."""
    png = encoded()
    return png[:33] + png_chunk(kind, content) + png[33:]


def png_header(width, height):
    """A PNG that promises a size and holds nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IEND", b"")


def upload(client, content, name="picture.png", content_type="image/png"):
    file = SimpleUploadedFile(name, content, content_type)
    return client.post(reverse("editing:upload"), {"image": file})


def stored_files():
    return default_storage.listdir("")[1] if default_storage.exists("") else []


def nothing_stored():
    return not Image.objects.exists() and not stored_files()


def stored_content():
    """The bytes of the one picture that there is."""
    image = Image.objects.get()
    assert stored_files() == [image.file.name]
    with default_storage.open(image.file.name) as file:
        return file.read()


def stored(client, content, **names):
    """Upload; gives what was made of it, opened."""
    response = upload(client, content, **names)
    assert response.status_code == 200, response.content
    return opened(stored_content())


def refusal(response):
    """The sentence that a refused upload is answered with."""
    assert response.status_code == 400
    assert nothing_stored()
    sentence = response.json()["error"]
    assert re.fullmatch(r"[A-Z].{10,}\.", sentence)
    return sentence


def near(colour, other):
    return len(colour) == len(other) and all(
        abs(a - b) <= 12 for a, b in zip(colour, other, strict=True)
    )


@pytest.fixture
def editor(client, db):
    client.force_login(make_user("portfolio.add_image"))
    return client


# Who may.


def test_an_upload_answers_with_the_markdown_that_shows_it(editor):
    response = upload(editor, encoded())
    url = Image.objects.get().file.url
    assert response.json() == {"image_code": f"![]({url})", "image_path": url}
    assert re.fullmatch(rf"/media/{images.NAME}", url)
    assert b"".join(editor.get(url)) == stored_content()


def test_an_anonymous_upload_is_refused_as_json(client, db):
    response = upload(client, encoded())
    assert response.status_code == 403
    assert "Sign in" in response.json()["error"]
    assert nothing_stored()


@pytest.mark.parametrize(
    ("permissions", "overrides"),
    [
        (["portfolio.add_image"], {"is_staff": False}),
        (["portfolio.add_image"], {"is_active": False}),
        (["portfolio.change_image", "journal.add_entry"], {}),
    ],
)
def test_an_upload_without_the_permission_is_refused_as_json(client, db, permissions, overrides):
    client.force_login(make_user(*permissions, **overrides))
    response = upload(client, encoded())
    assert response.status_code == 403
    assert response.json()["error"]
    assert nothing_stored()


def test_an_upload_needs_the_csrf_token(db):
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("portfolio.add_image"))
    assert upload(client, encoded()).status_code == 403
    assert nothing_stored()
    client.cookies["csrftoken"] = token = "a" * 32
    file = SimpleUploadedFile("picture.png", encoded())
    fields = {"image": file, "csrfmiddlewaretoken": token}
    assert client.post(reverse("editing:upload"), fields).status_code == 200


def test_an_upload_has_to_be_posted(editor):
    assert editor.get(reverse("editing:upload")).status_code == 405


# What is taken.


@pytest.mark.parametrize(
    ("format", "extension"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("AVIF", "avif")]
)
def test_each_format_keeps_its_format_size_and_colours(editor, format, extension):
    picture = stored(editor, encoded(format=format), name="evil.html", content_type="text/html")
    image = Image.objects.get()
    assert (picture.format, image.file.name.split(".")[1]) == (format, extension)
    assert picture.size == (image.width, image.height) == (30, 20)
    picture = picture.convert("RGB")
    assert near(picture.getpixel((15, 3)), RED)
    assert near(picture.getpixel((15, 17)), BLUE)


@pytest.mark.parametrize(
    ("mode", "colour", "format", "becomes", "expected"),
    [
        ("1", 1, "PNG", "1", (255, 255, 255, 255)),
        ("L", 90, "PNG", "L", (90, 90, 90, 255)),
        ("LA", (90, 128), "PNG", "LA", (90, 90, 90, 128)),
        ("LA", (90, 255), "PNG", "L", (90, 90, 90, 255)),
        ("P", 0, "PNG", "P", (0, 0, 0, 255)),
        ("RGBA", (*RED, 128), "PNG", "RGBA", (*RED, 128)),
        ("RGBA", (*RED, 128), "WEBP", "RGBA", (*RED, 128)),
        ("RGBA", (*RED, 128), "AVIF", "RGBA", (*RED, 128)),
        ("I;16", 40000, "PNG", "L", (156, 156, 156, 255)),
        ("L", 90, "JPEG", "L", (90, 90, 90, 255)),
        ("L", 90, "AVIF", "L", (90, 90, 90, 255)),
        ("CMYK", (0, 255, 255, 0), "JPEG", "RGB", (255, 0, 0, 255)),
    ],
)
def test_every_kind_of_pixel_is_kept_as_a_browser_shows_it(
    editor, mode, colour, format, becomes, expected
):
    picture = stored(editor, encoded(Picture.new(mode, (8, 8), colour), format))
    assert picture.mode == becomes
    assert near(picture.convert("RGBA").getpixel((4, 4)), expected)


def noise(mode="RGB"):
    grey = Picture.effect_noise((96, 64), 80)
    return Picture.merge(mode, [grey.rotate(90 * n) for n in range(len(mode))])


def board():
    """Red and blue in turn, which no lossy encoding keeps."""
    picture = Picture.new("RGB", (64, 64), (0, 0, 255))
    for place in range(0, 64 * 64, 2):
        picture.putpixel((place % 64, place // 64), (255, 0, 0))
    return picture


LOSSLESS = {
    "WebP": encoded(board(), "WEBP", lossless=True),
    "WebP after other chunks": encoded(board(), "WEBP", lossless=True, exif=exif()),
    "transparent WebP": encoded(noise("RGBA"), "WEBP", lossless=True, exact=True),
    "AVIF with all colours": encoded(board(), "AVIF", quality=100, subsampling="4:4:4"),
    "RGB": encoded(noise()),
    "RGBA": encoded(noise("RGBA")),
    "RGB with a transparent colour": encoded(board(), transparency=(255, 0, 0)),
    "grey": encoded(noise("L")),
    "grey and transparent": encoded(noise("LA")),
    "grey with a transparent shade": encoded(noise("L"), transparency=90),
    "16 shades of grey": encoded(noise("L").point(lambda shade: shade // 16 * 17), bits=4),
    "4 shades of grey": encoded(noise("L").point(lambda shade: shade // 64 * 85), bits=2),
    "black and white": encoded(noise("L").convert("1")),
    "black and transparent": encoded(noise("L").convert("1"), transparency=1),
    **{f"{n} colours": encoded(noise().quantize(n), optimize=True) for n in (2, 4, 16, 250)},
    "a palette with transparency": encoded(noise().quantize(16), transparency=b"\0\x80"),
}


@pytest.mark.parametrize("content", LOSSLESS.values(), ids=LOSSLESS)
def test_lossless_palette_and_grey_encoding_is_kept(editor, content):
    picture, source = stored(editor, content), opened(content)
    with_alpha = picture.convert("RGBA")
    assert with_alpha.tobytes() == source.convert("RGBA").tobytes()
    assert picture.mode == source.mode
    # Some PNGs begin with a longer header.
    assert len(stored_content()) <= len(content) + 20


def test_lossless_encoding_is_told_by_the_file(editor):
    # The control: what is lossy is not taken for the other.
    for options in ({"quality": 80}, {"quality": 80, "exif": exif()}):
        assert not images.is_lossless_webp(io.BytesIO(encoded(board(), "WEBP", **options)))
    assert stored(editor, encoded(board(), "WEBP")).tobytes() != board().tobytes()
    content = encoded(noise(), "AVIF", quality=100, subsampling="4:4:4")
    assert images.avif_coding(io.BytesIO(content)) == ("4:4:4", False)
    place = content.index(b"colrnclx") + 12
    content = content[:place] + b"\0\0" + content[place + 2 :]
    assert images.avif_coding(io.BytesIO(content)) == ("4:4:4", True)
    for chunks in (b"", b"RIFF\xff\xff\xff\xffWEBP" + b"XXXX\0\0\0\0" * 10_000):
        assert not images.is_lossless_webp(io.BytesIO(chunks))


@pytest.mark.parametrize("quality", [50, 75, 95])
@pytest.mark.parametrize("format", ["JPEG", "WEBP"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_lossy_encoding_becomes_no_larger(format, quality, mode):
    picture = noise(mode).resize((300, 200))
    options = {"subsampling": "4:4:4"} if format == "JPEG" else {}
    content = encoded(picture, format, quality=quality, **options)
    again = images.clean(ContentFile(content))
    assert again.size <= len(content) * 1.01
    if format == "JPEG":
        assert JpegImagePlugin.get_sampling(opened(again.read())) == (0 if mode == "RGB" else -1)


def test_a_palette_that_lacks_colours_is_no_palette(editor):
    def indexed(pixel):
        header = struct.pack(">IIBBBBB", 1, 1, 8, 3, 0, 0, 0)
        chunks = {b"IHDR": header, b"PLTE": bytes([*RED, *BLUE])}
        chunks |= {b"IDAT": zlib.compress(bytes([0, pixel])), b"IEND": b""}
        return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks.items())

    assert images.clean(ContentFile(indexed(1))).size < 100
    assert stored(editor, indexed(9)).mode == "RGB"


@pytest.mark.parametrize("transparency", [0, b"\0\xff"])
def test_a_palette_keeps_its_transparency(editor, transparency):
    source = Picture.new("P", (8, 8), 0)
    source.putpalette([*RED, *BLUE])
    source.putpixel((1, 0), 1)
    picture = stored(editor, encoded(source, transparency=transparency)).convert("RGBA")
    assert picture.getpixel((0, 0))[3] == 0
    assert picture.getpixel((1, 0)) == (*BLUE, 255)


@pytest.mark.parametrize(
    ("mode", "transparency"), [("1", 0), ("L", 90), ("I;16", 40000), ("RGB", RED)]
)
def test_a_colour_that_means_transparent_is_understood(editor, mode, transparency):
    source = Picture.new(mode, (8, 8), transparency)
    picture = stored(editor, encoded(source, transparency=transparency))
    # Of 16 bits only 8 are kept, which are too few to compare with.
    assert picture.convert("RGBA").getpixel((4, 4))[3] == (255 if mode == "I;16" else 0)


def test_a_transparent_png_named_jpg_stays_a_png(editor):
    content = encoded(Picture.new("RGBA", (8, 8), (*RED, 0)))
    picture = stored(editor, content, name="photo.jpg", content_type="image/jpeg")
    assert (picture.format, picture.mode) == ("PNG", "RGBA")
    assert Image.objects.get().file.name.endswith(".png")


def test_of_a_phones_two_pictures_in_one_file_the_first_is_kept(editor):
    preview = Picture.new("RGB", (5, 5), BLUE)
    content = encoded(red_over_blue(), "MPO", save_all=True, append_images=[preview])
    assert opened(content).n_frames == 2
    picture = stored(editor, content, name="phone.jpg", content_type="image/jpeg")
    assert (picture.format, picture.size) == ("JPEG", (30, 20))


# What is left of it.


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_picture_stands_upright_and_does_not_tell_where_it_was_taken(editor, format):
    content = encoded(format=format, exif=exif(orientation=6))
    source = opened(content)
    assert place(source)[1] == "N"
    assert source.size == (30, 20)
    picture = stored(editor, content)
    assert not picture.getexif()
    image = Image.objects.get()
    assert picture.size == (image.width, image.height) == (20, 30)
    picture = picture.convert("RGB")
    assert near(picture.getpixel((3, 15)), BLUE)
    assert near(picture.getpixel((17, 15)), RED)


def png_text(zip):
    info = PngInfo()
    info.add_text("Author", SECRET, zip=zip)
    info.add_itxt("XML:com.adobe.xmp", SECRET, zip=zip)
    return info


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("JPEG", {"comment": SECRET}),
        *((format, {"xmp": SECRET.encode()}) for format in ("JPEG", "WEBP", "AVIF")),
        *((format, {"exif": exif()}) for format in ("JPEG", "PNG", "WEBP", "AVIF")),
        ("PNG", {"pnginfo": png_text(zip=False)}),
    ],
)
def test_what_a_file_says_besides_its_picture_is_gone(editor, format, options):
    content = encoded(format=format, **options)
    assert SECRET.encode() in content
    assert stored(editor, content).getpixel((0, 0))
    assert SECRET.encode() not in stored_content()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_page_appended_to_a_picture_is_gone(editor, format):
    page = b"<script>alert(1)</script>"
    stored(editor, encoded(format=format) + page)
    assert page not in stored_content()


def swapped_profile():
    """sRGB's profile with red and blue exchanged."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(b"rXYZ", b"????", 1).replace(b"bXYZ", b"rXYZ", 1)
    return profile.replace(b"????", b"bXYZ", 1)


def light_profile():
    """A profile of grey that is as light as its number says: sRGB has a larger one for it."""
    curve = struct.pack(">4sIIH", b"curv", 0, 1, 1 << 8) + b"\0\0"
    white = struct.pack(">4sI3i", b"XYZ ", 0, 63190, 65536, 54061)
    places = (b"kTRC", 156, len(curve), b"wtpt", 156 + len(curve), len(white))
    head = struct.pack(">III4s8s", 192, 0, 0x02400000, b"mntr", b"GRAYXYZ ")
    head = head.ljust(36, b"\0") + b"acsp" + bytes(28) + white[8:]
    return head.ljust(128, b"\0") + struct.pack(">I4sII4sII", 2, *places) + curve + white


@pytest.mark.parametrize(("mode", "expected"), [("L", 137), ("LA", (137, 128)), ("1", 255)])
def test_grey_is_what_its_profile_means_and_stays_grey(editor, mode, expected):
    colour = {"L": 64, "LA": (64, 128), "1": 1}[mode]
    source = Picture.new(mode, (8, 8), colour)
    picture = stored(editor, encoded(source, icc_profile=light_profile()))
    assert (picture.mode, picture.getpixel((4, 4))) == (mode, expected)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_colours_are_those_that_the_profile_means(editor, format, mode):
    if format == "JPEG" or (mode, format) == ("P", "AVIF"):
        mode = "RGB"
    source = Picture.new("RGB", (8, 8), (255, 0, 0)).convert(mode)
    picture = stored(editor, encoded(source, format, icc_profile=swapped_profile()))
    assert "icc_profile" not in picture.info
    assert near(picture.convert("RGB").getpixel((4, 4)), (0, 0, 255))


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "CMYK"])
@pytest.mark.parametrize("profile", [b"garbage", swapped_profile()[:200], swapped_profile()])
def test_a_profile_that_does_not_fit_is_ignored(editor, mode, profile):
    if mode == "RGB" and profile == swapped_profile():
        profile = swapped_profile().replace(b"RGB ", b"CMYK", 1)
    source = Picture.new("RGB", (8, 8), (90, 90, 90)).convert(mode)
    format = "JPEG" if mode == "CMYK" else "PNG"
    picture = stored(editor, encoded(source, format, icc_profile=profile))
    assert near(picture.convert("RGB").getpixel((4, 4)), (90, 90, 90))


# What is refused.


def animated(format):
    blue = Picture.new("RGB", (30, 20), BLUE)
    content = encoded(red_over_blue(), format, save_all=True, append_images=[blue])
    assert opened(content).n_frames == 2
    return content


@pytest.mark.parametrize(
    "content",
    [
        b"not a picture",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"\x89PNG<script>alert(1)</script>",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100),
        encoded(format="GIF"),
        encoded(format="BMP"),
        encoded(format="TIFF"),
        encoded(format="ICO"),
    ],
)
def test_what_is_not_a_known_picture_is_refused(editor, content):
    assert "save it as JPEG, PNG, WebP or AVIF" in refusal(upload(editor, content))


@pytest.mark.parametrize("format", ["PNG", "WEBP", "AVIF"])
def test_a_moving_picture_is_refused(editor, format):
    assert "save one frame" in refusal(upload(editor, animated(format)))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.95])
def test_a_picture_cut_short_is_refused(editor, format, part):
    picture = Picture.effect_noise((64, 64), 80).convert("RGB")
    content = encoded(picture, format)
    assert "save it" in refusal(upload(editor, content[: int(len(content) * part)]))
    assert upload(editor, content).status_code == 200


BOMB = zlib.compress(bytes(50_000_000))


@pytest.mark.parametrize(
    "content",
    [
        png_header(100, 100),
        encoded().replace(b"IDAT", b"IDAT\xff", 1),
        png_with(b"zTXt", b"Comment\0\0" + BOMB),
        png_with(b"iTXt", b"Comment\0\1\0\0\0" + BOMB),
        png_with(b"iCCP", b"name\0\0" + BOMB),
        png_with(b"IHDR", b""),
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        b"RIFF\xff\xff\xff\xffWEBPVP8 ",
    ],
)
def test_a_damaged_or_hostile_picture_is_refused(editor, content):
    refusal(upload(editor, content))


@pytest.mark.parametrize("size", [(7072, 7072), (10_000, 10_000), (20_000, 20_000), (60_000, 1000)])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_too_many_pixels_are_refused_before_any_is_decoded(editor, size):
    assert "megapixels" in refusal(upload(editor, png_header(*size)))


def test_a_bomb_warning_turned_into_an_error_is_refused_too(editor):
    content = encoded(Picture.new("1", (10_000, 10_000)))
    assert len(content) < 100_000
    assert "megapixels" in refusal(upload(editor, content))


def test_the_limit_of_pixels_is_the_limit(editor, monkeypatch):
    monkeypatch.setattr(images, "MAX_PIXELS", 30 * 20 - 1)
    assert "megapixels" in refusal(upload(editor, encoded()))
    monkeypatch.setattr(images, "MAX_PIXELS", 30 * 20)
    assert upload(editor, encoded()).status_code == 200


def test_the_limit_of_bytes_is_the_limit(editor):
    content = encoded().ljust(images.MAX_BYTES, b"\0")
    assert "20 MB" in refusal(upload(editor, content + b"\0"))
    assert upload(editor, content).status_code == 200


def test_an_upload_needs_a_file_with_something_in_it(editor):
    address = reverse("editing:upload")
    assert "Choose a picture" in refusal(editor.post(address))
    assert "Choose a picture" in refusal(editor.post(address, {"image": "text"}))
    assert "Choose a picture" in refusal(editor.post(address, {"image": "{}"}, "application/json"))
    assert "empty" in refusal(upload(editor, b""))


def test_a_body_that_is_no_form_is_refused(editor):
    address, content_type = reverse("editing:upload"), "multipart/form-data; boundary=x"
    for body in (b"garbage", b'--x\r\nContent-Disposition: form-data; name="image"; filename="a'):
        assert editor.post(address, body, content_type=content_type).status_code == 400
    assert nothing_stored()


# Where it is kept.


@pytest.mark.parametrize("name", ["../../evil.png", "a\0b.png", "x" * 5000 + ".png", ".htaccess"])
def test_a_file_is_called_by_its_content_only(editor, name):
    upload(editor, encoded(), name=name)
    assert re.fullmatch(images.NAME, stored_files()[0])


def test_the_same_picture_twice_is_one_picture(editor):
    first, second = upload(editor, encoded()), upload(editor, encoded(), name="another.png")
    assert first.json() == second.json()
    assert stored_content()
    upload(editor, encoded(Picture.new("RGB", (30, 20), BLUE)))
    assert Image.objects.count() == len(stored_files()) == 2


@pytest.mark.parametrize("length", [0, 10, None])
def test_what_an_earlier_try_left_behind_is_put_right(editor, length):
    upload(editor, encoded())
    name, content = stored_files()[0], stored_content()
    Image.objects.all().delete()
    default_storage.delete(name)
    default_storage.save(name, ContentFile(content[:length]))
    upload(editor, encoded())
    assert stored_content() == content
    default_storage.delete(name)
    upload(editor, encoded())
    assert stored_content() == content


def test_a_file_that_is_there_is_not_written_again(editor):
    upload(editor, encoded())
    path = default_storage.path(stored_files()[0])
    os.utime(path, (0, 0))
    upload(editor, encoded())
    assert os.stat(path).st_mtime == 0


def test_another_upload_that_is_faster_leaves_no_second_file(editor, monkeypatch):
    save = default_storage.save

    def save_after_another(name, content):
        save(name, ContentFile(content.read()))
        return save(name, content)

    monkeypatch.setattr(default_storage, "save", save_after_another)
    assert stored(editor, encoded()).size == (30, 20)


@pytest.mark.django_db(transaction=True)
def test_the_same_picture_from_many_at_once_is_one_picture():
    user = make_user("portfolio.add_image")

    def add(_):
        client = Client()
        client.force_login(user)
        try:
            return upload(client, encoded()).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(add, range(16))) == {200}
    assert stored_content()


# Through the admin's form.


def add_in_admin(client, content, **fields):
    file = SimpleUploadedFile("photo.jpg", content, "image/jpeg")
    return client.post(reverse("admin:portfolio_image_add"), {"file": file} | fields)


def test_a_picture_added_in_the_admin_is_cleaned_and_named_like_any_other(admin_client):
    content = encoded(format="JPEG", exif=exif(orientation=6))
    assert add_in_admin(admin_client, content, alt="two colours").status_code == 302
    image = Image.objects.get()
    assert (image.alt, image.width, image.height) == ("two colours", 20, 30)
    assert SECRET.encode() not in stored_content()
    assert upload(admin_client, content).json()["image_path"] == image.file.url
    assert stored_content()


def test_a_picture_that_is_there_already_is_a_mistake_in_the_admins_form(admin_client):
    upload(admin_client, encoded())
    response = add_in_admin(admin_client, encoded())
    assert response.status_code == 200
    errors = response.context["adminform"].form.errors
    assert errors == {"file": ["This picture has been added already: use the one that is there."]}
    assert stored_content()


def test_a_file_without_a_row_does_not_rename_a_picture_added_in_the_admin(admin_client):
    upload(admin_client, encoded())
    name = stored_files()[0]
    Image.objects.all().delete()
    assert add_in_admin(admin_client, encoded()).status_code == 302
    assert stored_files() == [name] == [Image.objects.get().file.name]


def test_the_admins_form_refuses_what_an_upload_refuses(admin_client):
    response = add_in_admin(admin_client, encoded(format="GIF"))
    assert "save it as JPEG" in response.context["adminform"].form.errors["file"][0]
    fields = {"alt": "words", "decorative": "on"}
    assert add_in_admin(admin_client, encoded(), **fields).context["adminform"].form.errors
    assert nothing_stored()


def test_changing_a_pictures_words_leaves_its_file_alone(admin_client):
    upload(admin_client, encoded())
    image, content = Image.objects.get(), stored_content()
    address = reverse("admin:portfolio_image_change", args=[image.pk])
    other = SimpleUploadedFile("other.png", encoded(Picture.new("RGB", (5, 5))))
    response = admin_client.post(address, {"alt": "words", "file": other})
    assert response.status_code == 302
    assert stored_content() == content
    assert Image.objects.get().alt == "words"
