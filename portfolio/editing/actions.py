"""What is done to many items at once: told item by item first, then done as one version.

Each action goes through the list's own page: it asks what it needs to know, tells what will happen
and what will not, and does that and nothing else. What someone changed between the telling and the
doing is left alone, and said.
"""

import re
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256

import reversion
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import BadRequest, ValidationError
from django.db.models import TextField
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone

from portfolio import rights
from portfolio.models import Tool

from . import checks, copies
from .checks.links import Addresses
from .clock import named, zone_name
from .models import Finding, WorkingCopy, key_of
from .moment import LocalMomentField
from .site_check import check_item

# Items at once. They take about 15 s on SQLite, where others wait 20 s for their turn to write.
LIMIT = 2000
# Items that are listed; the rest is counted.
SHOWN = 100
FURTHEST = timedelta(days=3660)


def noted(items):
    """What the checks found of items when they last looked, as {key: what blocks it}."""
    keys = {key_of(item) for item in items}
    reasons = {}
    for finding in Finding.objects.filter(blocking=True):
        if finding.key in keys:
            reasons.setdefault(finding.key, []).append(finding.message)
    return {key: " ".join(messages) for key, messages in reasons.items()}


def blocked(items):
    """What the checks find of items now, on the page that each would have, as `noted` gives it."""
    addresses, reasons = Addresses(), {}
    for item in items:
        # One that is gone meanwhile is told of later.
        with suppress(Http404):
            found = checks.obstacles(check_item(item, addresses))
            reasons[key_of(item)] = " ".join(each.message for each in found)
    return reasons


class Bulk:
    """One thing done to the items of a list.

    `name` is the action's, `done` what is said of it later; `asked` has the values of its form.
    Where it `is_checked`, the checks look at each page before it is done.
    """

    name = done = ""
    is_checked = False

    def __init__(self, model_admin, request, queryset):
        self.admin, self.request, self.queryset = model_admin, request, queryset
        self.user, self.now = request.user, timezone.now()
        self.stage = request.POST.get("stage", "")
        self.asked = {}

    # What an action is.

    def form(self, data, chosen):
        """The form of what it asks, of None or of what was answered; None if it asks nothing."""
        return None

    def obstacle(self, item):
        """Why it is not done to an item; "" if it is."""
        raise NotImplementedError

    def effect(self, item):
        """What it does to an item, as a sentence."""
        raise NotImplementedError

    def do(self, item):
        raise NotImplementedError

    # What comes of one request.

    def answer(self):
        """The page that asks or tells, or the way back to the list once it is done or given up."""
        chosen = self.chosen()
        if len(chosen) > LIMIT:
            text = f"These are {len(chosen):,}: choose at most {LIMIT:,} at once, by a filter."
            return self.back(messages.ERROR, text)
        form = self.form(self.request.POST if self.stage else None, chosen)
        if form and not form.is_valid():
            return self.page({"form": form, "items": chosen})
        self.asked = form.cleaned_data if form else {}
        if self.stage == "do":
            return self.carry_out(chosen)
        return self.tell(chosen, form)

    def chosen(self):
        """The primary keys that were selected, as {pk: edition}; "" where none was told yet."""
        posted = self.request.POST.get("items")
        if posted is None:
            return dict.fromkeys(self.queryset.values_list("pk", flat=True)[: LIMIT + 1], "")
        if not re.fullmatch(r"(\d{1,18}:[0-9a-f]{0,8}(,|\Z))*", posted, re.ASCII):
            raise BadRequest("items is not as the page sent it: select them again.")
        pairs = (pair.split(":") for pair in filter(None, posted.split(",")))
        return {int(pk): edition for pk, edition in pairs}

    def items(self, chosen):
        return self.admin.get_queryset(self.request).filter(pk__in=chosen)

    def tell(self, chosen, form):
        texts = [field.name for field in self.admin.opts.fields if isinstance(field, TextField)]
        items = list(self.items(chosen).defer(*texts))
        drafts = WorkingCopy.objects.filter(key__in=map(key_of, items))
        self.copies = {*drafts.values_list("key", flat=True)}
        self.blocked = noted(items) if self.is_checked else {}
        obstacles = [(item, self.obstacle(item)) for item in items]
        kept = [(item, why) for item, why in obstacles if why]
        done = [item for item, why in obstacles if not why]
        context = {
            "form": form,
            "is_told": True,
            "items": {item.pk: edition_of(item) for item in done},
            "done": [(item, self.effect(item)) for item in done[:SHOWN]],
            "kept": kept[:SHOWN],
            "done_count": len(done),
            "kept_count": len(kept),
            "more_done": max(0, len(done) - SHOWN),
            "more_kept": max(0, len(kept) - SHOWN),
        }
        return self.page(context)

    def page(self, context):
        items = context["items"].items()
        context |= {
            **self.admin.admin_site.each_context(self.request),
            "title": f"{self.label.lower()}: {self.admin.opts.verbose_name_plural}",
            "opts": self.admin.opts,
            "action": self,
            "count": len(items),
            "items": ",".join(f"{pk}:{edition}" for pk, edition in items),
            "why": self.request.POST.get("_why", ""),
            "time_zone": zone_name(),
            "list_address": self.request.get_full_path(),
        }
        return TemplateResponse(self.request, "admin/editing/action.html", context)

    def carry_out(self, chosen):
        done, kept = [], []
        # Before anybody has to wait for this to be written.
        self.blocked = blocked(self.items(chosen)) if self.is_checked else {}
        with reversion.create_revision():
            reversion.set_user(self.user)
            why = copies.reason(self.request.POST)
            reversion.set_comment("\n".join(filter(None, [f"{self.done} in bulk", why])))
            locked = self.items(chosen).select_for_update(of=("self",)).order_by("pk")
            items = {item.pk: item for item in locked}
            for pk, edition in chosen.items():
                item = items.get(pk)
                if item is None:
                    kept.append("one was deleted meanwhile")
                elif why_not := self.obstacle(item):
                    kept.append(f"“{item}”: {why_not}")
                elif edition != edition_of(item):
                    kept.append(f"“{item}”: it was changed meanwhile, look at it again")
                else:
                    self.do(item)
                    done.append(item)
        return self.report(len(done), kept)

    def report(self, done, kept):
        name = self.admin.opts.verbose_name if done == 1 else self.admin.opts.verbose_name_plural
        if done:
            self.admin.message_user(self.request, f"{done:,} {name} {self.done}.", messages.SUCCESS)
        if not kept:
            return self.back()
        more = f"; and {len(kept) - 5:,} more" if len(kept) > 5 else ""
        return self.back(messages.WARNING, f"Not done: {'; '.join(kept[:5])}{more}.")

    def back(self, level=None, text=""):
        if text:
            self.admin.message_user(self.request, text, level)
        return HttpResponseRedirect(self.request.get_full_path())

    # What several actions say.

    @property
    def label(self):
        return self.name.replace("_", " ")

    def publishing_obstacle(self, item):
        if not rights.may_publish(self.user, type(item)):
            return "you may not publish it"
        if item.state == "live":
            return "it is live already"
        return self.blocked.get(key_of(item), "")

    def with_copy(self, item, sentence, note):
        return f"{sentence}; {note}" if key_of(item) in self.copies else sentence


