"""How what was deleted comes back: as it was, as far as the rest still is as it was."""

from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

import reversion
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db import IntegrityError, transaction
from django.db.models import CASCADE, AutoField
from django.utils import timezone
from reversion.errors import RevertError
from reversion.models import Version

from portfolio import rights
from portfolio.models import FormerAddress, NaturalKeyModel, Publishable

from .models import Deletion, ShareLink, WorkingCopy, key_of
from .state import Forms

# Primary keys in one query.
BATCH = 500


class Recovered(NamedTuple):
    """What came of a deletion: the item, None if it cannot come back, and what is not as it was."""

    item: NaturalKeyModel | None
    notes: list
    was_there: bool = False


def recover_all(request, pks):
    """Bring back what was deleted, in one revision; gives a Recovered for each.

    A publishable comes back live, scheduled or a draft, as `set_state` says. One that cannot come
    back does not keep the others from it.
    """
    with reversion.create_revision():
        reversion.set_user(request.user)
        reversion.set_comment("recovered")
        # Who presses at the same moment waits here, and then finds that it is there.
        locked = Deletion.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
        deletions = [*locked]
        kept = {pk: Kept(pk) for pk in {deletion.revision_id for deletion in deletions}}
        return [attempt(request, each, kept[each.revision_id]) for each in deletions]


def attempt(request, deletion, kept):
    try:
        with transaction.atomic():
            return bring_back(request, deletion, kept)
    except (IntegrityError, RevertError, LookupError, FieldDoesNotExist):
        note = f"“{deletion}” does not come back: its last version breaks a rule that holds now"
        return Recovered(None, [note])


class Kept:
    """A revision as it can be read now.

    `wholes` has the versions, `copies` the working copies and `share_links` lists of those, by the
    key of their item; `parts` the rows that go with an item, one level deep, as {key: [(the field
    that says so, version)]}.
    """

    def __init__(self, revision):
        self.wholes, self.copies, self.share_links, self.parts = {}, {}, {}, {}
        for version in Version.objects.filter(revision=revision).order_by("pk"):
            with suppress(RevertError):
                self.sort(version)

    def sort(self, version):
        row = version._object_version.object
        if isinstance(row, WorkingCopy):
            self.copies[row.key] = row
            return
        if isinstance(row, ShareLink):
            self.share_links.setdefault(row.key, []).append(row)
            return
        self.wholes[key_of(row)] = version
        for field in row._meta.concrete_fields:
            if field.is_relation and field.remote_field.on_delete is CASCADE:
                key = f"{field.related_model._meta.label_lower}:{getattr(row, field.attname)}"
                self.parts.setdefault(key, []).append((field, version))


def bring_back(request, deletion, kept):
    """The Recovered of one deletion. Raises what `attempt` knows."""
    version = kept.wholes[deletion.key]
    item = version._object_version.object
    if there := already_there(deletion, item):
        return Recovered(there, [], was_there=True)
    again = Deletion.objects.filter(key=deletion.recovered_as, pk__gt=deletion.pk)
    if deletion.recovered_as and again.exists():
        # Its state is that of an earlier deletion: it may have been unpublished since.
        note = f"“{deletion}” was brought back and deleted again: recover it from deleted things"
        return Recovered(None, [note])
    for name, moment in deletion.moments.items():
        setattr(item, name, datetime.fromisoformat(moment))
    deleted_at = version.revision.date_created
    was_public = public_path(item, deleted_at)
    relations = version._object_version.m2m_data or {}
    gone = [*deleted_too(item, relations)]
    notes = empty_what_is_gone(item)
    if hasattr(item, "author_id"):
        item.author = deletion.author
    notes += set_state(request.user, item, deleted_at)
    notes += put_back(item)
    notes += relate(item, relations)
    for field, part in kept.parts.get(deletion.key, []):
        notes += put_part_back(item, field, part)
    if was_public:
        notes += keep_address(item, was_public)
    notes += point_at(item, deletion.links)
    for target, name in gone:
        target.links.setdefault(name, []).append(item.pk)
        target.save()
    notes += put_links_back(item, kept.share_links.get(deletion.key, []))
    if copy := kept.copies.get(deletion.key):
        put_copy_back(request, item, copy)
    reversion.add_to_revision(item)
    deletion.recovered_as = key_of(item)
    deletion.save()
    return Recovered(item, [f"“{item}”: {note}" for note in notes])


