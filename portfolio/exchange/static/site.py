"""The public site as static files, which any web server can give without Django.

A build takes over from the earlier one whatever is made of the same facts.
"""

import os
import shutil
import sys
import tempfile
from contextlib import suppress
from itertools import chain
from pathlib import Path

from django.conf import settings
from django.db import connections
from django.utils import timezone

from journal.models import Entry
from portfolio import media
from portfolio.models import Principle, Tool
from portfolio.views import load_profile
from roles.models import Role

from ..canonical import batches, snapshot
from ..progress import Progress
from . import record, whole
from .entries import Entries, facts
from .lists import Lists
from .making import Made, digest, pictures_in
from .place import parse, standing_at
from .share_cards import cards
from .statics import collect
from .swap import replacing
from .workers import Workers

AT_ONCE = 40


class BuildError(Exception):
    """Why there is no site, in a sentence for the person who asked for it."""


def build(target, base_url, jobs=1, progress=None):
    """Build the site for an address into a folder; returns how many files it has.

    Whatever stops it, an earlier site there stays as it was. Raises BuildError, PlaceError and
    SwapError. Settings are changed meanwhile, so this is for a process that serves nothing.
    """
    target = Path(os.path.abspath(target))
    parse(base_url)
    try:
        refuse_others(target)
        with replacing(target) as new, tempfile.TemporaryDirectory() as static:
            # Again if something went live meanwhile, of which the first pages did not know.
            while not (number := attempt(target, new, base_url, Path(static), jobs, progress)):
                pass
    except media.Unavailable as error:
        raise BuildError(str(error)) from error
    except OSError as error:
        raise BuildError(f"{target} cannot be written: {error}.") from error
    return number


def refuse_others(target):
    """BuildError if in a folder there is anything but an earlier build."""
    if target.exists() and any(target.iterdir()) and not (target / record.NAME).exists():
        raise BuildError(f"{target} is not empty and holds no earlier build: name a new folder.")


def attempt(target, new, base_url, static, jobs, progress):
    """The number of files; None if the time that passed changed what is public."""
    began = timezone.now()
    if jobs > 1:
        connections.close_all()
    with standing_at(base_url, static):
        names = collect()
        with Workers(jobs) as workers, snapshot():
            build = Build(target, new, workers, progress or Progress(), base_url, names)
            build.run()
            if turned(began):
                return None
            for path in (static / name for name in names.values()):
                name = f"static/{path.relative_to(static)}"
                build.keep(whole.Output(name, lambda path=path: [path.read_bytes()]))
    return build.finish()


def turned(began):
    """Whether something went live by itself, or a day began, since then."""
    now = timezone.now()
    if timezone.localdate(began) != timezone.localdate(now):
        return True
    return any(
        model.objects.filter(publish_at__gt=began, publish_at__lte=now).exists()
        for model in (Entry, Role, Principle)
    )


def common_facts(base_url, static, profile):
    """A digest of what goes into every page: the code, its libraries, settings and the profile."""
    digests = []
    for folder in ("portfolio", "journal", "roles", "templates"):
        for path in sorted((settings.BASE_DIR / folder).rglob("*")):
            if path.suffix in (".py", ".html", ".md", ".xml", ".txt") and path.is_file():
                digests.append(
                    (str(path.relative_to(settings.BASE_DIR)), digest(path.read_bytes()))
                )
    # Whose names tell the versions.
    libraries = sorted(path.name for place in sys.path for path in Path(place).glob("*.dist-info"))
    chosen = settings.TIME_ZONE, settings.LANGUAGE_CODE, base_url
    links = [facts(link) for link in profile.links.all()]
    portrait = profile.portrait and facts(profile.portrait)
    # One that was never saved has the time of this moment.
    told = None if profile._state.adding else facts(profile)
    return digest(record.FORMAT, digests, libraries, chosen, static, told, links, portrait)


