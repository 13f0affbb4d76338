"""Pictures in a bucket: on a real S3 server, whatever touches media does as with a folder."""

import hashlib
import io
import json
import os
import socket
import subprocess
import sys
import time
import zipfile

import boto3
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from django.db import connection
from django.urls import reverse
from PIL import Image as Picture

from portfolio import bucket as bucket_module
from portfolio import images
from portfolio.bucket import Bucket
from portfolio.exchange import outgoing, proof
from portfolio.media import Unavailable
from portfolio.models import Image
from portfolio.settings import pictures

from .factories import make_entry, make_user
from .s3 import s3
from .test_backup import empty_place, rows
from .test_media import assert_kept_and_harmless, body
from .test_settings import ROOT

NAME, OTHER = "portfolio-media", "portfolio-other"
UPLOAD = reverse("editing:upload")


@pytest.fixture(scope="module")
def server():
    with s3() as running:
        for name in (NAME, OTHER):
            running.make_bucket(name)
        yield running


def keep_in(settings, monkeypatch, variables):
    """Have pictures kept where an environment with these variables says."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    settings.STORAGES = {**settings.STORAGES, "default": pictures()}


@pytest.fixture
def bucket(server, settings, monkeypatch):
    """The server, with an empty bucket that is the site's."""
    keep_in(settings, monkeypatch, server.variables(NAME))
    yield server
    server.start()
    for name in (NAME, OTHER):
        for key in server.names(name):
            server.client.delete_object(Bucket=name, Key=key)


@pytest.fixture
def image(bucket, db):
    return keep()


def png(color="red", size=(8, 8)):
    content = io.BytesIO()
    Picture.new("RGB", size, color).save(content, "PNG")
    return ContentFile(content.getvalue(), "a.png")


def keep(color="red", size=(8, 8)):
    """The Image of a picture, as an upload makes it."""
    return images.store(images.PictureField().clean(png(color, size)))


def make_wide():
    """A picture that has renditions."""
    return keep("green", (500, 50))


def rendition_of(image, extension="webp"):
    return next(name for name in images.renditions(image) if name.endswith(extension))


def upload(client, **extra):
    return client.post(UPLOAD, {"image": png()}, **extra)


# As with a folder.


@pytest.mark.once
@pytest.mark.django_db
def test_what_is_uploaded_is_in_the_bucket_and_shown_at_the_address_of_before(bucket, client):
    client.force_login(make_user("portfolio.add_image"))
    answer = upload(client)
    assert answer.status_code == 200, answer.content
    image = Image.objects.get()
    assert answer.json()["image_path"] == image.file.url == f"/media/{image.file.name}"
    assert bucket.names(NAME) == [image.file.name]
    shown = client.get(image.file.url)
    assert hashlib.sha256(body(shown)).hexdigest()[:20] == images.stem_of(image.file.name)
    # Again, it is the same picture.
    assert upload(client).json() == answer.json()
    assert bucket.names(NAME) == [image.file.name]


@pytest.mark.once
@pytest.mark.django_db
def test_a_picture_is_added_replaced_and_deleted_in_the_admin(bucket, client):
    client.force_login(make_user(is_superuser=True))
    client.post(reverse("admin:portfolio_image_add"), {"file": png("red"), "alt": "red"})
    red = Image.objects.get()
    assert bucket.names(NAME) == [red.file.name]
    form = reverse("admin:portfolio_image_change", args=[red.pk])
    client.post(form, {"replacement": png("blue"), "alt": "blue"})
    blue = Image.objects.get()
    assert blue.file.name != red.file.name


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_files_go_with_their_picture(bucket, client):
    client.force_login(make_user(is_superuser=True))
    image = make_wide()
    assert body(client.get(f"/media/{rendition_of(image)}"))
    assert len(bucket.names(NAME)) == 2
    client.post(reverse("admin:portfolio_image_delete", args=[image.pk]), {"post": "yes"})
    assert not Image.objects.exists()
    assert bucket.names(NAME) == []