def already_there(deletion, item):
    """What was brought back before, or is there under the same name for another reason."""
    items = type(item)._base_manager
    pk = deletion.recovered_as.partition(":")[2]
    if pk and (there := items.filter(pk=pk).first()):
        return there
    if isinstance(item, Publishable):
        return items.filter(uuid=item.uuid).first()
    return None if hasattr(item, "slug") else namesake(item)


def namesake(item):
    key = {name: getattr(item, name) for name in item.natural_key_fields}
    return type(item)._base_manager.filter(**key).first()


def deleted_too(item, relations):
    """Yields (Deletion, name in its `links`) of what an item points at and was deleted as well.

    When that comes back, what points at it by then is to have it again.
    """
    meta = item._meta
    pointed = {field: [getattr(item, field.attname)] for field in meta.fields if field.is_relation}
    pointed |= {field: relations.get(field.name, []) for field in meta.many_to_many}
    for field, pks in pointed.items():
        keys = [f"{field.related_model._meta.label_lower}:{pk}" for pk in pks]
        for deletion in Deletion.objects.filter(key__in=keys, recovered_as=""):
            yield deletion, f"{meta.label_lower}.{field.name}"


def empty_what_is_gone(row):
    """Lets a row point at nothing where what it pointed at is gone; gives what is to be said."""
    notes = []
    for field in row._meta.concrete_fields:
        pk = getattr(row, field.attname)
        if field.is_relation and pk is not None and not locked(field.related_model, [pk]):
            setattr(row, field.name, None)
            notes.append(f"its {field.verbose_name} is gone")
    return notes


def locked(model, pks):
    """Those of the primary keys that are there, and stay until this is done."""
    rows = model._base_manager.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk")
    return [*rows.values_list("pk", flat=True)]


def public_path(item, deleted_at):
    """Where an item was public when it was deleted; None if it was not, or has no page."""
    if item._meta.model_name not in FormerAddress.KINDS:
        return None
    if isinstance(item, Publishable) and not (item.publish_at and item.publish_at <= deleted_at):
        return None
    return item.get_absolute_url()


def set_state(user, item, deleted_at):
    """Make an item a draft if nobody decides by this that it is public; gives what is to be said.

    It stays live or scheduled if it was, unless the user may not publish, or its time has passed
    while it was deleted: then it would go out at once, and unseen.
    """
    if not isinstance(item, Publishable) or item.publish_at is None:
        return []
    if not rights.may_publish(user, type(item)):
        reason = "your account may not publish it"
    elif deleted_at < item.publish_at <= timezone.now():
        moment = f"{timezone.localtime(item.publish_at):%d %b %Y, %H:%M}".lower()
        reason = f"the time that it was scheduled for, {moment}, has passed"
    else:
        return []
    item.publish_at = None
    return [f"it is a draft, because {reason}"]


def put_back(item):
    """Store an item under its own slug or the next that is free."""
    wanted = getattr(item, "slug", "")
    number = 1
    while not stored(item):
        number += 1
        item.slug = f"{wanted[:90].rstrip('-')}-{number}"
    if number == 1:
        return []
    return [f"its slug is {item.slug} now, because {wanted} was taken meanwhile"]


