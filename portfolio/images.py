"""Pictures from outside: decoded, cleaned and encoded anew, then kept under a name of their own.

Nothing that the sender says about a file is believed, neither its name nor its type.
"""

import hashlib
import io
import re
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from html.parser import HTMLParser
from threading import Lock

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.images import get_image_dimensions
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image, ImageCms, ImageOps

from . import markdown, models
from .markdown import Picture

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000

# What a decoder may find: the extension that it gets, and how it is encoded again.
FORMATS = {
    "JPEG": ("jpg", {"quality": 90, "optimize": True}),
    # At zlib's usual level, 6, 50 megapixels take twice as long and are a twentieth smaller.
    "PNG": ("png", {"compress_level": 4}),
    "WEBP": ("webp", {"quality": 90}),
    "AVIF": ("avif", {"quality": 85, "speed": 8}),
}
CONTENT_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
}
# What every stored file is called: the beginning of its SHA-256.
NAME = r"[0-9a-f]{20}\.(?:jpg|png|webp|avif)"
# Renditions, for a text column of 37 rem on screens of one to three dots a pixel. A picture that is
# no wider than the least of these has none.
WIDTHS = (480, 960, 1600)
# A browser takes the first that it knows. Those that know neither AVIF nor WebP get JPEG, or PNG
# where there is transparency.
RENDITION_FORMATS = {
    "avif": ("AVIF", {"quality": 60, "speed": 8}),
    "webp": ("WEBP", {"quality": 80}),
    "jpg": ("JPEG", {"quality": 82, "optimize": True, "progressive": True}),
    "png": ("PNG", {"optimize": True}),
}
RENDITION = rf"([0-9a-f]{{20}})-(?:{'|'.join(map(str, WIDTHS))})\.(?:{'|'.join(RENDITION_FORMATS)})"

# What a picture may carry beside its pixels, and none of ours does.
METADATA = {"exif", "icc_profile", "xmp", "comment", "photoshop", "Comment"}

TOO_LARGE = "The picture has more than 50 megapixels: make it smaller and try again."


class PictureField(forms.FileField):
    """Takes an uploaded picture; gives a ContentFile of its pixels alone, named by its content."""

    widget = forms.FileInput(attrs={"accept": ",".join(CONTENT_TYPES.values())})
    default_error_messages = {
        "required": "Choose a picture.",
        "empty": "The file is empty: choose a picture.",
        "unique": "This picture has been added already: use the one that is there.",
    }

    def to_python(self, data):
        file = super().to_python(data)
        return file and clean(file)


def store(picture, author=None):
    """The Image of what a PictureField gave: the one that is there, or a new one of the author."""
    width, height = get_image_dimensions(picture)
    image, _ = models.Image.objects.get_or_create(
        file=write(picture),
        defaults={
            "width": width,
            "height": height,
            "transparent": is_transparent(picture),
            "author": author,
        },
    )
    return image


def is_transparent(picture):
    """Whether anything shows through what a PictureField gave."""
    picture.seek(0)
    with Image.open(picture) as opened:
        return opened.has_transparency_data


def write(picture):
    """Put a cleaned picture in the storage under its own name, once; gives the name."""
    name = picture.name
    try:
        if default_storage.size(name) == picture.size:
            return name
        # A write that was cut short left less. Nothing else is deleted, not even for a moment:
        # another machine may have put it there.
        default_storage.delete(name)
    except FileNotFoundError:
        pass
    written = default_storage.save(name, picture)
    if written != name:
        # The same picture was uploaded twice at once, and the other one came first.
        default_storage.delete(written)
    return name


def discard(name):
    """Delete a picture's file and its renditions, unless a picture has that file after all."""
    if models.Image.objects.filter(file=name).exists():
        return
    stem = stem_of(name)
    copies = (f"{stem}-{width}.{extension}" for width in WIDTHS for extension in RENDITION_FORMATS)
    for file in (name, *copies):
        default_storage.delete(file)


def discard_on_commit(name):
    """Discard it once its row is gone, which it stays whatever becomes of the file."""

    def discard_file():
        discard(name)

    transaction.on_commit(discard_file, robust=True)


def stored():
    """{name: bytes} of the files in the storage, except for those that someone put in folders."""
    if hasattr(default_storage, "sizes"):
        return default_storage.sizes()
    try:
        return {name: default_storage.size(name) for name in default_storage.listdir("")[1]}
    except FileNotFoundError:
        return {}  # none has been added yet


def is_ours(name):
    """Whether a file in the storage was made here, or left by a write that was cut short."""
    return re.fullmatch(rf"(?:{NAME}|{RENDITION}|[0-9a-f]{{20}}[\w.-]*_\w{{7}}\.\w+)", name)


def stem_of(name):
    """What the name of a picture's file and those of its renditions begin with."""
    return name.partition(".")[0]


# What a text shows.


