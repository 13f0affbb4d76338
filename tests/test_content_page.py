"""Content out and in, in the admin: who may, after which question, and what a page tells."""

import io
import json
import os
import re
import subprocess
import sys
import threading
import time
import zipfile

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.urls import reverse
from lxml import html
from reversion.models import Version

from journal.models import Entry
from portfolio.exchange import outgoing
from portfolio.exchange.desk import credential, job, views
from portfolio.models import Tool
from portfolio.sign_in import link
from tests.desk import member
from tests.factories import make_entry, make_image, make_tool, make_user

PAGE = reverse("exchange:content")
EXPORT, IMPORT, SITE = (reverse(f"exchange:{name}") for name in ("export", "import", "site"))
MAY_EXPORT = "portfolio.export_content"
PASSWORD = "a long enough one"
AS_BUNDLE = {"export-form": "bundle"}

works = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def var(settings, tmp_path):
    settings.VAR_DIR = tmp_path / "var"
    return settings.VAR_DIR


@pytest.fixture
def owner(db):
    return member("Owner")


def bundle_of(change=None):
    """What is here as a bundle to upload; `change` is made to its items, as by hand."""
    file = io.BytesIO()
    outgoing.write_zip(file)
    if change:
        items = json.loads(zipfile.ZipFile(file).read("content.json"))
        items = change(items) or items
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("content.json", json.dumps(items))
    file.name = "content.zip"
    file.seek(0)
    return file


def page_of(client, response):
    """The page of the job that an answer leads to, once the job has ended."""
    assert response.status_code == 302, response.text
    return html.fromstring(client.get(response.url).getvalue().decode())


def text(page):
    return " ".join(page.text_content().split())


def outcome(page):
    return text(page.find_class("outcome")[0])


def plan_of(client, file, **options):
    response = client.post(IMPORT, {"import-file": file, **options})
    return page_of(client, response), response.url


def confirm(client, address, **fields):
    return page_of(client, client.post(f"{address}import/", fields))


def forget(client):
    """As if the credential had been given too long ago."""
    session = client.session
    session[credential.GIVEN] = time.time() - credential.FRESH
    session.save()


def jobs_of(var):
    return [*var.glob("exchange/*/*/")]


def ask_again(client, **fields):
    return {"credential-password": PASSWORD} | fields


# In a browser.


@pytest.mark.once
@works
def test_content_leaves_is_edited_and_comes_back_without_a_script(live_server, browser, tmp_path):
    make_tool(name="shalom", slug="shalom", note="before")
    owner = member("Owner")
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    context.add_cookies(
        [{"name": "sessionid", "value": owner.session.session_key, "url": live_server.url}]
    )
    page = context.new_page()
    page.goto(reverse("admin:index"))
    page.get_by_role("link", name="content", exact=True).click()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        items = archive.read("content.json").decode().replace("before", "שלום, after")
    (tmp_path / "edited.json").write_text(items)

    page.goto(PAGE)
    page.get_by_label("File", exact=True).set_input_files(tmp_path / "edited.json")
    page.get_by_role("button", name="Show what would change").click()
    assert "1 changed and 0 deleted" in page.get_by_role("status").inner_text()
    assert page.locator("del bdi").inner_text() == '"before"'
    assert page.locator("ins bdi").inner_text() == '"שלום, after"'
    assert Tool.objects.get().note == "before"
    page.get_by_role("button", name="Import it").click()
    assert "1 changed" in page.get_by_role("status").inner_text()
    assert Tool.objects.get().note == "שלום, after"
    version = Version.objects.get_for_object(Tool.objects.get())[0]
    assert (version.revision.user, version.revision.comment) == (owner.user, "imported")
    page.locator(".told").get_by_role("link", name="shalom").click()
    assert page.get_by_label("Note").input_value() == "שלום, after"
    context.close()


# Who may.

ROUTES = {"page": PAGE, "export": EXPORT, "import": IMPORT, "site": SITE}
TOKEN = "x" * 22
JOB, FILE, CARRY_OUT = (
    reverse(f"exchange:{name}", args=[TOKEN]) for name in ("job", "file", "carry_out")
)


