"""deploy/ as an operator uses it: the real nginx before the real server, and systemd's checkers."""

import http.client
import io
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
import yaml
from django.core.management import CommandError
from PIL import Image

from portfolio import images
from portfolio.management.commands import serve
from tests.machine import node, run_quietly
from tests.nginx import (
    HOST,
    Nginx,
    Reader,
    certificate,
    running_application,
    running_nginx,
    until,
)
from tests.server import MINUTE, ROOT, environment

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def application(tmp_path_factory):
    with running_application(tmp_path_factory.mktemp("application")) as application:
        yield application


@pytest.fixture(scope="module")
def nginx(tmp_path_factory, application, pair):
    """For the tests that need no other edits than those of every operator."""
    with running_nginx(tmp_path_factory.mktemp("nginx"), application, pair) as nginx:
        yield nginx


@pytest.fixture
def edited(tmp_path, application, pair):
    """Gives an nginx with other edits: the controls."""
    with ExitStack() as stack:

        def start(edits):
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            folder.mkdir()
            return stack.enter_context(running_nginx(folder, application, pair, edits))

        yield start


@pytest.fixture(scope="module")
def editor(nginx, application):
    """Who came in by the one-time link, as a Reader."""
    editor = Reader(nginx)
    status, headers, _ = editor.get(application.sign_in_path)
    assert status == 302
    form = headers["Location"]
    assert editor.get(form)[0] == 200
    word = {"new_password1": "a-long-password-7", "new_password2": "a-long-password-7"}
    assert editor.post(form, word)[0] == 302
    assert "sessionid" in editor.cookies
    return editor


def plain(nginx, path, host=HOST):
    """The status and headers of an answer over plain http."""
    connection = http.client.HTTPConnection("127.0.0.1", nginx.http, timeout=MINUTE)
    connection.request("GET", path, headers={"Host": host, "X-Forwarded-Proto": "https"})
    with connection.getresponse() as response:
        response.read()
    connection.close()
    return response.status, response.headers


# What nginx says of itself.


def test_nginx_accepts_its_configuration(tmp_path, application, pair):
    checked = Nginx(tmp_path, application, pair).check()
    assert checked.returncode == 0, checked.stdout
    (tmp_path / "wrong").mkdir()
    wrong = Nginx(tmp_path / "wrong", application, pair, {"try_files": "tryfiles"}).check()
    assert wrong.returncode == 1
    assert "unknown directive" in wrong.stdout


# Who gets in, and how.

HTTP2 = """
const http2 = require("http2"), fs = require("fs");
const [port, ca] = process.argv.slice(1);
const client = http2.connect(`https://127.0.0.1:${port}`,
  {ca: fs.readFileSync(ca), servername: "HOST"});
const request = client.request({":path": "/", ":authority": "HOST"});
let status = 0, size = 0;
request.on("response", headers => status = headers[":status"]);
request.on("data", data => size += data.length);
request.on("end", () => {
  console.log(JSON.stringify({status, size, protocol: client.socket.alpnProtocol}));
  client.close();
});
request.end();
""".replace("HOST", HOST)


def test_a_page_comes_over_http_2(nginx):
    done = node("-e", HTTP2, nginx.https, nginx.certificate, capture_output=True, timeout=MINUTE)
    said = json.loads(done.stdout)
    assert (said["protocol"], said["status"]) == ("h2", 200)
    assert said["size"] > 1000


def test_http_leads_to_https_even_where_a_stranger_says_that_it_is_https(nginx):
    status, headers = plain(nginx, "/journal/?a=b")
    assert (status, headers["Location"]) == (301, f"https://{HOST}/journal/?a=b")


def test_what_a_stranger_says_about_the_scheme_is_dropped(nginx, edited):
    """Believed, it would have the application redirect to where it already is."""
    for said in ("http", "https"):
        assert Reader(nginx).get("/", **{"X-Forwarded-Proto": said})[0] == 200
    believes = edited({"X-Forwarded-Proto https;": "X-Forwarded-Proto $http_x_forwarded_proto;"})
    assert Reader(believes).get("/", **{"X-Forwarded-Proto": "http"})[0] == 301


