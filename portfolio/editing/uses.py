"""Where pictures are used: which texts name them, and what else points at them.

A new store of texts, or of anything else that shows pictures, is one more line of `PLACES`. That
is all: the library, its refusals to delete, replacing a picture and `clean_pictures` ask here.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

from django.apps import apps
from django.conf import settings
from django.db.models import Q

from portfolio.images import CONTENT_TYPES, WIDTHS, stem_of
from portfolio.models import Image, MarkdownField


class Place(NamedTuple):
    """`find(address)` gives (item, text) for each item whose text has that beginning of an address.

    `rename(item, pattern, address)` writes the address where the item's text has the pattern, and
    saves it; None where nothing is written, because the item points at the picture itself.
    """

    find: Callable
    rename: Callable | None


def markdown_fields(model):
    return [field.name for field in model._meta.fields if isinstance(field, MarkdownField)]


def texts(address):
    for model in apps.get_models():
        if names := markdown_fields(model):
            named = Q(*((f"{name}__contains", address) for name in names), _connector=Q.OR)
            for item in model._base_manager.filter(named).iterator():
                yield item, "\n".join(getattr(item, name) for name in names)


def rename_in_texts(item, pattern, address):
    # As it is now, and as it stays until this is done.
    item = type(item)._base_manager.select_for_update().get(pk=item.pk)
    before = {name: getattr(item, name) for name in markdown_fields(item)}
    after = {name: pattern.sub(lambda _: address, text) for name, text in before.items()}
    for name, text in after.items():
        setattr(item, name, text)
    item.save(update_fields=[name for name in before if before[name] != after[name]])


def relations(address):
    for relation in Image._meta.related_objects:
        name = relation.field.name
        pointing = relation.related_model._base_manager.exclude(**{name: None})
        for item in pointing.select_related(name):
            yield item, getattr(item, name).file.url


PLACES = [Place(texts, rename_in_texts), Place(relations, None)]

# A text may name a rendition, too.
ENDING = rf"(?:-(?:{'|'.join(map(str, WIDTHS))}))?\.(?:{'|'.join(CONTENT_TYPES)})"


def uses(image=None):
    """The items that use pictures, as {stem of the file's name: [item, …]}; of one, or of all.

    Takes one query for each kind of item, however many pictures there are.
    """
    address = settings.MEDIA_URL + (stem_of(image.file.name) if image else "")
    pattern = re.compile(rf"{re.escape(settings.MEDIA_URL)}([\w-]+?){ENDING}")
    found = defaultdict(list)
    for place in PLACES:
        for item, text in place.find(address):
            for stem in set(pattern.findall(text)):
                if item not in found[stem]:
                    found[stem].append(item)
    return found


def uses_of(image):
    """The items that use this picture."""
    return uses(image)[stem_of(image.file.name)]


def rename(old, image):
    """Every text that names the file `old` names that of the image. Belongs in a transaction."""
    address = settings.MEDIA_URL + stem_of(old)
    pattern = re.compile(re.escape(address) + ENDING)
    for place in PLACES:
        if place.rename:
            for item in [item for item, text in place.find(address) if pattern.search(text)]:
                place.rename(item, pattern, image.file.url)
