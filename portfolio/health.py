"""Whether this process answers, and whether it can serve: for whatever stands in front of it."""

import logging
import secrets
import time
from threading import Lock

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse, HttpResponseNotAllowed, JsonResponse

logger = logging.getLogger(__name__)

# Seconds that a part which costs more than a query is taken to be as it was found.
KEPT = 10
# Seconds that a probe waits for another one's end, so that what hangs holds two threads, not all.
PATIENCE = 1


class NotReady(Exception):
    """A part is not ready, for a reason that a stranger may read."""


def look_at_database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def look_at_migrations():
    executor = MigrationExecutor(connection)
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise NotReady(f"{len(plan)} not applied: run manage.py migrate")


def look_at_media():
    # A name of its own, since others probe at the same time. `clean_pictures` lists one that is
    # left because the process was killed.
    content = secrets.token_bytes(16)
    name = default_storage.save(f"readyz-{secrets.token_hex(8)}", ContentFile(content))
    try:
        with default_storage.open(name) as file:
            if file.read() != content:
                raise NotReady("what is written is not what is read")
    finally:
        default_storage.delete(name)


class Readiness:
    """What of the site is ready; safe in threads, and cheap enough to be asked each second."""

    # Each part with its look, what is said when that fails, and for how many seconds it holds.
    PARTS = {
        "database": (look_at_database, "it cannot be reached", 0),
        "migrations": (look_at_migrations, "they cannot be read", KEPT),
        "media": (look_at_media, "it cannot be written and read", KEPT),
    }

    def __init__(self):
        self.lock, self.good_until, self.last = Lock(), {}, {}

    def report(self):
        """Each part with `ready` or, in words, what is not."""
        if not self.lock.acquire(timeout=PATIENCE):
            return dict.fromkeys(self.PARTS, "the last look has not ended yet")
        try:
            found = {}
            for part in self.PARTS:
                found[part] = self.found(part)
                if part == "database" and found[part] != "ready":
                    self.good_until.clear()
                    found["migrations"] = "not looked at without the database"
                    found["media"] = self.found("media")
                    break
            if found != self.last and (self.last or set(found.values()) != {"ready"}):
                logger.warning("Readiness: %s", found)
            self.last = found
            return found
        finally:
            self.lock.release()

    def found(self, part):
        look, otherwise, holds = self.PARTS[part]
        if time.monotonic() < self.good_until.get(part, 0):
            return "ready"
        try:
            look()
        except NotReady as reason:
            return str(reason)
        except Exception:
            # Its words may name hosts and users, so they are for the log.
            if self.last.get(part) != otherwise:
                logger.warning("The %s: %s.", part, otherwise, exc_info=True)
            return otherwise
        self.good_until[part] = time.monotonic() + holds
        return "ready"


readiness = Readiness()


def healthz():
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


def readyz():
    parts = readiness.report()
    ready = set(parts.values()) == {"ready"}
    return JsonResponse({"ready": ready, **parts}, status=200 if ready else 503)


PROBES = {"/healthz": healthz, "/readyz": readyz}


def answer_probes(get_response):
    """Middleware, before all that looks at the host: answers to probes, however they ask.

    A load balancer asks by address and over plain http, which `ALLOWED_HOSTS` and the redirect to
    https refuse to everyone else. Nothing in these answers depends on the host.
    """

    def middleware(request):
        probe = PROBES.get(request.path_info)
        if probe is None:
            return get_response(request)
        allowed = request.method in ("GET", "HEAD")
        response = probe() if allowed else HttpResponseNotAllowed(["GET", "HEAD"])
        response["Cache-Control"] = "no-store"
        response["X-Content-Type-Options"] = "nosniff"
        response["X-Robots-Tag"] = "noindex"
        return response

    return middleware
