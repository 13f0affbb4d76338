from django.core.management.base import BaseCommand
from django.db import transaction

from portfolio.changes import announce
from portfolio.search import index
from portfolio.search.models import Document


class Command(BaseCommand):
    help = "Write anew what follows from content, as after it was changed with SQL by hand."

    @transaction.atomic
    def handle(self, **options):
        self.stdout.write(f"{index.rebuild()} documents can be searched.")
        for model in Document.kinds():
            # The index is written; the rest, such as the edition, follows as from any change.
            announce(model, None, {"publish_at"})
