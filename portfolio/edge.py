"""A layer in front of Django that keeps finished public pages in memory.

A view is marked `public` when its answer to a visitor depends on the path and the negotiated type
and on nothing else of the request. So the visitor's request never reaches it: Django gets one that
is made here, without cookies, query or any other header. Editors' requests pass by, and so does
all that is not public.
"""

import re
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from operator import itemgetter
from urllib.parse import urlsplit

from django.conf import settings
from django.core.handlers.wsgi import get_path_info
from django.urls import Resolver404, resolve

from .compression import COMPRESS, COMPRESS_MORE
from .edition import watch
from .health import PROBES
from .kept import Kept, Page
from .negotiation import FEED, PAGE, preferred_encoding, preferred_type
from .sessions import is_signed

# Ask each time, which is cheap; a cache that many share may do so once a second, and show what it
# has for a day when nobody answers.
CACHE_CONTROL = "public, max-age=0, s-maxage=1, stale-if-error=86400"
VARIES = {"", "accept", "accept-encoding"}
NOT_STORED = re.compile("private|no-store|no-cache")
# An answer that is no page is kept briefly, and in so little that made-up addresses cost no page.
BRIEFLY, MOST_BRIEF = 10, 2 * 1024**2  # seconds, bytes
POPULAR = 500  # times asked for, from which on smaller bytes are worth some work
# Likenesses that are remembered, and characters of one.
MOST_RECENT, MOST_SAID = 1_000, 1_000
LOST = ("Cache-Status", 'portfolio; hit; detail="as last seen: the database does not answer"')
# Of a request that names nobody, what tells which page it is for, and in which encoding.
LIKENESS = ("REQUEST_METHOD", "PATH_INFO", "HTTP_HOST", "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING")
# And what it may depend on in Django.
PASSED_ON = (
    *("SCRIPT_NAME", "PATH_INFO", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "REMOTE_ADDR"),
    *("HTTP_HOST", "HTTP_X_FORWARDED_PROTO", "HTTP_X_REQUEST_ID", "wsgi.version", "wsgi.errors"),
    *("wsgi.url_scheme", "wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once"),
)
# Of an answer, what is of one request or of one encoding.
NOT_KEPT = {"content-length", "etag", "x-request-id"}


def public(view):
    """Mark a view whose answer is for everyone who has no session."""
    view.is_public = True
    return view


