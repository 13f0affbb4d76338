"""An import: a source compared with what is here, object by object, and carried out."""

import re
from collections import Counter, defaultdict
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import groupby

import reversion
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction

from portfolio import images
from portfolio.editing import copies
from portfolio.editing.deleted import before_delete
from portfolio.media import Unavailable
from portfolio.models import Image

from .candidate import Candidate
from .canonical import KINDS, batches
from .files import SourceError
from .progress import Progress
from .source import Remark

# Few enough that a text which was rendered to be checked is remembered until search has read it.
AT_ONCE = 200
MOST_TOLD = 1000


class ImportRefused(Exception):
    """Nothing was imported; `plan` says why."""

    def __init__(self, plan):
        super().__init__("nothing was imported")
        self.plan = plan


@dataclass(frozen=True, slots=True)
class Change:
    """An object that is not here as the source has it."""

    what: str  # "add", "change" or "delete"
    label: str  # such as "journal.entry"
    name: str  # its natural key, such as "2026-01 title"
    where: str = ""
    # {field: (value here, value in the source)}, canonical
    fields: dict = field(default_factory=dict)
    # It was edited here later than in the source.
    is_newer_here: bool = False


@dataclass
class Plan:
    """What an import would do. All changes are counted, and the first so many of them told."""

    counts: Counter = field(default_factory=Counter)  # (what, label) → objects
    changes: list[Change] = field(default_factory=list)
    newer_here: list[Change] = field(default_factory=list)
    problems: list[Remark] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def count(self, what):
        """How many objects it would "add", "change", "delete" or "leave"."""
        return sum(number for (each, _), number in self.counts.items() if each == what)

    @property
    def is_empty(self):
        return not any(self.count(what) for what in ("add", "change", "delete"))

    def tell(self, change):
        self.counts[change.what, change.label] += 1
        if len(self.changes) < MOST_TOLD:
            self.changes.append(change)
        if change.is_newer_here:
            self.newer_here.append(change)

    def refuse(self, where, problem):
        if len(self.problems) < MOST_TOLD:
            self.problems.append(Remark(where, problem))


def make(source, prune=False, progress=None):
    """The `Plan` of importing a source; nothing is written. Raises SourceError."""
    try:
        return Import(source, False, progress).run(prune)
    except Unavailable as error:
        raise SourceError(str(error)) from error


def carry_out(source, prune=False, force=False, progress=None, user=None):
    """Import a source, all of it in one transaction or nothing of it; returns the `Plan`.

    With `prune`, what the source does not have is deleted. The history says that the `user`
    imported it. Raises SourceError, and ImportRefused where the plan has problems or, unless
    forced, would undo what was edited here later.
    """
    run = Import(source, True, progress, user)
    try:
        with transaction.atomic():
            plan = run.run(prune)
            if plan.problems or (plan.newer_here and not force):
                raise ImportRefused(plan)
    except BaseException as error:
        # What a kill leaves of them, no row names: `clean_pictures` finds it. So it is where they
        # were put into a bucket that cannot be reached any more.
        with suppress(Unavailable):
            for name in run.files:
                images.discard(name)
        if isinstance(error, Unavailable):
            raise SourceError(f"{error} Nothing was imported.") from error
        raise
    return plan


