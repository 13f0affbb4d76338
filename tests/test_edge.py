"""Public pages out of memory: which are kept, for whom, and in how much memory."""

import threading

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django.utils.crypto import get_random_string

from portfolio import edge as layer
from portfolio import sessions
from portfolio.compression import WORTH_IT
from portfolio.edge import BRIEFLY, CACHE_CONTROL, MOST_SAID, POPULAR, Edge, public
from portfolio.edition import AT_MOST
from portfolio.kept import OVERHEAD, Kept, Page
from portfolio.months import Month
from portfolio.urls import urlpatterns as site_urls
from tests.factories import make_entry, make_role, make_tool
from tests.wsgi import Django, ask, request, settle

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def views(settings):
    """Views beside those of the site, as {name: view}, at `/name/`."""
    made = {}

    def at(name):
        return path(f"{name}/", lambda request: made[name](request), name=name)

    urls = type("urls", (), {"handler404": "portfolio.views.not_found"})
    urls.urlpatterns = list(site_urls)

    def add(name, view):
        urls.urlpatterns = [path(f"{name}/", view), *urls.urlpatterns]
        settings.ROOT_URLCONF = urls

    return add


def cookie_of_editor():
    client = Client()
    client.force_login(get_user_model().objects.create_superuser(get_random_string(8)))
    return f"sessionid={client.cookies['sessionid'].value}"


# What is kept.


def test_a_page_is_made_once_and_is_what_django_answers(edge, client):
    role = make_role()
    address = role.get_absolute_url()
    first, second = ask(edge, address), ask(edge, address)
    assert edge.asked == [address]
    assert first == second
    assert first.body == client.get(address).content
    assert first.headers["Cache-Control"] == CACHE_CONTROL
    assert "Content-Security-Policy" in first.headers


def test_an_error_of_the_application_begins_with_none_of_the_layers(edge):
    def fail(environ, start_response):
        raise ZeroDivisionError

    edge.application = fail
    with pytest.raises(ZeroDivisionError) as caught:
        ask(edge, "/admin/")
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "other",
    [
        *({"path": "/now/"}, {"method": "HEAD"}, {"method": "POST"}, {"host": "other.example"}),
        *({"accept": "text/markdown"}, {"accept_encoding": "br"}, {"cookie": "theme=dark"}),
        {"authorization": "Basic x"},
    ],
)
def test_a_request_like_one_before_it_is_not_looked_up(edge, other):
    first = ask(edge, "/")
    # Whoever looks for it finds nothing.
    edge.pages.drop(("/", "text/html"))
    for query in ("", "?a=1"):
        assert ask(edge, f"/{query}", if_none_match="x", user_agent="y") == first
    assert edge.asked == ["/"]
    ask(edge, **{"path": "/"} | other)
    assert len(edge.asked) == 2


def test_a_page_of_an_earlier_edition_is_looked_up(edge, clock):
    ask(edge, "/")
    edge.pages.drop(("/", "text/html"))
    ask(edge, "/")
    assert edge.asked == ["/"]
    make_tool()
    clock.passed += AT_MOST
    ask(edge, "/")
    assert edge.asked == ["/", "/"]


def test_only_a_request_without_a_cookie_is_remembered(edge):
    ask(edge, "/", cookie="theme=dark")
    assert not edge.recent
    ask(edge, "/")
    assert edge.recent


@pytest.mark.parametrize("missing", ["HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING"])
def test_who_says_less_gets_the_same(edge, missing):
    environ = request("/roles/")
    del environ[missing]
    told = []
    for _ in range(2):
        (body,) = edge(environ, lambda *start: told.append(start))
        assert body == ask(edge, "/roles/").body
    assert {status for status, _ in told} == {"200 OK"}
    assert edge.asked == ["/roles/"]