@pytest.mark.django_db
@pytest.mark.parametrize("address", [*ROUTES.values(), JOB, FILE, CARRY_OUT])
def test_only_those_with_the_right_come_in(address, var):
    staff, exporter, owner = make_user(), make_user(MAY_EXPORT), member("Owner").user
    outsider = make_user(MAY_EXPORT, is_staff=False)
    for_owner = address in (IMPORT, CARRY_OUT)
    for user, may in ((staff, False), (exporter, not for_owner), (owner, True)):
        client = Client()
        client.force_login(user)
        for answer in (client.get(address), client.post(address)):
            assert (answer.status_code != 403) == may, (user, answer.status_code)
            # A refusal has nothing to keep.
            assert answer.status_code >= 400 or "no-store" in answer["Cache-Control"]
    for client in (Client(), Client()):
        answer = client.post(address, AS_BUNDLE)
        assert answer.url == f"{reverse('admin:login')}?next={address}"
        client.force_login(outsider)
    assert jobs_of(var) == []


@pytest.mark.django_db
def test_the_page_has_what_one_may_and_the_desk_leads_there():
    exporter = Client()
    exporter.force_login(make_user(MAY_EXPORT))
    for client, names in (
        (exporter, {"export", "site"}),
        (member("Owner"), {"export", "import", "site"}),
    ):
        page = html.fromstring(client.get(PAGE).text)
        assert {form.action.split("/")[-2] for form in page.forms} - {"logout"} == names
        assert PAGE in client.get(reverse("admin:index")).text
    # By the group alone, without the permission.
    Group.objects.get(name="Owner").permissions.clear()
    bare = member("Owner")
    assert PAGE in bare.get(reverse("admin:index")).text
    page = html.fromstring(bare.get(PAGE).text)
    assert IMPORT in [form.action for form in page.forms]
    assert EXPORT not in [form.action for form in page.forms]
    nobody = Client()
    nobody.force_login(make_user())
    assert PAGE not in nobody.get(reverse("admin:index")).text


@works
def test_a_job_and_its_file_are_for_the_one_who_began_it(owner):
    address = owner.post(EXPORT, AS_BUNDLE).url
    owner.get(address).getvalue()
    other = member("Owner")
    for path in (address, f"{address}file/"):
        assert other.get(path).status_code == 404
    assert other.post(f"{address}import/").status_code == 404
    assert owner.get(f"{address}file/").getvalue().startswith(b"PK")


# The credential.


@pytest.mark.django_db
@pytest.mark.parametrize("address", [*ROUTES.values(), JOB, FILE, CARRY_OUT])
def test_without_a_credential_given_lately_every_route_only_asks_for_it(address, owner, var):
    owner.user.set_password(PASSWORD)
    owner.user.save()
    owner.force_login(owner.user)
    forget(owner)
    for answer in (owner.get(address), owner.post(address, AS_BUNDLE)):
        assert answer.templates[0].name == "admin/exchange/credential.html"
        assert 'type="password"' in answer.text
    assert jobs_of(var) == []
    # The control: it is the credential that is missing.
    owner.force_login(owner.user)
    for answer in (owner.get(address), owner.post(address, {})):
        assert b'type="password"' not in answer.content


@works
def test_what_was_asked_for_is_done_once_the_password_is_right(owner, var):
    owner.user.set_password(PASSWORD)
    owner.user.save()
    owner.force_login(owner.user)
    forget(owner)
    hostile = '"><script>alert(1)</script>'
    sent = AS_BUNDLE | {"export-live_only": "on", "more": hostile}
    page = owner.post(EXPORT, sent)
    assert "<script>alert" not in page.text
    (form,) = (form for form in html.fromstring(page.text).forms if "more" in form.fields)
    assert form.fields["more"] == hostile
    kept = {name: value for name, value in form.form_values() if name}
    wrong = owner.post(EXPORT, kept | {"credential-password": "wrong"})
    assert "This is not your password." in wrong.text
    assert PASSWORD not in wrong.text
    assert jobs_of(var) == []
    make_entry(publish_at=None, title="a draft")
    done = owner.post(EXPORT, kept | {"credential-password": PASSWORD})
    assert "It is ready" in outcome(page_of(owner, done))
    file = owner.get(f"{done.url}file/").getvalue()
    assert b"a draft" not in zipfile.ZipFile(io.BytesIO(file)).read("content.json")
    # It is good for what follows, and a page that was asked for is gone to.
    assert 'type="password"' not in owner.get(PAGE).text
    forget(owner)
    form = html.fromstring(owner.get(PAGE).text).forms[-1]
    fields = dict(form.form_values()) | {"credential-password": PASSWORD}
    assert owner.post(PAGE, fields).url == PAGE


