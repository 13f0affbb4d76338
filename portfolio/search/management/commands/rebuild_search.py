from django.core.management.base import BaseCommand

from portfolio.search import index


class Command(BaseCommand):
    help = "Write the search index anew, as after content was changed with SQL by hand."

    def handle(self, **options):
        self.stdout.write(f"{index.rebuild()} documents can be searched.")
