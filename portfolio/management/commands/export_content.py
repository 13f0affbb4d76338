import shutil
import sys
import tempfile

from django.core.management.base import BaseCommand, CommandError

from portfolio.exchange import bundle, progress
from portfolio.exchange.proof import verify


class Command(BaseCommand):
    help = "Writes all content and its pictures to a .zip file, a folder or standard output."

    def add_arguments(self, parser):
        parser.add_argument(
            "path", help="a file that ends in .zip, a folder, or - for a zip on standard output"
        )
        parser.add_argument(
            "--live-only", action="store_true", help="leave out what the public does not see"
        )
        parser.add_argument(
            "--verify",
            action="store_true",
            help="load it into an empty database, export that, and compare the bytes",
        )

    def handle(self, *, path, live_only, **options):
        shown = progress.shown(self.stderr)
        try:
            if path == "-":
                with tempfile.TemporaryFile() as file:
                    bundle.write_zip(file, live_only=live_only, progress=shown)
                    file.seek(0)
                    shutil.copyfileobj(file, sys.stdout.buffer)
                return
            counts = bundle.export(path, live_only=live_only, progress=shown)["counts"]
            if options["verify"]:
                verify(path, shown)
        except bundle.ExportError as error:
            raise CommandError(str(error)) from error
        said = ", ".join(f"{label} {count}" for label, count in counts.items())
        proven = ", and proven to come back the same" if options["verify"] else ""
        self.stdout.write(f"Exported to {path}{proven}: {said}")
