"""The site as static files: what `build_site` writes is what the site answers."""

import io
import json
import os
import random
import re
import signal
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import urldefrag
from urllib.request import urlopen

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.utils import timezone
from lxml import html
from PIL import Image as Picture

from journal.models import Entry
from portfolio import images, public
from portfolio.exchange.static import site
from portfolio.exchange.static.crawl import faults
from portfolio.exchange.static.swap import SwapError, alone_in
from portfolio.models import FormerAddress, Image, Principle, Profile, ProfileLink, Tool
from portfolio.months import Month
from roles.models import Role
from tests.factories import (
    make_entry,
    make_evidence,
    make_focus,
    make_outcome,
    make_principle,
    make_role,
    make_tool,
)
from tests.server import serving

HOME = "http://localhost"
# What files have that the site has not, or otherwise.
OF_FILES = {".build.json", "_redirects", "404.html", "search.json", "search/index.html"}
TEXT = """
Some words about a lighthouse, with [a link](/now/) and a footnote[^1].

```python
print("coloured")
```

[^1]: The note.
"""


def tree(folder):
    """The content of each file below a folder, by its name."""
    folder = Path(folder)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def make_picture(width, height, alt="what it shows"):
    content = io.BytesIO()
    Picture.linear_gradient("L").resize((width, height)).save(content, "PNG")
    picture = images.store(images.clean(ContentFile(content.getvalue(), "picture.png")))
    picture.alt = alt
    picture.save()
    return picture


