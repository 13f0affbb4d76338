"""The checks over the whole site, and what they found kept for the desk.

A `Finding` tells of a page when it was last looked at. That is when it is published, when a thing
that it links to by its whole address is published, moved, unpublished or deleted, and whenever
`manage.py check_content` runs. The latter alone sees what a schedule brought about, what relative
links lead to, and all that changed where more than `MOST` things did at once.
"""

import threading
from collections import defaultdict, deque
from functools import reduce
from itertools import islice
from operator import or_
from typing import NamedTuple

from django.apps import apps
from django.db import transaction
from django.db.models import Q
from django.db.models.signals import post_save, pre_delete
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from portfolio import rights
from portfolio.changes import content_changed
from portfolio.models import FormerAddress, MarkdownField, Publishable, Tool

from .checks import findings
from .checks.links import Addresses
from .models import Finding, key_of, model_of
from .rehearsal import public_page, rehearsal

# Changed things that are followed after a transaction, and pages that are looked at again.
MOST = 20


def kinds():
    """The models whose items have a page with texts of their own."""
    return [model for model in apps.get_models() if issubclass(model, Publishable)] + [Tool]


def public(model):
    items = model._default_manager
    return items.live() if issubclass(model, Publishable) else items.all()


def check_item(item, addresses=None):
    """The findings of an item as it is stored; of a draft as if it were published now.

    Raises Http404 if it has been deleted or unpublished meanwhile.
    """
    if item.state == "live":
        return findings(item, public_page(item), addresses)
    with rehearsal():
        item = get_object_or_404(type(item)._base_manager, pk=item.pk)
        item.publish_at = timezone.now()
        item.save(update_fields=["publish_at"])
        return findings(item, public_page(item), addresses)


def look_at(item, addresses=None):
    """Check an item and keep what is found, which is returned; None if it is gone meanwhile."""
    try:
        found = check_item(item, addresses)
    except Http404:
        return None
    remember(item, found)
    return found


@transaction.atomic
def remember(item, found):
    """Keep what was found of an item, in place of what was found before."""
    # Two who look at once take turns; and of what has just been deleted nothing is kept.
    if type(item)._base_manager.select_for_update().filter(pk=item.pk).first():
        key, now = key_of(item), timezone.now()
        Finding.objects.filter(key=key).delete()
        Finding.objects.bulk_create(
            Finding(
                key=key,
                check_name=each.check,
                blocking=each.blocking,
                message=each.message,
                found_at=now,
            )
            for each in found
        )


def forget(checked):
    """Drop the findings of what is neither public nor one of the keys `checked`."""
    pks = defaultdict(set)
    for key in Finding.objects.order_by().values_list("key", flat=True).distinct():
        if key not in checked:
            pks[key.partition(":")[0]].add(int(key.partition(":")[2]))
    for label, numbers in pks.items():
        there = public(model_of(label)).filter(pk__in=numbers).values_list("pk", flat=True)
        gone = [f"{label}:{number}" for number in numbers.difference(there)]
        Finding.objects.filter(key__in=gone).delete()


# For the desk.


class Noted(NamedTuple):
    """An item with its findings, and the address of its form."""

    item: object
    form: str
    findings: list


def noted(user, limit=200):
    """What was found of the items that this user may change: `Noted`s, those that block first."""
    groups = defaultdict(list)
    for finding in Finding.objects.order_by("-blocking", "-found_at", "pk")[:limit]:
        groups[finding.key].append(finding)
    items = stored(groups)
    return [
        Noted(items[key], form_of(items[key]), found)
        for key, found in groups.items()
        if key in items and rights.may_change(user, items[key])
    ]


def stored(keys):
    """The items of keys, as {key: item}; one query for each kind."""
    pks = defaultdict(set)
    for key in keys:
        pks[model_of(key)].add(int(key.partition(":")[2]))
    return {
        key_of(item): item
        for model, numbers in pks.items()
        for item in model._base_manager.in_bulk(numbers).values()
    }


def form_of(item):
    return reverse(f"admin:{item._meta.app_label}_{item._meta.model_name}_change", args=[item.pk])


# When what a page links to changes.


class Waiting(threading.local):
    """The last things that were changed, by key, and the last addresses that ceased to be public.

    What a rollback took back stays until the next commit, where it does no harm.
    """

    def __init__(self):
        self.keys, self.paths = deque(maxlen=MOST), deque(maxlen=MOST)


_waiting = Waiting()


def follow_changes():
    """Have pages looked at again when what they link to begins or ceases to be public."""
    content_changed.connect(after_change, dispatch_uid="checks")
    post_save.connect(after_moving, FormerAddress, dispatch_uid="checks")
    for model in kinds():
        pre_delete.connect(before_delete, model, dispatch_uid="checks")


def after_change(sender, pks, **kwargs):
    """Receives `content_changed`: what led nowhere may lead to one of these now."""
    if sender in kinds():
        label = sender._meta.label_lower
        wait(_waiting.keys, [f"{label}:{pk}" for pk in islice(pks or (), MOST)])


def after_moving(sender, instance, raw, **kwargs):
    """An address is remembered when what was public at it moved or was unpublished."""
    if not raw:
        wait(_waiting.paths, addresses_of(instance.target))


def before_delete(sender, instance, **kwargs):
    Finding.objects.filter(key=key_of(instance)).delete()
    if instance.state == "live":
        wait(_waiting.paths, addresses_of(instance))


def wait(queue, changed):
    queue.extend(each for each in changed if each not in queue)
    transaction.on_commit(look_again, robust=True)


def look_again():
    """Look at the pages that a transaction may have changed something for, once for all of it."""
    keys, paths = [*_waiting.keys], [*_waiting.paths]
    _waiting.keys.clear()
    _waiting.paths.clear()
    addresses = Addresses()
    for item in [*complaining_of(keys), *naming(paths)][:MOST]:
        look_at(item, addresses)


def complaining_of(keys):
    """The public items with a finding that names an address, old or new, of one of these keys."""
    paths = [path for item in stored(keys).values() for path in addresses_of(item)]
    # A message cuts a long one.
    named = any_of(Q(message__contains=path[:70]) for path in paths)
    found = Finding.objects.filter(named) if paths else Finding.objects.none()
    about = stored({*found.order_by().values_list("key", flat=True)[:MOST]})
    return [item for item in about.values() if item.state == "live"]


def addresses_of(item):
    """Its address, and those that lead to it."""
    return item.get_absolute_url(), *item.former_addresses.values_list("path", flat=True)


def naming(paths):
    """The public items whose texts name one of these addresses."""
    found = []
    for model in kinds() if paths else ():
        fields = [f.name for f in model._meta.concrete_fields if isinstance(f, MarkdownField)]
        named = any_of(
            Q(**{f"{name}__contains": path.rstrip("/")}) for name in fields for path in paths
        )
        found += public(model).filter(named)[:MOST]
    return found


def any_of(conditions):
    return reduce(or_, conditions, Q())
