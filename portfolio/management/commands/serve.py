import errno
import hashlib
import ipaddress
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connections, transaction

from portfolio import sign_in

from .load_example import content_counts, load_seed, one_at_a_time


class Command(BaseCommand):
    help = "Prepare the site, changing nothing that is there already, and serve it until Ctrl-C."
    requires_system_checks = []

    def handle(self, **options):
        if settings.SOCKET:
            check_socket(settings.SOCKET)
        else:
            check_port(settings.HOST, settings.PORT)
        check_folder(settings.VAR_DIR)
        try:
            with one_at_a_time():
                call_command("migrate", verbosity=0)
                editor = first_editor()
        except OperationalError as error:
            raise CommandError(f"The database cannot be used: {error}".strip()) from None
        collect_static()
        self.stdout.write(f"Serving {settings.SITE_URL} until Ctrl-C.")
        if editor is None or editor.has_usable_password():
            self.stdout.write(f"Edit at {settings.SITE_URL}/admin/.")
        else:
            self.stdout.write(f"Sign in once, within 15 minutes:\n{sign_in.link(editor)}")
        self.stdout.write("`make sign-in` prints a new one-time link.")
        self.stdout.flush()
        # This process only waits from here on.
        connections.close_all()
        raise SystemExit(run(server()))


def check_port(host, port):
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except (OSError, OverflowError) as error:
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise CommandError(
                f"Port {port} is in use: stop what uses it, or choose another, "
                f"such as PORT={port + 1} make run"
            ) from None
        raise CommandError(f"Cannot listen on {host}:{port} ({error}): set HOST and PORT") from None


def check_socket(path):
    """Make way for a new socket: one that a killed server left would stop the next."""
    try:
        if Path(path).is_socket():
            with socket.socket(socket.AF_UNIX) as asked, suppress(ConnectionRefusedError):
                asked.connect(str(path))
                raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
            os.unlink(path)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
        os.unlink(path)
    except OSError as error:
        raise CommandError(
            f"SOCKET is {str(path)!r}, which cannot be made ({error.strerror}): "
            "set it to a path in a folder that this user may write"
        ) from None


def check_folder(folder):
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise CommandError(
            f"{folder} cannot be written ({error.strerror}): "
            "set VAR_DIR to a folder that this user may write"
        ) from None


def is_of_this_machine_alone():
    """Whether the site listens and answers only where no other machine can ask it."""
    hosts = {settings.HOST, urlsplit(settings.SITE_URL).hostname, *settings.ALLOWED_HOSTS}
    return not settings.PRODUCTION and not settings.SOCKET and all(map(is_loopback, hosts))


def is_loopback(host):
    host = host.lower().strip("[]")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@transaction.atomic
def first_editor():
    """The oldest superuser, or None where its owners left none.

    A site without any user has never been set up: it gets its editor and, where it is empty and
    nobody else can see it, the example.
    """
    users = get_user_model().objects
    if users.exists():
        return users.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if is_of_this_machine_alone() and not content_counts():
        load_seed()
    # No password at all: the only way in is the one-time link.
    return users.create_superuser("editor")


def collect_static():
    """Collect the static files again only when one of them has changed since the last time."""
    digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            stat = os.stat(storage.path(path))
            digest.update(f"{path} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    stamp = Path(settings.STATIC_ROOT, ".collected")
    if not stamp.exists() or stamp.read_text() != digest.hexdigest():
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(digest.hexdigest())


def server():
    """The command line of the production server: a worker a core, several threads each.

    On SIGHUP it replaces its workers one by one. Each ends when it has answered what it was asked,
    for which it has half a minute in production. On a socket all workers take from one queue, so
    that nothing waits for one which ends; on a port each has its own.
    """
    # The socket is for its user and group, which is the web server's.
    unix = {"uds": settings.SOCKET, "uds-permissions": "0660"}
    tcp = {"host": settings.HOST, "port": settings.PORT}
    options = {
        "interface": "wsgi",
        **(unix if settings.SOCKET else tcp),
        "workers": os.cpu_count() or 1,
        "blocking-threads": 4,
        "workers-kill-timeout": "30s" if settings.PRODUCTION else "10s",
        "log-level": "warning",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return [sys.executable, "-m", "granian", *flags, "portfolio.wsgi:application"]


def run(command):
    """Run the server until it ends or this process is told to; gives its exit code.

    In a session of its own, as a terminal's Ctrl-C would also reach Granian's workers, and one that
    gets it from two sides does not end. SIGHUP is passed on, which reloads the site, unless it is
    from a terminal, where it means that the terminal was closed.
    """
    process, is_told = None, False

    def end(*_):
        nonlocal is_told
        is_told = True
        # Until there is one, nobody could end what is just being started.
        if process:
            raise KeyboardInterrupt

    def hang_up(*_):
        if os.isatty(0):
            end()
        elif process:
            process.send_signal(signal.SIGHUP)

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, hang_up)
    try:
        process = subprocess.Popen(command, start_new_session=True)  # noqa: S603
        if is_told:
            raise KeyboardInterrupt
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        return process.wait()
