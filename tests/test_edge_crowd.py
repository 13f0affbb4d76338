"""Visitors and editors all at once: nobody is shown what is another's, or another page."""

import random
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portfolio import edge as layer
from portfolio import edition
from portfolio.edge import Edge
from portfolio.editing.models import ShareLink, key_of
from portfolio.edition import Watch
from portfolio.months import Month
from tests.factories import make_entry, make_principle, make_role, make_tool
from tests.wsgi import ask

pytestmark = pytest.mark.django_db(transaction=True)

# Most visits are two requests: the second time the visitor has the page.
REQUESTS, VISITS, THREADS, EDITORS_SHARE = 10_000, 5_200, 8, 0.02
SECRET = "only editors read this"
# Of one visitor: tokens, cookies, who it is.
PRIVATE = re.compile(rf"{SECRET}|csrfmiddlewaretoken|sessionid|visitor-\d+|/admin/[a-z]")
ACCEPT = ["text/html,*/*;q=0.8", "*/*", "text/markdown", "application/xml;q=0.9", "x" * 3_000]
ENCODINGS = ["br, gzip", "gzip", "identity", "gzip;q=0", "br;q=0.1, gzip;q=0.9", ""]


@pytest.fixture
def edge(monkeypatch):
    watch = Watch()
    monkeypatch.setattr(edition, "watch", watch)
    monkeypatch.setattr(layer, "watch", watch)
    edge = Edge(get_wsgi_application())
    yield edge
    edge.press.shutdown()
    watch.eyes.shutdown()


@pytest.fixture
def paths():
    tool, role = make_tool(), make_role(broke="it broke.")
    items = [tool, role, make_principle()]
    items += [make_entry(month=Month(2025, 1 + n), role=role, tools=[tool]) for n in range(5)]
    names = ("home", "now", "roles:index", "thinking", "journal:index", "tools", "lessons", "cv")
    names += ("feed", "json_feed", "sitemap", "robots", "llms", "resume", "manifest")
    paths = [*map(reverse, names), *(item.get_absolute_url() for item in items)]
    pages = [path for path in paths if path.endswith("/")]
    return [*paths, *(f"{path}index.html.md" for path in pages)]


def expected(path, accept):
    """What Django answers at the path without the layer."""
    host = urlsplit(settings.SITE_URL).netloc
    return Client().get(path, headers={"Accept": accept, "Host": host}).content.decode()


def headers_of(chance, number):
    """Those of a visitor, with everything in them that is the visitor's own."""
    mark = f"visitor-{number}"
    headers = {
        "user_agent": mark,
        "accept_language": mark,
        "referer": f"http://{mark}.example/",
        "x_forwarded_for": mark,
        "cookie": f"theme={mark}; sessionid={mark}; csrftoken={mark}",
    }
    return {name: value for name, value in headers.items() if chance.random() < 0.5}


def test_ten_thousand_interleaved_requests_mix_nothing_up(edge, paths):
    editor = Client()
    editor.force_login(get_user_model().objects.create_superuser("editor"))
    cookie = f"sessionid={editor.cookies['sessionid'].value}"
    draft = make_entry(publish_at=None, title=SECRET)
    shared = ShareLink.objects.create(
        key=key_of(draft),
        author=get_user_model().objects.get(),
        expires_at=timezone.now() + timedelta(days=1),
    )
    private = [draft.get_absolute_url(), shared.get_absolute_url(), "/admin/"]
    right = {(path, accept): expected(path, accept) for path in paths for accept in ACCEPT}
    assert not any(map(PRIVATE.search, right.values()))
    wrong, seen = [], {"visitor": 0, "editor": 0, "304": 0}
    counting = threading.Lock()

    def visit(number):
        chance = random.Random(number)
        accept = chance.choice(ACCEPT)
        headers = headers_of(chance, number) | {"accept": accept}
        headers["accept_encoding"] = chance.choice(ENCODINGS)
        if chance.random() < EDITORS_SHARE:
            who, path = "editor", chance.choice(private)
            answer = ask(edge, path, **headers | {"cookie": cookie})
            good = answer.status == 200
        else:
            who, path = "visitor", chance.choice(paths)
            asked = f"{path}?visitor-{number}" if chance.random() < 0.2 else path
            answer = ask(edge, asked, method=chance.choice(["GET", "GET", "HEAD"]), **headers)
            good = answer.status == 200 and is_right(answer, right[path, accept])
            if good:
                etag = answer.headers["ETag"]
                again = ask(edge, path, **headers | {"if_none_match": etag})
                good = again.status == 304 or again.headers["ETag"] != etag
                who = "304" if again.status == 304 else who
        with counting:
            seen[who] += 1
            if not good:
                wrong.append((who, path, headers, answer))
        if number % 1_000 == 0:
            # Another edition in which the public sees the same.
            draft.save()

    def visits(numbers):
        for number in numbers:
            visit(number)
        connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        shares = [range(first, VISITS, THREADS) for first in range(THREADS)]
        [*pool.map(visits, shares)]
    assert not wrong, wrong[0]
    assert seen["editor"] + seen["visitor"] + 2 * seen["304"] >= REQUESTS
    assert seen["editor"] > VISITS * EDITORS_SHARE / 2


def is_right(answer, text):
    if "Set-Cookie" in answer.headers or PRIVATE.search(str(answer.headers)):
        return False
    return not answer.body or answer.text == text