@pytest.mark.once
def test_a_picture_is_served_as_from_a_folder(client, image):
    answer = client.get(image.file.url)
    content = body(answer)
    assert answer["Content-Type"] == "image/png"
    assert int(answer["Content-Length"]) == len(content) == image.file.size
    assert_kept_and_harmless(answer)
    head = client.head(image.file.url)
    assert dict(head.headers) == dict(answer.headers)
    assert not body(head)
    known = client.get(image.file.url, headers={"If-None-Match": answer["ETag"]})
    assert known.status_code == 304
    assert_kept_and_harmless(known)
    # The control: it is not sent for another's.
    other = client.get(image.file.url, headers={"If-None-Match": '"another"'})
    assert body(other) == content
    # The whole is an answer to a range, too.
    part = client.get(image.file.url, headers={"Range": "bytes=0-3"})
    assert part.status_code == 200
    assert body(part) == content


@pytest.mark.once
def test_what_is_not_in_the_bucket_is_not_found(client, image):
    etag = f'"{image.file.name}"'
    assert body(client.get(image.file.url))
    default_storage.delete(image.file.name)
    for headers in ({}, {"If-None-Match": etag}):
        answer = client.get(image.file.url, headers=headers)
        assert answer.status_code == 404
        assert "Cache-Control" not in answer


@pytest.mark.once
@pytest.mark.django_db
def test_a_rendition_is_made_once_and_kept_in_the_bucket(bucket, client):
    image = make_wide()
    name = rendition_of(image)
    assert bucket.names(NAME) == [image.file.name]
    first = body(client.get(f"/media/{name}"))
    assert Picture.open(io.BytesIO(first)).size[0] == 480
    assert bucket.names(NAME) == sorted([name, image.file.name])
    # The control: what is there is given, and not made again.
    default_storage.delete(name)
    default_storage.save(name, ContentFile(b"what is there"))
    assert body(client.get(f"/media/{name}")) == b"what is there"