def fill():
    """A site with something of each kind, more entries than fit a page, and some not live."""
    tools = [make_tool(note="A *note* on [it](/tools/)."), make_tool(url="https://example.org/")]
    tools.append(make_tool(name="עברית"))
    roles = [make_role(tools=tools[:2], position=n, broke=TEXT) for n in range(2)]
    make_outcome(role=roles[0], baseline="one", as_of=Month(2024, 1), source="https://example.org/")
    principles = [make_principle(position=n, body=TEXT) for n in range(2)]
    picture = make_picture(700, 500)
    for number in range(50):
        entry = make_entry(
            title=f"entry {number} of many",
            month=Month(2024 + number // 40, 1 + number % 2),
            body=TEXT if number % 3 else f"![]({picture.file.url})\n\nshort {number}",
            tools=random.Random(number).sample(tools, number % 4),
            role=roles[0] if number % 2 else None,
            publish_at=timezone.now() - timedelta(minutes=number),
        )
        if number % 9 == 0:
            make_evidence(principle=principles[number % 2], entry=entry, verdict="broke")
    make_evidence(principle=principles[0], role=roles[0])
    make_entry(title="canary", publish_at=None, tools=tools)
    make_entry(title="canary", publish_at=timezone.now() + timedelta(days=1), tools=tools)
    make_role(title="canary", publish_at=None)
    make_focus(since=Month(2024, 1), review_by=timezone.localdate() - timedelta(days=2))
    make_focus(until=Month(2020, 1))
    profile = Profile.objects.create(
        name="Some One",
        headline="who keeps lighthouses",
        location="ירושלים · Bern",
        email="one@example.org",
        about=TEXT,
        portrait=make_picture(600, 600),
    )
    ProfileLink.objects.create(profile=profile, label="code", url="https://example.org/code")
    moved = Entry.objects.live().first()
    moved.slug = "moved"
    moved.save()


@pytest.fixture
def built(db, tmp_path):
    fill()
    site.build(tmp_path / "site", HOME)
    return tmp_path / "site"


def answered(client, name):
    """What the site answers at the address of a file."""
    address = "/" + re.sub("(^|/)index.html$", r"\1", name)
    response = client.get(address)
    assert response.status_code == 200, address
    return b"".join(response) if response.streaming else response.content


@pytest.fixture
def collected(settings, tmp_path):
    """The static files as the site collects them."""
    backend = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": backend}
    settings.STATIC_ROOT = tmp_path / "static"
    call_command("collectstatic", interactive=False, verbosity=0)


@pytest.mark.once
def test_every_file_is_what_the_site_answers(built, collected, settings):
    settings.SITE_URL = HOME
    # One for all: each looks through the static files when it is first used.
    client = Client(SERVER_NAME="localhost")
    files = tree(built)
    former = {each.path[1:] + "index.html" for each in FormerAddress.objects.all()}
    for name in set(files) - OF_FILES - former:
        if name.startswith("static/"):
            with staticfiles_storage.open(name.removeprefix("static/")) as file:
                assert files[name] == file.read(), name
        else:
            assert files[name] == answered(client, name), name
    missing = client.get("/no/").content
    assert files["404.html"] == missing
    wanted = [page.path for page in public.pages()]
    wanted += [path + "index.html.md" for path in wanted]
    wanted += [f"/tools/{tool.slug}/feed.xml" for tool in Tool.objects.all()]
    assert {re.sub("/$", "/index.html", path)[1:] for path in wanted} <= set(files)
    assert not any(b"canary" in content for content in files.values())
    assert [*faults(built, HOME)] == []


def test_after_edits_of_any_kind_the_site_is_as_one_that_is_built_anew(built, tmp_path):
    chance = random.Random(20260)
    for turn in range(8):
        for edit in chance.sample(EDITS, 2):
            edit(chance)
        site.build(built, HOME)
        site.build(tmp_path / f"anew-{turn}", HOME)
        after, anew = tree(built), tree(tmp_path / f"anew-{turn}")
        after.pop(".build.json"), anew.pop(".build.json")
        assert after.keys() == anew.keys()
        assert not [name for name in after if after[name] != anew[name]]


def some(model, chance, **which):
    return chance.choice([*model.objects.filter(**which).order_by("pk")])


def change(model, which=None, **fields):
    """An edit that sets fields, by what their functions give for a random number."""

    def edit(chance):
        item = some(model, chance, **(which or {}))
        for name, value in fields.items():
            setattr(item, name, value(chance.randrange(10**6)))
        item.save()

    return edit


LIVE = {"publish_at__isnull": False}
EDITS = [
    change(Entry, LIVE, title=lambda n: f"named anew {n}"),
    change(Entry, LIVE, body=lambda n: f"written anew, with rare words {n} as in {n % 7}."),
    change(Entry, LIVE, slug=lambda n: f"anew-{n}"),
    change(Entry, LIVE, publish_at=lambda n: None),
    change(Entry, {"publish_at": None}, publish_at=lambda n: timezone.now()),
    change(Entry, LIVE, role=lambda n: Role.objects.live().first()),
    change(Entry, LIVE, summary=lambda n: f"in short {n}"),
    change(Entry, LIVE, month=lambda n: Month(2024, 1 + n % 12)),
    change(Tool, name=lambda n: f"tool anew {n}"),
    change(Tool, slug=lambda n: f"anew-{n}"),
    change(Tool, position=lambda n: n),
    change(Role, title=lambda n: f"role anew {n}"),
    change(Role, publish_at=lambda n: None),
    change(Principle, title=lambda n: f"principle anew {n}"),
    change(Image, alt=lambda n: f"seen anew {n}"),
    change(Profile, headline=lambda n: f"headline {n}"),
    lambda chance: some(Entry, chance, **LIVE).delete(),
    lambda chance: some(Entry, chance, **LIVE).tools.add(some(Tool, chance)),
    lambda chance: make_entry(title="one more", tools=[some(Tool, chance)]),
]


@pytest.mark.once
@pytest.mark.django_db
def test_a_plain_server_gives_it_below_a_path_without_a_broken_link(tmp_path):
    fill()
    with serving(tmp_path) as origin:
        home = f"{origin}/portfolio/"
        site.build(tmp_path / "portfolio", home)
        assert [*faults(tmp_path / "portfolio", home)] == []
        seen, left = {home}, [home]
        while left:
            address = left.pop()
            with urlopen(address) as answer:
                assert answer.status == 200
                if answer.headers.get_content_type() != "text/html":
                    continue
                page = html.fromstring(answer.read())
            page.make_links_absolute(address)
            found = {urldefrag(link)[0] for *_, link, _ in page.iterlinks()}
            new = {link for link in found if link.startswith(home)} - seen
            assert not {link for link in found - new if link.startswith(f"{origin}/")} - seen
            seen, left = seen | new, [*left, *new]
        assert {home + name for name in ("cv/", "feed.xml", "journal/", "tools/")} < seen
    # The control: what is missing is told.
    (tmp_path / "portfolio" / "cv" / "index.html").unlink()
    assert any("cv" in fault for fault in faults(tmp_path / "portfolio", home))


@pytest.mark.once
@pytest.mark.django_db
@pytest.mark.parametrize(
    "location",
    ["Bern", "東京都", "/nowhere/", "example.org/x", "[a](/b/)", "<a href=/c/>", "mailto:"],
)
def test_check_takes_no_location_for_a_link(client, tmp_path, location):
    def faults_of(profile):
        Profile.objects.update_or_create(pk=1, defaults=profile)
        for path in ("index.html", "index.html.md", "cv/index.html", "resume.json"):
            file = tmp_path / path
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(answered(client, path))
        return {*faults(tmp_path, HOME)}

    before = faults_of({"location": ""})
    assert faults_of({"location": location}) == before
    # The control.
    (tmp_path / "search.json").write_text(json.dumps([{"address": "/nowhere/"}]))
    assert "search.json: '/nowhere/' leads to no file." in {*faults(tmp_path, HOME)} - before


@pytest.mark.django_db
def test_what_is_unpublished_is_gone_with_its_pictures(tmp_path):
    secret = "a secret about a heron"
    image = make_picture(700, 500)
    entry = make_entry(title=secret, body=f"{secret} ![]({image.file.url})")
    site.build(tmp_path / "site", HOME)
    before = tree(tmp_path / "site")
    assert f"media/{image.file.name}" in before
    assert any(secret.encode() in data for data in before.values())
    entry.publish_at = None
    entry.save()
    site.build(tmp_path / "site", HOME)
    after = tree(tmp_path / "site")
    assert not any(name.startswith("media/") for name in after)
    assert [name for name, data in after.items() if secret.encode() in data] == []


@pytest.mark.once
def test_a_folder_of_something_else_is_refused(db, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CommandError, match="not empty"):
        call_command("build_site", tmp_path, base_url=HOME)
    with pytest.raises(CommandError, match="address"):
        call_command("build_site", tmp_path / "new", base_url="ftp://example.org")
    assert [*tmp_path.iterdir()] == [tmp_path / "mine.txt"]


# The builds that are killed.
# On each engine, so a hundred in `make test`.
KILLS = 50


def building(target, jobs):
    """A process that builds the site, as its id."""
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            site.build(target, HOME, jobs)
            code = 0
        finally:
            os._exit(code)
    return pid


def wait_for_its_workers(place):
    """They hold it, as the process that was killed did, until a moment after."""
    while True:
        try:
            with alone_in(place):
                return
        except SwapError:
            time.sleep(0.01)


@pytest.mark.django_db(transaction=True)
def test_a_build_that_is_killed_leaves_the_old_or_the_new_site_whole(tmp_path):
    target = tmp_path / "site"
    make_entry()
    make_role(broke=TEXT)
    whole, took = [], []
    for title in ("one", "other"):
        Entry.objects.update(title=title)
        began = time.monotonic()
        site.build(tmp_path / title, HOME)
        took.append(time.monotonic() - began)
        whole.append(tree(tmp_path / title))
    assert whole[0] != whole[1]
    site.build(target, HOME)
    chance, seen = random.Random(), []
    for number in range(KILLS):
        Entry.objects.update(title=("one", "other")[number % 2])
        pid = building(target, 1 + number % 2)
        time.sleep(chance.uniform(0, 1.5 * max(took)))
        os.kill(pid, signal.SIGKILL)
        assert os.waitpid(pid, 0)[1] in (0, signal.SIGKILL)
        wait_for_its_workers(tmp_path / ".site.building")
        seen.append(tree(target))
    assert [found in whole for found in seen] == [True] * KILLS
    # The controls: some left the old one, and a build that is not killed leaves the new.
    assert any(found != whole[number % 2] for number, found in enumerate(seen))
    site.build(target, HOME)
    assert tree(target) == whole[(KILLS - 1) % 2]
    assert [*(tmp_path / ".site.building").iterdir()] == [tmp_path / ".site.building/new"]
