"""The site as deploy/ has it: `manage.py serve` on a socket, and Debian's nginx in front of it.

The configuration is the one that operators copy, with their edits made by replacing text.
"""

import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from tests.machine import run_quietly, unpacked
from tests.server import MINUTE, ROOT, environment, free_port, with_static_files

HOST = "example.org"
CONFIGURATION = ROOT / "deploy/nginx.conf"
PACKAGES = "nginx", "nginx-common", "libnginx-mod-http-brotli-static"


# The program.


def nginx_root():
    """The folder that has Debian's nginx in `usr/sbin` and its configuration in `etc/nginx`."""
    return unpacked("nginx", PACKAGES, starts)


def starts(root):
    program, module = root / "usr/sbin/nginx", module_of(root)
    return program.exists() and module.exists() and run_quietly(program, "-v").returncode == 0


def module_of(root):
    return root / "usr/lib/nginx/modules/ngx_http_brotli_static_module.so"


# The site.


class Application:
    """`manage.py serve` as its unit starts it: its `log` of lines, and what it `printed`."""

    def __init__(self, folder, **variables):
        self.socket = Path(folder, "site.sock")
        self.log_file = Path(folder, "site.log")
        self.environment = environment(
            with_static_files(folder),
            SITE_URL=f"https://{HOST}",
            SECRET_KEY="not-a-secret-of-anybody-but-long-enough-for-a-test-0123456789",
            SOCKET=str(self.socket),
            **variables,
        )
        with self.log_file.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        self.printed = ""
        while "make sign-in" not in self.printed:
            line = self.process.stdout.readline()
            assert line, f"It ended:\n{self.printed}{self.log_file.read_text()}"
            self.printed += line
        until(lambda: self.get("/healthz")[0] == 200)

    def get(self, path, **headers):
        """The status, headers and body of a request that goes past nginx."""
        connection = http.client.HTTPConnection(HOST, timeout=MINUTE)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.connect(str(self.socket))
            connection.request("GET", path, headers=headers)
            with connection.getresponse() as response:
                return response.status, response.headers, response.read()
        except OSError as error:
            return 0, {}, str(error).encode()
        finally:
            connection.close()

    @property
    def sign_in_path(self):
        return re.search(rf"https://{HOST}(/admin/sign-in/\S+)", self.printed)[1]

    def log(self):
        return [json.loads(line) for line in self.log_file.read_text().splitlines()]

    @contextmanager
    def away(self):
        """As if it were stopped: nothing is where nginx looks for it."""
        aside = self.socket.with_suffix(".aside")
        self.socket.rename(aside)
        try:
            yield
        finally:
            aside.rename(self.socket)

    def workers(self):
        """The process ids of those who answer."""
        (server,) = children(self.process.pid)
        return workers_of(server)

    def stop(self):
        """At once: a worker that has only begun does not hear that it should end."""
        if self.process.returncode is not None:
            return
        for server in children(self.process.pid):
            os.killpg(server, signal.SIGKILL)
        self.process.wait(MINUTE)
        self.process.stdout.close()


