"""Two machines on one database behind one nginx: what one publishes the other shows, at once."""

import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack, contextmanager

import html5lib
import pytest

from portfolio.edition import AT_MOST
from tests.machine import postgres
from tests.nginx import Reader, certificate, running_application, running_nginx, until
from tests.server import ROOT

pytestmark = pytest.mark.once

PLACE = "    server unix:/run/portfolio/site.sock max_fails=0;"
PASSWORD = "a-long-password-7"


@pytest.fixture
def machines(tmp_path):
    """Both machines, an nginx before both, and one before the first alone."""
    pair = certificate(tmp_path)
    with ExitStack() as stack:
        start = stack.enter_context
        url = start(postgres())
        nodes = []
        for name in ("first", "second"):
            (tmp_path / name).mkdir()
            nodes.append(start(running_application(tmp_path / name, DATABASE_URL=url)))
        first, second = nodes
        example = [sys.executable, "manage.py", "load_example"]
        subprocess.run(example, cwd=ROOT, env=first.environment, check=True)
        failing = "max_fails=2 fail_timeout=1s;"
        both = (
            f"{PLACE.replace('max_fails=0;', failing)}\n    server unix:{second.socket} {failing}"
        )
        fronts = []
        for name, edits in (("front", {PLACE: both}), ("own", {})):
            (tmp_path / name).mkdir()
            fronts.append(start(running_nginx(tmp_path / name, first, pair, edits)))
        yield nodes, *fronts


def signed_in(nginx, path):
    """An editor on the machine that printed the link."""
    editor = Reader(nginx)
    _, headers, _ = editor.get(path)
    form = headers["Location"]
    assert editor.get(form)[0] == 200
    word = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    assert editor.post(form, word, Referer=f"https://example.org{form}")[0] == 302
    return editor


def publish(editor, name):
    """Give the first tool another name in its form; gives the moment of the answer."""
    path = "/admin/portfolio/tool/1/change/"
    page = html5lib.parse(editor.get(path)[2], namespaceHTMLElements=False)
    fields = {
        field.get("name"): field.get("value", "") if field.tag == "input" else field.text or ""
        for field in page.find(".//form[@id='tool_form']").iter()
        if field.tag in ("input", "textarea") and field.get("name") != "csrfmiddlewaretoken"
        if field.get("type") not in ("submit", "checkbox", "file") and field.get("name")
    }
    sent = editor.post(
        path, fields | {"name": name, "_save": "save"}, Referer="https://example.org/"
    )
    assert sent[0] == 302, sent[2].decode()
    return time.monotonic()


def waits(node, name, since):
    """Ask until the name is shown: nobody who asked a second later is shown the old one."""
    while True:
        asked = time.monotonic()
        status, _, body = node.get("/tools/", **{"X-Forwarded-Proto": "https"})
        assert status == 200
        if name.encode() in body:
            return
        assert asked < since + AT_MOST


@contextmanager
def readers(nginx, paths=("/", "/tools/", "/journal/", "/feed.xml"), number=6):
    """While it lasts they read; gives a Counter of the answers by status."""
    done, answers = threading.Event(), Counter()

    def read():
        reader = Reader(nginx)
        while not done.wait(0.01):  # as a person, who leaves the machine to others as well
            for path in paths:
                try:
                    answers[reader.get(path)[0]] += 1
                except OSError as error:
                    answers[repr(error)] += 1
                    reader.close()

    threads = [threading.Thread(target=read) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_what_one_machine_publishes_both_show_while_one_of_them_dies_and_comes_back(
    machines, tmp_path
):
    (first, second), front, own = machines
    editor = signed_in(own, first.sign_in_path)
    with readers(front) as answers:
        for number in range(3):
            name = f"published {number}"
            since = publish(editor, name)
            for node in (first, second):
                waits(node, name, since)
        second.stop()
        before = answers.total()
        since = publish(editor, "while one is away")
        waits(first, "while one is away", since)
        until(lambda: answers.total() > before + 100)
        with running_application(
            second.socket.parent, DATABASE_URL=second.environment["DATABASE_URL"]
        ) as again:
            waits(again, "while one is away", since)
            waits(again, "all are back", publish(editor, "all are back"))
            before = answers.total()
            until(lambda: answers.total() > before + 100)
    assert set(answers) == {200}, answers
    # The control: with both away they notice, where it is no page that nginx has seen.
    with first.away(), readers(front, ["/lessons/"]) as answers:
        until(lambda: answers[503])
