"""A page out of memory, against the most that the same server does: answer a constant.

Each server has one worker. All take turns in each round, so that a busy moment of the machine meets
them all; what counts is the middle one of the ratios of the rounds.
"""

import getpass
import gzip
import http.client
import os
import pickle
import re
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.machine import postgres, program
from tests.nginx import nginx_root
from tests.server import MINUTE, ROOT, environment, free_port

TITLE = "How fast a page is"
HEADINGS = [
    *("what", "connections", "a second", "min", "max"),
    *("p99 ms", "against", "ratio", "bound"),
]
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = int(os.environ.get("SECONDS", "2"))  # wrk takes whole ones
# Of a round with an edit a second, which begins with one: in two seconds there would be three.
SECONDS_OF_EDITS = 5 * SECONDS
NOTE = f"""\
{ROUNDS} rounds of {SECONDS} s each, or of {SECONDS_OF_EDITS} s where there is an edit a second. The
rows below the start are with PostgreSQL.\
"""
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
FILES = "nginx, gzip_static"
# It has what is kept as it is sent, and nothing else to do.
NGINX = """
daemon off; worker_processes 1; user {user}; pid {folder}/nginx.pid; error_log stderr error;
events {{ }}
http {{
  access_log off; gzip_static on;
  types {{ text/html html; }}
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; root {folder}; }}
}}
"""


class Server:
    """What a command serves on the PORT of a place, from its first answer on."""

    def __init__(self, command, place, cwd=ROOT):
        self.host = f"127.0.0.1:{place['PORT']}"
        began = time.monotonic()
        self.process = subprocess.Popen(command, cwd=cwd, env=place)
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > began + MINUTE:
                raise RuntimeError(f"{command} did not start")
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
def serving(target, place, command=GRANIAN, python=sys.executable, cwd=ROOT):
    """The `Server` of an application, on a server that is a module of Python's."""
    server = Server([python, "-m", *command.format(place["PORT"]).split(), target], place, cwd)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def nginx(folder, place, page):
    """The `Server` that is nginx with a finished page, which is there compressed."""
    folder.mkdir()
    (folder / "index.html").write_bytes(page)
    (folder / "index.html.gz").write_bytes(gzip.compress(page, 9))
    configuration = folder / "nginx.conf"
    configuration.write_text(
        NGINX.format(folder=folder, port=place["PORT"], user=getpass.getuser())
    )
    program = nginx_root() / "usr/sbin/nginx"
    server = Server([program, "-e", "stderr", "-p", folder, "-c", configuration], place)
    try:
        yield server
    finally:
        server.stop()


def rate(server, connections, path="/", seconds=SECONDS, **headers):
    """How many answers a second, and the milliseconds within which 99 of 100 came."""
    headers = [f"-H{name}: {value}" for name, value in (BROWSER | headers).items()]
    url = f"http://{server.host}{path}"
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *headers]
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
        there = [*runs]
        for number in range(ROUNDS):
            # There and back, so that nobody always comes after the same one.
            for name in reversed(there) if number % 2 else there:
                self.measured[name].append(runs[name]())

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
        # The server says these two of every answer.
        headers = [each for each in response.getheaders() if each[0] not in ("server", "date")]
        constant.write_bytes(pickle.dumps((headers, body)))
        others = {"constant": serving("bench.constant:application", place(CONSTANT=str(constant)))}
        if engine == "SQLite":
            plain = ours.get(**{"Accept-Encoding": "identity"})[1]
            others |= {
                FILES: nginx(folder / "nginx", place(), plain),
                "Django, a view": serving("bench.bare:application", place(CONSTANT=str(constant))),
                "Django's cache": serving(
                    "portfolio.wsgi:application",
                    place() | {"DJANGO_SETTINGS_MODULE": "bench.cached"},
                ),
                "made anew": serving("portfolio.wsgi:application", place(EDGE_MEMORY="0")),
            }
        others = {name: start(server) for name, server in others.items()}
        for connections in CONNECTIONS:
            yield from hot(engine, ours, others, response.getheader("ETag"), connections)
        yield from edited(engine, ours, place())
    if engine == "SQLite":
        yield started(place, constant)


def hot(engine, ours, others, etag, connections):
    """The page as a visitor asks for it who has never seen it, and as one who has.

    Each is compared with a constant that was asked for with the same bytes.
    """
    constant, *rest = others
    page, unchanged, again = f"page, {engine}", f"page, 304, {engine}", "constant, asked again"
    held = {"If-None-Match": etag}
    runs = {
        constant: lambda: rate(others[constant], connections),
        page: lambda: rate(ours, connections),
        again: lambda: rate(others[constant], connections, **held),
        unchanged: lambda: rate(ours, connections, **held),
    }
    for name in rest:
        runs[name] = lambda name=name: rate(others[name], connections)
    turns = Turns(connections, **runs)
    yield turns.row(constant)
    yield turns.row(page, constant, "≥ 0.93")
    yield turns.row(again)
    yield turns.row(unchanged, again, "≥ 0.97")
    for name in rest:
        yield turns.row(name, constant)
    if FILES in rest:
        yield turns.row(page, FILES, "≥ 0.33" if connections == 16 else "")


def started(place, constant):
    """The seconds from the start of the server until its first page, beside Django alone."""
    ours, bare = [], []
    for _ in range(ROUNDS):
        with serving("portfolio.wsgi:application", place()) as server:
            ours.append(server.started_in)
        with serving("bench.bare:application", place(CONSTANT=str(constant))) as server:
            bare.append(server.started_in)
    ratio = median(a / b for a, b in zip(ours, bare, strict=True))
    seconds = [f"{value(ours):.2f} s" for value in (median, min, max)]
    return ["start to first page", 1, *seconds, "", "Django, a view", f"{ratio:.2f}", "≤ 1.6"]


def edited(engine, ours, place):
    """With an edit a second and without, in turns."""
    name = f"an edit a second, {engine}"

    def run():
        with editing(place):
            return rate(ours, 16, seconds=SECONDS_OF_EDITS)

    calm = partial(rate, ours, 16, seconds=SECONDS_OF_EDITS)
    turns = Turns(16, **{"no edit": calm, name: run})
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
