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
from PIL import Image, ImageCms, ImageOps, JpegImagePlugin

from . import markdown, models
from .markdown import Picture

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000

# What a decoder may find, and the extension that it gets.
FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "AVIF": "avif"}
# How each is encoded again. The next is tried where the file is larger than the one that came.
LOSSY = {
    "WEBP": ({"quality": 90}, {"quality": 75}, {"quality": 50}),
    "AVIF": ({"quality": 85, "speed": 8}, {"quality": 60, "speed": 8}),
}
LOSSLESS = {
    # At zlib's usual level, 6, 50 megapixels take twice as long and are a twentieth smaller.
    "PNG": ({"compress_level": 4}, {"compress_level": 9}),
    # The first takes half the time of Pillow's own choice, the second.
    "WEBP": (
        {"lossless": True, "exact": True, "quality": 20, "method": 1},
        {"lossless": True, "exact": True, "quality": 80, "method": 4},
    ),
}
# More take too long to be tried again without loss: at level 9 some PNGs take 8 s a megapixel.
MAX_RETRY_PIXELS = 2_000_000
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

NOT_SHOWN = (
    "The file is not a picture that can be shown here: "
    "save it as JPEG, PNG, WebP or AVIF and add that."
)
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
            "name": picture.original_name,
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
        # Of a palette, and of black and white, Pillow would only leave out pixels.
        grey = source.mode in ("1", "L")
        mode = "RGBA" if source.has_transparency_data else "L" if grey else "RGB"
        whole = source if source.mode == mode else source.convert(mode)
        copy = whole.resize(size, reducing_gap=2.0)
        if format == "JPEG" and mode == "RGBA":
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
            if FORMATS.get(source.format) != name.partition(".")[2]:
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

    What the file was called is its `original_name`. Raises ValidationError for what is no picture,
    too large, animated or damaged.
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
            extension, content = encode(source, file)
    except ValidationError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValidationError(TOO_LARGE) from None
    except Image.UnidentifiedImageError:
        raise ValidationError(NOT_SHOWN) from None
    except Exception as error:
        # Hostile bytes make a decoder fail in any way there is.
        raise ValidationError(
            "The picture is damaged: open it in a picture editor, save it again and add that."
        ) from error
    picture = ContentFile(content, f"{hashlib.sha256(content).hexdigest()[:20]}.{extension}")
    picture.original_name = models.clean_file_name(file.name or "")
    return picture


def encode(source, file):
    """The extension and the bytes of an opened picture, written anew in the way that it was.

    No larger than the file, if that can be helped; without loss if the file has none.
    """
    ImageOps.exif_transpose(source, in_place=True)
    picture = flatten(source)
    smallest = failure = None
    for format, options in encodings(source, picture, file):
        output = io.BytesIO()
        try:
            picture.save(output, format, **options)
        except (OSError, ValueError) as error:
            # Some pictures can be read and not written in one of the ways.
            failure = error
            continue
        content = output.getvalue()
        if smallest is None or len(content) < len(smallest[1]):
            smallest = FORMATS[format], content
        if len(content) <= file.size:
            break
    if smallest is None:
        raise failure
    return smallest


def encodings(source, picture, file):
    """The ways to encode a picture again, as (format, options), the best first."""
    if source.format in ("JPEG", "MPO"):
        options = {"subsampling": JpegImagePlugin.get_sampling(source)}
        # To optimise it, Pillow holds a byte a pixel, which may be too little for full colours.
        yield "JPEG", options | {"quality": 90, "optimize": options["subsampling"] != 0}
        # Finer than it came it does not get: as coarse as the file is.
        if source.mode == picture.mode:
            yield "JPEG", options | {"qtables": source.quantization, "optimize": True}
        return
    format, lossless, options = source.format, source.format == "PNG", {}
    if format == "WEBP":
        lossless = is_lossless_webp(file)
    elif format == "AVIF":
        subsampling, lossless = avif_coding(file)
        options = {"subsampling": subsampling} if picture.mode != "L" else {}
        if subsampling == "4:4:4" and max(picture.size) <= TALLEST:
            # AVIF is never quite without loss here.
            yield "WEBP", LOSSLESS["WEBP"][1]
            if lossless:
                return
    elif picture.mode == "L":
        options = {"bits": grey_bits(picture)}
    ways = LOSSLESS[format] if lossless and format in LOSSLESS else LOSSY[format]
    if lossless and picture.width * picture.height > MAX_RETRY_PIXELS:
        ways = ways[:1]
    yield from ((format, options | way) for way in ways)