def test_another_host_is_refused(nginx, edited, application):
    asked = len(application.log())
    assert Reader(nginx).get("/", Host="evil.example")[0] == 421
    assert plain(nginx, "/", "evil.example")[0] == 421
    with pytest.raises(OSError, match="UNRECOGNIZED_NAME"):
        nginx.tls("evil.example")
    assert len(application.log()) == asked
    # The control: a host that nginx knows gets through, and the application is the second guard.
    name = "server_name example.org; # EDIT\n    ssl_certificate "
    knows = edited({name: name.replace("org;", "org evil.example;")})
    assert Reader(knows).get("/", Host="evil.example")[0] == 400
    assert len(application.log()) > asked


def test_failed_sign_ins_are_counted_for_each_address(nginx):
    """nginx says which it is; the application sees a socket."""

    def try_at(source):
        visitor = Reader(nginx, source)
        visitor.get("/admin/login/")
        return visitor.post(
            "/admin/login/",
            {"username": "somebody", "password": "wrong"},
            # What a stranger says about it is dropped.
            **{"X-Real-IP": "203.0.113.7", "X-Forwarded-For": "203.0.113.7"},
        )[0]

    assert [try_at("127.0.0.2") for _ in range(6)] == [200, 200, 200, 200, 429, 429]
    assert try_at("127.0.0.3") == 200


def test_whether_it_is_ready_is_told_to_who_watches_alone(nginx):
    status, _, body = Reader(nginx).get("/readyz")
    assert status == 200 and json.loads(body)["ready"]
    assert Reader(nginx, "127.0.0.2").get("/readyz")[0] == 403
    assert Reader(nginx, "127.0.0.2").get("/healthz")[0] == 200


# Files.


def test_static_files_come_from_the_folder_compressed_and_for_ever(nginx, application):
    page = Reader(nginx).get("/")[2].decode()
    address = re.search(r"/static/portfolio/site\.[0-9a-f]{12}\.css", page)[0]
    with application.away():
        reader = Reader(nginx)
        status, headers, body = reader.get(address)
        assert status == 200
        assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Type"] == "text/css; charset=utf-8"
        assert headers["Vary"] == "Accept-Encoding"
        for encoding, kept in (("br", ".br"), ("gzip", ".gz")):
            _, headers, packed = reader.get(address, **{"Accept-Encoding": encoding})
            assert headers["Content-Encoding"] == encoding
            folder = Path(application.environment["VAR_DIR"])
            assert packed == (folder / f"{address[1:]}{kept}").read_bytes()
            assert len(packed) < len(body) / 2
        # A name without a hash may get other content.
        status, headers, _ = reader.get(re.sub(r"\.[0-9a-f]{12}", "", address))
        assert (status, headers["Cache-Control"]) == (200, "public, max-age=60")


def picture(width, height, noise=False):
    """A PNG; of noise it is as large as its pixels."""
    content = io.BytesIO()
    size = width, height
    drawn = (
        Image.frombytes("RGB", size, os.urandom(3 * width * height))
        if noise
        else (Image.new("RGB", size, "teal"))
    )
    drawn.save(content, "PNG", compress_level=1)
    return content.getvalue()


