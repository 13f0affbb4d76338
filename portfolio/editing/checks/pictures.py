"""Checks of pictures."""

from .content import quoted


def no_alt(picture, content):
    if picture.alt.strip():
        return
    image = content.addresses.image(picture.src, content)
    if not (image and image.decorative):
        name = (image and image.name) or picture.src.rpartition("/")[2]
        yield (
            f"the picture {quoted(name)} has no alternative text.",
            "say what it shows in its square brackets or under pictures, "
            "or mark it decorative there.",
        )


def not_ours(picture, content):
    if not content.addresses.image(picture.src, content):
        yield (
            f"the picture {quoted(picture.src, 80)} is none of this site's, so no page shows it.",
            "add it under pictures, and use the address that it has there.",
        )