def keep_address(item, path):
    """Let the path that an item was public at lead to it; gives what is to be said.

    It leads nowhere while the item is a draft. What is public there by now keeps it.
    """
    mine = {item._meta.model_name: item}
    if path == item.get_absolute_url() and item.state == "live":
        others = FormerAddress.objects.live().filter(path=path).exclude(**mine)
        return [f"{path} led to “{each.target}” meanwhile, and is its own again" for each in others]
    public = public_at(item, path)
    former, created = FormerAddress.objects.get_or_create(path=path, defaults=mine)
    if public:
        return [f"“{public}” is public at {path}, where it was"]
    if not created and former.target != item:
        return [f"{path}, where it was public, leads to “{former.target}” now"]
    return []


def public_at(item, path):
    """Another of the item's kind that is public at the path, or None."""
    slug = path.rstrip("/").rpartition("/")[2]
    others = type(item)._base_manager.filter(slug=slug).exclude(pk=item.pk)
    return next((o for o in others if o.state == "live" and o.get_absolute_url() == path), None)


def stored(item):
    """Store an item; gives False if its slug is taken. Raises IntegrityError for anything else."""
    has_slug = hasattr(item, "slug")
    if has_slug and namesake(item):
        return False
    try:
        insert(item)
    except IntegrityError:
        # Perhaps someone else took it at this moment.
        if has_slug and namesake(item):
            return False
        raise
    return True


def insert(row):
    """Store a row as it was, under its own number if that is free."""
    is_counted = isinstance(row._meta.pk, AutoField)
    if is_counted and type(row)._base_manager.filter(pk=row.pk).exists():
        row.pk = None
    with transaction.atomic():
        row.save_base(raw=True, force_insert=True)


def relate(item, relations):
    """Give an item its many-to-many relations, of {name: [primary keys]}."""
    notes = []
    for name, pks in relations.items():
        there = locked(item._meta.get_field(name).related_model, pks)
        getattr(item, name).set(there)
        if lost := len(pks) - len(there):
            notes.append(f"{lost} of its {name} {'is' if lost == 1 else 'are'} gone")
    return notes


def put_part_back(item, field, version):
    row = version._object_version.object
    empty_what_is_gone(row)
    setattr(row, field.name, item)
    try:
        insert(row)
    except IntegrityError:
        why = "something else has its place, or what it was about is gone"
        return [f"{row._meta.verbose_name} “{version}” stays away: {why}"]
    return []


def point_at(item, links):
    """Let what pointed at an item do so again, unless it points at something else by now."""
    notes = []
    for name, pks in links.items():
        label, _, field_name = name.rpartition(".")
        model = apps.get_model(label)
        field = model._meta.get_field(field_name)
        again = 0
        for start in range(0, len(pks), BATCH):
            there = locked(model, pks[start : start + BATCH])
            if field.many_to_many:
                getattr(item, field.remote_field.get_accessor_name()).add(*there)
                again += len(there)
            else:
                free = model._base_manager.filter(**{field_name: None}, pk__in=there)
                again += free.update(**{field_name: item})
        if lost := len(pks) - again:
            names = model._meta.verbose_name if lost == 1 else model._meta.verbose_name_plural
            notes.append(f"{lost:,} {names} that had it no longer can: gone, or with another now")
    return notes


def put_links_back(item, share_links):
    """Store the share links of an item as they were; gives what is to be said."""
    # The key is what is signed: an item of another number needs other links.
    if ended := sum(link.key != key_of(item) for link in share_links):
        return [f"{ended} of its share links no longer {'opens' if ended == 1 else 'open'} it"]
    for link in share_links:
        empty_what_is_gone(link)
        insert(link)
    return []


def put_copy_back(request, item, copy):
    """Store a working copy as if it had been begun from the item as it is now."""
    model_admin = admin.site.get_model_admin(type(item))
    stored = type(item)._base_manager.get(pk=item.pk)
    empty_what_is_gone(copy)
    copy.key, copy.base = key_of(item), Forms(model_admin, request, stored).edition
    insert(copy)