def is_lossless_webp(file):
    """Whether the pixels are in a chunk of the lossless kind (RFC 9649, 2.6)."""
    place = 12
    # Before the pixels there are a few chunks of other things.
    for _ in range(100):
        file.seek(place)
        header = file.read(8)
        if header[:4] in (b"VP8L", b"VP8 ", b""):
            return header[:4] == b"VP8L"
        size = int.from_bytes(header[4:], "little")
        # A frame of a moving picture has its own chunks after 16 bytes.
        place += 8 + (16 if header[:4] == b"ANMF" else size + size % 2)
    return False


def avif_coding(file):
    """How the colours of an AVIF are sampled, and whether it says that nothing of them is lost.

    It does so by keeping red, green and blue as they are: matrix 0 (ITU-T H.273, 8.3).
    """
    file.seek(0)
    head = file.read(4096)
    colours = re.search(rb"colrnclx.{4}(..)", head, re.DOTALL)
    # The first is that of the colours, another that of transparency (AV1-ISOBMFF, 2.3.3).
    coding = re.search(rb"av1C..(.)", head, re.DOTALL)
    subsampling = {0: "4:4:4", 8: "4:2:2"}.get(coding[1][0] & 12 if coding else 12, "4:2:0")
    return subsampling, subsampling == "4:4:4" and bool(colours) and colours[1] == b"\0\0"


def grey_bits(picture):
    """How many bits hold each of the shades of a grey picture."""
    if "transparency" in picture.info:
        return 8
    shades = [shade for shade, number in enumerate(picture.histogram()) if number]
    return next(
        (bits for bits, step in ((2, 85), (4, 17)) if not any(shade % step for shade in shades)), 8
    )


def flatten(picture):
    """Its pixels alone, in the colours that an embedded profile means.

    Grey stays grey and a palette a palette. There is transparency only where something shows
    through.
    """
    profile = picture.info.get("icc_profile")
    if picture.mode.startswith("I"):
        # 16 bits of grey, which convert() clips instead of scaling.
        picture = picture.point(lambda value: value / 256).convert("L")
    shows = shows_through(picture)
    if profile:
        # A profile that is broken, or made for another kind of picture, says nothing.
        with suppress(ImageCms.PyCMSError):
            picture = to_srgb(picture, profile)
    mode = picture.mode
    if mode not in ("1", "L", "RGB") and not (mode == "P" and has_all_colours(picture)):
        mode = ("L" if mode == "LA" else "RGB") + ("A" if shows else "")
    # A copy of 50 megapixels takes 200 MB: only where it is needed.
    flat = picture if picture.mode == mode else picture.convert(mode)
    # Encoders copy profiles and comments from here. Of a colour, or of those of a palette, it may
    # say that they are transparent.
    has_key = shows and mode in ("1", "L", "P", "RGB")
    flat.info = {"transparency": picture.info["transparency"]} if has_key else {}
    return flat


def has_all_colours(picture):
    """Whether the palette has a colour for each pixel."""
    return picture.palette.mode == "RGB" and picture.getextrema()[1] < len(picture.getpalette()) / 3


def shows_through(picture):
    """Whether some pixel is not opaque; many a picture has the channel for it and no use for it."""
    if not picture.has_transparency_data:
        return False
    channel = picture if "A" in picture.getbands() else picture.convert("RGBA")
    return channel.getchannel("A").getextrema()[0] < 255


def to_srgb(picture, profile):
    """Raises PyCMSError for a profile that does not fit."""

    def convert(picture):
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(picture, io.BytesIO(profile), srgb, outputMode="RGB")

    if picture.mode == "1":
        return picture  # black and white are so in every profile
    if picture.mode == "P":
        colours = bytes(picture.getpalette())
        strip = Image.frombytes("RGB", (len(colours) // 3, 1), colours)
        palette = convert(strip).tobytes()
        picture.putpalette(palette)
        return picture
    has_key = picture.has_transparency_data and "A" not in picture.getbands()
    if picture.mode in ("L", "LA"):
        shades = convert(Image.frombytes("L", (256, 1), bytes(range(256)))).getchannel("G")
        alpha = [*range(256)] if has_key or picture.mode == "LA" else []
        return (picture.convert("LA") if has_key else picture).point([*shades.tobytes(), *alpha])
    result = convert(picture.convert("CMYK" if picture.mode == "CMYK" else "RGB"))
    if picture.has_transparency_data:
        result.putalpha(picture.convert("RGBA").getchannel("A"))
    return result
