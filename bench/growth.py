"""What each page costs when there are a hundred times as many entries, on both engines.

`FEW=100 MANY=2000 ROUNDS=3 python -m bench.growth` is a short run. A page is made anew each time:
nothing that a server keeps is asked, and what the process keeps of texts is the same for both.
"""

import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench import entries, speed
from tests.machine import postgres
from tests.nginx import workers_of
from tests.server import ROOT, environment, free_port

TITLE = "What a page costs among many entries"
FEW, MANY = int(os.environ.get("FEW", 1_000)), int(os.environ.get("MANY", 100_000))
ROUNDS = int(os.environ.get("ROUNDS", 15))
NOTE = f"""\
{ROUNDS} rounds, on one core. Of few, some pages have less to show than they have room for: the list
of sitemaps has fewer parts, and a rare word is found less often than what is found is ranked.\
"""
BOUND = 1.2
KEPT = 1_000  # pages
MOST_MEMORY = 130  # MiB
HEADINGS = ["engine", "page", f"ms of {FEW:,}", f"ms of {MANY:,}", "times", "at most"]

# A process for each site: it says what pages there are, and answers the name of each with its cost.
PAGES = """
import json, logging, os, sys, time
# That nothing is there is nothing to tell.
logging.disable(logging.WARNING)
# One waits while the other works. Of two cores, one may be a third slower.
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import django
from django.conf import settings
# Static files come from the sources.
backend = "django.contrib.staticfiles.storage.StaticFilesStorage"
settings.STORAGES["staticfiles"]["BACKEND"] = backend
django.setup()
from django.contrib.auth import get_user_model
from django.test import Client
from journal.models import Entry
from portfolio.models import Tool

live = Entry.objects.live()
newest, oldest = live.newest(1)[0], Entry.objects.order_by("month", "publish_at", "slug")[0]
tool = Tool.objects.get(slug="tool-1")
late = [*live.after(oldest)[:24]][-1]
of_tool = [*tool.entries.order_by("month", "publish_at", "slug")[:25]][-1]
month = f"/journal/{oldest.month.year}/{oldest.month.month:02}"
first_part = f"/sitemap-{oldest.month.year}-1.xml"

def before(entry):
    return f"before{entry.get_absolute_url().removeprefix('/journal')}"

admin = Client()
user = get_user_model().objects.filter(is_superuser=True).first()
admin.force_login(user or get_user_model().objects.create_superuser("growth"))
LIST = "/admin/journal/entry/"
last_page = (Entry.objects.count() + 99) // 100
pages = {
    "home": "/",
    "now": "/now/",
    "roles": "/roles/",
    "thinking": "/thinking/",
    "tools": "/tools/",
    "lessons": "/lessons/",
    "cv": "/cv/",
    "resume": "/resume.json",
    "journal": "/journal/",
    "journal, deepest": f"/journal/{before(late)}",
    "a year": f"/journal/{newest.month.year}/",
    "a year, deepest": f"/journal/{oldest.month.year}/{before(late)}",
    # Of few there are not as many in a month as a page has.
    "a month": f"{month}/",
    "an entry, newest": newest.get_absolute_url(),
    "an entry, oldest": oldest.get_absolute_url(),
    "an entry, plain": newest.get_absolute_url() + "index.html.md",
    "a tool": "/tools/tool-1/",
    "a tool, deepest": f"/tools/tool-1/{before(of_tool)}",
    "feed": "/feed.xml",
    "feed in JSON": "/feed.json",
    "feed of a tool": "/tools/tool-1/feed.xml",
    "sitemap": "/sitemap.xml",
    "sitemap, pages": "/sitemap-pages.xml",
    "sitemap, a part": first_part,
    "llms.txt": "/llms.txt",
    "search, a common word": "/search/?q=word0",
    "search, common words": "/search/?q=word0+word1",
    "search, last page": "/search/?q=word0&page=20",
    "search, a rare word": "/search/?q=word2990",
    "search, a typing mistake": "/search/?q=wrod2990",
    "suggestions": "/search/suggest/?q=word29",
    # As many of few as of many.
    "suggestions, a common word": "/search/suggest/?q=word1",
    "nothing there": "/nothing-of-that-name/",
    "desk": "/admin/",
    "list of entries": f"{LIST}?whole",
    "list of entries, last": f"{LIST}?p={last_page}",
    "list of drafts": f"{LIST}?state=draft",
    "list of live entries": f"{LIST}?state=live",
    "list of a tool": f"{LIST}?tools__id__exact={tool.pk}",
    "list, searched": f"{LIST}?q=word100",
    "list, a common word": f"{LIST}?q=word1",
    "form of an entry": f"{LIST}{newest.pk}/change/",
    "form of a new entry": f"{LIST}add/",
    "names to choose from": "/admin/autocomplete/?app_label=portfolio&model_name=evidence"
        "&field_name=entry&term=word1",
}

def cost(client, address):
    began = time.perf_counter()
    status = client.get(address).status_code
    assert status in (200, 404), (address, status)
    return 1000 * (time.perf_counter() - began)

reader = Client(headers={"host": "localhost"})
print(json.dumps([*pages]), flush=True)
for name in sys.stdin:
    address = pages[name.strip()]
    print(cost(admin if address.startswith("/admin/") else reader, address), flush=True)
"""


