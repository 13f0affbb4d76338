"""A page of ours against Wagtail's of the same content, with wagtail-cache and without any.

Wagtail's site is in bench/wagtail, as its tutorial and wagtail-cache's installation page have it;
gunicorn starts it as Wagtail's own Dockerfile does, with one worker, which is its default. It has
less to do than ours: its pages go out without compression, structured data, colours in code, or a
content policy, and its text is HTML already.
"""

import re
import shutil
import subprocess
from contextlib import ExitStack
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.speed import HEADINGS as SPEEDS
from bench.speed import Turns, rate, serving, with_seed
from tests.server import ROOT, environment, free_port

TITLE = "How fast a page is, against Wagtail"
HEADINGS = SPEEDS
PROJECT = Path(__file__).with_name("wagtail")
PYTHON = ROOT / ".venv" / "wagtail" / "bin" / "python"
SEED = ROOT / "portfolio" / "fixtures" / "seed.json"
GUNICORN = "gunicorn --workers 1 --log-level warning --bind 127.0.0.1:{}"


def rows(site):
    with TemporaryDirectory(prefix="portfolio-bench-") as folder, ExitStack() as running:
        place = with_seed(Path(folder, "ours"))
        project = wagtail(Path(folder, "wagtail"))

        def ours(**variables):
            return serving("portfolio.wsgi:application", place(**variables))

        def theirs(settings, **server):
            return serving(
                "mysite.wsgi:application",
                # gunicorn puts a socket into the home.
                environment(
                    project,
                    HOME=str(project),
                    PORT=str(free_port()),
                    DJANGO_SETTINGS_MODULE=settings,
                ),
                python=PYTHON,
                cwd=project,
                **server,
            )

        hot = {
            "Wagtail + cache, gunicorn": theirs("mysite.settings", command=GUNICORN),
            "Wagtail + cache, Granian": theirs("mysite.settings"),
            "ours": ours(),
        }
        cold = {
            "Wagtail, no cache": theirs("mysite.uncached"),
            "ours, made anew": ours(EDGE_MEMORY="0"),
        }
        servers = {name: running.enter_context(it) for name, it in (hot | cold).items()}
        compare(servers)

        def turns_of(names, connections):
            runs = {name: lambda it=servers[name]: rate(it, connections) for name in names}
            return Turns(connections, **runs)

        turns = turns_of(hot, 16)
        for name, least in zip(hot, (20, 12), strict=False):
            yield turns.row(name)
            yield turns.row("ours", name, f"≥ {least}")
        turns = turns_of(cold, 1)
        yield turns.row("Wagtail, no cache")
        yield turns.row("ours, made anew", "Wagtail, no cache", "≥ 2")


def wagtail(folder):
    """The folder with a copy of Wagtail's site, migrated and with the seed's content."""
    shutil.copytree(PROJECT, folder)
    for command in (
        # As in any new project; kept nowhere, since no site lives on from this one.
        ["makemigrations", "home", "-v0"],
        ["migrate", "-v0"],
        ["load", SEED],
    ):
        subprocess.run([PYTHON, "manage.py", *command], cwd=folder, check=True)
    return folder


def compare(servers):
    """Raises RuntimeError unless all show the same words, and those with a cache out of it."""
    shown = {}
    for name, server in servers.items():
        server.get()
        response, body = server.get(**{"Accept-Encoding": "identity"})
        if "+ cache" in name and response.getheader("X-Wagtail-Cache") != "hit":
            raise RuntimeError(f"{name}: the page is not out of the cache")
        main = re.search("<main.*</main>", body.decode(), re.DOTALL)[0]
        shown[name] = re.findall(r"\w+", unescape(re.sub("<[^>]*>", " ", main)))
    words = shown["ours"]
    for name, others in shown.items():
        if others != words:
            raise RuntimeError(f"{name} shows other words: {set(others) ^ set(words)}")
