"""The site as an operator starts it: `make run` in a process of its own."""

import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psycopg
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
MINUTE = 60


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Files(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def serving(folder):
    """The address of a folder's files, served as `python -m http.server` does it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def empty_database(name):
    """The address of an empty database on the engine under test, or none for the default file."""
    if connection.vendor == "sqlite":
        yield {}
        return
    url = os.environ["DATABASE_URL"]
    name = f"{name}_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}"')
        server.execute(f'CREATE DATABASE "{name}"')
        yield {"DATABASE_URL": re.sub(r"/[^/]*$", f"/{name}", url)}
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def environment(folder, **variables):
    """A clean environment for a site that keeps everything below `folder`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"VAR_DIR": str(folder)} | variables


class Site:
    """A running `make run`: its `url`, what it `printed`, and the process."""

    def __init__(self, folder, **variables):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = environment(folder, PORT=str(self.port), **variables)
        self.process = subprocess.Popen(
            ["make", "run"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # A shell that runs the suite in the background has it ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        self.printed = ""
        while "make sign-in" not in self.printed:
            line = self.process.stdout.readline()
            assert line, f"make run ended:\n{self.printed}"
            self.printed += line
        self.wait_until_it_answers()

    def wait_until_it_answers(self):
        deadline = time.monotonic() + MINUTE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert self.process.poll() is None, self.process.stdout.read()
                assert time.monotonic() < deadline, "the site does not answer"

    @property
    def sign_in_link(self):
        return re.search(rf"{self.url}/admin/sign-in/\S+", self.printed)[0]

    def interrupt(self):
        """Press Ctrl-C; gives the exit code and what was printed after the start."""
        os.killpg(self.process.pid, signal.SIGINT)
        rest, _ = self.process.communicate(timeout=MINUTE)
        return self.process.returncode, rest


# As a start does it, which leaves a note that it need not be done again.
COLLECT = "from portfolio.management.commands import serve; serve.collect_static()"


def with_static_files(folder):
    """The folder with the collected static files in it, which are made once in each run."""
    run = Path(os.environ["VAR_DIR"])
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent
    kept = run / "collected"
    # One worker collects; the others wait here and then find what it collected.
    with open(run / "collecting.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            collect = [sys.executable, "manage.py", "shell", "-v0", "-c", COLLECT]
            subprocess.run(collect, cwd=ROOT, env=environment(run / "collecting"), check=True)
            (run / "collecting/static").rename(kept)
    shutil.copytree(kept, Path(folder, "static"), dirs_exist_ok=True)
    return folder


@contextmanager
def running_site(folder, fresh=False, **variables):
    """A `Site`; unless it has to be `fresh`, its static files are there, which take it seconds."""
    site = Site(folder, **variables) if fresh else Site(with_static_files(folder), **variables)
    try:
        yield site
    finally:
        if site.process.poll() is None:
            site.interrupt()
        site.process.stdout.close()
