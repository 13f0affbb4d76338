"""Work that takes longer than a request: it goes on by itself, and can be looked at meanwhile.

Each has a folder `VAR_DIR/exchange/<user>/<token>`, which any process of the server can read. As
long as a process holds the lock in it, the work goes on. With several machines it is on the one
where it was begun, and a proxy has to send one visitor there.
"""

import contextlib
import fcntl
import json
import logging
import os
import re
import secrets
import shutil
import threading
import time
from pathlib import Path

from django.conf import settings
from django.db import connections

from ..progress import Progress

KEPT = 60 * 60  # seconds
EVERY = 0.2  # seconds between two notes of how far it is
OUTCOME, STATE, LOCK = "outcome.json", "state.json", "lock"
# What is said when the reason is for the log alone.
BROKEN = {"kind": "failed", "reason": "Something is wrong on the server, and its log says what."}
logger = logging.getLogger(__name__)


class Busy(Exception):
    """The user has another `job` that goes on."""

    def __init__(self, job):
        super().__init__(job.token)
        self.job = job


class Job:
    """The work of a user in a folder: its files, its state, its outcome."""

    def __init__(self, folder):
        self.folder, self.token = folder, folder.name

    def path(self, name):
        return self.folder / name

    # Work.

    def start(self, work):
        """Do `work(self, progress)`, which gives the outcome as a dictionary. Raises Busy."""
        alone = hold(self.folder.parent / LOCK, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if alone is None:
            token = (self.folder.parent / LOCK).read_text()
            raise Busy(Job(self.folder.parent / token))
        os.ftruncate(alone, 0)
        os.write(alone, self.token.encode())
        # Whoever looks whether it is held, holds it for a moment.
        lock = hold(self.path(LOCK), fcntl.LOCK_EX)
        for name in (OUTCOME, STATE):
            self.path(name).unlink(missing_ok=True)
        threading.Thread(target=self._run, args=[work, lock, alone], daemon=True).start()

    def _run(self, work, *locks):
        try:
            try:
                outcome = work(self, Noted(self.note))
            except Exception:
                logger.exception("The work in %s ended with an error.", self.folder)
                outcome = BROKEN
            finally:
                connections.close_all()
            self.write(OUTCOME, outcome)
        finally:
            for lock in locks:
                os.close(lock)

    def is_running(self):
        lock = hold(self.path(LOCK), fcntl.LOCK_SH | fcntl.LOCK_NB)
        if lock is not None:
            os.close(lock)
        return lock is None

    # What is known of it.

    @property
    def is_old(self):
        return time.time() - self.folder.stat().st_mtime > KEPT

    def note(self, state):
        self.write(STATE, state)

    def state(self):
        """What `Noted` told last, or nothing."""
        return self.read(STATE)

    def outcome(self):
        """What the work gave; to be asked when it no longer runs."""
        return self.read(OUTCOME) or {"kind": "stopped"}

    def write(self, name, value):
        draft = self.path(f".{name}")
        with create(draft) as file:
            file.write(json.dumps(value).encode())
        os.replace(draft, self.path(name))

    def read(self, name):
        try:
            return json.loads(self.path(name).read_bytes())
        except FileNotFoundError:
            return None

    def discard(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Noted(Progress):
    """Calls `note` with `{"what", "done", "total"}`, not too often."""

    def __init__(self, note):
        self.note = note

    def over(self, items, what, total=None):
        done, noted = 0, 0
        for done, item in enumerate(items, start=1):
            if time.monotonic() - noted >= EVERY:
                self.note({"what": what, "done": done - 1, "total": total})
                noted = time.monotonic()
            yield item
        self.note({"what": what, "done": done, "total": done})


def new(user):
    """A job without work, once what is too old has gone."""
    clear()
    folder = folder_of(user)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    job = Job(folder / secrets.token_urlsafe(16))
    job.folder.mkdir(mode=0o700)
    return job


def clear():
    """Delete, of all users, what is too old."""
    for folder in [*root().glob("*/*/")]:
        job = Job(folder)
        # Another may be clearing, too.
        with contextlib.suppress(FileNotFoundError):
            if job.is_old and not job.is_running():
                job.discard()


def find(user, token):
    """The user's job of that token, or None."""
    if not is_here(user, token):
        return None
    job = Job(folder_of(user) / token)
    return None if job.is_old and not job.is_running() else job


def is_here(user, token):
    """Whether this machine has that job of the user, be it too old."""
    return bool(re.fullmatch(r"[\w-]{22}", token)) and (folder_of(user) / token).is_dir()


def root():
    return Path(settings.VAR_DIR, "exchange")


def folder_of(user):
    return root() / str(user.pk)


def create(path):
    """The file at a path, to write bytes to, which nobody else can read."""
    return open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600))


def hold(path, how):
    """A descriptor that holds the lock at a path until it is closed; None if another holds it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, how)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock
