"""The main job, done in a browser: sign in, write, publish, schedule, export, load elsewhere."""

import io
import re
import shutil
import subprocess
import urllib.request
import zipfile
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import expect

from tests.server import ROOT, empty_database, environment, running_site

PASSWORD = "a-long-password-7"
BODY = """the migration ran *twice*.

```js
// good: obvious
const grouped = groupBy(data, 'category')
```
"""

# A drop as the browser makes it, with a picture that the page has not seen before.
DROP = """
([editor, bytes]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([new Uint8Array(bytes)], "photo.png", { type: "image/png" }));
  editor.dispatchEvent(
    new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true })
  );
}
"""


def picture():
    content = io.BytesIO()
    Image.new("RGB", (640, 360), (60, 98, 56)).save(content, "PNG")
    return list(content.getvalue())


def sign_in(page, site):
    page.goto(site.sign_in_link)
    page.get_by_label("New password", exact=False).first.fill(PASSWORD)
    page.get_by_label("New password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Set password and sign in").click()
    expect(page.get_by_role("link", name=re.compile("new entry for"))).to_be_visible()


def write(page, title, month, body):
    page.get_by_role("link", name="desk").click()
    page.get_by_role("link", name=re.compile("new entry for")).click()
    page.get_by_label("Title").fill(title)
    page.get_by_label("Month", exact=False).first.fill(month)
    page.get_by_label("Body").fill(body)


def publish(page, when=None):
    """Publish the open form, from `when` on or, without it, from now on."""
    if when is None:
        page.locator(".bar").get_by_role("button", name="publish").click()
    else:
        page.get_by_text("Time of publication").click()
        page.get_by_label("Date:").fill(f"{when:%Y-%m-%d}")
        page.get_by_label("Time:").fill(f"{when:%H:%M:%S}")
        page.get_by_role("button", name="schedule").click()
    expect(page.locator(".messagelist .success")).to_be_visible()


def crawl(site):
    """Every public page that links lead to, by address; without the site's host, which varies."""
    pages, waiting, host = {}, ["/"], site.url.removeprefix("http://").encode()
    while waiting:
        address = waiting.pop()
        with urllib.request.urlopen(site.url + address) as response:
            pages[address] = response.read().replace(host, b"")
        found = re.findall(rb'href="(/[^"]*)"', pages[address])
        waiting += {link.decode() for link in found if not link.startswith(b"/static/")} - {
            *pages,
            *waiting,
        }
    return pages


def manage(site_environment, *arguments):
    subprocess.run(
        [ROOT / ".venv/bin/python", ROOT / "manage.py", *arguments],
        env=site_environment,
        check=True,
    )


@contextmanager
def load(folder, fixture, database):
    """A running site with the content of a fixture in a database that was empty."""
    new = environment(folder, **database)
    manage(new, "migrate", "-v0")
    manage(new, "loaddata", "-v0", str(fixture))
    manage(new, "export_content", str(folder / "again"))
    assert (folder / "again" / "content.json").read_bytes() == fixture.read_bytes()
    with running_site(folder, **database) as site:
        yield site


@pytest.fixture
def complaints(page):
    """What the browser had to say against the pages, above all breaches of the content policy."""
    said = []
    page.on("console", lambda message: message.type == "error" and said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def test_the_main_job(page, new_context, complaints, tmp_path, db):
    with (
        empty_database("main_job") as database,
        empty_database("main_job_copy") as other_database,
        running_site(tmp_path / "first", **database) as site,
    ):
        sign_in(page, site)

        write(page, "the migration ran twice.", "feb 2026", BODY)
        editor = page.get_by_label("Body")
        preview = page.frame_locator(".pane iframe").locator("article")
        expect(preview.locator("em")).to_have_text("twice")
        editor.press("Control+End")
        page.evaluate(DROP, [editor.element_handle(), picture()])
        expect(editor).to_have_value(re.compile(r"!\[\]\(/media/[0-9a-f]{20}\.png\)"))
        expect(preview.locator("img")).to_have_attribute("width", "640")
        expect(preview.locator("img")).not_to_have_js_property("naturalWidth", 0)
        editor.fill(editor.input_value().replace("![](", "![a field of one colour]("))
        publish(page)

        write(page, "not before tomorrow.", "mar 2026", "a plan.")
        publish(page, timezone.now() + timedelta(days=1))

        reader = new_context().new_page()
        for address in ("/", "/journal/", "/journal/2026/", "/journal/2026/02/"):
            reader.goto(site.url + address)
            expect(reader.get_by_role("link", name="the migration ran twice.")).to_be_visible()
            expect(reader.get_by_text("not before tomorrow.")).to_have_count(0)
        reader.get_by_role("link", name="the migration ran twice.").click()
        expect(reader).to_have_url(f"{site.url}/journal/2026/02/the-migration-ran-twice/")
        expect(reader.locator("h1")).to_have_text("the migration ran twice.")
        expect(reader.locator("pre code .kd")).to_have_text("const")
        # By its width in the page, since which copy is loaded is the browser's choice.
        expect(reader.locator("article img")).to_have_attribute("width", "640")
        expect(reader.locator("article img")).not_to_have_js_property("naturalWidth", 0)
        for hidden in ("2026/03/", "2026/03/not-before-tomorrow/"):
            assert reader.goto(f"{site.url}/journal/{hidden}").status == 404
        # The same address is there for the one who wrote it.
        page.goto(f"{site.url}/journal/2026/03/not-before-tomorrow/")
        expect(page.get_by_text("scheduled. only editors see this page.")).to_be_visible()

        page.goto(f"{site.url}/admin/")
        page.get_by_role("link", name="content", exact=True).click()
        page.get_by_role("button", name="Export").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        bundle = zipfile.ZipFile(download.value.path())
        published = crawl(site)

        bundle.extractall(tmp_path / "bundle")
        assert "/journal/2026/02/the-migration-ran-twice/" in published
        assert len(published) > 30
        # No address means SQLite, so that from PostgreSQL the content goes to both.
        copies = [other_database, {}] if other_database else [{}]
        for number, database in enumerate(copies):
            folder = tmp_path / f"copy-{number}"
            shutil.copytree(tmp_path / "bundle" / "media", folder / "media")
            with load(folder, tmp_path / "bundle" / "content.json", database) as copy:
                assert crawl(copy) == published

    assert complaints == []