def test_pictures_come_from_the_folder_and_cannot_do_anything(nginx, application, editor):
    status, _, body = editor.post("/admin/upload/", {"image": picture(700, 500)})
    assert status == 200, body
    address = json.loads(body)["image_path"]
    rendition = address.replace(".png", "-480.webp")
    media = Path(application.environment["VAR_DIR"])
    (media / "media/evil.html").write_text("<script>alert(1)</script>")
    (media / "media/.hidden").write_text("hidden")
    reader = Reader(nginx)
    # Not there yet: the application makes it, with the same headers.
    assert not (media / rendition[1:]).exists()
    made = reader.get(rendition)
    with application.away():
        for path, kind in ((address, "image/png"), (rendition, "image/webp")):
            status, headers, body = reader.get(path)
            assert (status, headers["Content-Type"]) == (200, kind)
            assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    for name in ("Cache-Control", "X-Content-Type-Options", "Content-Security-Policy"):
        assert made[1][name] == headers[name]
    assert made[2] == body
    # What else lies in the folders is nobody's.
    for path in ("media/evil.html", "media/.hidden", "media/", "site.sqlite3", "media/../site.log"):
        assert reader.get(f"/{path}")[0] in (400, 404), path


def test_a_picture_of_20_megabytes_passes_and_more_is_refused_in_a_sentence(nginx, edited, editor):
    large = picture(2640, 2640, noise=True)
    assert 0.99 * images.MAX_BYTES < len(large) <= images.MAX_BYTES
    status, _, body = editor.post("/admin/upload/", {"image": large})
    assert (status, "image_code" in json.loads(body)) == (200, True)
    # A little more is for the form to refuse, and much more for nginx.
    sentence = "The file is larger than 20 MB: make the picture smaller."
    for size in (images.MAX_BYTES + 1, 64 << 20):
        status, headers, body = editor.post("/admin/upload/", {"image": bytes(size)})
        assert status == (400 if size < 64 << 20 else 413)
        assert headers["Content-Type"].startswith("application/json")
        assert json.loads(body)["error"] == sentence
    status, _, body = Reader(nginx).get("/", "POST", bytes(65537))
    assert (status, body[:20]) == (413, b"This is more than th")
    # The control: without its line the picture is stopped, too.
    strict = Reader(edited({"        client_max_body_size 64m;\n": ""}))
    strict.cookies = editor.cookies
    assert strict.post("/admin/upload/", {"image": large})[0] == 413


# Slow clients.


def half_open(nginx, number):
    """Connections that have begun something and never end it, of three kinds."""
    # Its head is such that the application reads on.
    begun = b"POST /admin/login/ HTTP/1.1\r\nHost: example.org\r\nOrigin: https://example.org\r\n"
    begun += b"Cookie: csrftoken=%b\r\nContent-Length: 1000\r\n" % (b"a" * 32)
    begun += b"Content-Type: application/x-www-form-urlencoded\r\n\r\na=b"
    kinds = (None, b"GET / HTTP/1.1\r\nHost: exam", begun)
    sockets = []
    for index in range(number):
        connection = nginx.tls()
        if said := kinds[index % len(kinds)]:
            connection.sendall(said)
        sockets.append(connection)
    return sockets


def test_slow_clients_do_not_stop_others(nginx, edited):
    def holds(server, number, timeout):
        waiting = half_open(server, number)
        try:
            # A session of nobody's, so that the application is asked each time.
            reader = Reader(server, timeout=timeout)
            reader.cookies = {"sessionid": "nobodys"}
            return all(reader.get(path)[0] == 200 for path in ("/", "/now/", "/journal/") * 3)
        except TimeoutError:
            return False
        finally:
            for connection in waiting:
                connection.close()

    assert holds(nginx, 300, MINUTE)
    # The control: where the application sees a request before all of it is here, they stop it.
    assert not holds(
        edited(
            {
                "    proxy_http_version 1.1;": "    proxy_http_version 1.1;\n"
                "    proxy_request_buffering off;"
            }
        ),
        30 * (os.cpu_count() or 1),
        2,
    )


def test_a_slow_client_is_left_alone_after_a_while(edited):
    impatient = edited(
        {
            "client_header_timeout 15s": "client_header_timeout 1s",
            "client_body_timeout 30s": "client_body_timeout 1s",
        }
    )
    for connection in half_open(impatient, 3):
        with suppress(ConnectionResetError):
            assert b"200" not in connection.recv(100)
        connection.close()


# While the application is away.