AS_SAVED = "as it was saved: what is in its working copy stays there"


class Publish(Bulk):
    name, done = "publish", "published"
    is_checked = True

    def obstacle(self, item):
        return self.publishing_obstacle(item)

    def effect(self, item):
        sentence = f"is public from now on at {item.get_absolute_url()}"
        if item.state == "scheduled":
            sentence += f" instead of from {moment(item.publish_at)}"
        return self.with_copy(item, sentence, AS_SAVED)

    def do(self, item):
        item.publish_at = self.now
        item.save()


class Unpublish(Bulk):
    name, done = "unpublish", "unpublished"

    def obstacle(self, item):
        if not rights.may_publish(self.user, type(item)):
            return "you may not publish it, or take it back"
        return "it is a draft already" if item.state == "draft" else ""

    def effect(self, item):
        if item.state == "scheduled":
            return f"is a draft, and does not go live on {moment(item.publish_at)}"
        return f"is a draft, and readers no longer find {item.get_absolute_url()}"

    def do(self, item):
        item.publish_at = None
        item.save()


class Schedule(Bulk):
    name, done = "schedule", "scheduled"
    is_checked = True

    class Options(forms.Form):
        when = LocalMomentField(label="goes live on")
        # The one that it is typed in, whichever the next page is shown in.
        zone = forms.CharField(required=False, widget=forms.HiddenInput, initial=zone_name)

        def full_clean(self):
            if self.is_bound and not named(self.data.get("zone", "")):
                self.data = self.data.copy()
                self.data["zone"] = zone_name()
            with timezone.override(named(self["zone"].value())):
                super().full_clean()

        def clean_when(self):
            when, now = self.cleaned_data["when"], timezone.now()
            if when <= now:
                raise ValidationError("Give a date and a time that are still to come.")
            if when > now + FURTHEST:
                raise ValidationError("Give a date within the next ten years.")
            return when

    def form(self, data, chosen):
        return self.Options(data)

    def obstacle(self, item):
        return self.publishing_obstacle(item)

    def effect(self, item):
        sentence = f"goes live on {moment(self.asked['when'])} at {item.get_absolute_url()}"
        if item.state == "scheduled":
            sentence += f" instead of on {moment(item.publish_at)}"
        return self.with_copy(item, sentence, AS_SAVED)

    def do(self, item):
        item.publish_at = self.asked["when"]
        item.save()