_at_hand = ContextVar("pictures at hand", default=None)
# What `look_up` found for the request that is answered, as {name: Image}.
_looked_up = ContextVar("pictures looked up", default=None)


@contextmanager
def at_hand(pictures):
    """The block knows these Images without asking, and no others."""
    token = _at_hand.set({image.file.name: image for image in pictures})
    try:
        yield
    finally:
        _at_hand.reset(token)


def look_up(texts):
    """Asks once for all pictures that the texts of a page name, instead of once for each text."""
    names = {name for text in texts for name in names_in(text)}
    images = models.Image.objects.filter(file__in=names) if names else ()
    found = {image.file.name: image for image in images}
    _looked_up.set({name: found.get(name) for name in names})


def forget(**kwargs):
    """Receives `request_started`: what was looked up is for one page."""
    _looked_up.set(None)


def names_in(text):
    # Of most texts it is said in a fraction of the time.
    if settings.MEDIA_URL not in text:
        return set()
    return set(re.findall(re.escape(settings.MEDIA_URL) + f"({NAME})", text))


def named_in(text):
    """Those of our pictures that a text names. Asks nothing if it names none."""
    names = sorted(names_in(text))
    if not names:
        return []
    known, looked_up = _at_hand.get(), _looked_up.get() or {}
    if known is None and looked_up.keys() >= {*names}:
        known = looked_up
    if known is not None:
        return [known[name] for name in names if known.get(name)]
    return list(models.Image.objects.filter(file__in=names))


def shown_in(text):
    """A `markdown.Picture` for each of ours that a text names. Asks nothing if it names none."""
    return tuple(map(known, named_in(text)))


def undescribed(text):
    """The pictures, as Images, that a text shows without words for those who cannot see them.

    The words may be the text's own, or the picture's; one that is decorative needs none.
    """
    pictures = named_in(text)
    if not pictures:
        return []
    alts = _Alts(markdown.render(text, tuple(map(known, pictures)))).found
    return [
        image
        for image in pictures
        if any(
            not alt and not (alt == "" and image.decorative) for alt in alts.get(image.file.url, ())
        )
    ]


class _Alts(HTMLParser):
    """The alternative texts in HTML, as {address: [text, …]}; None for a picture without any."""

    def __init__(self, html):
        super().__init__()
        self.found = {}
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            attributes = dict(attributes)
            alt = attributes.get("alt")
            self.found.setdefault(attributes.get("src"), []).append(alt and alt.strip())


def known(image):
    """The `markdown.Picture` of an Image."""
    return Picture(
        address=image.file.url,
        width=image.width,
        height=image.height,
        alt=image.alt,
        caption=image.caption,
        sources=sources(image),
    )


# Renditions.


TALLEST = 16_383  # what WebP can hold


def widths(image):
    """How wide its renditions are, by the width that is in their names; none is wider than it."""
    narrower = [width for width in WIDTHS if width < image.width]
    rest = WIDTHS[len(narrower) :]
    if narrower and rest:
        narrower.append(rest[0])
    found = {width: min(width, image.width) for width in narrower}
    return {k: width for k, width in found.items() if height_at(width, image) <= TALLEST}


def height_at(width, image):
    return max(1, round(image.height * width / image.width))


def extensions(image):
    """Those of its renditions, the best first."""
    return ("avif", "webp", "png" if image.transparent else "jpg")


def renditions(image):
    """What there may be of it beside its file, as {name: (extension, width)}."""
    stem = stem_of(image.file.name)
    return {
        f"{stem}-{name}.{extension}": (extension, width)
        for extension in extensions(image)
        for name, width in widths(image).items()
        # Its own file will do.
        if not (width == image.width and image.file.name.endswith(extension))
    }


def sources(image):
    """The addresses of a picture at each width, as ((content type, srcset), …), the best first."""
    at_hand = {place: default_storage.url(name) for name, place in renditions(image).items()}
    own = image.file.url
    return tuple(
        (CONTENT_TYPES[ext], ", ".join(f"{at_hand.get((ext, w), own)} {w}w" for w in all_widths))
        for ext in extensions(image)
        if (all_widths := widths(image).values())
    )


def thumbnail(image):
    """The address of a small copy of it."""
    small = (name for name, (extension, _) in renditions(image).items() if extension == "webp")
    return default_storage.url(next(small, image.file.name))


_ONE_AT_A_TIME = Lock()  # 50 megapixels take 200 MB


def render(name):
    """Make and keep the rendition of that name; False if no picture has it."""
    match = re.fullmatch(RENDITION, name)
    image = match and models.Image.objects.filter(file__startswith=f"{match[1]}.").first()
    if not image or name not in renditions(image):
        return False
    extension, width = renditions(image)[name]
    size = (width, height_at(width, image))
    format, options = RENDITION_FORMATS[extension]
    output = io.BytesIO()
    with image.file.open() as file, _ONE_AT_A_TIME, Image.open(file) as source:
        source.draft("RGB", (2 * size[0], 2 * size[1]))  # a JPEG need not be decoded in full
        copy = source.resize(size, reducing_gap=2.0)
        if format == "JPEG" and copy.mode != "RGB":
            copy = on_white(copy)
        copy.save(output, format, **options)
    write(ContentFile(output.getvalue(), name))
    return True


