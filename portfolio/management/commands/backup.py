import signal

from django.core.management.base import BaseCommand, CommandError

from portfolio.exchange import progress
from portfolio.exchange.backup import backup
from portfolio.exchange.dump import BackupError
from portfolio.exchange.restore import check


class Command(BaseCommand):
    help = "Writes the database and the media to one zip while the site runs, or checks such a zip."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("path", help="a file that ends in .zip, or a folder that exists")
        parser.add_argument(
            "--keep", type=int, metavar="N", help="in a folder: leave the newest N backups only"
        )
        parser.add_argument(
            "--check", action="store_true", help="restore the zip into a scratch place instead"
        )

    def handle(self, *, path, keep, **options):
        shown = progress.shown(self.stderr)
        if options["check"] and keep is not None:
            raise CommandError("--check deletes nothing: leave out --keep.")
        # The scratch place of a check goes then, too.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            if options["check"]:
                said, manifest = "is whole and can be restored", check(path, shown)
            else:
                said = "written"
                path, manifest = backup(path, keep, shown)
        except BackupError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped: there is no new backup.", returncode=130) from None
        rows, files = sum(manifest["counts"].values()), len(manifest["files"]) - 1
        self.stdout.write(f"{path} {said}: {rows:,} rows, {files:,} files.")
