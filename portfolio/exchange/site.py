"""The public site as static files, which any web server can give without Django.

A build takes over from the earlier one whatever is made of the same facts.
"""

import json
import os
import shutil
from contextlib import contextmanager
from importlib import metadata
from itertools import chain, islice
from pathlib import Path

from django.conf import settings
from django.db import connection, connections
from django.utils import timezone

from journal.models import Entry
from portfolio import media
from portfolio.models import Principle, Tool
from portfolio.views import load_profile
from roles.models import Role

from . import whole
from .bundle import snapshot
from .entries import Entries, facts
from .lists import Lists
from .making import Made, digest, pictures_in
from .place import standing_at
from .progress import Progress
from .share_cards import cards
from .statics import collect
from .swap import replacing
from .workers import Workers

FORMAT = 1
RECORD = ".build.json"
AT_ONCE = 40


class BuildError(Exception):
    """Why there is no site, in a sentence for the person who asked for it."""


def build(target, base_url, jobs=1, progress=None):
    """Build the site for an address into a folder; returns how many files it has.

    Whatever stops it, an earlier site there stays as it was. Raises BuildError, PlaceError and
    SwapError. Settings are changed meanwhile, so this is for a process that serves nothing.
    """
    target = Path(os.path.abspath(target))
    try:
        with replacing(target) as new:
            earlier = earlier_tasks(target)
            while not (built := attempt(target, new, base_url, earlier, jobs, progress)):
                # Something went live meanwhile, and what was made before does not know of it.
                shutil.rmtree(new)
                new.mkdir()
    except OSError as error:
        raise BuildError(f"{target} cannot be written: {error}.") from error
    return built


def earlier_tasks(target):
    """What an earlier build in a folder made; BuildError if something else is there."""
    try:
        if not target.exists() or not any(target.iterdir()):
            return {}
        record = json.loads((target / RECORD).read_bytes())
        if record["format"] == FORMAT:
            return {name: Made(*made) for name, made in record["tasks"].items()}
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BuildError(
            f"{target} is not empty and holds no earlier build: name a new folder."
        ) from error


def attempt(target, new, base_url, earlier, jobs, progress):
    began = timezone.now()
    if jobs > 1:
        connections.close_all()
    with standing_at(base_url, new / "static"):
        static = collect()
        with Workers(jobs) as workers, undisturbed():
            build = Build(target, new, earlier, workers, progress or Progress(), base_url, static)
            build.run()
            if turned(began):
                return None
    build.write_record()
    return build.number


@contextmanager
def undisturbed():
    """A `snapshot` during which others write."""
    connection.ensure_connection()
    if connection.vendor == "sqlite":
        # Otherwise it would be the only writer, however long it takes.
        before, connection.transaction_mode = connection.transaction_mode, "DEFERRED"
    try:
        with snapshot():
            yield
    finally:
        if connection.vendor == "sqlite":
            connection.transaction_mode = before


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
    libraries = sorted((each.name, each.version) for each in metadata.distributions())
    chosen = settings.TIME_ZONE, settings.LANGUAGE_CODE, base_url
    links = [facts(link) for link in profile.links.all()]
    portrait = profile.portrait and facts(profile.portrait)
    return digest(FORMAT, digests, libraries, chosen, static, facts(profile), links, portrait)


class Build:
    """One build into `new`, which takes over what it can from `target`."""

    def __init__(self, target, new, earlier, workers, progress, base_url, static):
        self.target, self.new, self.earlier = target, new, earlier
        self.workers, self.progress = workers, progress
        self.profile = load_profile()
        # One that was never saved is not asked for its links each time.
        self.profile._prefetched_objects_cache = {"links": self.profile.links.all()}
        len(self.profile.links.all())
        self.common = common_facts(base_url, static, self.profile)
        self.static, self.tasks, self.folders, self.number = static, {}, {str(new)}, 0

    def run(self):
        entries = Entries()
        total = len(entries.titles)
        pages = entries.tasks(self.profile, self.common)
        self.make(pages, "Entries", total)
        descriptions = {pk: self.tasks[title.path].told for pk, title in entries.titles.items()}
        lists = Lists(entries, descriptions, self.profile, self.common)
        self.make(lists.tasks(), "Lists")
        items = chain(
            Entry.objects.live().only("title", "slug", "month").iterator(chunk_size=2000),
            *(kind.objects.live() for kind in (Role, Principle)),
            Tool.objects.all(),
        )
        self.make(cards(items, self.profile), "Cards")
        others = whole.outputs(
            self.profile, [file for made in self.tasks.values() for file in made.files]
        )
        for name, content in self.progress.over(others, "Other pages"):
            self.keep(name, content)
        self.pictures()
        self.number += len(self.static)

    # Tasks.

    def make(self, tasks, what, total=None):
        """Make the tasks, or take over what an earlier build made of the same facts."""
        left = self.taken_over(self.progress.over(tasks, what, total))
        for made in self.workers.over(write, batches(left, self.new)):
            self.tasks |= made

    def taken_over(self, tasks):
        """Those of the tasks that are left to make."""
        for task in tasks:
            made = self.earlier.get(task.name)
            if made and made.key == task.key and all(map(self.take_over, made.files)):
                self.tasks[task.name] = made
            else:
                yield task

    def take_over(self, name):
        """Whether the file was there."""
        target = self.place(name)
        try:
            os.link(f"{self.target}/{name}", target)
        except FileNotFoundError:
            return False
        except FileExistsError:
            pass
        except OSError:  # a file system without links, or too many of them
            shutil.copy2(f"{self.target}/{name}", target)
        return True

    def place(self, name):
        """The path of a file in the new site, in a folder that is there."""
        path = f"{self.new}/{name}"
        folder = os.path.dirname(path)
        if folder not in self.folders:
            os.makedirs(folder, exist_ok=True)
            self.folders.add(folder)
        return path

    def keep(self, name, content):
        """Write a file that is made each time, unless it is the same as before."""
        known = self.earlier.get(name)
        key = digest(content)
        if not (known and known.key == key and self.take_over(name)):
            put(f"{self.new}/{name}", content)
        self.tasks[name] = Made(key, [name], sorted(pictures_in(content)))

    def pictures(self):
        names = sorted({name for made in self.tasks.values() for name in made.pictures})
        for name in self.progress.over(names, "Pictures", len(names)):
            path = f"media/{name}"
            if not self.take_over(path):
                with media.opened(name) as source, open(self.place(path), "wb") as file:
                    shutil.copyfileobj(source, file)
        self.number += len(names)

    def write_record(self):
        record = {"format": FORMAT, "tasks": self.tasks}
        (self.new / RECORD).write_text(json.dumps(record, separators=(",", ":")))
        self.number += sum(len(made.files) for made in self.tasks.values())


def batches(tasks, new):
    tasks = iter(tasks)
    while batch := [*islice(tasks, AT_ONCE)]:
        yield new, batch


def write(batch):
    """Write the files of a batch of tasks; returns {name of the task: what it made}."""
    new, tasks = batch
    result = {}
    for task in tasks:
        files, told = task.make(*task.args)
        pictures = set()
        for name, content in files.items():
            pictures |= pictures_in(content)
            put(f"{new}/{name}", content)
        result[task.name] = Made(task.key, [*files], sorted(pictures), told)
    return result


def put(path, content):
    for attempt in (1, 2):
        try:
            with open(path, "wb") as file:
                file.write(content)
            return
        except FileNotFoundError:
            if attempt == 2:
                raise
            os.makedirs(os.path.dirname(path), exist_ok=True)
