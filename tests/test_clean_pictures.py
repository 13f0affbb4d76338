"""`manage.py clean_pictures`: what nothing needs is listed, and goes only when told to."""

import io
import os
import time
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import call_command
from django.utils import timezone

from portfolio.models import Image

from .factories import make_entry, make_image

pytestmark = pytest.mark.django_db

ORPHAN = "0123456789abcdef0123.png"


def clean(*options):
    output = io.StringIO()
    call_command("clean_pictures", *options, stdout=output)
    return output.getvalue().splitlines()


def put(name, age=timedelta(hours=2)):
    default_storage.save(name, ContentFile(b"a picture"))
    moment = time.time() - age.total_seconds()
    os.utime(default_storage.path(name), (moment, moment))
    return name


def make_old_image(**fields):
    image = make_image(**fields)
    age(image)
    return image


def age(image):
    Image.objects.filter(pk=image.pk).update(created_at=timezone.now() - timedelta(hours=2))
    moment = time.time() - 7200
    os.utime(image.file.path, (moment, moment))


def files():
    return sorted(default_storage.listdir("")[1])


def test_there_may_be_no_picture_at_all(media_root):
    assert clean("--delete", "--unused") == []


def test_files_without_a_picture_are_listed_and_deleted_when_told_to():
    image = make_old_image()
    Image.objects.filter(pk=image.pk).update(width=700)
    make_entry(body=image.file.url)
    stem = image.file.name[:20]
    needed = [put(f"{stem}-480.webp"), put(f"{stem}-960.jpg"), image.file.name]
    # Wider than the picture, in a format that an opaque one has not, and of a cut-off write.
    orphans = [
        *(put(ORPHAN), put("0123456789abcdef0123-480.avif"), put(f"{stem}-1600.webp")),
        *(put(f"{stem}-480.png"), put("0123456789abcdef0123_aB3dE6g.png")),
    ]
    foreign = [put("notes.txt"), put("report.png")]
    everything = files()
    listed = clean()
    assert listed == [
        *(f"{name}: no picture needs this file." for name in sorted(orphans)),
        *(
            f"{name}: no picture needs this file; not of our making, so it stays."
            for name in foreign
        ),
    ]
    assert clean("--unused") == listed
    assert files() == everything
    assert sum(line.endswith("; deleted.") for line in clean("--delete")) == len(orphans)
    assert files() == sorted(needed + foreign)
    assert len(clean("--delete")) == len(foreign)


def test_a_young_file_stays_since_an_upload_may_be_on_its_way():
    put(ORPHAN, age=timedelta(minutes=59))
    end = "no picture needs this file; younger than an hour, so it stays."
    assert clean("--delete") == [f"{ORPHAN}: {end}"]
    assert files() == [ORPHAN]
    moment = time.time() - 3700
    os.utime(default_storage.path(ORPHAN), (moment, moment))
    assert clean("--delete") == [f"{ORPHAN}: no picture needs this file; deleted."]


def test_unused_pictures_go_only_when_that_is_said_too():
    used, unused, young = make_old_image(), make_old_image(), make_image()
    copy = put(f"{unused.file.name[:20]}-480.webp")
    Image.objects.filter(pk=unused.pk).update(width=700)
    make_entry(body=used.file.url)
    line = f"{unused.file.name}: nothing shows this picture"
    stays = f"{young.file.name}: nothing shows this picture; younger than an hour, so it stays."
    assert sorted(clean()) == sorted(clean("--delete")) == sorted([f"{line}.", stays])
    assert copy in files()
    assert sorted(clean("--delete", "--unused")) == sorted([f"{line}; deleted.", stays])
    assert set(Image.objects.all()) == {used, young}
    assert files() == sorted([used.file.name, young.file.name])


def test_a_picture_whose_file_is_missing_is_told_and_kept_while_it_is_used():
    used, unused = make_old_image(), make_old_image()
    make_entry(body=used.file.url)
    for image in (used, unused):
        default_storage.delete(image.file.name)
    told = "the file of this picture is missing"
    lines = clean("--delete", "--unused")
    assert (
        f"{used.file.name}: {told}; something shows it: put the file back or replace it." in lines
    )
    assert f"{unused.file.name}: {told}." in lines
    assert list(Image.objects.all()) == [used]


def test_what_an_interruption_leaves_is_found_by_the_next_run(monkeypatch):
    image = make_old_image()
    with monkeypatch.context() as patched, pytest.raises(ZeroDivisionError):
        patched.setattr(FileSystemStorage, "delete", lambda storage, name: 1 / 0)
        clean("--delete", "--unused")
    assert clean("--delete") == [f"{image.file.name}: no picture needs this file; deleted."]
    assert files() == []