class Import:
    """One walk through a source; what differs is written on the way if `writes`."""

    def __init__(self, source, writes, progress, user=None):
        self.source, self.writes, self.user = source, writes, user
        self.progress = progress or Progress()
        self.plan = Plan(remarks=source.remarks)
        # Of each kind, the natural keys that the source has, and the rows here that it speaks of.
        self.keys, self.rows = defaultdict(set), defaultdict(set)
        # What is not called here as in the source, as {(label, key in the source): key here}.
        self.renamed = {}
        self.newest = None
        # Those that were written.
        self.files = []

    def run(self, prune):
        if prune and not self.source.whole:
            raise SourceError(
                "Only a bundle or its Markdown says what is gone: what another system does not "
                "have may be yours. Import without deleting."
            )
        items = self.progress.over(self.source.items(), "Objects")
        for label, same in groupby(items, lambda item: item.model):
            for some in batches(same, AT_ONCE):
                if label in KINDS:
                    self.take(KINDS[label], some)
                else:
                    self.plan.refuse(some[0].where, f"{label!r} is no content; only content is.")
        if prune and not self.plan.problems:
            self.prune()
        return self.plan

    @property
    def is_writing(self):
        return self.writes and not self.plan.problems

    def take(self, kind, items):
        candidates = [Candidate(kind, item, self.plan.refuse) for item in items]
        candidates = [each for each in candidates if self.is_first(each) and not each.broken]
        if not self.is_writing:
            for each in candidates:
                each.call_as_here(self.renamed)
        self.resolve(kind, candidates)
        here = self.match(kind, candidates)
        new = [each for each in candidates if each.key not in here]
        changed = []
        for each in candidates:
            if each.key not in here:
                continue
            pk, fields = here[each.key]
            self.rows[kind.label].add(pk)
            if (key := kind.key(fields)) != each.key:
                self.renamed[kind.label, each.key] = key
            if differences := each.differences(fields):
                changed.append((each, pk, fields, differences))
            else:
                self.plan.counts["leave", kind.label] += 1
                self.repair_picture(each)
        self.refuse_taken_uuids(kind, {each: here.get(each.key, (None,))[0] for each in candidates})
        try:
            # One batch after the other, so that a refusal of the database names its place.
            with transaction.atomic():
                self.add(kind, new)
                for each, pk, fields, differences in changed:
                    self.change(kind, each, pk, fields, differences)
        except DatabaseError as error:
            self.plan.refuse(items[0].where, f"The database refuses it or one after it: {error}")

    def is_first(self, each):
        keys = self.keys[each.kind.label]
        if each.key in keys:
            each.refuse(f"The source has {each.name!r} twice.")
            return False
        keys.add(each.key)
        if each.updated_at:
            self.newest = max(each.updated_at, self.newest or each.updated_at)
        return True

    def resolve(self, kind, candidates):
        """Find what they point at, in one query for each relation."""
        for name, relation in kind.fields.items():
            if relation.remote_field:
                other = KINDS[relation.related_model._meta.label_lower]
                keys = {key for each in candidates for key in each.related(name)}
                known = other.pks(keys)
                if not self.is_writing:
                    # Not written, they have no primary key; any will do.
                    known = dict.fromkeys(keys & self.keys[other.label], 0) | known
                for each in candidates:
                    each.point(name, known)

    def match(self, kind, candidates):
        """{natural key in the source: (primary key, canonical fields) here}."""
        keys, spoken_of = {each.key for each in candidates}, self.rows[kind.label]
        here = {}
        for pk, item in kind.rows(kind.with_keys(keys)):
            key = kind.key(item["fields"])
            if key in keys and pk not in spoken_of:
                here[key] = pk, item["fields"]
        if "uuid" in kind.fields:
            # One with another address now is known by its uuid.
            moved = {
                each.fields["uuid"]: each.key
                for each in candidates
                if "uuid" in each.fields and each.key not in here
            }
            spoken_of = spoken_of | {pk for pk, _ in here.values()}
            for pk, item in kind.rows(kind.model._base_manager.filter(uuid__in=moved)):
                if pk not in spoken_of:
                    here[moved[item["fields"]["uuid"]]] = pk, item["fields"]
        return here

    def refuse_taken_uuids(self, kind, pks):
        """Refuse those whose uuid another object has, here or in the source."""
        if "uuid" not in kind.fields:
            return
        said = {each: each.fields["uuid"] for each in pks if "uuid" in each.fields}
        there = kind.model._base_manager.filter(uuid__in=said.values()).values_list("uuid", "pk")
        owners = {str(uuid): pk for uuid, pk in there}
        times = Counter(said.values())
        for each, uuid in said.items():
            if times[uuid] > 1 or owners.get(uuid, pks[each]) != pks[each]:
                each.refuse(f"Its uuid {uuid} is that of something else: remove the uuid.")

    # What becomes of them.

    def add(self, kind, new):
        instances = []
        for each in new:
            self.plan.tell(Change("add", kind.label, each.name, each.where))
            measured = self.take_picture(each) if kind.model is Image else {}
            if measured is None:
                continue
            instance = each.instance(**measured)
            each.validate(instance)
            instances.append(instance)
        if not self.is_writing or not new:
            return
        kind.model._base_manager.bulk_create(instances)
        for name, field_ in kind.to_many.items():
            link = field_.remote_field.through
            owner, other = f"{field_.m2m_field_name()}_id", f"{field_.m2m_reverse_field_name()}_id"
            link._base_manager.bulk_create(
                link(**{owner: instance.pk, other: pk})
                for each, instance in zip(new, instances, strict=True)
                for pk in each.to_many(name) or ()
            )
        self.rows[kind.label].update(instance.pk for instance in instances)

    def change(self, kind, each, pk, fields, differences):
        here = kind.model._base_manager.get(pk=pk)
        newer = each.is_older_than(fields["updated_at"])
        self.plan.tell(Change("change", kind.label, each.name, each.where, differences, newer))
        each.write_to(here)
        each.validate(here)
        if self.is_writing:
            with self.version(here):
                here.save()
                for name in differences.keys() & kind.to_many.keys():
                    getattr(here, name).set(each.to_many(name))

    @contextmanager
    def version(self, here):
        """Makes what is written inside a version of it, or of what it is a part of."""
        told = getattr(here, here.part_of) if here.part_of else here
        copies.keep_first_version(told)
        with reversion.create_revision():
            reversion.set_comment("imported")
            if self.user:
                reversion.set_user(self.user)
            yield
            reversion.add_to_revision(told)

    def prune(self):
        """Delete what the source does not have, what points at others first."""
        for kind in reversed(KINDS.values()):
            for pk, item in [*kind.rows(kind.model._base_manager.order_by(*kind.order))]:
                if pk not in self.rows[kind.label]:
                    self.delete(kind, pk, kind.name(kind.key(item["fields"])))

    def delete(self, kind, pk, name):
        # It may have gone with what it is a part of.
        if here := kind.model._base_manager.filter(pk=pk).first():
            newer = self.newest is None or here.updated_at > self.newest
            self.plan.tell(Change("delete", kind.label, name, is_newer_here=newer))
            if self.is_writing:
                # What has no page in the admin goes into the history with what it is a part of.
                if admin.site.is_registered(kind.model):
                    before_delete(self.user, "not in what was imported", kind.model, [pk])
                here.delete()
                if kind.model is Image:
                    images.discard_on_commit(here.file.name)

    # The files of pictures.

    def take_picture(self, each):
        """Check the file of a new picture, and put it in its place before the row is.

        What it measures, without which a row cannot be made, or None if it is refused.
        """
        try:
            content = self.picture(each.fields.get("file"))
            measured = images.measured(content)
        except ValidationError as error:
            each.refuse(" ".join(error.messages))
            return None
        for field_, value in measured.items():
            if each.fields.get(field_, value) != value:
                each.refuse(f"{field_} is {each.fields[field_]!r}, and its file has {value!r}.")
        if self.is_writing:
            self.put(content)
        return measured

    def repair_picture(self, each):
        is_picture = each.kind.model is Image and each.name in self.source.pictures
        if is_picture and self.is_writing and not default_storage.exists(each.name):
            self.put(self.picture(each.name))

    def picture(self, name):
        if not re.fullmatch(images.NAME, name):
            raise ValidationError(f"{name!r} is not the name of a picture of ours.")
        if name in self.source.pictures:
            with self.source.pictures[name]() as file:
                return ContentFile(file.read(images.MAX_BYTES + 1), name)
        if default_storage.exists(name):
            with default_storage.open(name) as file:
                return ContentFile(file.read(), name)
        raise ValidationError(f"The file of the picture {name!r} is missing from the source.")

    def put(self, content):
        if not default_storage.exists(content.name):
            self.files.append(content.name)
        images.write(content)
