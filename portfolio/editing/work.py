"""One visit to an item's form: its working copy, what is in the way, and what comes of the verb."""

import json
import uuid
from contextlib import suppress

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timeuntil

from portfolio import rights

from . import checks, copies, site_check
from .clock import zone_name
from .form import verb_of
from .models import WorkingCopy, item_of, key_of, new_key
from .rehearsal import public_page, rehearsal
from .state import Forms, as_data, digest, is_key, settled

WITH_CHANGES = "with changes"


def state_of(item, has_changes):
    """The state in words: `draft`, `scheduled`, `live`, and the latter two `with changes`."""
    if item is None:
        return "new"
    changed = has_changes and item.state != "draft"
    return f"{item.state} {WITH_CHANGES}" if changed else item.state


def badge(state):
    return format_html('<span class="state {}">{}</span>', state.replace(" ", "-"), state)


class Work:
    """What someone does with an item of a kind, or with a new one if `item` is None.

    `key` is that of the request's working copy; PermissionDenied if it is not theirs to write. If
    an item has come of the key of something new, the work is on that item.
    """

    def __init__(self, model_admin, request, item, key=""):
        self.admin, self.request = model_admin, request
        self.verb = verb_of(request.POST)
        self.key = key_of(item) if item else self._new_key(key)
        self.item = item or item_of(self.key)
        if self.item:
            self.key = key_of(self.item)
        self.copy = WorkingCopy.objects.filter(key=self.key).first()
        self.conflict = None
        self.findings, self.blocked = None, []
        if not self.may_write():
            raise PermissionDenied

    def _new_key(self, key):
        """The key that the request names for something new, or else one that nothing has yet."""
        given = key or self.request.POST.get("_key") or self.request.GET.get("copy") or ""
        try:
            return f"{self.admin.opts.label_lower}:{uuid.UUID(given.rpartition(':')[2])}"
        except ValueError:
            return new_key(self.admin.model)

    @property
    def was_new(self):
        """Whether the form was made when the item was not there yet."""
        number = self.request.POST.get("_key", "").rpartition(":")[2]
        return bool(number) and not is_key(number)

    def may_write(self):
        user = self.request.user
        if self.item:
            return self.admin.has_change_permission(self.request, self.item)
        mine = self.copy is None or self.copy.author_id == user.pk
        return self.admin.has_add_permission(self.request) and (mine or self.may_publish)

    @property
    def may_publish(self):
        return rights.may_publish(self.request.user, self.admin.model)

    # What was posted.

    def take(self):
        """Keep what was posted; gives the answer if that was all, None if it is to be saved.

        To be called in the transaction that saves it. What is in the way of saving it is then in
        `request.obstacles`, for the form to say.
        """
        if self.verb not in ("save", "preview") and not self.may_publish:
            raise PermissionDenied
        request = self.request
        if copies.TAKE in request.POST:
            if self.copy and copies.is_next(self.copy, request.POST):
                # What was saved of one's own, and is given up here for theirs.
                copies.keep_version(self.copy, request.user, "theirs was taken in its place")
            request.POST = copies.taken(request.POST, self._other_side())
        request.POST = settled(request.POST, self.forms())
        if self.is_done():
            return self.done()
        self.copy, self.conflict = copies.keep(
            self.admin, request, self.key, self.item, request.POST
        )
        if self.conflict:
            request.obstacles = [copies.SEE_ABOVE]
            return None
        if self.verb == "preview":
            return HttpResponseRedirect(reverse("editing:page", args=[self.key]))
        if self.verb == "save" and self.item and self.item.state != "draft":
            copies.keep_version(self.copy, request.user, copies.reason(request.POST))
            messages.success(request, "Saved as a draft. The public page is as it was.")
            return HttpResponseRedirect(self.address)
        if self.verb in ("publish", "schedule"):
            request.obstacles = self.obstacles()
        if self.item:
            copies.keep_first_version(self.item.stored())
        return None

    def is_done(self):
        """Whether all that was posted is stored since the form was made: it was sent twice."""
        states = {"publish": "live", "schedule": "scheduled", "unpublish": "draft", "save": "draft"}
        if self.item is None or states.get(self.verb) != self.item.state:
            return False
        stored, mine = self.forms().state, self.forms(self.request.POST).state
        seen = copies.read(self.request.POST, copies.BASE)
        differing = {name for name, value in stored.items() if value != mine.get(name)}
        differing = {name for name in differing if not are_same_rows(mine.get(name), stored[name])}
        if self.was_new:
            # What was left empty is filled in when it is saved.
            differing = {name for name in differing if mine.get(name)}
        moment = mine.get("publish_at")
        if (
            self.verb in ("save", "unpublish")
            or not moment
            or seen.get("publish_at") == digest(moment)
        ):
            differing.discard("publish_at")
        return not differing and any(seen.get(name) != digest(stored[name]) for name in stored)

    def done(self):
        """The way back to the form, which says what was done."""
        messages.success(self.request, self.message())
        return HttpResponseRedirect(self.address)

    def _other_side(self):
        if self.copy and self.request.POST.get("_side") == "copy":
            return self.forms(as_data(self.copy.data))
        return self.forms()

    def obstacles(self):
        """What keeps the page from going out: what the checks find, unless a reason is given."""
        try:
            _, self.findings = self.looked_at(self.request.POST)
        except DatabaseError:
            return []  # what keeps it from being stored is said at its field
        self.blocked = checks.obstacles(self.findings)
        if not self.blocked or self.despite:
            return []
        number = len(self.blocked)
        return [
            f"{number} thing{'s' if number > 1 else ''} should be put right first: see "
            "“Before this goes live”. To publish all the same, say why there."
        ]

    @property
    def despite(self):
        """The reason to publish what the checks would stop."""
        return copies.reason(self.request.POST, copies.DESPITE)

    def saved(self, item):
        """The working copy has been saved to the item, and goes."""
        if self.copy:
            self.copy.delete()
        if self.verb in ("publish", "unpublish"):
            site_check.remember(item, self.findings or [])
        self.item, self.key = item, key_of(item)

    # What the form shows.

    def forms(self, data=None):
        return Forms(self.admin, self.request, self.item, data)

    @property
    def address(self):
        """The address of the form."""
        info = self.admin.opts.app_label, self.admin.opts.model_name
        if self.item:
            return reverse("admin:{}_{}_change".format(*info), args=[self.item.pk])
        return reverse("admin:{}_{}_add".format(*info)) + f"?copy={self.key.partition(':')[2]}"

    def editions(self):
        """What the form's window has seen, as (edition of what it shows, that of the item)."""
        if self.conflict:
            return self.conflict.edition, self.conflict.base
        if self.copy:
            return self.forms(as_data(self.copy.data)).edition, self.copy.base
        edition = self.forms().edition if self.item else {}
        return edition, edition

    def context(self):
        edition, base = map(json.dumps, self.editions())
        return {
            "work": self,
            "conflict": self.conflict,
            "edition": edition,
            "base": base,
            "why": copies.reason(self.request.POST),
            "time_zone": zone_name(),
        }

    @property
    def state(self):
        return state_of(self.item, bool(self.copy))

    @property
    def badge(self):
        return badge(self.state)

    @property
    def next_step(self):
        """The verb that the work is on its way to, as (name, label)."""
        if not self.may_publish:
            return "save", "save draft"
        if self.item and self.item.state == "live":
            return "publish", "publish changes"
        return "publish", "publish now" if self.state.startswith("scheduled") else "publish"

    # The real page.

    def page(self, data=None):
        """The HTML of the public page as it would be if the data were published now.

        Without data it is of the working copy, or else of the item as it is stored.
        """
        with rehearsal():
            return public_page(self.performed(data))

    def looked_at(self, data):
        """The `page` of the data, and what the checks find on it."""
        with rehearsal():
            item = self.performed(data)
            page = public_page(item)
            return page, checks.findings(item, page)

    def performed(self, data=None):
        """The item with the data saved to it and live, in the rehearsal that this is called in.

        Where a field does not hold what it should yet, it keeps what the item has.
        """
        if data is None and self.copy:
            data = as_data(self.copy.data)
        # Another instance, since what is taken back in the database would stay in this one.
        item = self.item and self.item.stored()
        if data is not None:
            forms = Forms(self.admin, self.request, item, data)
            item = self._saved_as_far_as_possible(forms)
        if item is None or item.pk is None:
            raise LookupError(self.key)
        if item.state != "live":
            item.publish_at = timezone.now()
            item.save()
        return item

    def _saved_as_far_as_possible(self, forms):
        form = forms.form
        form.is_valid()
        item = form.instance
        for name, value in self.admin.get_changeform_initial_data(self.request).items():
            if getattr(item, name, "") is None:
                setattr(item, name, value)
        item.title = item.title or "untitled"
        if "slug" in form.errors or not self._is_free(item):
            item.slug = f"preview-{uuid.uuid4().hex}"
        item.publish_at = timezone.now() if item.state != "live" else item.publish_at
        item.save()
        form._save_m2m()
        for formset in forms.formsets:
            for row in formset.forms:
                with suppress(IntegrityError, ValueError), transaction.atomic():
                    save_row(formset, row, item)
        return item

    def _is_free(self, item):
        key = {name: getattr(item, name) for name in item.natural_key_fields}
        others = type(item)._base_manager.filter(**key).exclude(pk=item.pk)
        return bool(item.slug) and not others.exists()

    # What is said of it.

    def message(self):
        item, verb = self.item, self.verb
        address = item.get_absolute_url()
        if verb == "publish":
            return format_html('Published: <a href="{}">{}</a>', address, item.title)
        if verb == "schedule":
            local = timezone.localtime(item.publish_at)
            return (
                f"Scheduled: goes live in {timeuntil(item.publish_at)}, "
                f"on {local:%d %b %Y at %H:%M} ({zone_name()})."
            )
        if verb == "unpublish":
            return "Unpublished: readers do not find it any more."
        return "Saved as a draft."

    def comment(self):
        """What the history says of it."""
        local = self.item.publish_at and timezone.localtime(self.item.publish_at)
        said = {
            "save": "saved",
            "publish": "published",
            "unpublish": "unpublished",
            "schedule": f"scheduled for {local:%d %b %Y at %H:%M}" if local else "",
        }
        why = [copies.reason(self.request.POST)]
        if self.despite and self.blocked:
            names = ", ".join(dict.fromkeys(found.check for found in self.blocked))
            why.append(f"despite {names}: {self.despite}")
        return "\n".join(filter(None, [said[self.verb], *why]))


def are_same_rows(mine, stored):
    """Whether the rows of a form are stored already; a new one was given its position then."""
    is_rows = isinstance(mine, list) and mine and isinstance(mine[0], dict)
    if not is_rows or len(mine) != len(stored):
        return False
    return all(any(is_same_row(row, other) for other in stored) for row in mine)


def is_same_row(row, stored):
    differing = {name for name, value in row.items() if value != stored.get(name)}
    return not differing or (differing == {"position"} and row["position"] in ("", "0"))


def save_row(formset, form, item):
    """Save one row of inline forms if it holds anything that can be saved."""
    if form.data.get(form.add_prefix("DELETE")):
        if form.instance.pk:
            form.instance.delete()
    elif form.has_changed() and form.is_valid():
        setattr(form.instance, formset.fk.name, item)
        form.save()
