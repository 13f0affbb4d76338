"""Two windows, and whatever can happen to them: nothing is written over what was not seen.

A state machine plays autosave, Back, reload, a double press, a lost answer, the end of a session,
deletion, undo, restoring and unpublishing in any order. A ledger has each text that a window was
told is saved. `STEPS` sets how many steps are played; the default is a short game.
"""

import json
import os
from itertools import count

import hypothesis.strategies as st
import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from reversion.models import Version

from journal.models import Entry
from portfolio.editing import copies
from portfolio.editing.models import Deletion, WorkingCopy, key_of

from .desk import change, endpoint, fields_of
from .factories import make_entry, make_user

STEPS = int(os.environ.get("STEPS", 200))
GAME = 25  # steps
ADD = "/admin/journal/entry/add/"
WINDOWS = st.sampled_from(["laptop", "phone"])
VERBS = st.sampled_from(["_save", "_publish", "_schedule", "_unpublish"])


class Answered:
    """For `fields_of`: a page that has come already."""

    def __init__(self, response):
        self.response = response

    def get(self, _):
        return self.response


class Window:
    """A window of the browser: the form that it shows, and each text that it has ever shown.

    Where it shows a working copy, what that is of has been seen by whoever began it.
    """

    names = count()

    def __init__(self, address, fields):
        self.address, self.sequence = address, 0
        self.fields = fields | {"_tab": f"window {next(self.names)}"}
        item = item_of(self.fields["_key"])
        self.seen = {self.text, item and item.body}

    @property
    def text(self):
        return self.fields["body"].strip()

    def data(self):
        self.sequence += 1
        return self.fields | {"_sequence": str(self.sequence)}


class Desk(RuleBasedStateMachine):
    """One entry that is there, one that is new, and two windows of the same editor."""

    def __init__(self):
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()

    def teardown(self):
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)

    @initialize()
    def begin(self):
        self.numbers = count(1)
        self.user = make_user(is_superuser=True)
        self.client = Client()
        self.client.force_login(self.user)
        self.entry = make_entry(body="text 0", title="there")
        self.first = "text 0"
        self.ledger, self.pressed, self.earlier = {}, {"text 0"}, []
        self.windows = {}
        for name in ("laptop", "phone"):
            self.open(name, change(self.entry))

    def open(self, name, address):
        """Load a form in a window; what is gone by now shows no form."""
        response = self.client.get(address, follow=True)
        if response.status_code == 200 and b'name="_key"' in response.content:
            address = response.redirect_chain[-1][0] if response.redirect_chain else address
            self.windows[name] = Window(address, fields_of(Answered(response), ""))

    # What the writer does.

    @rule(name=WINDOWS)
    def write(self, name):
        window = self.windows[name]
        window.fields["body"] = f"text {next(self.numbers)}"
        window.seen.add(window.text)

    @rule(name=WINDOWS, is_new=st.booleans())
    def load(self, name, is_new):
        self.earlier.append(self.windows[name])
        self.open(name, ADD if is_new else change(self.entry))

    @rule(name=WINDOWS)
    def reload(self, name):
        self.open(name, self.windows[name].address)

    @rule(name=WINDOWS)
    def look_at_the_same_in_the_other_window(self, name):
        other = self.windows["phone" if name == "laptop" else "laptop"]
        self.open(name, other.address)

    @rule(name=WINDOWS)
    def go_back(self, name):
        """The browser shows the page as it was left, form and all."""
        if self.earlier:
            self.windows[name] = self.earlier.pop()

    @rule(name=WINDOWS, is_heard=st.booleans())
    def autosave(self, name, is_heard):
        window = self.windows[name]
        with Watched(window, is_pressed=False) as accepted:
            answer = self.keep(window.fields["_key"], window.data())
            accepted.extend([True] * (answer.status_code == 200))
        assert answer.status_code in (200, 404, 409), answer.content
        if accepted:
            # It replaces the window's own earlier text, whether or not the answer gets there.
            self.ledger[window.fields["_tab"]] = window.text
        if accepted and is_heard:
            self.hear(window, answer.json())

    def keep(self, key, data):
        return self.client.post(reverse("editing:keep", args=[key]), data)

    def hear(self, window, answer):
        window.fields |= {
            "_edition": json.dumps(answer["edition"]) if answer["edition"] else "",
            "_base": json.dumps(answer["base"]),
        }
        window.address = answer["address"]

    @rule(name=WINDOWS)
    def an_older_autosave_arrives_late(self, name):
        window = self.windows[name]
        late = window.data()
        self.write(name)
        self.autosave(name, True)
        answer = self.keep(late["_key"], late)
        assert answer.status_code in (200, 404, 409)

    @rule(name=WINDOWS, verb=VERBS, times=st.sampled_from([1, 1, 2]), takes=st.booleans())
    def press(self, name, verb, times, takes):
        window = self.windows[name]
        data = window.data() | {verb: "", "_despite": "a test"}
        if verb == "_schedule":
            data |= {"publish_at_0": "2090-01-01", "publish_at_1": "09:00:00"}
        if takes and "_side" in data:
            data["_take"] = ["body"]
        with Watched(window, is_pressed=True) as accepted:
            answer = self.client.post(window.address, data)
            accepted.extend([True] * (answer.status_code == 302))
        assert answer.status_code in (200, 302), answer.status_code
        if accepted and "_take" not in data:
            self.ledger[window.fields["_tab"]] = window.text
            self.pressed.add(window.text)
        if accepted and times == 2:
            items = Entry.objects.count(), WorkingCopy.objects.count()
            again = self.client.post(window.address, data)
            assert again.status_code == 302, again.context["errors"]
            assert (Entry.objects.count(), WorkingCopy.objects.count()) == items
        if accepted:
            self.earlier.append(window)
            self.open(name, answer["Location"])
        elif answer.status_code == 200:
            # The form again, with what is in the way; a conflict shows both texts.
            seen = window.seen
            conflict = answer.context["conflict"]
            self.windows[name] = Window(window.address, fields_of(Answered(answer), ""))
            self.windows[name].seen |= seen
            if conflict:
                theirs = conflict.theirs.state.get("body", "")
                self.windows[name].seen.add(theirs)

    # What happens to it.

    @rule()
    def delete_and_perhaps_undo(self):
        if Entry.objects.filter(pk=self.entry.pk).exists():
            self.client.post(f"/admin/journal/entry/{self.entry.pk}/delete/", {"post": "yes"})

    @rule()
    def undo(self):
        for deletion in Deletion.objects.filter(recovered_as=""):
            self.client.post(reverse("editing:recover", args=[deletion.pk]))
        self.entry = Entry.objects.filter(uuid=self.entry.uuid).first() or self.entry

    @rule(data=st.data())
    def restore_a_version(self, data):
        page = self.client.get(endpoint("history", self.entry))
        if page.status_code == 200 and (versions := list(page.context["page"])):
            version = data.draw(st.sampled_from(versions))
            self.client.post(reverse("editing:restore", args=[key_of(self.entry), version.pk]))

    @rule(name=WINDOWS)
    def discard(self, name):
        self.client.post(reverse("editing:discard", args=[self.windows[name].fields["_key"]]))

    @rule(name=WINDOWS)
    def the_session_ends_and_is_back(self, name):
        """What is sent meanwhile is refused, and the window goes on with its text."""
        self.client.logout()
        window = self.windows[name]
        assert self.keep(window.fields["_key"], window.data()).status_code == 403
        assert "/login/" in self.client.post(window.address, window.data())["Location"]
        self.client.force_login(self.user)

    # What must hold.

    @invariant()
    def every_acknowledged_text_is_there(self):
        if not self.ledger:
            return
        there = [*Entry.objects.values_list("body", flat=True)]
        there += [json.dumps(data) for data in WorkingCopy.objects.values_list("data", flat=True)]
        there += Version.objects.values_list("serialized_data", flat=True)
        for window, text in self.ledger.items():
            # No other text begins so.
            assert any(f"{text}" in each and is_whole(text, each) for each in there), (window, text)

    @invariant()
    def nothing_is_public_that_nobody_pressed_for(self):
        live = Entry.objects.filter(publish_at__lte=timezone.now())
        assert {*live.values_list("body", flat=True)} <= self.pressed