def test_readers_see_the_last_page_and_editors_a_sentence(nginx, edited, application, editor):
    reader = Reader(nginx)
    page = reader.get("/now/")
    # An editor's own page is not for others.
    assert editor.get("/lessons/")[0] == 200
    with application.away():
        until(lambda: reader.get("/now/")[0] and nginx.log()[-1]["cache"] == "STALE", 10)
        kept = reader.get("/now/")
        assert (kept[0], kept[2]) == (200, page[2])
        assert kept[1]["X-Request-ID"] != page[1]["X-Request-ID"]
        for visitor, path in ((editor, "/now/"), (reader, "/lessons/"), (reader, "/admin/")):
            status, headers, body = visitor.get(path)
            assert (status, headers["Retry-After"]) == (503, "30")
            assert headers["Cache-Control"] == "no-store"
            assert b"It should be back in a minute" in body
    assert reader.get("/lessons/")[0] == editor.get("/now/")[0] == 200


def test_each_guard_of_kept_pages_is_what_guards(edited, application, editor):
    bypass, keep = "proxy_cache_bypass $cookie_sessionid", "proxy_no_cache $cookie_sessionid"
    careless = edited({"        proxy_cache_use_stale error timeout;\n": ""})
    leaking = edited({bypass: "proxy_cache_bypass", keep: "proxy_no_cache"})
    reader, own = Reader(careless), Reader(leaking)
    own.cookies = {**editor.cookies}
    assert reader.get("/now/")[0] == own.get("/lessons/")[0] == 200
    with application.away():
        until(lambda: reader.get("/now/")[0] == 503, 10)
        # What only an editor had asked for.
        assert Reader(leaking).get("/lessons/")[0] == 200


# The log.


def test_the_log_of_nginx_and_that_of_the_application_have_one_id_and_no_secret(nginx, application):
    reader = Reader(nginx)
    token = "/shared/1/a-signature-that-opens-a-draft/"
    paths = {"/search/?q=secret": "/search/", token: "/shared/…", f"/{token[:-1]}": "/shared/…"}
    for path, logged in paths.items():
        reader.cookies = {"sessionid": "nobodys"}
        _, headers, _ = reader.get(path, **{"X-Request-ID": "a-strangers-own-id-0123"})
        number = headers["X-Request-ID"]
        assert re.fullmatch("[0-9a-f]{32}", number)
        # Written after the answer.
        until(lambda: number in nginx.log_file.read_text())  # noqa: B023
        (front,) = (line for line in nginx.log() if line["request_id"] == number)
        assert front["path"].replace("//", "/") == logged
        lines = [line for line in application.log() if line["request_id"] == number]
        (behind,) = (line for line in lines if line["logger"] == "portfolio.access")
        assert behind["path"].endswith(logged)
        assert behind["status"] == front["status"]
    for log in (nginx.log_file, application.log_file):
        assert "a-signature" not in log.read_text()
        assert "secret" not in log.read_text()
    # The control: it is what they were asked for.
    assert {line["status"] for line in nginx.log() if line["path"] == "/shared/…"} <= {301, 404}


# Several application machines.


@contextmanager
def breaking(path):
    """A machine that takes each request and breaks off; gives the list of their methods."""
    methods, listener = [], socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def take():
        with suppress(OSError):
            while True:
                with listener.accept()[0] as connection:
                    methods.append(connection.recv(1 << 16).decode().partition(" ")[0])

    thread = threading.Thread(target=take)
    thread.start()
    try:
        yield methods
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def test_another_machine_is_asked_for_a_page_and_never_twice_for_a_post(
    edited, application, tmp_path
):
    """One machine of two breaks off whatever it is asked."""
    place = "    server unix:/run/portfolio/site.sock max_fails=0;"
    two = {place: f"    server unix:{tmp_path}/breaks max_fails=0;\n{place}"}
    eager = {"proxy_next_upstream error timeout;": "proxy_next_upstream error non_idempotent;"}
    with breaking(tmp_path / "breaks") as methods:
        reader = Reader(edited(two))
        reader.cookies = {"sessionid": "nobodys"}
        assert {reader.get("/now/")[0] for _ in range(6)} == {200}
        assert "GET" in methods
        posts = Counter(reader.get("/admin/login/", "POST", b"a")[0] for _ in range(6))
        assert posts[403] + posts[503] == 6
        assert methods.count("POST") == posts[503] > 0
        # The control: another rule would have asked twice.
        again = Reader(edited(two | eager))
        assert {again.get("/admin/login/", "POST", b"a")[0] for _ in range(6)} == {403}
        assert methods.count("POST") > posts[503]


