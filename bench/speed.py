"""A page out of memory, against the most that the same server does: answer a constant.

Each server has one worker. All take turns in each round, so that a busy moment of the machine meets
them all; what counts is the middle one of the ratios of the rounds.
"""

import http.client
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.machine import postgres, program
from tests.server import ROOT, environment, free_port

TITLE = "How fast a page is"
HEADINGS = [
    *("what", "connections", "a second", "min", "max"),
    *("p99 ms", "against", "ratio", "bound"),
]
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = int(os.environ.get("SECONDS", "2"))  # wrk takes whole ones
CONNECTIONS = (1, 16, 64)
BROWSER = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-US,en;q=0.5",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
}
# An edit a second, of what home shows.
EDITS = """
import time
from portfolio.models import Tool
tool = Tool.objects.first()
for number in range(10_000):
    tool.name = f"tool {number}"
    tool.save()
    print(time.monotonic(), tool.name, flush=True)
    time.sleep(1)
"""
# As `manage.py serve` starts it, but with one worker.
GRANIAN = "granian --interface wsgi --workers 1 --blocking-threads 4 --log-level warning --port {}"


class Server:
    """An application on the server that a module of Python's is."""

    def __init__(self, target, place, command=GRANIAN, python=sys.executable, cwd=ROOT):
        self.host = f"127.0.0.1:{place['PORT']}"
        command = [python, "-m", *command.format(place["PORT"]).split(), target]
        began = time.monotonic()
        self.process = subprocess.Popen(command, cwd=cwd, env=place)
        while not self.answers():
            if self.process.poll() is not None:
                raise RuntimeError(f"{target} did not start")
            time.sleep(0.005)
        self.started_in = time.monotonic() - began

    def answers(self):
        try:
            return self.get()[0].status == 200
        except OSError:
            return False

    def get(self, path="/", **headers):
        """The (response, body) of a browser that asks for the path."""
        connection = http.client.HTTPConnection(self.host, timeout=10)
        connection.request("GET", path, headers=BROWSER | headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response, body

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


@contextmanager
def serving(target, place, **options):
    server = Server(target, place, **options)
    try:
        yield server
    finally:
        server.stop()


def rate(server, connections, path="/", **headers):
    """How many answers a second, and the milliseconds within which 99 of 100 came."""
    headers = [f"-H{name}: {value}" for name, value in (BROWSER | headers).items()]
    url = f"http://{server.host}{path}"
    options = ["-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", *headers]
    told = subprocess.run([program("wrk"), *options, url], capture_output=True, text=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise RuntimeError(told)
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", told).groups()
    # What was asked at last is answered, before another takes its turn.
    server.get(path)
    p99 = float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
    return float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1]), p99


class Turns:
    """What takes turns: {name: a function that gives (rate, p99)}, as rows against one of them."""

    def __init__(self, connections, **runs):
        self.connections, self.runs = connections, runs
        self.measured = {name: [] for name in runs}
        for _ in range(ROUNDS):
            for name, run in runs.items():
                self.measured[name].append(run())

    def row(self, name, against="", bound=""):
        rates, p99s = zip(*self.measured[name], strict=True)
        ratio = ""
        if against:
            theirs = [rate for rate, _ in self.measured[against]]
            ratio = f"{median(a / b for a, b in zip(rates, theirs, strict=True)):.2f}"
        numbers = [f"{value(rates):,.0f}" for value in (median, min, max)]
        return [name, self.connections, *numbers, f"{median(p99s):.1f}", against, ratio, bound]

    def slower(self, name, against, bound):
        """As `row`, with the ratio of the times in place of that of the rates."""
        row = self.row(name, against, bound)
        pairs = zip(self.measured[name], self.measured[against], strict=True)
        row[7] = f"{median(ours / theirs for (_, ours), (_, theirs) in pairs):.2f} (p99)"
        return row


def rows(site):
    with TemporaryDirectory(prefix="portfolio-bench-") as folder, postgres() as server:
        for engine, url in (("SQLite", ""), ("PostgreSQL", server)):
            yield from measure(engine, Path(folder, engine), url)


def with_seed(folder, **variables):
    """A function that gives environments of servers of a site in the folder, with the seed."""
    folder.mkdir()

    def place(**others):
        port = str(free_port())
        return environment(
            folder, PORT=port, DJANGO_SETTINGS_MODULE="portfolio.settings", **variables, **others
        )

    for command in (
        ["migrate", "-v0"],
        ["loaddata", "seed", "-v0"],
        ["collectstatic", "--no-input"],
    ):
        manage(place(), *command)
    return place


def measure(engine, folder, url):
    place = with_seed(folder, **({"DATABASE_URL": url} if url else {}))
    with ExitStack() as running:
        start = running.enter_context
        ours = start(serving("portfolio.wsgi:application", place()))
        response, body = ours.get()
        constant = folder / "constant"
        constant.write_bytes(pickle.dumps((response.getheaders(), body)))
        others = {
            "constant": serving("bench.constant:application", place(CONSTANT=str(constant))),
            "Django, a view": serving("bench.bare:application", place(CONSTANT=str(constant))),
            "Django's cache": serving(
                "portfolio.wsgi:application", place() | {"DJANGO_SETTINGS_MODULE": "bench.cached"}
            ),
            "made anew": serving("portfolio.wsgi:application", place(EDGE_MEMORY="0")),
        }
        others = {name: start(server) for name, server in others.items()}
        if engine == "SQLite":
            for connections in CONNECTIONS:
                yield from hot(ours, others, response.getheader("ETag"), connections)
        yield from edited(engine, ours, place())


def hot(ours, others, etag, connections):
    constant, *slower = others
    runs = {
        constant: lambda: rate(others[constant], connections),
        "page": lambda: rate(ours, connections),
        "page, 304": lambda: rate(ours, connections, **{"If-None-Match": etag}),
    }
    for name in slower:
        runs[name] = lambda name=name: rate(others[name], connections)
    turns = Turns(connections, **runs)
    yield turns.row("constant")
    yield turns.row("page", "constant", "≥ 0.93")
    yield turns.row("page, 304", "constant", "≥ 0.97")
    for name in slower:
        yield turns.row(name, "constant")


def edited(engine, ours, place):
    """With an edit a second and without, in turns."""
    name = f"an edit a second, {engine}"

    def run():
        with editing(place):
            return rate(ours, 16)

    turns = Turns(16, **{"no edit": lambda: rate(ours, 16), name: run})
    yield turns.slower(name, "no edit", "≤ 1.5")
    yield seen(engine, ours, place)


def seen(engine, ours, place):
    """The seconds from an edit's commit until a reader sees it."""
    took = []
    with editing(place) as edits:
        for _ in range(ROUNDS):
            committed, _, name = edits.stdout.readline().partition(" ")
            while name.strip().encode() not in ours.get("/tools/", **{"Accept-Encoding": ""})[1]:
                pass
            took.append(time.monotonic() - float(committed))
    row = ["edit to seen, " + engine, 1, "", f"{min(took):.2f} s", f"{max(took):.2f} s"]
    return [*row, "", "", "", "≤ 1 s"]


@contextmanager
def editing(place):
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", EDITS]
    edits = subprocess.Popen(command, cwd=ROOT, env=place, stdout=subprocess.PIPE, text=True)
    edits.stdout.readline()
    try:
        yield edits
    finally:
        edits.kill()
        edits.wait()
        edits.stdout.close()


def manage(place, *arguments):
    command = [sys.executable, "manage.py", *arguments]
    subprocess.run(command, cwd=ROOT, env=place, check=True, stdout=subprocess.DEVNULL)
