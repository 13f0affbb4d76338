from django.core.management.base import BaseCommand, CommandError

from portfolio.exchange import bundle


class Command(BaseCommand):
    help = "Writes all content and its pictures to a .zip file or a folder."

    def add_arguments(self, parser):
        parser.add_argument("path", help="a file that ends in .zip, or else a folder")

    def handle(self, *, path, **options):
        try:
            counts = bundle.export(path)["counts"]
        except bundle.ExportError as error:
            raise CommandError(str(error)) from error
        said = ", ".join(f"{label} {count}" for label, count in counts.items())
        self.stdout.write(f"Exported to {path}: {said}")
