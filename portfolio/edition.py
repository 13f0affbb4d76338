"""Which content this is, and until when: so a worker knows whether what it keeps is still true.

The edition's number is written in the transaction that writes content, on every way there is. It
is a number that never was before: were it counted, a database that was restored could come to one
that stood for something else.
"""

import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from secrets import randbits

from django.apps import apps
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.utils import timezone

from .models import Edition, Publishable

log = logging.getLogger(__name__)

AT_MOST = 1.0  # second until a change is seen everywhere
# Seconds between two looks while someone asks, and after which a look is worth waiting for.
BETWEEN_LOOKS = 0.3
GOOD_FOR = 0.9 * AT_MOST
# Seconds that a visitor waits for a look; a database that takes longer is taken for lost.
PATIENCE = 1.0


def begin_another(sender, **kwargs):
    """Receives `content_changed`: another edition, once in each transaction."""
    # Of what is rolled back, to a savepoint too, Django forgets what was to be done on commit.
    if any(done == watch.look_soon for _, done, _ in connection.run_on_commit):
        return
    row = Edition(pk=1, number=randbits(62))
    update = {"update_conflicts": True, "unique_fields": ["pk"], "update_fields": ["number"]}
    Edition.objects.bulk_create([row], **update)
    transaction.on_commit(watch.look_soon)


def ends():
    """When what is public changes by itself: something goes live, or a day begins."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = (midnight + timedelta(hours=36)).replace(hour=0)
    moments = [tomorrow]
    for model in apps.get_models():
        if issubclass(model, Publishable):
            scheduled = model.objects.in_state("scheduled").order_by("publish_at")
            moments += scheduled.values_list("publish_at", flat=True)[:1]
    return min(moments)


class Known:
    """An edition as this process knows it. `seen_at` is the last moment that it was the latest.

    That is before `ends_at`; moments are those of `time.monotonic()`.
    """

    def __init__(self, number, seen_at, ends_at):
        self.number, self.seen_at, self.ends_at = number, seen_at, ends_at

    def may_be_shown(self, now):
        """Whether something of this edition is no older than a reader may see it."""
        return now < self.seen_at + GOOD_FOR


class Watch:
    """Looks which edition is the latest, now and then and never twice at once.

    `known` is the latest `Known`, None before the first look; `lost` says that the database cannot
    be asked, so that nothing newer is known.
    """

    def __init__(self):
        self.known, self.lost, self.look_at = None, False, 0.0
        self.lock, self.looking = threading.Lock(), None
        self.eyes = ThreadPoolExecutor(1, "edition")

    def latest(self, now):
        """The `Known` that is to be shown, which is the latest of at most GOOD_FOR ago."""
        if now >= self.look_at:
            self._look(now)
        return self.known

    def look_soon(self):
        self.look_at = 0.0

    def _look(self, now):
        with self.lock:
            is_first = self.looking is None or self.looking.done()
            if is_first:
                self.looking = self.eyes.submit(self._read)
            looking = self.looking
        known = self.known
        if known and known.may_be_shown(now):
            return
        # While it is lost, one request finds out whether it still is.
        if (is_first or not self.lost) and not wait([looking], PATIENCE).done:
            self.lost = True

    def _read(self):
        began = time.monotonic()
        try:
            close_old_connections()
            number = Edition.objects.filter(pk=1).values_list("number", flat=True).first()
            known = self.known
            if known and known.number == number and began < known.ends_at:
                known.seen_at = began
            else:
                until = ends() - timezone.now()
                self.known = Known(number, began, began + until.total_seconds())
            self.lost = False
        except DatabaseError as error:
            if not self.lost:
                log.error("The database cannot be asked; pages are shown as last seen: %s", error)
            self.lost = True
            connection.close()
        finally:
            close_old_connections()
            self.look_at = min(time.monotonic() + BETWEEN_LOOKS, self._ends_at())

    def _ends_at(self):
        return self.known.ends_at if self.known and not self.lost else float("inf")


watch = Watch()