class Edge:
    """The WSGI application that is in front of `application`, Django's."""

    def __init__(self, application):
        self.application = application
        self.host = urlsplit(settings.SITE_URL).netloc
        self.is_tls = settings.PRODUCTION
        self.session = re.compile(rf"(?:^|[;\s]){settings.SESSION_COOKIE_NAME}=\"?([^\s;\"]+)")
        self.pages, self.others = Kept(settings.EDGE_MEMORY), Kept(MOST_BRIEF)
        scheme = ["HTTP_X_FORWARDED_PROTO"] if self.is_tls else []
        self.likeness, self.recent = itemgetter(*LIKENESS, *scheme), {}
        self.making, self.lock = {}, threading.Lock()
        self.press = ThreadPoolExecutor(1, "edge")

    def __call__(self, environ, start_response):
        # Nearly every request is like one before it, and this is all that happens to it.
        try:
            page, variant = self.recent[self.likeness(environ)]
        except KeyError:
            page = None
        # Outside, so that an error of the application does not begin with this one.
        if page is None:
            return self.look_up(environ, start_response)
        now = time.monotonic()
        is_named = "HTTP_COOKIE" in environ or "HTTP_AUTHORIZATION" in environ
        if is_named or page.known is not watch.latest(now):
            return self.look_up(environ, start_response)
        return self.answer(page, variant, environ, start_response, now)

    def look_up(self, environ, start_response):
        """Answer with a page that is kept or made for it, or by Django."""
        if not self.is_of_visitor(environ):
            return self.application(environ, start_response)
        path = environ["PATH_INFO"]
        types = FEED if path.endswith("feed.xml") else PAGE
        key = path, preferred_type(environ.get("HTTP_ACCEPT", "*/*"), types)
        now = time.monotonic()
        known, page = watch.latest(now), self.pages.get(key)
        if page is None or page.known is not known:
            page = known and self.find(key, page, environ, now)
            if not page:
                return self.application(environ, start_response)
        encoding = preferred_encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
        variant = page.variants.get(encoding) or page.variants[None]
        if self.pages.get(key) is page and "HTTP_COOKIE" not in environ:
            self.remember(environ, page, variant)
        return self.answer(page, variant, environ, start_response, now)

    def remember(self, environ, page, variant):
        """Have requests like this one answered at once, while the page is of the latest edition."""
        if any(name not in environ for name in LIKENESS):
            return
        likeness = self.likeness(environ)
        if sum(map(len, likeness)) <= MOST_SAID:
            if len(self.recent) >= MOST_RECENT:
                self.recent.clear()
            self.recent[likeness] = page, variant

    def is_of_visitor(self, environ):
        """Whether nobody in particular asks for something, by the site's own address."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or "HTTP_AUTHORIZATION" in environ:
            return False
        if environ.get("HTTP_HOST") != self.host:
            return False
        if self.is_tls and environ.get("HTTP_X_FORWARDED_PROTO") != "https":
            return False
        cookies = environ.get("HTTP_COOKIE")
        return not (cookies and any(map(is_signed, self.session.findall(cookies))))

    def answer(self, page, variant, environ, start_response, now):
        page.asked += 1
        if page.asked == POPULAR:
            self.press.submit(self.compress_more, page)
        headers, body, unchanged = variant
        status, held = page.status, environ.get("HTTP_IF_NONE_MATCH")
        if held and page.is_held(held):
            status, headers, body = "304 Not Modified", unchanged, b""
        if watch.lost:
            headers = [*headers, LOST, ("Age", str(int(now - page.made_at)))]
        start_response(status, headers)
        return [body] if environ["REQUEST_METHOD"] == "GET" else []

    def compress_more(self, page):
        page.compress(COMPRESS_MORE, "-more")
        self.recent.clear()

    # What is not there yet, or not any more.

    def find(self, key, page, environ, now):
        """The page for a key, made if need be; None if this request is Django's to answer.

        An earlier one is good enough for as long as it may be shown, while another is made. One
        thread makes it, and whoever asks meanwhile gets what that made.
        """
        if page and page.known.may_be_shown(now):
            self.renew(key, environ)
            return page
        is_page = is_public(environ)
        if is_page is False or (environ["QUERY_STRING"] and not is_page):
            return None
        while True:
            page = self.pages.get(key) or self.others.get(key)
            if page and page.known is watch.known and now < page.until:
                return page
            making, is_mine = self.begin(key)
            if is_mine:
                return self.make(key, request_for(environ, key), making)
            page = making.result()
            if page is None or page.known.may_be_shown(time.monotonic()):
                return page

    def renew(self, key, environ):
        making, is_mine = self.begin(key)
        if is_mine:
            self.press.submit(self.make, key, request_for(environ, key), making)

    def begin(self, key):
        """The `Future` of the page that is being made, and whether it is for the caller to make."""
        with self.lock:
            is_mine = key not in self.making
            return self.making.setdefault(key, Future()), is_mine

    def make(self, key, request, making):
        """Ask Django for a page and keep it; others get None unless it is for everyone."""
        page = for_everyone = None
        try:
            page, for_everyone = self.ask(key, request)
        finally:
            with self.lock:
                del self.making[key]
            making.set_result(page if for_everyone else None)
        return page

    def ask(self, key, request):
        known, now = watch.known, time.monotonic()
        status, headers, body = response_to(request, self.application)
        is_page = status.startswith("200") and is_public(request)
        for_everyone = is_for_everyone(headers) and (is_page or status[:3] in ("301", "404"))
        if for_everyone and "cache-control" not in {name.lower() for name, _ in headers}:
            headers.append(("Cache-Control", CACHE_CONTROL))
        page = Page(status, headers, body, known, float("inf") if is_page else now + BRIEFLY)
        earlier = self.pages.get(key)
        if earlier and earlier.digest == page.digest:
            page.variants, page.asked = earlier.variants, earlier.asked
        else:
            page.compress(COMPRESS)
        if not is_page and status < "500":
            # What was a page is none any more.
            self.pages.drop(key)
        if for_everyone:
            (self.pages if is_page else self.others).put(key, page)
        # It may be in another's place. Also, what is asked for is looked up once again, so that
        # what makes room is what nobody has asked for since the last page came.
        self.recent.clear()
        return page, for_everyone


def is_public(environ):
    """Whether a public view answers at the path; None if nothing does."""
    path = get_path_info(environ)
    if path.startswith(settings.STATIC_URL) or path in PROBES:
        return False
    try:
        return getattr(resolve(path).func, "is_public", False)
    except Resolver404:
        return None


def request_for(environ, key):
    """The request of a visitor for the page of a key."""
    return {name: environ[name] for name in PASSED_ON if name in environ} | {
        "REQUEST_METHOD": "GET",
        "QUERY_STRING": "",
        "HTTP_ACCEPT": key[1],
        "wsgi.input": BytesIO(),
    }


def response_to(request, application):
    """What the application answers, as (status, headers, body)."""
    told = []
    response = application(request, lambda *start: told.extend(start[:2]))
    try:
        body = b"".join(response)
    finally:
        if hasattr(response, "close"):
            response.close()
    status, headers = told
    return status, [each for each in headers if each[0].lower() not in NOT_KEPT], body


def is_for_everyone(headers):
    """Whether headers let everyone have the answer who asks for the same."""
    for name, value in headers:
        name, value = name.lower(), value.lower()
        if name == "set-cookie" or (name == "cache-control" and NOT_STORED.search(value)):
            return False
        if name == "vary" and not {each.strip() for each in value.split(",")} <= VARIES:
            return False
    return True
