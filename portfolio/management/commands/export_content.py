import shutil
import sys
import tempfile

from django.core.management.base import BaseCommand, CommandError

from portfolio.exchange import bundle, outgoing, progress, resume
from portfolio.exchange.proof import verify


class Command(BaseCommand):
    help = "Writes all content and its pictures to a .zip file, a folder or standard output."

    def add_arguments(self, parser):
        parser.add_argument(
            "path", help="a file that ends in .zip, a folder, or - for a zip on standard output"
        )
        parser.add_argument(
            "--as",
            dest="form",
            choices=[*outgoing.FORMS, "resume"],
            default="bundle",
            help="a bundle, which loaddata takes too; Markdown, for people and for Hugo; or the "
            "public CV as a JSON Resume, one file",
        )
        parser.add_argument(
            "--live-only", action="store_true", help="leave out what the public does not see"
        )
        parser.add_argument(
            "--verify",
            action="store_true",
            help="load it into an empty database, export that, and compare the bytes",
        )

    def handle(self, *, path, form, live_only, **options):
        if form == "resume":
            return self.export_resume(path, options["verify"])
        shown, stopped = progress.shown(self.stderr), "there is no new export."
        try:
            if path == "-":
                with tempfile.TemporaryFile() as file:
                    outgoing.write_zip(file, form, live_only=live_only, progress=shown)
                    file.seek(0)
                    shutil.copyfileobj(file, sys.stdout.buffer)
                return
            counts = outgoing.export(path, form, live_only=live_only, progress=shown)
            stopped = "the export is whole, but not proven."
            if options["verify"]:
                verify(path, form, shown)
        except bundle.ExportError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError(f"Stopped: {stopped}", returncode=130) from None
        said = ", ".join(f"{label} {count}" for label, count in counts.items())
        proven = ", and proven to come back the same" if options["verify"] else ""
        self.stdout.write(f"Exported to {path}{proven}: {said}")

    def export_resume(self, path, verified):
        if verified:
            raise CommandError(
                "A résumé is a part of the content, which does not come back: prove a bundle, or "
                "leave out --verify."
            )
        if path == "-":
            sys.stdout.buffer.write(resume.resume())
            return
        try:
            resume.export(path)
        except bundle.ExportError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Exported to {path}.")