def test_odd_headers_fill_no_memory(edge, monkeypatch):
    monkeypatch.setattr(layer, "MOST_RECENT", 3)
    for number in range(10):
        assert ask(edge, "/", accept=f"text/html;q=0.{number}").status == 200
        assert 0 < len(edge.recent) <= 3
    edge.recent.clear()
    for length in (MOST_SAID // 2, MOST_SAID):
        ask(edge, "/", accept="text/html," + "x" * length)
    assert len(edge.recent) == 1
    assert edge.asked == ["/"]


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_it_is_packed_once_in_the_encoding_that_the_client_prefers(edge, encoding, monkeypatch):
    make_role(problem="long enough. " * 100)
    plain = ask(edge, "/roles/")
    monkeypatch.setattr(layer, "COMPRESS", {})
    packed = ask(edge, "/roles/", accept_encoding=f"{encoding}, identity;q=0.5")
    assert packed.headers["Content-Encoding"] == encoding
    assert packed.text == plain.text and len(packed.body) < len(plain.body)
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert packed.headers["ETag"].startswith('"')
    assert (
        "Accept-Encoding" in plain.headers["Vary"] and "Accept-Encoding" in packed.headers["Vary"]
    )
    for answer in (plain, packed):
        assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert ask(edge, "/roles/", accept_encoding=f"{encoding};q=0").body == plain.body


def test_what_is_asked_for_again_and_again_gets_smaller(edge, clock):
    make_role(problem="some words, and others. " * 400)
    before = ask(edge, "/roles/", accept_encoding="br")
    edge.pages.get(("/roles/", "text/html")).asked = POPULAR - 1
    ask(edge, "/roles/")
    settle(edge)
    after = ask(edge, "/roles/", accept_encoding="br")
    assert len(after.body) < len(before.body) and after.text == before.text
    assert after.headers["ETag"] != before.headers["ETag"]
    assert ask(edge, "/roles/", if_none_match=before.headers["ETag"]).status == 304
    # What an edit leaves as it is need not be packed again.
    make_tool()
    clock.passed += AT_MOST
    assert ask(edge, "/roles/", accept_encoding="br") == after
    assert edge.asked == ["/roles/"] * 2


def test_what_fills_no_packet_is_not_packed(edge, views):
    for name, length in (("short", WORTH_IT - 1), ("long", WORTH_IT)):
        views(name, public(lambda request, length=length: HttpResponse("a" * length)))
    assert "Content-Encoding" not in ask(edge, "/short/", accept_encoding="gzip").headers
    assert ask(edge, "/long/", accept_encoding="gzip").headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize(
    ("held", "status"),
    [
        ("{}", 304),
        ("W/{}", 304),
        ('"other", {}', 304),
        ("*", 304),
        ('"other"', 200),
        ("", 200),
    ],
)
def test_who_has_it_is_told_so(edge, held, status):
    etag = ask(edge, "/", accept_encoding="br").headers["ETag"]
    answer = ask(edge, "/", accept_encoding="br", if_none_match=held.format(etag))
    assert answer.status == status
    assert answer.headers["ETag"] == etag
    assert {"Cache-Control", "Vary"} <= answer.headers.keys()
    if status == 304:
        assert answer.body == b""
        assert not {"Content-Type", "Content-Length", "Content-Encoding"} & answer.headers.keys()
    assert edge.asked == ["/"]


def test_nobody_has_what_is_not_there(edge):
    etag = ask(edge, "/nothing/").headers["ETag"]
    for held in (etag, "*"):
        assert ask(edge, "/nothing/", if_none_match=held).status == 404


def test_head_is_get_without_the_body(edge):
    head = ask(edge, "/", method="HEAD")
    get = ask(edge, "/")
    assert edge.asked == ["/"]
    assert head.body == b"" and head.headers == get.headers and head.status == 200


def test_who_asks_for_a_head_first_has_the_page_made(edge, views):
    views("method", public(lambda request: HttpResponse(request.method)))
    assert ask(edge, "/method/", method="HEAD").body == b""
    assert ask(edge, "/method/").text == "GET"


def test_what_no_view_of_ours_answers_is_not_kept(edge):
    asked = []

    def whoever(environ, start_response):
        asked.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"not ours"]

    edge.application = whoever
    for _ in range(2):
        assert ask(edge, "/no-view/").text == "not ours"
    assert asked == ["/no-view/"] * 2


