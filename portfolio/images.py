"""Pictures from outside: decoded, cleaned and encoded anew, then kept under a name of their own.

Nothing that the sender says about a file is believed, neither its name nor its type.
"""

import hashlib
import io
import re
from contextlib import suppress
from threading import Lock

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.images import get_image_dimensions
from django.core.files.storage import default_storage
from PIL import Image, ImageCms, ImageOps

from . import models
from .markdown import Picture

MAX_BYTES = 20 * 1024 * 1024
MAX_PIXELS = 50_000_000

# What a decoder may find: the extension that it gets, and how it is encoded again.
FORMATS = {
    "JPEG": ("jpg", {"quality": 90, "optimize": True}),
    "PNG": ("png", {}),
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
# Renditions: narrower copies, for a text column of 37 rem on screens of one to three dots a pixel.
WIDTHS = (480, 960, 1600)
RENDITION = rf"([0-9a-f]{{20}})-({'|'.join(map(str, WIDTHS))})\.webp"

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


class PictureForm(forms.ModelForm):
    """Adds a picture with its description. Its file never changes afterwards."""

    file = PictureField(help_text="JPEG, PNG, WebP or AVIF; up to 20 MB and 50 megapixels.")

    class Meta:
        model = models.Image
        fields = ["file", "alt", "decorative", "caption"]

    def save(self, commit=True):
        if "file" in self.changed_data:
            self.instance.file = write(self.cleaned_data["file"])
        return super().save(commit)


def store(picture):
    """The Image of what a PictureField gave: the one that is there, or a new one."""
    width, height = get_image_dimensions(picture)
    image, _ = models.Image.objects.get_or_create(
        file=write(picture), defaults={"width": width, "height": height}
    )
    return image


def write(picture):
    """Put a cleaned picture in the storage under its own name, once; gives the name."""
    name = picture.name
    # A write that was cut short left less.
    if default_storage.exists(name) and default_storage.size(name) == picture.size:
        return name
    default_storage.delete(name)
    written = default_storage.save(name, picture)
    if written != name:
        # The same picture was uploaded twice at once, and the other one came first.
        default_storage.delete(written)
    return name


def shown_in(text):
    """A `markdown.Picture` for each of ours that a text names. Asks nothing if it names none."""
    names = sorted(set(re.findall(re.escape(settings.MEDIA_URL) + f"({NAME})", text)))
    images = models.Image.objects.filter(file__in=names) if names else ()
    return tuple(
        Picture(i.file.url, i.width, i.height, i.alt, i.caption, srcset(i)) for i in images
    )


def srcset(image):
    """Its addresses at the widths below its own, and at its own unless that is far too wide."""
    stem = image.file.name.partition(".")[0]
    sources = [
        (default_storage.url(f"{stem}-{width}.webp"), width)
        for width in WIDTHS
        if width < image.width
    ]
    if sources and image.width <= WIDTHS[-1]:
        sources.append((image.file.url, image.width))
    return ", ".join(f"{address} {width}w" for address, width in sources)


_ONE_AT_A_TIME = Lock()  # 50 megapixels take 200 MB


def render(name):
    """Make and keep the rendition of that name; False if it is of no picture that is wider."""
    match = re.fullmatch(RENDITION, name)
    image = (
        match
        and models.Image.objects.filter(file__startswith=f"{match[1]}.", width__gt=match[2]).first()
    )
    if not image:
        return False
    width = int(match[2])
    size = (width, max(1, round(image.height * width / image.width)))
    output = io.BytesIO()
    with _ONE_AT_A_TIME, image.file.open() as file, Image.open(file) as source:
        source.draft("RGB", (2 * size[0], 2 * size[1]))  # a JPEG need not be decoded in full
        source.resize(size, reducing_gap=2.0).save(output, "WEBP", quality=80)
    write(ContentFile(output.getvalue(), name))
    return True


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
    mode = "RGBA" if picture.has_transparency_data else "RGB"
    if profile:
        # A profile that is broken, or made for another kind of picture, says nothing.
        with suppress(ImageCms.PyCMSError):
            picture = to_srgb(picture, profile)
    # A copy of 50 megapixels takes 200 MB: only where it is needed.
    return picture if picture.mode == mode else picture.convert(mode)


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
