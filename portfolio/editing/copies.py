"""How a working copy is kept: never over what its writer has not seen."""

import json
from dataclasses import dataclass
from datetime import datetime

import reversion
from django.db import IntegrityError, transaction
from django.http import Http404
from django.utils import timezone
from reversion.models import Version

from .models import WorkingCopy
from .state import Forms, as_data, changed_beneath, is_key

SEE_ABOVE = "Nothing is saved yet: two have written this, as is told above."
# Fields of the form that say something about the form: the window that it is open in, how often
# that has sent it, and what of the copy and of the item it has seen.
TAB, SEQUENCE, EDITION, BASE, TAKE = "_tab", "_sequence", "_edition", "_base", "_take"
# Reasons for the history: of the change, and of publishing what the checks would stop.
WHY, DESPITE = "_why", "_despite"
REASON = 300  # characters


@dataclass(frozen=True)
class Conflict:
    """What `who` changed at `when` of what the writer has open; `theirs` is how it stands now.

    `names` are the parts that differ, `edition` and `base` what a form says that has seen it.
    """

    who: str
    when: datetime | None
    names: list
    mine: Forms
    theirs: Forms
    edition: dict
    base: dict

    @property
    def side(self):
        """Where `theirs` is from: a working `copy`, or the `item` as it is stored."""
        return "copy" if self.theirs.form.is_bound else "item"

    @property
    def differences(self):
        """What differs, as (name, label, theirs, mine), the texts as a person reads them."""
        for name in self.names:
            sides = (self.theirs, self.mine)
            theirs, mine = (forms.readable(name, forms.state[name]) for forms in sides)
            yield name, self.mine.label(name), theirs, mine

    def __str__(self):
        labels = ", ".join(self.mine.label(name).lower() for name in self.names)
        moment = self.when and timezone.localtime(self.when).strftime("%H:%M on %d %b").lower()
        when = f"at {moment}, " if moment else ""
        return f"{self.who} changed this {when}while it was open here: {labels}."


def keep(model_admin, request, key, item, data):
    """Keep a form's `settled` data as the working copy of an item; gives (the copy, None).

    If the item or its copy has changed since the form was made, nothing is kept, and it gives
    (the copy that is there or None, the Conflict). Raises Http404 if the item is gone.
    """
    try:
        return _keep(model_admin, request, key, item, data)
    except IntegrityError:
        # Two windows began at the same moment, and the other was first.
        return _keep(model_admin, request, key, item, data)


@transaction.atomic
def _keep(model_admin, request, key, item, data):
    if item and not (item := item.locked()):
        raise Http404  # it was deleted a moment ago
    copy = WorkingCopy.objects.select_for_update().filter(key=key).first()
    stored = Forms(model_admin, request, item)
    if conflict := conflict_with(model_admin, request, item, data, copy, stored):
        return copy, conflict
    if copy and not is_next(copy, data):
        # Whoever wrote it was told that it is saved, and has not seen that it is replaced.
        keep_version(copy, copy.author, "replaced from another window")
    base = stored.edition if item else {}
    return put(copy, key, data, base, request.user), None


def put(copy, key, data, base, author):
    """Write a form's data into a working copy, or into a new one if it is None; gives the copy."""
    copy = copy or WorkingCopy(key=key, version=0)
    copy.data = {
        name.replace("\0", "\ufffd"): [value.replace("\0", "\ufffd") for value in values]
        for name, values in data.lists()
        if not name.startswith("_") and name != "csrfmiddlewaretoken"
    }
    copy.base, copy.author = base, author
    copy.tab, copy.sequence = tab_of(data), sequence_of(data)
    copy.title = copy.data.get("title", [""])[0].strip()[:300]
    copy.version, copy.updated_at = copy.version + 1, timezone.now()
    copy.save()
    return copy


def is_next(copy, data):
    """Whether the window that wrote the copy last sends this, and sends it after that.

    It has seen all of the copy, even where the answer was lost on the way.
    """
    return bool(copy.tab) and copy.tab == tab_of(data) and copy.sequence <= sequence_of(data)


def conflict_with(model_admin, request, item, data, copy, stored):
    """The Conflict of a form's data with what is there now, or None."""
    mine = Forms(model_admin, request, item, data)
    if copy and not is_next(copy, data):
        theirs = Forms(model_admin, request, item, as_data(copy.data))
        if names := changed_beneath(read(data, EDITION), theirs.state, mine.state):
            who = last_change(item, request.user, copy)
            return Conflict(*who, names, mine, theirs, theirs.edition, copy.base)
    if item and (names := changed_beneath(read(data, BASE), stored.state, mine.state)):
        edition = Forms(model_admin, request, item, as_data(copy.data)).edition if copy else {}
        who = last_change(item, request.user)
        return Conflict(*who, names, mine, stored, edition or stored.edition, stored.edition)
    return None


def tab_of(data):
    """The window that a form is open in, as it calls itself."""
    return data.get(TAB, "").replace("\0", "")[:40]


def sequence_of(data):
    """How often its window has sent a form; 0 if it does not count."""
    number = data.get(SEQUENCE, "")
    return int(number) if is_key(number) and len(number) < 10 else 0


def read(data, name):
    """An edition that a form carries; an empty one if it carries none that can be read."""
    try:
        edition = json.loads(data.get(name, "{}"))
    except (ValueError, RecursionError):
        return {}
    return edition if isinstance(edition, dict) else {}


def last_change(item, user, copy=None):
    """Who changed an item or its copy last, and when, as ("ana", datetime or None)."""
    if copy:
        who, when = copy.author, copy.updated_at
    else:
        version = Version.objects.get_for_object(item).select_related("revision__user").first()
        who = version and version.revision.user
        when = version and version.revision.date_created
    if who == user:
        return "You, in another window,", when
    return who.get_username() if who else "Someone", when


def taken(data, theirs):
    """The data with those parts of the other side, a Forms, that the writer chose."""
    data = data.copy()
    posted = dict(theirs.form.data.lists()) if theirs.form.is_bound else theirs.posted()
    for name in set(data.getlist(TAKE)) & {*theirs.state}:
        for part in [part for part in data if belongs(part, name)]:
            del data[part]
        for part, values in posted.items():
            if belongs(part, name):
                data.setlist(part, values)
    return data


def belongs(part, name):
    """Whether an input belongs to a part of the state: a field, its boxes, or a set of rows."""
    return part == name or part.startswith((f"{name}_", f"{name}-"))


def reason(data, name=WHY):
    """The reason that was typed, as a line that both databases keep."""
    return " ".join(data.get(name, "").replace("\0", "").split())[:REASON]


def keep_first_version(item):
    """Make an item that no version is kept of one, before it is changed for the first time here."""
    if not Version.objects.get_for_object(item).exists():
        with reversion.create_revision():
            reversion.set_comment("as it was")
            reversion.add_to_revision(item)


def keep_version(copy, user, why=""):
    """Make what a working copy holds a version, which stays when the copy is gone."""
    with reversion.create_revision():
        reversion.set_user(user)
        reversion.set_comment("\n".join(filter(None, ["saved as a draft", why])))
        reversion.add_to_revision(copy)


@transaction.atomic
def discard(key, user):
    """Delete the working copy of this key, which stays in the history; whether there was one."""
    copy = WorkingCopy.objects.select_for_update().filter(key=key).first()
    if copy:
        keep_version(copy, user, "discarded")
        copy.delete()
    return bool(copy)
