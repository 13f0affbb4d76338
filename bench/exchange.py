"""Content out and in, against Django's own commands on the same rows, on both engines.

`ENTRIES=10000 make bench` takes as many entries as that. Stock loaddata writes them one by one in
one transaction, in which PostgreSQL needs longer for each word of the search index the more came
before: then it takes hours.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import entries
from tests.machine import postgres
from tests.server import ROOT, environment

TITLE = "Content out and in"
HEADINGS = [
    *("engine", "what", "entries", "seconds", "Django's own", "times as fast", "at least"),
    *("peak MiB", "at most"),
]
ENTRIES = {
    engine: int(os.environ.get("ENTRIES", number))
    for engine, number in {"sqlite": 2_000, "postgres": 500}.items()
}
EXPORT = {engine: 10 if number >= 100_000 else 7 for engine, number in ENTRIES.items()}
IMPORT = {"sqlite": 4, "postgres": 6}
MOST_EXPORT, MOST_IMPORT = 110, 250  # MiB

# The time of the work itself, without Python's and Django's start; and the most memory of all.
RUN = """
import json, resource, sys, time
import django
django.setup()
from django.core.management import call_command
began = time.monotonic()
call_command(*sys.argv[1:])
seconds = time.monotonic() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
sys.stderr.write("\\n" + json.dumps([seconds, peak]))
"""


def rows(site):
    with TemporaryDirectory(prefix="portfolio-bench-") as folder, postgres() as server:
        for engine, url in (("sqlite", ""), ("postgres", server)):
            yield from measure(engine, Path(folder, engine), url)


def measure(engine, folder, url):
    folder.mkdir()
    fixture = folder / "content.json"
    entries.write(fixture, ENTRIES[engine])
    variables = {"DATABASE_URL": url} if url else {}
    place = environment(folder, DJANGO_SETTINGS_MODULE="portfolio.settings", **variables)
    run(place, "migrate", "-v0")
    theirs, _ = run(place, "loaddata", fixture, "-v0")
    run(place, "flush", "--no-input", "-v0")
    ours, peak = run(place, "import_content", fixture)
    yield row(engine, "import", ours, theirs, IMPORT[engine], peak, MOST_IMPORT)
    labels = ["portfolio.tool", "journal.entry", "--natural-foreign", "--natural-primary"]
    theirs, _ = run(place, "dumpdata", *labels, "-o", folder / "dumped.json")
    ours, peak = run(place, "export_content", folder / "out")
    assert (folder / "out" / "content.json").read_bytes() == fixture.read_bytes()
    yield row(engine, "export", ours, theirs, EXPORT[engine], peak, MOST_EXPORT)


def row(engine, what, ours, theirs, least, peak, most):
    times = f"{theirs / ours:.1f}"
    return (
        engine,
        what,
        f"{ENTRIES[engine]:,}",
        f"{ours:.1f}",
        f"{theirs:.1f}",
        times,
        least,
        f"{peak:.0f}",
        most,
    )


def run(place, *arguments):
    """The seconds that a command takes and the most memory that it has, in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, *map(str, arguments)],
        cwd=ROOT,
        env=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stderr.splitlines()[-1])
