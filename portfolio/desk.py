"""The editor's first page: what is waiting, what is planned, what went wrong, what was done."""

from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote

from django.contrib import admin
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from reversion.models import Version

from journal.models import CountedMonth, Entry
from roles.models import Role

from . import images, rights
from .editing import site_check
from .editing.models import WorkingCopy, key_of, model_of
from .editing.uses import may_change
from .editing.work import badge, state_of
from .exchange.desk.views import may_exchange
from .models import Focus, Image, NaturalKeyModel, Principle, Profile, Tool
from .months import Month

KINDS = (Entry, Role, Principle)
# Lines of a list; the lists of each kind have the rest.
MOST = 8
MONTHS = 12
NUMBERS = ("nothing", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


class Line(NamedTuple):
    """A piece of work: its title and kind, the address of its form, its state, and a moment."""

    title: str
    kind: str
    address: str
    badge: str
    at: datetime | None
    said: str = ""


@never_cache
def desk(request):
    user = request.user
    noted = site_check.noted(user)
    found, in_work = in_progress(user)
    planned, to_come = scheduled(user)
    context = {
        "title": "desk",
        "in_progress": found,
        "scheduled": planned,
        "waiting": in_words(in_work + to_come),
        "more": in_work + to_come - len(found) - len(planned),
        "lately": lately(user),
        "stale": stale(user),
        "noted": noted[:MOST],
        "more_noted": max(0, len(noted) - MOST),
        "months": months(),
        "pictures": pictures() if rights.may(user, "view", Image) else None,
        "may_exchange": may_exchange(user),
        "this_month": Month.now(),
        "first_steps": [] if found else first_steps(user),
    }
    return admin.site.index(request, context)


def in_words(number):
    if number == 0:
        return "nothing is waiting."
    counted = NUMBERS[number] if number < len(NUMBERS) else f"{number:,}"
    return f"{counted} thing{'s are' if number > 1 else ' is'} waiting."


def in_progress(user):
    """Drafts, unpublished changes and what was never saved: (the newest Lines, how many)."""
    copies = {copy.key: copy for copy in WorkingCopy.objects.defer("data", "base")}
    lines = [new(copy) for copy in copies.values() if copy.is_new and may_change(user, copy)]
    number = len(lines)
    for model in KINDS:
        items = model.objects.visible_to(user)
        drafts = items.filter(publish_at=None)
        changed = items.exclude(publish_at=None).filter(pk__in=pks(copies, model))
        # Of what is public, who may only read it is not told that it will change.
        changed = [item for item in changed if may_change(user, item)]
        number += drafts.count() + len(changed)
        for item in [*drafts.order_by("-updated_at")[:MOST], *changed]:
            lines.append(line(item, copies.get(key_of(item))))
    return sorted(lines, key=lambda line: line.at, reverse=True)[:MOST], number


def pks(copies, model):
    """The primary keys of the model's items that have a working copy."""
    keys = (key.partition(":") for key, copy in copies.items() if not copy.is_new)
    return [pk for kind, _, pk in keys if kind == model._meta.label_lower]


def line(item, copy=None):
    return Line(
        title=(copy and copy.title) or str(item),
        kind=item._meta.verbose_name,
        address=site_check.form_of(item),
        badge=badge(state_of(item, copy)) if hasattr(item, "state") else "",
        at=copy.updated_at if copy else getattr(item, "updated_at", None),
    )


def new(copy):
    opts = model_of(copy.key)._meta
    address = reverse(f"admin:{opts.app_label}_{opts.model_name}_add")
    query = f"?copy={copy.key.partition(':')[2]}"
    return Line(str(copy), opts.verbose_name, address + query, badge("draft"), copy.updated_at)


def scheduled(user):
    """What goes live by itself: (the next Lines, how many)."""
    lines, number = [], 0
    for model in KINDS:
        items = model.objects.visible_to(user).in_state("scheduled").order_by("publish_at")
        number += items.count()
        lines += [line(item)._replace(at=item.publish_at) for item in items[:MOST]]
    return sorted(lines, key=lambda line: line.at)[:MOST], number


def lately(user):
    """The newest of the history, one line for each thing that was changed."""
    versions = Version.objects.select_related("revision__user", "content_type")
    lines, seen = [], set()
    # Of a revision the first is what it is of, and the rest its parts.
    for version in versions.order_by("-revision_id", "pk")[: 10 * MOST]:
        model = version.content_type.model_class()
        key = version.content_type_id, version.object_id
        if model is None or key in seen or not is_whole(model) or len(lines) == MOST:
            continue
        seen.add(key)
        item = visible(user, model, version.object_id)
        if item:
            lines.append((item, version.revision))
    return [
        line(item)._replace(at=revision.date_created, said=revision.comment)
        for item, revision in lines
    ]


def is_whole(model):
    """Whether it is content with a form of its own."""
    return issubclass(model, NaturalKeyModel) and admin.site.is_registered(model)


def visible(user, model, pk):
    items = model._default_manager
    if hasattr(items, "visible_to"):
        return items.visible_to(user).filter(pk=pk).first()
    return items.filter(pk=pk).first() if rights.may(user, "view", model) else None


def stale(user):
    """The statements of *now* that are past their review."""
    if not rights.may(user, "change", Focus):
        return []
    statements = Focus.objects.current().filter(review_by__lt=timezone.localdate())
    return [(item, site_check.form_of(item)) for item in statements.order_by("review_by")]


class Step(NamedTuple):
    """One of the ways to begin: what one writes, the address of its form, and what it is."""

    label: str
    address: str
    said: str


def first_steps(user):
    """What the user may begin with on a site that has nothing to read yet; nothing on any other."""
    items = [model.objects.visible_to(user) for model in KINDS]
    if any(found.exists() for found in (*items, Focus.objects, Tool.objects)):
        return []
    steps = []
    profile = Profile.objects.first()
    if rights.may(user, "change", Profile) and not (profile and (profile.name or profile.headline)):
        address = reverse(
            "admin:portfolio_profile_changelist" if profile else "admin:portfolio_profile_add"
        )
        steps.append(Step("who you are", address, "a name, what you do, where else to find you"))
    if rights.may(user, "add", Entry):
        address = reverse("admin:journal_entry_add") + f"?month={quote(str(Month.now()))}"
        steps.append(
            Step("a first entry", address, "what this month was; a draft until you publish it")
        )
    if rights.may(user, "add", Role):
        said = "a case study: problem, approach, impact, what broke"
        steps.append(Step("a first role", reverse("admin:roles_role_add"), said))
    if rights.is_owner(user):
        said = "an export of this software, Hugo, Jekyll, Ghost or WordPress"
        steps.append(Step("what you have elsewhere", reverse("exchange:content"), said))
    return steps


class Bar(NamedTuple):
    """A month of the sparkline, in the units of its SVG: 20 wide, 60 high."""

    month: Month
    count: int
    x: int
    height: int

    @property
    def y(self):
        return 60 - self.height


def months():
    """How many entries are live of each of the last months, as `Bar`s, the oldest first."""
    now = Month.now()
    last = now.year * 12 + now.month - 1
    shown = [Month(n // 12, n % 12 + 1) for n in range(last - MONTHS + 1, last + 1)]
    live = CountedMonth.objects.live().filter(month__gte=shown[0])
    counts = {each.month: each.count for each in live}
    most = max([*counts.values(), 1])
    return [
        Bar(
            month, counts.get(month, 0), 20 * index, max(1, round(56 * counts.get(month, 0) / most))
        )
        for index, month in enumerate(shown)
    ]


def pictures():
    """How many pictures there are, and the bytes that they take with their renditions."""
    return {"count": Image.objects.count(), "bytes": cache.get_or_set("pictures", size, 300)}


def size():
    try:
        return sum(images.stored().values())
    except OSError:
        return 0  # one was deleted meanwhile, or nothing can be asked