def rows(site):
    with TemporaryDirectory(prefix="portfolio-bench-") as folder, postgres() as server:
        for engine, url in (("sqlite", ""), ("postgres", server)):
            places = [written(Path(folder, f"{engine}-{n}"), n, url) for n in (FEW, MANY)]
            yield from compare(engine, places)
            few, many = (memory(place | {"PORT": str(free_port())}) for place in places)
            name = f"MiB of a worker, {KEPT:,} pages kept"
            yield engine, name, f"{few:.0f}", f"{many:.0f}", f"{many / few:.2f}", MOST_MEMORY


def written(folder, number, server):
    """The environment of a new site of so many entries, in a database of its own on the server."""
    folder.mkdir()
    variables = {}
    if server:
        import psycopg

        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE growth_{number}")
        variables["DATABASE_URL"] = server.rpartition("/")[0] + f"/growth_{number}"
    place = environment(folder, DJANGO_SETTINGS_MODULE="portfolio.settings", **variables)
    fixture = folder / "content.json"
    entries.write(fixture, number)
    speed.manage(place, "migrate", "-v0")
    speed.manage(place, "import_content", fixture)
    if server:
        with psycopg.connect(variables["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE")  # as the server does by itself before long
    return place


def compare(engine, places):
    """The rows of an engine, whose sites of few and of many entries take turns."""
    with ExitStack() as stack:
        (pages, few), (_, many) = (stack.enter_context(serving(place)) for place in places)
        # The first round finds nothing imported, compiled or connected.
        rounds = [{page: (few(page), many(page)) for page in pages} for _ in range(ROUNDS + 1)][1:]
    for page in pages:
        of_few, of_many = map(median, zip(*(each[page] for each in rounds), strict=True))
        yield engine, page, f"{of_few:.1f}", f"{of_many:.1f}", f"{of_many / of_few:.2f}", BOUND


@contextmanager
def serving(place):
    """The names of a site's pages, and a function that has it make one: the milliseconds."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    # The client asks for pages without a server's files.
    place = place | {"ALLOWED_HOSTS": "testserver,localhost"}
    command = [sys.executable, "-W", "ignore", "-c", PAGES]
    with subprocess.Popen(command, cwd=ROOT, env=place, **pipes) as process:

        def cost(page):
            process.stdin.write(f"{page}\n")
            process.stdin.flush()
            return float(process.stdout.readline())

        yield json.loads(process.stdout.readline()), cost
        process.stdin.close()


def memory(place):
    """The MiB of a worker that has shown so many entries, each to someone who had seen none."""
    speed.manage(place, "collectstatic", "--no-input")
    with speed.serving("portfolio.wsgi:application", place) as server:
        entries = (
            path
            for part in pages_in(server, "/sitemap.xml")
            for path in pages_in(server, part)
            if path.count("/") > 4
        )
        for _, path in zip(range(KEPT), entries, strict=False):
            server.get(path)
        (worker,) = workers_of(server.process.pid)
        status = Path(f"/proc/{worker}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def pages_in(server, sitemap):
    """The paths that a sitemap names."""
    body = server.get(sitemap, **{"Accept-Encoding": "identity"})[1].decode()
    return re.findall(r"<loc>https?://[^/]+([^<]+)", body)


if __name__ == "__main__":
    from bench.__main__ import table

    print(table(HEADINGS, rows(None)))