class ToolsForm(forms.Form):
    tools = forms.ModelMultipleChoiceField(Tool.objects, widget=forms.CheckboxSelectMultiple)

    def __init__(self, data, tools):
        super().__init__(data)
        self.fields["tools"].queryset = tools


class AddTools(Bulk):
    name, done = "add_tools", "given tools"

    def form(self, data, chosen):
        return ToolsForm(data, Tool.objects.all())

    def items(self, chosen):
        return super().items(chosen).prefetch_related("tools")

    def differing(self, item):
        """The tools that were asked for and make a difference to an item."""
        return [tool for tool in self.asked["tools"] if tool not in item.tools.all()]

    def obstacle(self, item):
        if not rights.may_change(self.user, item):
            return "you may not change it"
        return "" if self.differing(item) else "it has them already"

    def effect(self, item):
        return self.told(item, "gets")

    def told(self, item, verb):
        sentence = f"{verb} {', '.join(map(str, self.differing(item)))}"
        if item.state == "live":
            sentence += ", on its public page at once"
        return self.with_copy(item, sentence, "its working copy keeps its own tools")

    def do(self, item):
        item.tools.add(*self.differing(item))
        self.date(item)

    def date(self, item):
        item.updated_at = timezone.now()
        item.save(update_fields=["updated_at"])


class RemoveTools(AddTools):
    name, done = "remove_tools", "rid of tools"

    def form(self, data, chosen):
        model = self.admin.model
        of_chosen = model.tools.through.objects.filter(**{f"{model._meta.model_name}__in": chosen})
        return ToolsForm(data, Tool.objects.filter(pk__in=of_chosen.values("tool")))

    def differing(self, item):
        return [tool for tool in self.asked["tools"] if tool in item.tools.all()]

    def obstacle(self, item):
        if not rights.may_change(self.user, item):
            return "you may not change it"
        return "" if self.differing(item) else "it has none of them"

    def effect(self, item):
        return self.told(item, "loses")

    def do(self, item):
        item.tools.remove(*self.differing(item))
        self.date(item)


def edition_of(item):
    """A digest that changes with the item."""
    return sha256(f"{item.updated_at} {item.publish_at}".encode()).hexdigest()[:8]


def moment(when):
    return f"{timezone.localtime(when):%d %b %Y, %H:%M}".lower() + f" ({zone_name()})"


# As the admin knows them.


@admin.action(description="publish", permissions=["publish"])
def publish(model_admin, request, queryset):
    return Publish(model_admin, request, queryset).answer()


@admin.action(description="unpublish", permissions=["publish"])
def unpublish(model_admin, request, queryset):
    return Unpublish(model_admin, request, queryset).answer()


@admin.action(description="schedule…", permissions=["publish"])
def schedule(model_admin, request, queryset):
    return Schedule(model_admin, request, queryset).answer()


@admin.action(description="add tools…", permissions=["change"])
def add_tools(model_admin, request, queryset):
    return AddTools(model_admin, request, queryset).answer()


@admin.action(description="remove tools…", permissions=["change"])
def remove_tools(model_admin, request, queryset):
    return RemoveTools(model_admin, request, queryset).answer()


class BulkAdmin:
    """For an admin class of publishables."""

    actions = [publish, unpublish, schedule]

    def changelist_view(self, request, extra_context=None):
        """Hands what a page of an action sent to the action, without the list."""
        sent = request.POST.get("action") if "stage" in request.POST else None
        if sent and self.has_view_or_change_permission(request):
            action, *_ = self.get_actions(request).get(sent, [None])
            if action in (publish, unpublish, schedule, add_tools, remove_tools):
                return action(self, request, self.model.objects.none())
        return super().changelist_view(request, extra_context)

    def has_publish_permission(self, request):
        return rights.may_publish(request.user, self.model)