def children(pid):
    return {int(pid) for pid in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def workers_of(server):
    """The process ids of those who answer for a server."""
    return {pid for pid in children(server) if "resource_tracker" not in command_line(pid)}


def command_line(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except FileNotFoundError:
        return ""


def until(holds, seconds=MINUTE):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "It takes too long."
        time.sleep(0.02)


@contextmanager
def running_application(folder, **variables):
    application = Application(folder, **variables)
    try:
        yield application
    finally:
        application.stop()


# nginx.


def certificate(folder):
    """A self-signed certificate for the site; gives it and its key, as paths."""
    certificate, key = Path(folder, "certificate.pem"), Path(folder, "key.pem")
    command = ["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", f"/CN={HOST}"]
    command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command += ["-addext", f"subjectAltName=DNS:{HOST}", "-keyout", key, "-out", certificate]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


class Nginx:
    """A running nginx; `edits` replaces more of the site's configuration: {text: other text}."""

    def __init__(self, folder, application, pair, edits=()):
        self.folder = Path(folder)
        self.http, self.https = free_port(), free_port()
        self.certificate, key = pair
        self.log_file = self.folder / "portfolio.log"
        text = CONFIGURATION.read_text()
        operators = {
            "/etc/letsencrypt/live/example.org/fullchain.pem": self.certificate,
            "/etc/letsencrypt/live/example.org/privkey.pem": key,
            "/run/portfolio/site.sock": application.socket,
            "root /var/lib/portfolio;": f"root {application.environment['VAR_DIR']};",
            # Of this machine, which may have no IPv6 and other servers.
            "    listen [::]:443 ssl http2;\n": "",
            "    listen [::]:443 ssl http2 default_server;\n": "",
            "    listen [::]:80;\n": "",
            "    listen [::]:80 default_server;\n": "",
            "listen 443": f"listen 127.0.0.1:{self.https}",
            "listen 80": f"listen 127.0.0.1:{self.http}",
            "/var/cache/nginx-portfolio": self.folder / "cache",
            "/var/log/nginx/": f"{self.folder}/",
        }
        for old, new in [*dict(edits).items(), *operators.items()]:
            assert old in text, old
            text = text.replace(old, str(new))
        (self.folder / "site.conf").write_text(text)
        self.root = nginx_root()
        (self.folder / "nginx.conf").write_text(self.debians())
        self.process, self.readers = None, []

    def debians(self):
        """Debian's own nginx.conf, which includes the site's; its files are in our folder."""
        text = (self.root / "etc/nginx/nginx.conf").read_text()
        temporary = "".join(
            f"{name}_temp_path {self.folder}/{name};\n"
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        text = re.sub(r"^user .*$", "user root;" if os.geteuid() == 0 else "", text, flags=re.M)
        text = re.sub(r"^error_log .*$", "", text, flags=re.M)
        for old, new in {
            "/run/nginx.pid": self.folder / "pid",
            "include /etc/nginx/modules-enabled/*.conf;": f"load_module {module_of(self.root)};",
            "include /etc/nginx/conf.d/*.conf;": temporary,
            "include /etc/nginx/sites-enabled/*;": f"include {self.folder}/site.conf;",
            "/etc/nginx/": f"{self.root}/etc/nginx/",
            "/var/log/nginx/": f"{self.folder}/",
        }.items():
            assert old in text, old
            text = text.replace(old, str(new))
        return text

    def command(self, *options):
        log, configuration = self.folder / "error.log", self.folder / "nginx.conf"
        return [self.root / "usr/sbin/nginx", "-c", configuration, "-e", log, *options]

    def check(self):
        return run_quietly(*self.command("-t"))

    def start(self):
        self.process = subprocess.Popen(self.command("-g", "daemon off;"), start_new_session=True)
        until(lambda: self.process.poll() is not None or answers(self.https))
        assert self.process.poll() is None, (self.folder / "error.log").read_text()

    def stop(self):
        for reader in self.readers:
            reader.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(MINUTE)

    def log(self):
        return [json.loads(line) for line in self.log_file.read_text().splitlines()]

    def context(self):
        return ssl.create_default_context(cafile=self.certificate)

    def tls(self, name=HOST, timeout=MINUTE, source="127.0.0.1", protocols=("http/1.1",)):
        """A TLS connection for the server of that name, as a socket."""
        address = "127.0.0.1", self.https
        plain = socket.create_connection(address, timeout, source_address=(source, 0))
        context = self.context()
        context.set_alpn_protocols(protocols)
        return context.wrap_socket(plain, server_hostname=name)


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def running_nginx(folder, application, pair, edits=()):
    nginx = Nginx(folder, application, pair, edits)
    nginx.start()
    try:
        yield nginx
    finally:
        nginx.stop()


class Reader:
    """Who reads the site through nginx: keeps cookies, and one connection as browsers do."""

    def __init__(self, nginx, source="127.0.0.1", timeout=MINUTE):
        self.nginx, self.source, self.timeout = nginx, source, timeout
        self.cookies, self.connection = {}, None
        nginx.readers.append(self)

    def get(self, path, method="GET", body=None, **headers):
        """The status, headers and body of an answer; redirects are not followed."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(HOST)
            self.connection.sock = self.nginx.tls(source=self.source, timeout=self.timeout)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={it}" for name, it in self.cookies.items())
        self.connection.request(method, path, body, headers)
        with self.connection.getresponse() as response:
            content = response.read()
            for cookie in response.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                self.cookies[name] = value
            if response.will_close:
                self.close()
            return response.status, response.headers, content

    def post(self, path, fields, **headers):
        """Send a form's fields, where bytes are a file's, with the token that its page set."""
        boundary = "a-line-that-no-picture-has"
        parts = []
        for name, value in {"csrfmiddlewaretoken": self.cookies["csrftoken"], **fields}.items():
            file = isinstance(value, bytes)
            shown = f'name="{name}"' + ('; filename="picture.png"' if file else "")
            head = f"--{boundary}\r\nContent-Disposition: form-data; {shown}\r\n\r\n"
            parts += [head.encode(), value if file else value.encode(), b"\r\n"]
        body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
        kind = f"multipart/form-data; boundary={boundary}"
        origin = f"https://{HOST}"
        return self.get(path, "POST", body, **{"Content-Type": kind, "Origin": origin}, **headers)

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None
