"""Requests to a WSGI application as a server makes them, without one."""

import gzip
import time
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from urllib.parse import urlsplit

import brotli
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.utils import timezone

from portfolio import edge as layer
from portfolio import edition, kept

DECODE = {None: bytes, "br": brotli.decompress, "gzip": gzip.decompress}


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        return DECODE[self.headers.get("Content-Encoding")](self.body).decode()


# Every browser says something of both.
SAID = {"accept": "*/*", "accept_encoding": "identity"}


def request(path, method="GET", host=None, **headers):
    """An environment as PEP 3333 has it; `if_none_match="x"` is the header `If-None-Match: x`."""
    path, _, query = path.partition("?")
    site = urlsplit(settings.SITE_URL)
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": site.hostname,
        "SERVER_PORT": str(site.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "192.0.2.1",
        "HTTP_HOST": host or site.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **{f"HTTP_{name.upper()}": value for name, value in (SAID | headers).items()},
    }


def ask(application, path, **how):
    """What an application answers to `request(path, **how)`."""
    told = []
    response = application(request(path, **how), lambda *start: told.extend(start[:2]))
    body = b"".join(response)
    if hasattr(response, "close"):
        response.close()
    status, headers = told
    assert len({name.lower() for name, _ in headers}) == len(headers), headers
    return Answer(int(status[:3]), dict(headers), body)


def settle(edge):
    """Wait until what is made beside the requests is made."""
    edge.press.submit(int).result()


class Django:
    """Django, which notes the paths that it is asked for, and can be held up."""

    def __init__(self):
        self.application, self.asked, self.hold = get_wsgi_application(), [], None

    def __call__(self, environ, start_response):
        self.asked.append(environ["PATH_INFO"])
        if self.hold:
            self.hold()
        return self.application(environ, start_response)


class Clock:
    """Time that stands still, or so many seconds later; that of day goes on from there."""

    def __init__(self, monkeypatch):
        self.passed, start, now = 0, time.monotonic(), timezone.now
        self.monotonic = lambda: start + self.passed
        for module in (edition, kept, layer):
            monkeypatch.setattr(module, "time", self)
        monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(seconds=self.passed))