RENDER = """
import hashlib, sys, django
django.setup()
from django.test import Client
from portfolio import images
write = images.write
def after_the_other(picture):
    print("made", flush=True)
    input()
    return write(picture)
images.write = after_the_other
answer = Client(headers={"host": "localhost"}).get(sys.argv[1])
print(hashlib.sha256(b"".join(answer)).hexdigest())
"""


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_two_machines_that_make_one_rendition_at_once_make_one(bucket, client):
    image = make_wide()
    name = rendition_of(image)
    there = {"DATABASE_URL": f"sqlite:///{connection.settings_dict['NAME']}"}
    there |= {"DJANGO_SETTINGS_MODULE": "portfolio.settings", **bucket.variables(NAME)}
    machines = [
        subprocess.Popen(
            [sys.executable, "-c", RENDER, f"/media/{name}"],
            cwd=ROOT,
            env=os.environ | there,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    # Both have made it before one of them puts it there.
    assert [machine.stdout.readline() for machine in machines] == ["made\n"] * 2
    assert bucket.names(NAME) == [image.file.name]
    given = {machine.communicate("\n", timeout=60)[0].strip() for machine in machines}
    assert given == {hashlib.sha256(body(client.get(f"/media/{name}"))).hexdigest()}
    assert bucket.names(NAME) == sorted([name, image.file.name])


@pytest.mark.once
def test_nobody_reads_the_bucket_without_its_key(bucket, image, client):
    assert bucket.status_without_a_key(NAME, image.file.name) == 403
    # The controls: it is there, and who may see it does.
    found = bucket.client.get_object(Bucket=NAME, Key=image.file.name)
    assert found["Body"].read() == body(client.get(image.file.url))


# What goes wrong.


def seconds(act):
    began = time.monotonic()
    act()
    return time.monotonic() - began


@pytest.mark.once
def test_a_bucket_that_is_gone_is_said_so_and_found_again_when_it_is_back(
    bucket, client, image, monkeypatch, caplog
):
    monkeypatch.setattr(bucket_module, "REST", 0.5)
    client.force_login(make_user("portfolio.add_image"))
    bucket.stop()
    answer = client.get(image.file.url)
    assert answer.status_code == 503
    assert answer.text == "The pictures cannot be had just now: try again in a moment.\n"
    assert (answer["Retry-After"], answer["Cache-Control"]) == ("5", "no-store")
    # Who looks after the site is told more, in a line.
    [line] = [each for each in caplog.records if each.name == "portfolio.media"]
    assert f"The bucket {NAME} cannot be reached" in line.getMessage()
    assert line.exc_info is None
    refused = upload(client)
    assert refused.status_code == 503
    assert f"The picture was not kept. The bucket {NAME}" in refused.json()["error"]
    # What needs no picture is there all the while.
    assert client.get("/").status_code == 200

    bucket.start()
    deadline = time.monotonic() + 30
    while (answer := client.get(image.file.url)).status_code == 503:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert body(answer)
    assert upload(client).status_code == 200


@pytest.mark.once
def test_a_bucket_that_does_not_answer_holds_up_one_request_and_not_the_next(
    settings, monkeypatch, client, db
):
    monkeypatch.setattr(bucket_module, "READ", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        variables = {"S3_BUCKET": NAME, "S3_ENDPOINT": url}
        keep_in(settings, monkeypatch, variables | {"S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "b"})
        address = f"/media/{'0' * 20}.png"

        def asked():
            """How often it was asked meanwhile."""
            silent.settimeout(0)
            number = 0
            while True:
                try:
                    silent.accept()[0].close()
                except BlockingIOError:
                    return number
                number += 1

        answers = []
        first = seconds(lambda: answers.append(client.get(address)))
        assert 0.3 <= first < 5
        assert asked() == 2
        for _ in range(5):
            answers.append(client.get(address))
        assert asked() == 0
        assert {answer.status_code for answer in answers} == {503}
        # The control: it is the rest that keeps it from being asked.
        default_storage.rests_until = 0
        client.get(address)
        assert asked() == 2


@pytest.mark.once
@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"S3_SECRET_KEY": "another"}, "refuses the key (SignatureDoesNotMatch): look at S3_ACC"),
        ({"S3_ACCESS_KEY": "nobody"}, "refuses the key (InvalidAccessKeyId): look at S3_ACCESS"),
        ({"S3_BUCKET": "not-there"}, "There is no bucket not-there: make it, or look at S3_BUCKET"),
    ],
)
@pytest.mark.django_db
def test_a_wrong_setting_is_called_by_its_name(bucket, settings, monkeypatch, client, wrong, said):
    # The control: what is right works.
    assert default_storage.exists("a.png") is False
    keep_in(settings, monkeypatch, bucket.variables(NAME) | wrong)
    with pytest.raises(Unavailable) as error:
        default_storage.open("a.png")
    assert said in str(error.value)
    client.force_login(make_user("portfolio.add_image"))
    answer = upload(client)
    assert answer.status_code == 503
    assert "S3_" in answer.json()["error"]
    # Visitors are told nothing of it.
    shown = client.get(f"/media/{'0' * 20}.png")
    assert shown.status_code == 503
    assert "S3" not in shown.text and NAME not in shown.text


@pytest.mark.once
@pytest.mark.django_db
def test_a_form_of_the_admin_says_that_the_bucket_is_gone(bucket, client):
    client.force_login(make_user(is_superuser=True))
    bucket.stop()
    form = reverse("admin:portfolio_image_add")
    answer = client.post(form, {"file": png(), "alt": "red"}, follow=True)
    assert f"Nothing was saved. The bucket {NAME} cannot be reached" in answer.text
    assert not Image.objects.exists()


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_commands_say_that_the_bucket_is_gone(bucket, tmp_path):
    keep()
    outgoing.export(tmp_path / "content.zip")
    bucket.stop()
    commands = [
        ["export_content", tmp_path / "again.zip"],
        ["backup", tmp_path / "backup.zip"],
        ["clean_pictures"],
    ]
    for command in commands:
        with pytest.raises(CommandError, match=f"The bucket {NAME} "):
            call_command(*map(str, command))
    Image.objects.all().delete()
    with pytest.raises(CommandError, match=f"The bucket {NAME} .*Nothing was imported"):
        call_command("import_content", str(tmp_path / "content.zip"))
    assert not Image.objects.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["content.zip"]


# Out and in.


def quietly(*command, **options):
    told = OutputWrapper(io.StringIO())
    call_command(*map(str, command), **options, stdout=told, stderr=told)
    return told.getvalue()


@pytest.mark.once
@pytest.mark.django_db
def test_content_goes_out_of_a_bucket_and_comes_into_another(
    bucket, settings, monkeypatch, tmp_path
):
    image = make_wide()
    make_entry(body=f"![what it shows]({image.file.url})")
    quietly("export_content", tmp_path / "a.zip")
    keep_in(settings, monkeypatch, bucket.variables(OTHER))
    Image.objects.all().delete()
    told = quietly("import_content", tmp_path / "a.zip")
    assert "+ portfolio.image" in told
    assert bucket.names(OTHER) == [image.file.name]
    quietly("export_content", tmp_path / "b.zip")
    files = [zipfile.ZipFile(tmp_path / name) for name in ("a.zip", "b.zip")]
    assert [[name, files[0].read(name)] for name in files[0].namelist()] == [
        [name, files[1].read(name)] for name in files[1].namelist()
    ]
    for file in files:
        file.close()


@pytest.mark.once
def test_an_export_is_proven_without_the_bucket(bucket, tmp_path):
    code = "from django.core.files.storage import default_storage; default_storage.path('a.png')"
    proof.manage(str(tmp_path), "shell", "-v0", "-c", code)
    # The control: where the bucket is used, no file has a path.
    with pytest.raises(NotImplementedError):
        default_storage.path("a.png")


@pytest.mark.once
@pytest.mark.django_db
def test_an_import_that_is_refused_leaves_no_file_in_the_bucket(bucket, tmp_path):
    kept, added = keep("red"), keep("blue")
    make_entry()
    outgoing.export(tmp_path / "content")
    Image.objects.filter(pk=added.pk).delete()
    default_storage.delete(added.file.name)
    (tmp_path / "content/manifest.json").unlink()
    path = tmp_path / "content/content.json"
    good = json.loads(path.read_text())
    bad = [dict(item) for item in good]
    bad[-1] = {**bad[-1], "fields": {**bad[-1]["fields"], "slug": "No slug!"}}
    path.write_text(json.dumps(bad))
    with pytest.raises(CommandError):
        quietly("import_content", tmp_path / "content")
    assert bucket.names(NAME) == [kept.file.name]
    # The control: without what is wrong, it is there.
    path.write_text(json.dumps(good))
    quietly("import_content", tmp_path / "content")
    assert bucket.names(NAME) == sorted([kept.file.name, added.file.name])


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_a_bucket_that_goes_during_an_import_leaves_the_database_as_it_was(
    bucket, tmp_path, monkeypatch
):
    pictures = [keep(color) for color in ("red", "green", "blue")]
    outgoing.export(tmp_path / "content.zip")
    Image.objects.all().delete()
    for image in pictures:
        default_storage.delete(image.file.name)
    write = images.write

    def last(picture):
        name = write(picture)
        bucket.stop()
        return name

    monkeypatch.setattr(images, "write", last)
    with pytest.raises(CommandError, match=r"cannot be reached .* Nothing was imported\."):
        quietly("import_content", tmp_path / "content.zip")
    assert not Image.objects.exists()
    monkeypatch.setattr(images, "write", write)
    bucket.start()
    default_storage.rests_until = 0
    # What was put there could not be taken away again: it is found, and in nobody's way.
    [left] = bucket.names(NAME)
    assert f"{left}: no picture needs this file" in quietly("clean_pictures")
    quietly("import_content", tmp_path / "content.zip")
    assert bucket.names(NAME) == sorted(image.file.name for image in pictures)


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_what_was_deleted_is_deleted_though_its_file_could_not_be(bucket, client):
    client.force_login(make_user(is_superuser=True))
    image = keep()
    bucket.stop()
    client.post(reverse("admin:portfolio_image_delete", args=[image.pk]), {"post": "yes"})
    assert not Image.objects.exists()
    bucket.start()
    default_storage.rests_until = 0
    assert f"{image.file.name}: no picture needs this file" in quietly("clean_pictures")


@pytest.mark.django_db(transaction=True)
def test_a_backup_of_a_bucket_is_restored_into_another(
    bucket, settings, monkeypatch, tmp_path, client
):
    image = make_wide()
    default_storage.save("by-hand/terms.txt", ContentFile(b"not of our making"))
    assert body(client.get(f"/media/{rendition_of(image)}"))
    before = rows()
    path = tmp_path / "a.zip"
    quietly("backup", path)
    quietly("backup", path, check=True)
    with empty_place(settings, tmp_path / "new"):
        with pytest.raises(CommandError, match="S3_BUCKET to a new bucket"):
            quietly("restore", path)
        keep_in(settings, monkeypatch, bucket.variables(OTHER))
        quietly("restore", path)
        assert rows() == before
        assert bucket.names(OTHER) == sorted([image.file.name, "by-hand/terms.txt"])
        assert body(client.get(f"/media/{rendition_of(image)}"))


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_the_site_as_files_has_the_pictures_of_the_bucket(bucket, tmp_path):
    image = make_wide()
    make_entry(body=f"![what it shows]({image.file.url})")
    folder = tmp_path / "site"
    told = quietly("build_site", folder, base_url="https://example.org/me/", check=True, jobs=2)
    assert "No link is broken." in told
    names = {path.name for path in (folder / "media").iterdir()}
    assert names == {image.file.name, *images.renditions(image)}
    assert {*bucket.names(NAME)} == names


@pytest.mark.once
@pytest.mark.django_db
def test_what_no_picture_needs_is_found_in_the_bucket(bucket, monkeypatch):
    image = keep()
    default_storage.save(f"{'0' * 19}f.png", ContentFile(b"left"))
    default_storage.save("by-hand/terms.txt", ContentFile(b"not of our making"))
    assert images.stored() == {f"{'0' * 19}f.png": 4, image.file.name: image.file.size}
    told = quietly("clean_pictures", delete=True)
    assert f"{'0' * 19}f.png: no picture needs this file; younger than an hour" in told
    assert image.file.name in told
    assert len(bucket.names(NAME)) == 3


# Where it is not used.

LOADED = "from django.core.files.storage import default_storage as s; s.exists('a'); import sys"
LOADED = f"{LOADED}; print(sorted(m for m in ('boto3', 'botocore') if m in sys.modules))"


@pytest.mark.once
def test_a_site_without_a_bucket_does_not_load_what_speaks_to_one(server, tmp_path):
    def loaded(**variables):
        own = {name: value for name, value in os.environ.items() if not name.startswith("S3_")}
        return subprocess.run(
            [sys.executable, "manage.py", "shell", "-v0", "-c", LOADED],
            cwd=ROOT,
            env=own | variables,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    assert loaded() == "[]"
    assert loaded(**server.variables(NAME)) == "['boto3', 'botocore']"


def test_what_another_program_is_told_of_buckets_is_not_for_the_site(settings, monkeypatch):
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "S3_SESSION_PROFILE"):
        monkeypatch.setenv(f"AWS_{name}", "another's")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://another.example")
    variables = {"S3_BUCKET": NAME, "S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "b"}
    keep_in(settings, monkeypatch, variables | {"S3_REGION": "eu-central-1"})
    storage = Bucket(**settings.STORAGES["default"]["OPTIONS"])
    assert storage.client.meta.endpoint_url == "https://s3.eu-central-1.amazonaws.com"
    used = storage.client._request_signer._credentials.get_frozen_credentials()
    assert (used.access_key, used.secret_key, used.token) == ("a", "b", None)
    # The control: boto3 by itself takes them.
    assert boto3.client("s3", region_name="us-east-1").meta.endpoint_url == "http://another.example"