class Build:
    """One build into `new`, of which much may be there, and in `target`, from earlier ones."""

    def __init__(self, target, new, workers, progress, base_url, static):
        self.target, self.new = target, new
        self.workers, self.progress = workers, progress
        self.earlier, self.words = record.read(target)
        self.there, _ = record.read(new, self.earlier)
        if self.there:
            # Whatever ends this build leaves nothing that the next takes for whole.
            (new / record.NAME).unlink()
        else:
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir()
        self.profile = load_profile()
        self.common = common_facts(base_url, static, self.profile)
        self.tasks, self.folders = {}, {str(new)}

    def run(self):
        entries = Entries(self.profile, self.common, self.words)
        self.make(entries.tasks(), "Entries", len(entries.titles), entries.complete)
        self.words = entries.near.kept
        descriptions = {pk: self.tasks[title.path].told for pk, title in entries.titles.items()}
        lists = Lists(entries, descriptions, self.profile, self.common)
        self.make(lists.tasks(), "Lists")
        others = chain(*(kind.objects.live() for kind in (Role, Principle)), Tool.objects.all())
        items = chain(entries.titles.values(), others)
        self.make(cards(items, self.profile), "Cards")
        made = [file for made in self.tasks.values() for file in made.files]
        outputs = whole.outputs(self.profile, made, entries)
        for output in self.progress.over(outputs, "Other pages"):
            self.keep(output)
        self.pictures()

    # Tasks.

    def make(self, tasks, what, total=None, complete=None):
        """Make the tasks, or take over what an earlier build made of the same facts.

        Those that are left to make are first completed, by a function of a list of some.
        """
        left = self.taken_over(self.progress.over(tasks, what, total))
        complete = complete or list
        some = ((self.new, complete(batch)) for batch in batches(left, AT_ONCE))
        for made in self.workers.over(write, some):
            self.tasks |= made

    def taken_over(self, tasks):
        """Those of the tasks that are left to make."""
        for task in tasks:
            if not self.take_over(task.name, task.key):
                yield task

    def take_over(self, name, key):
        """Whether an earlier build made the same."""
        made = self.there.get(name)
        if not (made and made.key == key):
            made = self.earlier.get(name)
            if not (made and made.key == key and all(map(self.link, made.files))):
                return False
        self.tasks[name] = made
        return True

    def link(self, name):
        """Have the file of the earlier site in the new one; whether it was there."""
        source, path = f"{self.target}/{name}", f"{self.new}/{name}"
        folder = os.path.dirname(path)
        if folder not in self.folders:
            os.makedirs(folder, exist_ok=True)
            self.folders.add(folder)
        with suppress(FileNotFoundError):
            os.unlink(path)
        try:
            os.link(source, path)
        except FileNotFoundError:
            return False
        except OSError:  # a file system without links, or too many of them
            shutil.copy2(source, path)
        return True

    def keep(self, output):
        """Write a file, unless it is the same as before."""
        name, chunks, key = output
        if key is None:
            content = [*chunks()]
            key, chunks = digest(content), content.copy
        if not self.take_over(name, key):
            pictures = set()
            put(f"{self.new}/{name}", noting(chunks(), pictures))
            self.tasks[name] = Made(key, [name], sorted(pictures))

    def pictures(self):
        names = sorted({name for made in self.tasks.values() for name in made.pictures})
        for name in self.progress.over(names, "Pictures", len(names)):
            path = f"media/{name}"
            # The name tells the content.
            if not self.take_over(path, name):
                with media.opened(name) as source:
                    put(f"{self.new}/{path}", [source.read()])
                self.tasks[path] = Made(name, [path], [])

    def finish(self):
        """Take away what is not of this site any more; returns how many files it has."""
        files = {name for made in self.tasks.values() for name in made.files}
        for name in {name for made in self.there.values() for name in made.files} - files:
            path = self.new / name
            path.unlink(missing_ok=True)
            while not any((path := path.parent).iterdir()):
                path.rmdir()
        record.write(self.new, self.tasks, self.words)
        return len(files)


def write(batch):
    """Write the files of a batch of tasks; returns {name of the task: what it made}."""
    new, tasks = batch
    result = {}
    for task in tasks:
        files, told = task.make(*task.args)
        pictures = set()
        for name, content in files.items():
            pictures |= pictures_in(content)
            put(f"{new}/{name}", [content])
        result[task.name] = Made(task.key, [*files], sorted(pictures), told)
    return result


def noting(chunks, pictures):
    """The chunks, of which the pictures that they show are added to a set."""
    for chunk in chunks:
        pictures |= pictures_in(chunk)
        yield chunk


def put(path, chunks):
    """Write a file anew: what was there may be a file of the earlier site, too."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    try:
        file = open(path, "xb")  # noqa: SIM115 (closed below)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        file = open(path, "xb")  # noqa: SIM115
    with file:
        file.writelines(chunks)
