import signal

from django.core.management.base import BaseCommand, CommandError

from portfolio.exchange import progress
from portfolio.exchange.dump import BackupError
from portfolio.exchange.restore import restore


class Command(BaseCommand):
    help = "Brings a backup back into an empty database and media folder. Stop the site first."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("path", help="a zip that backup wrote")

    def handle(self, *, path, **options):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            manifest = restore(path, progress.shown(self.stderr))
        except BackupError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            again = "Stopped: restore again, into a new database if this one is refused."
            raise CommandError(again, returncode=130) from None
        rows, files = sum(manifest["counts"].values()), len(manifest["files"]) - 1
        self.stdout.write(
            f"Restored the backup of {manifest['made_at']}: {rows:,} rows, {files:,} files."
        )
