from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from portfolio import sign_in


class Command(BaseCommand):
    help = "Print a one-time link with which an editor signs in and chooses a password."

    def add_arguments(self, parser):
        parser.add_argument("username", nargs="?", help="Default: the first editor.")

    def handle(self, *, username, **options):
        editors = get_user_model().objects.filter(is_staff=True, is_active=True).order_by("pk")
        named = editors.filter(username=username) if username else editors
        user = named.first()
        if user is None:
            known = ", ".join(editors.values_list("username", flat=True)) or "none"
            raise CommandError(f"There is no such editor. Editors: {known}.")
        self.stdout.write(sign_in.link(user))
