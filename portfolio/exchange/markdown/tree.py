"""The content as Markdown files, which Hugo, Obsidian and GitHub show, and which come back exactly.

A page's month and slug are its file's name; its other fields, its parts and its former addresses
are the file's front matter, and its text is the text. What the front matter does not say is empty.
"""

import re
from collections import Counter, defaultdict
from functools import partial

from journal.models import Entry
from portfolio.models import (
    Evidence,
    Focus,
    FormerAddress,
    Image,
    Principle,
    Profile,
    ProfileLink,
    Tool,
)
from roles.models import Outcome, Role

from .. import canonical
from ..bundle import open_picture
from ..files import Folder, SourceError
from ..progress import Progress
from ..source import Item, Source
from . import front_matter, notation, page_file
from .layout import (
    FOLDERS,
    MARKER,
    MEDIA,
    NOW,
    PARTS,
    PICTURES,
    PROFILE,
    belongs,
    object_at,
    parts_of,
    path_of,
)

FORMAT = 1
STATEMENTS = "statements"
NOW_TITLE = "now"  # so that other software has a name for it


# Writing.


def write(read, create, open_picture):
    """Write the files of a tree, each into what `create(path)` opens.

    `read(model)` gives the objects of a kind as a fixture's dictionaries of JSON's types, all of
    one moment; `open_picture(name)` the file of a picture. Raises ExportError.
    """

    def add(path, text):
        with create(path) as file:
            file.write(text.encode())

    add(MARKER, front_matter.dump({"format": FORMAT}))
    beside = gathered(read)
    for model in FOLDERS:
        for item in read(model):
            fields = item["fields"]
            key = tuple(fields[name] for name in model.natural_key_fields)
            more = beside.pop((model, key), {})
            add(path_of(model, key), page_file.compose(model, fields, more))
    for item in read(Profile):
        more = beside.pop((Profile, ()), {})
        add(PROFILE, page_file.compose(Profile, item["fields"], more))
    statements = [notation.written(Focus, item["fields"]) for item in read(Focus)]
    if statements:
        add(NOW, front_matter.compose({"title": NOW_TITLE, STATEMENTS: statements}, ""))
    pictures = {
        item["fields"]["file"]: notation.written(Image, item["fields"], without=["file"])
        for item in read(Image)
    }
    if pictures:
        add(MEDIA, front_matter.dump(pictures))
    for name in pictures:
        with open_picture(name) as picture, create(PICTURES + name) as file:
            while chunk := picture.read(1 << 20):
                file.write(chunk)


def write_files(create, live_only=False, progress=None):
    """Write the tree as it is now; returns how many objects of each kind. Raises ExportError."""
    progress, counts = progress or Progress(), Counter()

    def read(model):
        kind = canonical.KINDS[model._meta.label_lower]
        for item in progress.over(canonical.read(kind, live_only), model._meta.verbose_name_plural):
            counts[kind.label] += 1
            yield item

    with canonical.snapshot():
        write(read, create, open_picture)
    return counts


def files_in(folder):
    """The paths of the tree in a folder; None if there is none."""
    names = Folder(folder).names
    return [name for name in names if belongs(name)] if MARKER in names else None


def gathered(read):
    """What stands in the file of each object beside its own fields, by model and natural key."""
    beside = defaultdict(dict)
    for model, relation in PARTS.items():
        owner = model._meta.get_field(relation).related_model
        for item in read(model):
            matter = beside[owner, tuple(item["fields"][relation])]
            part = notation.written(model, item["fields"], without=[relation])
            matter.setdefault(parts_of(owner)[model], []).append(part)
    for item in read(FormerAddress):
        kind = next(kind for kind in FormerAddress.KINDS if item["fields"][kind])
        owner = FormerAddress._meta.get_field(kind).related_model
        page_file.compose_alias(beside[owner, tuple(item["fields"][kind])], item["fields"])
    return beside


# Reading.


class Tree(Source):
    """A tree as `write` makes it, or as a person has changed it since."""

    whole = True

    def __init__(self, files):
        super().__init__(files)
        # What pages say of other kinds, which come after them.
        self.found = defaultdict(list)

    @staticmethod
    def recognises(files):
        return MARKER in files

    def items(self):
        self.refuse_another_format()
        for name in self.files.names:
            if not belongs(name):
                self.remark(name, "By its name it is no file of the content: not taken over.")
        yield from self.objects(Tool)
        yield from self.images()
        if PROFILE in self.files:
            yield self.object(Profile, PROFILE, [])
        yield from self.found[ProfileLink]
        yield from self.statements()
        yield from self.objects(Role)
        yield from self.found[Outcome]
        yield from self.objects(Entry)
        yield from self.objects(Principle)
        yield from self.found[Evidence]
        yield from sorted(self.found[FormerAddress], key=lambda item: item.fields["path"])

    def refuse_another_format(self):
        told = front_matter.load(self.files.text(MARKER), MARKER)[0].get("format")
        number = int(told) if isinstance(told, str) and re.fullmatch("[0-9]{1,9}", told) else 0
        if number > FORMAT:
            raise SourceError(
                f"{MARKER} says format {number}, and {FORMAT} is the newest that is known here: "
                "bring this site up to date, then import again."
            )
        if number < 1:
            raise SourceError(f"{MARKER} does not say the format: write `format: {FORMAT}` there.")

    def objects(self, model):
        places = ((object_at(path), path) for path in self.files.names)
        mine = sorted((place[1], path) for place, path in places if place and place[0] is model)
        for key, path in mine:
            yield self.object(model, path, key)

    def object(self, model, path, key):
        reading = page_file.Reading(self, model, path, key)
        item = reading.item()
        for part, items in reading.parts().items():
            self.found[part] += items
        if model in FOLDERS:
            self.found[FormerAddress] += reading.aliases()
        for name, where in reading.rest().items():
            self.remark_unknown([name], where)
        return item

    def statements(self):
        if NOW not in self.files:
            return
        page = front_matter.parse(self.files.text(NOW), NOW)
        if page.body:
            self.remark(f"{NOW}:{page.body_line}", "Now has no text of its own: not taken over.")
        where = f"{NOW}:{page.lines.get(STATEMENTS, 1)}"
        for mapping in page_file.mappings(page.matter.pop(STATEMENTS, None), where):
            yield Item(Focus._meta.label_lower, notation.read(Focus, mapping, where), where)
            self.remark_unknown(mapping, where)
        if page.matter.get("title") == NOW_TITLE:
            del page.matter["title"]
        for name in page.matter:
            self.remark_unknown([name], f"{NOW}:{page.lines[name]}")

    def images(self):
        listed, lines = {}, {}
        if MEDIA in self.files:
            listed, lines = front_matter.load(self.files.text(MEDIA), MEDIA)
        for name, told in listed.items():
            where = f"{MEDIA}:{lines[name]}"
            [mapping] = page_file.mappings([told or {}], where)
            fields = {"file": name} | notation.read(Image, mapping, where, without=["file"])
            self.remark_unknown(mapping, where)
            if PICTURES + name in self.files:
                self.pictures[name] = partial(self.files.open, PICTURES + name)
            yield Item(Image._meta.label_lower, fields, where)
        for path in self.files.names:
            if path.startswith(PICTURES) and path.removeprefix(PICTURES) not in listed:
                self.remark(path, f"{MEDIA} does not list it: not taken over.")

    def remark_unknown(self, keys, where):
        for key in keys:
            self.remark(where, f"The key {key!r} means nothing here: not taken over.")