@pytest.mark.parametrize("path", ["/static/portfolio/site.css", "/healthz", "/admin/", "/media/a"])
def test_what_is_no_page_is_asked_for_as_it_was(edge, path):
    asked, django = [], edge.application

    def application(environ, start_response):
        asked.append(environ)
        return django(environ, start_response)

    edge.application = application
    ask(edge, path, range="bytes=0-1")
    assert asked[0]["HTTP_RANGE"] == "bytes=0-1"


def test_what_is_kept_names_no_request(edge):
    name = {"x_request_id": "0123456789abcdef0123456789abcdef"}
    assert "X-Request-ID" in ask(edge.application, "/", **name).headers
    for headers in (name, {}):
        assert "X-Request-ID" not in ask(edge, "/", **headers).headers


def test_an_answer_of_django_is_closed(edge):
    """Which is when it looks after its connections."""
    closed = []

    class Body(list):
        def close(self):
            closed.append(True)

    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Body([b"a page"])

    edge.application = application
    assert ask(edge, "/").text == "a page" and closed == [True]


def test_what_changes_something_reaches_django(edge):
    ask(edge, "/")
    assert ask(edge, "/", method="POST").status == 403
    assert edge.asked == ["/", "/"]


def test_the_page_and_its_plain_form_are_not_mixed(edge):
    for _ in range(2):
        page = ask(edge, "/roles/", accept="text/html,*/*;q=0.8")
        plain = ask(edge, "/roles/", accept="text/markdown, text/html;q=0.5")
        assert page.headers["Content-Type"].startswith("text/html")
        assert plain.headers["Content-Type"].startswith("text/markdown")
        assert (
            ask(edge, "/feed.xml", accept="text/html,application/xml;q=0.9")
            .headers["Content-Type"]
            .startswith("application/xml")
        )
        assert ask(edge, "/feed.xml").headers["Content-Type"].startswith("application/atom+xml")
    assert edge.asked == ["/roles/", "/roles/", "/feed.xml", "/feed.xml"]


def test_a_view_that_does_not_say_that_it_is_public_is_asked_each_time(edge, views):
    views("unsaid", lambda request: HttpResponse("for you"))
    views("said", public(lambda request: HttpResponse("for all")))
    for _ in range(2):
        ask(edge, "/unsaid/")
        ask(edge, "/said/")
    assert edge.asked == ["/unsaid/", "/said/", "/unsaid/"]


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ({"Set-Cookie": "csrftoken=secret"}, False),
        ({"Vary": "Cookie"}, False),
        ({"Vary": "Accept, X-Whatever"}, False),
        ({"Vary": "*"}, False),
        ({"Cache-Control": "private"}, False),
        ({"Cache-Control": "max-age=0, no-store"}, False),
        ({"Vary": "Accept"}, True),
        ({"Cache-Control": "public, max-age=60"}, True),
        ({}, True),
    ],
)
def test_an_answer_that_is_for_one_visitor_is_not_kept(edge, views, header, kept):
    views("page", public(lambda request: HttpResponse("words", headers=header)))
    for _ in range(2):
        answer = ask(edge, "/page/")
        assert answer.status == 200
        assert all(value in answer.headers[name] for name, value in header.items())
    assert len(edge.asked) == (1 if kept else 2)


@pytest.mark.parametrize("status", [201, 206, 302, 403, 500, 503])
def test_an_answer_that_is_no_page_is_not_kept(edge, views, status):
    views("page", public(lambda request: HttpResponse("words", status=status)))
    for _ in range(2):
        assert ask(edge, "/page/").status == status
    assert len(edge.asked) == 2


# For whom.


def test_nothing_of_the_visitor_reaches_a_public_view(edge, views):
    views("echo", public(lambda request: HttpResponse(f"{request.COOKIES} {request.META}")))
    secret = get_random_string(20)
    answer = ask(
        edge,
        f"/echo/?q={secret}",
        cookie=f"theme={secret}; sessionid={secret}",
        accept=f"text/{secret}",
        accept_language=secret,
        user_agent=secret,
        referer=secret,
        x_forwarded_for=secret,
        if_modified_since=secret,
        range=secret,
    )
    assert secret not in answer.text and "{}" in answer.text
    views("seen", lambda request: HttpResponse(f"{request.COOKIES}"))
    assert secret in ask(edge, "/seen/", cookie=f"theme={secret}").text


