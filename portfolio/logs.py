"""What is written down: one record a line, each with the id of the request that it came from."""

import json
import logging
import re
import sys
import time
import uuid
from contextvars import ContextVar
from datetime import UTC, datetime

from django.db import InterfaceError, OperationalError
from django.http import HttpResponseServerError
from django.template.loader import get_template

from .health import PROBES

access = logging.getLogger("portfolio.access")

# The request that this thread answers, or answered last: a file is sent after its view has ended.
request_id = ContextVar("request_id", default="")
# Of a proxy's making, or anybody's where there is none: nothing that could be taken for more.
REQUEST_ID = r"[0-9A-Za-z_-]{16,64}"

# Whoever knows the rest of such an address may come in. tests/test_logs.py finds new ones.
SECRET = re.compile(r"(/+(?:shared|admin/+sign-in)/+)[^\s\"'?]+", re.IGNORECASE)


def redacted(text):
    """The text without what follows `/shared/` and `/admin/sign-in/`."""
    return SECRET.sub(r"\1…", text)


class Plain(logging.Formatter):
    """A record as text, for a person at home."""

    def format(self, record):
        return redacted(super().format(record))


class Lines(logging.Formatter):
    """A record as one line of JSON: time (UTC), level, logger, request_id, message.

    Then come an access line's `method`, `path`, `status` and `ms`, and an error's `traceback`.
    """

    def format(self, record):
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "request_id": request_id.get(),
            "message": redacted(record.getMessage()),
            **getattr(record, "request_line", {}),
        }
        if record.exc_info:
            line["traceback"] = redacted(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def write_access(get_response):
    """Middleware: a line for each request, and the request's id in its answer.

    The id is the proxy's `X-Request-ID` if that looks like one, or else a new one, which only an
    answer to an error of ours has: the others are the same for all who ask. A probe that is told
    what it hopes for leaves no line.
    """

    def middleware(request):
        began = time.perf_counter()
        given = request.headers.get("X-Request-ID", "")
        taken = re.fullmatch(REQUEST_ID, given)
        request_id.set(given if taken else uuid.uuid4().hex)
        response = get_response(request)
        if taken or response.status_code >= 500:
            response["X-Request-ID"] = request_id.get()
        line = {
            "method": request.method,
            "path": redacted(request.path),
            "status": response.status_code,
            "ms": round((time.perf_counter() - began) * 1000, 1),
        }
        if request.path_info in PROBES and response.status_code == 200:
            return response
        message = "{method} {path} {status} in {ms} ms".format(**line)
        access.info(message, extra={"request_line": line})
        return response

    return middleware


def server_error(request):
    """The page of an error of ours, with the id under which it is written down.

    Without the request, as its context would ask the database, which may be what is broken. And
    in plain words if it is the templates. A database that does not answer passes, so that is 503.
    """
    number = request_id.get()
    try:
        page = get_template("500.html").render({"request_id": number})
        response = HttpResponseServerError(page)
    except Exception:
        words = f"Something broke, and it is not you. Its number is {number}.\n"
        response = HttpResponseServerError(words, content_type="text/plain; charset=utf-8")
    if isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        response.status_code, response["Retry-After"] = 503, "30"
    return response
