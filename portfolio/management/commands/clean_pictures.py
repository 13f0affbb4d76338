from datetime import timedelta

from django.core.files.storage import default_storage
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from portfolio import images
from portfolio.editing.uses import uses, uses_of
from portfolio.media import Unavailable
from portfolio.models import Image

# An upload puts its file first, then its row, and then it is named in a text that is saved later.
YOUNG = timedelta(hours=1)


class Command(BaseCommand):
    help = "List the pictures and files of pictures that nothing needs, and delete them if told to."

    def add_arguments(self, parser):
        parser.add_argument("--delete", action="store_true", help="delete the files listed")
        parser.add_argument(
            "--unused",
            action="store_true",
            help="with --delete: delete the pictures that nothing shows, too",
        )

    def handle(self, *, delete, unused, **options):
        try:
            self.clean(delete, unused)
        except Unavailable as error:
            raise CommandError(str(error)) from error

    def clean(self, delete, unused):
        self.before = timezone.now() - YOUNG
        there, used, needed = images.stored(), uses(), set()
        for image in Image.objects.iterator():
            is_used = images.stem_of(image.file.name) in used
            if image.file.name not in there:
                self.tell_missing(image, is_used)
            if is_used or not self.clean_picture(image, delete and unused):
                needed |= {image.file.name, *images.renditions(image)}
        for name in sorted(images.stored().keys() - needed):
            # Asked again, as uploads go on.
            if not is_needed(name):
                self.clean_file(name, delete)

    def tell_missing(self, image, is_used):
        rest = "; something shows it: put the file back or replace it" if is_used else ""
        self.stdout.write(f"{label(image)}: the file of this picture is missing{rest}.")

    def clean_picture(self, image, delete):
        """Whether it is gone."""
        young = image.created_at > self.before
        gone = delete and not young and delete_unused(image)
        end = "; younger than an hour, so it stays" if young else "; deleted" if gone else ""
        self.stdout.write(f"{label(image)}: nothing shows this picture{end}.")
        return gone

    def clean_file(self, name, delete):
        end = ""
        if not images.is_ours(name):
            end = "; not of our making, so it stays"
        elif default_storage.get_modified_time(name) > self.before:
            end = "; younger than an hour, so it stays"
        elif delete:
            default_storage.delete(name)
            end = "; deleted"
        self.stdout.write(f"{name}: no picture needs this file{end}.")


def label(image):
    return f"{image.file.name} ({image.name})" if image.name else image.file.name


def is_needed(name):
    """Whether a picture has this file, or may have this rendition."""
    if Image.objects.filter(file=name).exists():
        return True
    stem = name.partition("-")[0]
    image = Image.objects.filter(file__startswith=f"{stem}.").first()
    return image is not None and name in images.renditions(image)


def delete_unused(image):
    """Delete it with its files, the row first: what an interruption leaves, the next run finds."""
    with transaction.atomic():
        if uses_of(image):
            return False
        image.delete()
    images.discard(image.file.name)
    return True