def test_an_editor_sees_what_django_answers(edge):
    draft = make_entry(publish_at=None, title="not yet")
    cookie = cookie_of_editor()
    address = draft.get_absolute_url()
    for _ in range(2):
        assert ask(edge, address).status == 404
        answer = ask(edge, address, cookie=cookie)
        assert answer.status == 200 and "not yet" in answer.text
    edge.asked.clear()
    for _ in range(2):
        ask(edge, "/", cookie=f"theme=dark; {cookie}")
    assert edge.asked == ["/", "/"]


@pytest.mark.parametrize(
    "forge",
    [
        lambda key: get_random_string(len(key)),
        lambda key: key[:-1] + ("a" if key[-1] != "a" else "b"),
        lambda key: ("a" if key[0] != "a" else "b") + key[1:],
        lambda key: key[:-1],
        lambda key: "",
        lambda key: "ü" * 40,
    ],
)
def test_a_made_up_session_buys_no_cold_page(edge, forge, monkeypatch):
    real = cookie_of_editor().partition("=")[2]
    ask(edge, "/")
    ask(edge, "/", cookie=f"sessionid={forge(real)}")
    ask(edge, "/", cookie=f"other=1; sessionid={forge(real)}; theme=dark")
    assert edge.asked == ["/"]
    monkeypatch.setattr(layer, "is_signed", lambda key: True)
    ask(edge, "/", cookie=f'other=1;sessionid="{forge(real) or 1}"')
    assert edge.asked == ["/", "/"]


def test_a_session_is_looked_for_only_if_its_key_is_ours(django_assert_num_queries):
    key = cookie_of_editor().partition("=")[2]
    assert sessions.is_signed(key) and len(key) == 40
    with django_assert_num_queries(0):
        assert sessions.SessionStore("a" * 40).get("_auth_user_id") is None
    with django_assert_num_queries(1):
        assert sessions.SessionStore(key).get("_auth_user_id")


def test_sessions_outlive_a_new_secret_key(settings):
    key = cookie_of_editor().partition("=")[2]
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "x" * 64
    assert sessions.is_signed(key)
    settings.SECRET_KEY_FALLBACKS = []
    assert not sessions.is_signed(key)


def test_who_names_themselves_passes_by(edge):
    ask(edge, "/")
    ask(edge, "/", authorization="Basic x")
    assert edge.asked == ["/", "/"]


def test_a_query_buys_neither_a_cold_page_nor_memory(edge):
    bodies = {ask(edge, f"/roles/?{query}").body for query in ("", "a=1", "a=2", "q=<script>")}
    assert len(bodies) == 1
    assert edge.asked == ["/roles/"] and len(edge.pages.pages) == 1


def test_the_search_reads_its_query(edge):
    make_role(title="findable")
    assert "findable" in ask(edge, "/search/?q=findable").text
    assert "findable" not in ask(edge, "/search/?q=zzqx").text


def test_a_redirect_keeps_its_query(edge):
    for _ in range(2):
        assert ask(edge, "/roles").headers["Location"] == "/roles/"
        assert ask(edge, "/roles?a=1").headers["Location"] == "/roles/?a=1"
    assert edge.asked == ["/roles"] * 3


def test_another_host_is_not_answered_from_memory(edge, settings):
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "copy.example"]
    assert "X-Robots-Tag" not in ask(edge, "/").headers
    assert ask(edge, "/", host="evil.example").status == 400
    assert ask(edge, "/", host="copy.example").headers["X-Robots-Tag"] == "noindex"
    assert "X-Robots-Tag" not in ask(edge, "/").headers
    assert edge.asked == ["/"] * 3


