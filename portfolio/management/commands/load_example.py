from contextlib import contextmanager

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection, transaction

from portfolio.exchange.canonical import CONTENT

# The advisory lock of who prepares the database: any number that nobody else takes.
PREPARING = 0x706F7274


class Command(BaseCommand):
    help = "Load the example content into an empty site. Nothing that is there is written over."

    def handle(self, **options):
        try:
            with one_at_a_time():
                call_command("migrate", verbosity=0)
                load_into_empty_site()
        except OperationalError as error:
            raise CommandError(f"The database cannot be used: {error}".strip()) from None
        self.stdout.write(
            "The example is loaded, and public. Delete at the desk what is not yours."
        )


@transaction.atomic
def load_into_empty_site():
    if counts := content_counts():
        there = ", ".join(f"{name}: {count:,}" for name, count in counts.items())
        raise CommandError(
            f"This site has content, drafts included ({there}), and the example is only for an "
            "empty one: it would write over what is there. Load it on another, as with "
            "VAR_DIR=/tmp/example make run"
        )
    load_seed()


def content_counts():
    """How much of each kind of content there is, as {name: number}; empty for an empty site."""
    counts = {}
    for model in CONTENT:
        if count := model.objects.count():
            counts[model._meta.verbose_name_plural] = count
    return counts


def load_seed():
    call_command("loaddata", "seed", verbosity=0)


@contextmanager
def one_at_a_time():
    """Machines that share a PostgreSQL and start at once enter the block one after the other."""
    if connection.vendor != "postgresql":
        yield
        return
    other = connection.copy()
    try:
        # Of a transaction, as PgBouncer may give a session's to someone else.
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PREPARING])
        yield
    finally:
        other.close()