@pytest.mark.django_db
def test_wrong_passwords_are_counted_as_those_of_a_sign_in(owner):
    owner.user.set_password(PASSWORD)
    owner.user.save()
    right, wrong = ({"credential-password": each} for each in (PASSWORD, "wrong"))
    owner.force_login(owner.user)
    for _ in range(2):
        forget(owner)
        for _ in range(django_settings.AXES_FAILURE_LIMIT - 1):
            assert owner.post(PAGE, wrong).status_code == 200
        # The control; and it makes the failed tries forgotten.
        assert owner.post(PAGE, right).status_code == 302
    forget(owner)
    for _ in range(django_settings.AXES_FAILURE_LIMIT):
        answer = owner.post(PAGE, wrong)
    assert answer.status_code in (403, 429)
    assert "Too many sign-ins failed" in answer.text
    assert "Too many sign-ins failed" in owner.post(PAGE, right).text
    assert owner.get(PAGE).templates[0].name == "admin/exchange/credential.html"


@pytest.mark.django_db
def test_whoever_has_no_password_signs_in_again_with_a_link(owner):
    owner.user.set_unusable_password()
    owner.user.save()
    owner.force_login(owner.user)
    forget(owner)
    page = owner.get(PAGE)
    assert "make sign-in" in page.text
    assert 'type="password"' not in page.text
    assert (
        "exchange/credential.html"
        in owner.post(PAGE, {"credential-password": ""}).templates[0].name
    )
    address = owner.get(link(owner.user).removeprefix(django_settings.SITE_URL)).url
    owner.post(address, {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert "All that was written" in owner.get(PAGE).text


# Export.


@works
def test_the_export_is_the_bundle(owner, var):
    make_entry(title="🙂")
    make_image()
    response = owner.post(EXPORT, AS_BUNDLE)
    assert "It is ready" in outcome(page_of(owner, response))
    answer = owner.get(f"{response.url}file/")
    assert answer["Content-Type"] == "application/zip"
    assert re.fullmatch(
        r'attachment; filename="portfolio-\d{4}-\d\d-\d\d\.zip"', answer["Content-Disposition"]
    )
    assert answer.getvalue() == bundle_of().read()
    (folder,) = jobs_of(var)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    # An hour later it is served no more, and the next job of anyone deletes it.
    os.utime(folder, (0, time.time() - job.KEPT - 1))
    assert owner.get(f"{response.url}file/").status_code == 404
    other = member("Owner")
    page_of(other, other.post(EXPORT, AS_BUNDLE))
    assert not folder.exists()


@works
def test_an_export_that_cannot_be_says_why(owner, media_root):
    image = make_image()
    (media_root / image.file.name).unlink()
    page = page_of(owner, owner.post(EXPORT, AS_BUNDLE))
    assert image.file.name in outcome(page)
    assert "put it back" in outcome(page)


# Import.


@works
def test_a_plan_names_what_would_be_done_and_a_yes_does_it(owner):
    make_tool(name="kept", slug="kept")
    old = make_entry(title="old", slug="old", body="one text.")
    upload = bundle_of(
        lambda items: (
            [
                {"model": each["model"], "fields": each["fields"] | {"body": "another text."}}
                if each["model"] == "journal.entry"
                else each
                for each in items
            ]
            + [{"model": "portfolio.tool", "fields": {"name": "<b>new</b>", "slug": "new"}}]
        )
    )
    make_entry(title="gone", slug="gone", publish_at=None)
    page, address = plan_of(owner, upload, **{"import-prune": "on"})
    told = outcome(page)
    assert "1 would be added, 1 changed and 1 deleted; 1 are here already" in told
    assert "gone" in told
    assert '"one text."' in told
    assert page.xpath("//ins/bdi/text()") == ['"another text."']
    assert reverse("admin:journal_entry_change", args=[old.pk]) in page.xpath("//a/@href")
    assert Entry.objects.count() == 2
    # Deleting what was edited here after the export has to be allowed, by name.
    refused = confirm(owner, address)
    assert "Nothing was imported" in outcome(refused)
    assert Entry.objects.count() == 2
    done = confirm(owner, address, force="on")
    assert "It is done: 1 added, 1 changed, 1 deleted" in outcome(done)
    assert [*Entry.objects.values_list("body")] == [("another text.",)]
    assert Tool.objects.filter(name="<b>new</b>").exists()
    # Sent again, it shows the same.
    assert outcome(confirm(owner, address, force="on")) == outcome(done)


@works
def test_what_was_edited_after_the_plan_was_shown_is_not_undone_unnamed(owner):
    make_tool(name="a", slug="a", note="exported")
    make_tool(name="b", slug="b", note="exported")
    upload = bundle_of()
    for tool in Tool.objects.filter(slug="a"):
        tool.note = "edited"
        tool.save()
    page, address = plan_of(owner, upload)
    assert outcome(page).count('"edited"') == 1
    assert "Edited here later" in outcome(page)
    tool = Tool.objects.get(slug="b")
    tool.note = "edited meanwhile"
    tool.save()
    page = confirm(owner, address, force="on")
    assert "Nothing was imported" in outcome(page)
    assert '"edited meanwhile"' in outcome(page)
    assert {*Tool.objects.values_list("note", flat=True)} == {"edited", "edited meanwhile"}
    # The control: now it was shown.
    assert "2 changed" in outcome(confirm(owner, address, force="on"))
    assert {*Tool.objects.values_list("note", flat=True)} == {"exported"}


@works
def test_what_is_wrong_is_told_with_its_place_and_escaped(owner):
    bad = [
        {"model": "portfolio.tool", "fields": {"name": "<script>x</script>", "slug": "No Slug"}},
        {"model": "auth.user", "fields": {"username": "<i>שלום"}},
    ]
    for name, data, said in (
        ("a.json", json.dumps(bad).encode(), "content; only content is"),
        ("b.json", b"[{", "is not a JSON list of objects"),
        ("<img src=x>.zip", b"PK\x03\x04 broken", "<img src=x>.zip"),
        ("c.xml", b"<x/>", "nothing that can be imported"),
        ("d.json", b"", "nothing that can be imported"),
    ):
        file = io.BytesIO(data)
        file.name = name
        page, address = plan_of(owner, file)
        assert said in text(page), outcome(page)
        assert "/var/exchange" not in text(page)
        assert "source." not in text(page)
        assert page.xpath("//i | //img | //main//script") == []
        assert f"{address}import/" not in [form.action for form in page.forms]
        confirm(owner, address)
    assert not Tool.objects.exists()


@works
def test_a_plan_of_many_objects_is_a_page_of_bearable_size(owner):
    def many(items):
        return [
            {"model": "portfolio.tool", "fields": {"name": f"<{n}>" * 10, "slug": f"s-{n}"}}
            for n in range(3000)
        ]

    page, _ = plan_of(owner, bundle_of(many))
    assert "3,000 would be added" in outcome(page)
    assert "and 2,800 more." in outcome(page)
    assert len(html.tostring(page)) < 300_000


@works
def test_a_file_that_is_no_form_of_content_is_refused_before_it_is_a_job(owner, var, monkeypatch):
    for file in (None, "x.txt", "x"):
        sent = io.BytesIO(b"x")
        sent.name = file
        answer = owner.post(IMPORT, {"import-file": sent} if file else {"import-prune": "on"})
        assert answer.status_code == 400
        assert "errorlist" in answer.text
    # Nothing that was chosen beside it is lost.
    assert "checked" in owner.post(IMPORT, {"import-prune": "on"}).text
    monkeypatch.setattr(views, "MOST_UPLOAD", 100)
    answer = owner.post(IMPORT, {"import-file": bundle_of()})
    assert answer.status_code == 413
    assert "larger than 100" in answer.text
    assert Client().post(IMPORT, {"import-file": bundle_of()}).status_code == 403
    assert jobs_of(var) == []
    monkeypatch.undo()
    assert owner.post(IMPORT, {"import-file": bundle_of()}).status_code == 302
    assert Client(enforce_csrf_checks=True).post(IMPORT, {}).status_code == 403


# The site as files.


@works
def test_the_site_is_made_in_a_process_of_its_own_and_downloaded(owner, monkeypatch):
    name = str(connection.settings_dict["NAME"])
    url = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + "/" + name.rsplit("/", 1)[-1]
    monkeypatch.setenv("DATABASE_URL", url)
    live = make_entry(title="an entry that is out")
    draft = make_entry(title="a draft", publish_at=None)
    sent = {"site-base_url": "https://example.org/below/"}
    response = owner.post(SITE, sent)
    assert "It is ready" in outcome(page_of(owner, response))
    file = owner.get(f"{response.url}file/").getvalue()
    site = zipfile.ZipFile(io.BytesIO(file))
    page = site.read(f"{live.get_absolute_url()[1:]}index.html").decode()
    assert "an entry that is out" in page
    assert f"https://example.org/below{live.get_absolute_url()}" in page
    assert f"{draft.get_absolute_url()[1:]}index.html" not in site.namelist()
    assert not [each for each in site.namelist() if each.startswith(".")]
    refused = page_of(owner, owner.post(SITE, sent | {"site-base_url": "https://example.org/?a=b"}))
    assert "is none that a site can have" in outcome(refused)


# Jobs.


@works
def test_one_job_at_a_time_is_told_as_it_goes_and_needs_nobody_to_look(owner, var):
    go_on, told = threading.Event(), threading.Event()

    def work(job, progress):
        for _ in progress.over(range(3), "<Steps>", 3):
            told.set()
            assert go_on.wait(30)
        return {"kind": "failed", "reason": "that was it"}

    running = job.new(owner.user)
    running.write("asked", {"title": "Long"})
    running.start(work)
    assert told.wait(30)
    address = reverse("exchange:job", args=[running.token])
    # A second one is none, and leads to the first.
    assert owner.post(EXPORT, AS_BUNDLE).url == address
    assert jobs_of(var) == [running.folder]
    assert owner.get(f"{address}file/").status_code == 404
    assert owner.post(f"{address}import/").url == address
    looking = owner.get(address)
    parts = iter(looking.streaming_content)
    assert b"You may close this page" in next(parts)
    step = next(parts).decode()
    assert "&lt;Steps&gt;: 0 of 3" in step
    # Someone closes the window.
    looking.close()
    watched = iter(owner.get(address).streaming_content)
    next(watched)
    go_on.set()
    rest = b"".join(watched).decode()
    assert "that was it" in rest
    assert "</html>" in rest
    assert "that was it" in owner.get(address).text
    assert not running.is_running()


@pytest.mark.django_db
def test_an_error_of_ours_is_in_the_log_and_not_on_the_page(owner, caplog):
    def work(job, progress):
        raise RuntimeError("a secret")

    broken = job.new(owner.user)
    broken.write("asked", {"title": "Broken"})
    broken.start(work)
    page = owner.get(reverse("exchange:job", args=[broken.token])).getvalue().decode()
    assert "its log says what" in page
    assert "a secret" not in page
    assert "a secret" in caplog.text


@pytest.mark.once
@pytest.mark.django_db
def test_a_job_whose_server_was_killed_says_so_and_another_can_begin(owner, var):
    stopped = job.new(owner.user)
    stopped.write("asked", {"title": "Import"})
    code = (
        "import os, sys, time, pathlib, threading; from portfolio.exchange.desk.job import Job\n"
        "Job(pathlib.Path(sys.argv[1])).start(lambda job, progress: time.sleep(60))\n"
        "print('begun', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, stopped.folder], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "begun\n"
    address = reverse("exchange:job", args=[stopped.token])
    assert stopped.is_running()
    assert owner.post(EXPORT, AS_BUNDLE).url == address
    process.kill()
    process.communicate()
    assert "The server was stopped" in owner.get(address).text
    following = job.new(owner.user)
    following.write("asked", {"title": "Export"})
    following.start(lambda job, progress: {"kind": "failed", "reason": "that was it"})
    address = reverse("exchange:job", args=[following.token])
    assert b"that was it" in owner.get(address).getvalue()


# With several machines.


@works
def test_a_job_of_another_machine_is_said_to_be_there(settings, tmp_path, owner):
    begun = owner.post(EXPORT, AS_BUNDLE).url
    assert owner.get(begun).status_code == 200
    here, settings.VAR_DIR = settings.VAR_DIR, tmp_path / "another"
    for address in (begun, f"{begun}file/"):
        answer = owner.get(address)
        assert answer.status_code == 503
        assert "begun on another of the machines" in answer.text
    # The controls: one that nobody began is nowhere, nor is another's, nor one that is too old.
    assert owner.get(JOB).status_code == 404
    assert member("Owner").get(begun).status_code == 404
    session = owner.session
    session[views.BEGUN] = {token: at - job.KEPT for token, at in session[views.BEGUN].items()}
    session.save()
    assert owner.get(begun).status_code == 404
    settings.VAR_DIR = here
    assert owner.get(begun).status_code == 200
