"""Where pictures are used: which texts name them, and what else points at them.

A new store of texts, or of anything else that shows pictures, is one more line of `PLACES`. That
is all: the library, its refusals to delete, replacing a picture and `clean_pictures` ask here.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

from django.apps import apps
from django.conf import settings
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from portfolio import rights
from portfolio.images import CONTENT_TYPES, WIDTHS, stem_of
from portfolio.models import Image, MarkdownField

from .models import WorkingCopy, key_of, model_of
from .state import canonical, digest, is_key


class Place(NamedTuple):
    """A store of texts, or of what else shows pictures.

    `find(beginning)` gives (item, text) for each item whose text has that beginning of an address.
    `rename(beginning, pattern, address)` writes the address where a text has the pattern, and saves
    it; None where nothing is written, because the item points at the picture itself.
    """

    find: Callable
    rename: Callable | None


# The Markdown of all content.


def markdown_fields(model):
    return [field.name for field in model._meta.fields if isinstance(field, MarkdownField)]


def find_texts(beginning):
    for model in apps.get_models():
        if names := markdown_fields(model):
            named = Q(*((f"{name}__contains", beginning) for name in names), _connector=Q.OR)
            for item in model._base_manager.filter(named).iterator():
                yield item, "\n".join(getattr(item, name) for name in names)


def rename_texts(beginning, pattern, address):
    for item, text in [*find_texts(beginning)]:
        if pattern.search(text):
            rename_text(item, pattern, address)


def rename_text(item, pattern, address):
    # As it is now, and as it stays until this is done.
    item = type(item)._base_manager.select_for_update().get(pk=item.pk)
    before = {name: getattr(item, name) for name in markdown_fields(item)}
    after = {name: pattern.sub(lambda _: address, text) for name, text in before.items()}
    for name, text in after.items():
        setattr(item, name, text)
    item.save(update_fields=[name for name in before if before[name] != after[name]])
    copy = WorkingCopy.objects.select_for_update().filter(key=key_of(item)).first()
    if copy:
        # What has changed beneath it is no one's other words.
        for name in before.keys() & copy.base.keys():
            if copy.base[name] == digest(canonical(before[name])):
                copy.base[name] = digest(canonical(after[name]))
        copy.save(update_fields=["base"])


# What is being written, and not yet content.


def copies(beginning):
    text = Cast("data", TextField())
    return WorkingCopy.objects.annotate(text=text).filter(text__contains=beginning)


def find_copies(beginning):
    """The items that are being written, or the copies of those that are not saved yet."""
    found = [*copies(beginning)]
    keys = defaultdict(set)
    for copy in found:
        if is_key(pk := copy.key.partition(":")[2]):
            keys[model_of(copy.key)].add(int(pk))
    items = {
        key_of(item): item
        for model, pks in keys.items()
        for item in model._base_manager.in_bulk(pks).values()
    }
    for copy in found:
        yield items.get(copy.key, copy), copy.text


def rename_copies(beginning, pattern, address):
    for copy in copies(beginning).select_for_update():
        copy.data = json.loads(pattern.sub(lambda _: address, json.dumps(copy.data)))
        # No window has seen this.
        copy.tab, copy.version = "", copy.version + 1
        copy.save(update_fields=["data", "tab", "version"])


# What points at a picture, such as the profile at its portrait.


def find_relations(beginning):
    for relation in Image._meta.related_objects:
        name = relation.field.name
        pointing = relation.related_model._base_manager.exclude(**{name: None})
        for item in pointing.select_related(name):
            yield item, getattr(item, name).file.url


PLACES = [
    Place(find_texts, rename_texts),
    Place(find_copies, rename_copies),
    Place(find_relations, None),
]

# A text may name a rendition, too.
ENDING = rf"(?:-(?:{'|'.join(map(str, WIDTHS))}))?\.(?:{'|'.join(CONTENT_TYPES)})"


def uses(image=None):
    """The items that use pictures, as {stem of the file's name: [item, …]}; of one, or of all.

    Takes one query for each kind of item, however many pictures there are.
    """
    beginning = settings.MEDIA_URL + (stem_of(image.file.name) if image else "")
    pattern = re.compile(rf"{re.escape(settings.MEDIA_URL)}([\w-]+?){ENDING}")
    found = defaultdict(list)
    for place in PLACES:
        for item, text in place.find(beginning):
            for stem in set(pattern.findall(text)):
                if item not in found[stem]:
                    found[stem].append(item)
    return found


def uses_of(image):
    """The items that use this picture."""
    return uses(image)[stem_of(image.file.name)]


def may_change(user, item):
    """Whether the user may write an item, or what is no item yet."""
    if isinstance(item, WorkingCopy):
        return item.author_id == user.pk or rights.may_publish(user, model_of(item.key))
    return rights.may_change(user, item)


def may_describe(user, image):
    """Whether the user may say what is on a picture: any, or their own that only they show."""
    if rights.may(user, "change", Image):
        return True
    theirs = rights.may(user, "add", Image) and image.author_id == user.pk
    return theirs and all(may_change(user, item) for item in uses_of(image))


def rename(old, image):
    """Every text that names the file `old` names that of the image. Belongs in a transaction."""
    beginning = settings.MEDIA_URL + stem_of(old)
    pattern = re.compile(re.escape(beginning) + ENDING)
    for place in PLACES:
        if place.rename:
            place.rename(beginning, pattern, image.file.url)