def on_white(picture):
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")


# Cleaning.


def measured(picture):
    """What an Image says of a picture that `clean` made once: its width, height and transparent.

    Raises ValidationError for what `clean` would not have made, or not under this name.
    """
    name, content = picture.name, picture.read()
    again = f"Picture {name}: {{}} Export it again from where it was cleaned."
    stem = hashlib.sha256(content).hexdigest()[:20]
    if not re.fullmatch(NAME, name) or stem_of(name) != stem or len(content) > MAX_BYTES:
        raise ValidationError(again.format("its name is not that of its content."))
    try:
        with Image.open(io.BytesIO(content), formats=list(FORMATS)) as source:
            if source.width * source.height > MAX_PIXELS:
                raise ValidationError(TOO_LARGE)
            if FORMATS.get(source.format, ("",))[0] != name.partition(".")[2]:
                raise ValidationError(again.format("it is not what its name says."))
            if METADATA & source.info.keys():
                raise ValidationError(again.format("it tells more than its pixels."))
            source.load()
            picture.seek(0)
            return {
                "width": source.width,
                "height": source.height,
                "transparent": source.has_transparency_data,
            }
    except ValidationError:
        raise
    except Exception as error:
        # As in `clean`.
        raise ValidationError(again.format("it is damaged.")) from error


def clean(file):
    """The same picture without anything but its pixels: upright, in sRGB, 8 bits a channel.

    Raises ValidationError for what is no picture, too large, animated or damaged.
    """
    if file.size > MAX_BYTES:
        raise ValidationError("The file is larger than 20 MB: make the picture smaller.")
    try:
        with Image.open(file, formats=list(FORMATS)) as source:
            # Known from the header; nothing has been decoded yet.
            if source.width * source.height > MAX_PIXELS:
                raise ValidationError(TOO_LARGE)
            # MPO is how some phones write a JPEG: the picture, then a preview of it.
            if source.format != "MPO" and getattr(source, "n_frames", 1) > 1:
                raise ValidationError(
                    "The picture moves: save one frame of it as PNG or JPEG and add that."
                )
            extension, content = encode(source)
    except ValidationError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValidationError(TOO_LARGE) from None
    except Image.UnidentifiedImageError:
        raise ValidationError(
            "The file is not a picture that can be shown here: "
            "save it as JPEG, PNG, WebP or AVIF and add that."
        ) from None
    except Exception as error:
        # Hostile bytes make a decoder fail in any way there is.
        raise ValidationError(
            "The picture is damaged: open it in a picture editor, save it again and add that."
        ) from error
    name = f"{hashlib.sha256(content).hexdigest()[:20]}.{extension}"
    return ContentFile(content, name)


def encode(source):
    """The extension and the bytes of an opened picture, written anew."""
    format = "JPEG" if source.format == "MPO" else source.format
    extension, options = FORMATS[format]
    ImageOps.exif_transpose(source, in_place=True)
    picture = flatten(source)
    # Encoders copy profiles and comments from here.
    picture.info = {}
    output = io.BytesIO()
    picture.save(output, format, **options)
    return extension, output.getvalue()


def flatten(picture):
    """RGB, or RGBA if there is transparency, with the colours that an embedded profile means."""
    profile = picture.info.get("icc_profile")
    if picture.mode.startswith("I"):
        # 16 bits of grey, which convert() clips instead of scaling.
        picture = picture.point(lambda value: value / 256).convert("L")
    mode = "RGBA" if shows_through(picture) else "RGB"
    if profile:
        # A profile that is broken, or made for another kind of picture, says nothing.
        with suppress(ImageCms.PyCMSError):
            picture = to_srgb(picture, profile)
    # A copy of 50 megapixels takes 200 MB: only where it is needed.
    return picture if picture.mode == mode else picture.convert(mode)


def shows_through(picture):
    """Whether some pixel is not opaque; many a picture has the channel for it and no use for it."""
    if not picture.has_transparency_data:
        return False
    channel = picture if "A" in picture.getbands() else picture.convert("RGBA")
    return channel.getchannel("A").getextrema()[0] < 255


def to_srgb(picture, profile):
    """Raises PyCMSError for a profile that does not fit."""
    mode = {"1": "L", "L": "L", "LA": "L", "CMYK": "CMYK"}.get(picture.mode, "RGB")
    srgb = ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(
        picture.convert(mode), io.BytesIO(profile), srgb, outputMode="RGB"
    )
    if picture.has_transparency_data:
        converted.putalpha(picture.convert("RGBA").getchannel("A"))
    return converted