def test_plain_http_is_not_answered_from_memory_where_https_is_asked_for(settings, clock):
    settings.PRODUCTION, settings.SITE_URL = True, "https://example.org"
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["example.org"], True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    edge = Edge(Django())
    assert ask(edge, "/", x_forwarded_proto="https").status == 200
    for how in ({}, {"x_forwarded_proto": "http"}):
        answer = ask(edge, "/", **how)
        assert answer.status == 301 and answer.headers["Location"] == "https://example.org/"
    assert ask(edge, "/", x_forwarded_proto="https").status == 200


# In how much memory.


def test_the_least_recently_used_pages_make_room(edge):
    pages = [make_entry(month=Month(2020, 1 + n)).get_absolute_url() for n in range(4)]
    ask(edge, pages[0])
    edge.pages.most = edge.pages.size * 5 // 2
    ask(edge, pages[1])
    ask(edge, pages[0])
    ask(edge, pages[2])
    assert [key[0] for key in edge.pages.pages] == [pages[0], pages[2]]
    assert edge.pages.size == sum(page.size for page in edge.pages.pages.values())
    assert edge.pages.size <= edge.pages.most


def test_what_is_larger_than_all_memory_is_answered_and_not_kept(edge):
    edge.pages.most = 100
    assert ask(edge, "/").status == ask(edge, "/").status == 200
    assert not edge.pages.pages and edge.pages.size == 0


def a_page(status="200 OK", headers=(), body=b"words"):
    return Page(status, [*headers], body, known=None, until=0)


def test_small_pages_count_for_what_they_take_beside_their_text():
    kept = Kept(10 * OVERHEAD)
    for number in range(100):
        kept.put(number, a_page())
    assert len(kept.pages) == 9


def test_a_page_in_place_of_another_takes_room_once():
    kept = Kept(10 * OVERHEAD)
    for _ in range(3):
        kept.put("a", page := a_page())
    assert kept.size == page.size


def test_two_answers_with_the_same_words_are_two():
    pages = a_page(), a_page(status="404 Not Found"), a_page(headers=[("Link", "</a>")])
    assert len({page.digest for page in pages}) == 3
    assert a_page().digest == a_page().digest


def test_made_up_addresses_drive_no_page_out(edge):
    ask(edge, "/")
    edge.others.most = 100_000
    for number in range(40):
        assert ask(edge, f"/nothing-{number}/").status == 404
    assert edge.others.size <= 100_000 and 1 < len(edge.others.pages) < 40
    edge.asked.clear()
    ask(edge, "/")
    assert not edge.asked


def test_what_is_not_there_is_kept_briefly(edge, clock):
    for _ in range(3):
        assert ask(edge, "/nothing/").status == 404
    assert edge.asked == ["/nothing/"]
    clock.passed += BRIEFLY + 1
    assert ask(edge, "/nothing/").status == 404
    assert edge.asked == ["/nothing/"] * 2
    make_role(slug="new")
    clock.passed += AT_MOST
    assert ask(edge, "/roles/new/").status == 200


# All at once.


def together(edge, path, number):
    """The answers of visitors who ask at once, while the first is held up."""
    waiting, began, go = threading.Barrier(number), threading.Event(), threading.Event()
    answers = []

    def hold():
        began.set()
        go.wait()

    def visit():
        waiting.wait()
        answers.append(ask(edge, path))
        connection.close()

    edge.application.hold = hold
    threads = [threading.Thread(target=visit) for _ in range(number)]
    for thread in threads:
        thread.start()
    began.wait()
    go.set()
    for thread in threads:
        thread.join()
    return answers


def test_one_thread_makes_what_many_ask_for(edge):
    make_role()
    answers = together(edge, "/roles/", 8)
    assert edge.asked == ["/roles/"]
    assert len(answers) == 8 and all(answer == answers[0] for answer in answers)


def test_visitors_who_wait_together_share_no_cookie(edge, views):
    visits = []

    def view(request):
        visits.append(1)
        response = HttpResponse("words")
        response.set_cookie("number", len(visits))
        return response

    views("page", public(view))
    cookies = {answer.headers["Set-Cookie"] for answer in together(edge, "/page/", 4)}
    assert len(cookies) == 4