# systemd's units.

UNITS = ROOT / "deploy/systemd"


@pytest.fixture(scope="module")
def systemd_analyze():
    """The path of the checker, which is installed where there is none."""
    if not (path := shutil.which("systemd-analyze")):
        said = run_quietly("apt-get", "install", "--yes", "--no-install-recommends", "systemd")
        path = shutil.which("systemd-analyze")
        assert path, f"On Debian: apt-get install systemd\n{said.stdout}"
    return path


@pytest.fixture
def units(tmp_path):
    """The folder with the units as an operator edits them, for where the project is here."""
    for unit in UNITS.iterdir():
        text = unit.read_text().replace("/srv/portfolio/.venv/bin/python", sys.executable)
        (tmp_path / unit.name).write_text(text.replace("/srv/portfolio", str(ROOT)))
    return tmp_path


def test_systemd_accepts_the_units(units, systemd_analyze):
    names = sorted(unit.name for unit in units.iterdir())
    assert names == ["portfolio-backup.service", "portfolio-backup.timer", "portfolio.service"]
    for name in names:
        verified = run_quietly(systemd_analyze, "verify", units / name)
        assert (verified.returncode, verified.stdout) == (0, "")
    text = (units / "portfolio.service").read_text()
    (units / "portfolio.service").write_text(text.replace("Restart=always", "Restart=ever"))
    assert "restart" in run_quietly(systemd_analyze, "verify", units / "portfolio.service").stdout


@pytest.mark.parametrize("name", ["portfolio.service", "portfolio-backup.service"])
def test_the_services_may_do_little(units, systemd_analyze, name):
    """Below 1.5 of 10 on systemd's scale of exposure; without their last part they are above 8."""

    def below(tenths):
        scale = "--offline=true", f"--threshold={tenths}"
        return run_quietly(systemd_analyze, "security", *scale, units / name).returncode == 0

    assert below(15)
    text = (units / name).read_text()
    (units / name).write_text(text[: text.index("CapabilityBoundingSet=")])
    assert not below(80)


# A reload.