def is_whole(text, where):
    after = where[where.index(text) + len(text) :][:1]
    return not after.isdigit() or is_whole(text, where[where.index(text) + 1 :])


def stored_texts(key, *, is_pressed):
    """The texts that whoever writes this key writes over: the copy's, if pressed the item's."""
    item = item_of(key)
    found = WorkingCopy.objects.filter(key=key_of(item) if item else key)
    texts = {copy.data["body"][0].strip() for copy in found}
    return texts | ({item.body} if item and is_pressed else set())


def item_of(key):
    number = key.rpartition(":")[2]
    name = "pk" if number.isdigit() else "uuid"
    return Entry.objects.filter(**{name: number}).first()


class Watched:
    """What is no longer stored after what the window sends inside is in sight of the window."""

    def __init__(self, window, **options):
        self.window, self.accepted = window, []
        self.stored = lambda: stored_texts(window.fields["_key"], **options)
        self.before = self.stored()

    def __enter__(self):
        return self.accepted

    def __exit__(self, kind, *_):
        if kind is None and self.accepted:
            assert self.before - self.stored() <= {self.window.text, *self.window.seen}


def play(steps=STEPS, **options):
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=max(1, steps // GAME),
            stateful_step_count=GAME,
            deadline=None,
            # The smallest game takes long to find, and says little more.
            phases=[Phase.reuse, Phase.generate],
            suppress_health_check=[*HealthCheck],
            **options,
        ),
    )


@pytest.mark.django_db
def test_never_over_what_was_not_seen():
    """The same games in each run, others with STEPS."""
    play(derandomize="STEPS" not in os.environ)


# What a game may come to.


def write_in_both(desk):
    for name in ("laptop", "phone"):
        desk.write(name)
        desk.autosave(name, is_heard=True)


def discard_what_was_saved(desk):
    desk.write("laptop")
    desk.autosave("laptop", is_heard=False)
    desk.discard("phone")


def take_theirs(desk):
    desk.press("laptop", "_schedule", times=2, takes=False)
    desk.write("phone")
    desk.press("phone", "_unpublish", times=1, takes=False)
    desk.write("phone")
    desk.autosave("phone", is_heard=True)
    desk.press("phone", "_unpublish", times=1, takes=True)


# What keeps a text in it.
GUARDS = {
    write_in_both: {"changed_beneath"},
    discard_what_was_saved: {"keep_version"},
    take_theirs: {"keep_version"},
}


@pytest.mark.django_db
@pytest.mark.parametrize("game", GUARDS, ids=lambda game: game.__name__)
@pytest.mark.parametrize("guard", ["", "changed_beneath", "keep_version"])
def test_never_over_what_was_not_seen_is_kept_by_its_guards(monkeypatch, game, guard):
    """The control: without what compares, or without what keeps, a text is lost."""
    if guard:
        monkeypatch.setattr(copies, guard, lambda *_: [])
    desk = Desk()
    desk.begin()
    try:
        game(desk)
        desk.every_acknowledged_text_is_there()
        is_kept = True
    except AssertionError:
        is_kept = False
    finally:
        desk.teardown()
    assert is_kept == (guard not in GUARDS[game])