@contextmanager
def visitors(nginx, number=8):
    """While it lasts they read and send; gives a Counter of the answers by status."""
    done, answers = threading.Event(), Counter()

    def visit(index):
        visitor = Reader(nginx)
        # A session of nobody's, so that nothing comes from what nginx keeps.
        visitor.cookies = {"sessionid": "nobodys"}
        while not done.is_set():
            try:
                if index % 2:
                    answers[visitor.get("/now/")[0]] += 1
                else:
                    answers[visitor.get("/admin/login/", "POST", b"a" * 1000)[0]] += 1
            except OSError as error:
                answers[repr(error)] += 1
                visitor.close()

    threads = [threading.Thread(target=visit, args=[index]) for index in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_a_reload_drops_no_request(nginx, application):
    """As the unit's ExecReload does it: each worker is replaced, and all requests are answered."""
    assert "ExecReload=/bin/kill -HUP $MAINPID" in (UNITS / "portfolio.service").read_text()
    before = application.workers()
    with visitors(nginx) as answers:
        until(lambda: answers[200] and answers[403])
        application.process.send_signal(signal.SIGHUP)
        # However many cores there are, after two of them it goes on in the same way.
        until(lambda: len(before - application.workers()) >= min(2, len(before)))
        since = answers.copy()
        until(lambda: answers[200] > since[200] and answers[403] > since[403])
    assert set(answers) == {200, 403}, answers
    # The control: these visitors would have noticed.
    with visitors(nginx) as answers, application.away():
        until(lambda: answers[503])


# Containers, as far as they can be looked at without a registry.


def test_the_images_take_along_what_runs_and_nothing_else():
    lines = (ROOT / "deploy/Containerfile").read_text().splitlines()
    taken = {line.split()[1] for line in lines if line.startswith("COPY ")}
    assert taken == {
        *("requirements.txt", "manage.py", "portfolio", "roles", "journal", "templates"),
        "deploy/nginx.conf",
    }
    assert all((ROOT / name).exists() for name in taken)


def test_the_containers_are_joined_by_a_socket_and_hold_no_secret():
    services = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())["services"]
    site, web = services["site"], services["web"]
    assert "ports" not in site
    assert site["networks"] == services["database"]["networks"] != web["networks"]
    for place in ("/run/portfolio", "/var/lib/portfolio"):
        volumes = [
            {v.split(":")[1]: v.split(":")[0] for v in one["volumes"]} for one in (site, web)
        ]
        assert volumes[0][place] == volumes[1][place]
    read = {*re.findall(r"\$\{(\w+)", (ROOT / "deploy/compose.yaml").read_text())}
    assert read == {"SITE_URL", "SECRET_KEY", "DATABASE_PASSWORD"}


# The server itself.


def test_the_socket_is_for_its_user_and_group(application):
    assert application.socket.stat().st_mode & 0o777 == 0o660


def test_a_socket_that_a_killed_server_left_is_in_nobodys_way(tmp_path):
    left, used, file = tmp_path / "left", tmp_path / "used", tmp_path / "file"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(left))
    serve.check_socket(left)
    assert not left.exists()
    file.write_text("of somebody else")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(used))
        listener.listen()
        for path in (used, file, tmp_path / "missing" / "socket"):
            with pytest.raises(CommandError, match="which cannot be made") as refused:
                serve.check_socket(path)
            assert str(path) in str(refused.value)
    assert used.is_socket()
    assert file.read_text() == "of somebody else"


# Something to serve which says what it hears, and ends when it is told to.
SERVER = "trap 'echo reloads' HUP; trap 'exit 3' TERM; echo is up; while :; do sleep 0.05; done"
RUN = f"from portfolio.management.commands import serve; print(serve.run(['sh', '-c', {SERVER!r}]))"


@pytest.mark.parametrize("terminal", [False, True])
def test_sighup_reloads_unless_it_says_that_a_terminal_was_closed(tmp_path, terminal):
    mine, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-v0", "-c", RUN],
        cwd=ROOT,
        env=environment(tmp_path, PYTHONUNBUFFERED="1"),
        stdin=its if terminal else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    os.close(its)
    with process:
        assert process.stdout.readline() == "is up\n"
        process.send_signal(signal.SIGHUP)
        if not terminal:
            # What is still being started is not reloaded.
            while not select.select([process.stdout], [], [], 1)[0]:
                process.send_signal(signal.SIGHUP)
            assert process.stdout.readline() == "reloads\n"
            process.terminate()
        *others, last = process.stdout.read().splitlines()
        assert last == "3" and {*others} <= {"reloads"}
    os.close(mine)
    assert process.returncode == 0


# It is told to end when the server runs already, and before the call that starts it is over.
AT_ONCE = """
import os, subprocess
from portfolio.management.commands import serve

class Popen(subprocess.Popen):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        os.kill(os.getpid(), {})

subprocess.Popen = Popen
print(serve.run(["sleep", "600"]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_no_server_is_left_by_who_is_told_to_end_while_starting_it(tmp_path, number):
    told = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", AT_ONCE.format(int(number))],
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
        timeout=MINUTE,
    )
    assert told.stdout == f"{-signal.SIGTERM}\n"
