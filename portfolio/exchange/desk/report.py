"""A plan as a page shows it: in words, cut to what can be read, and without the objects."""

from collections import Counter
from itertools import islice

from django.contrib import admin
from django.urls import reverse

from .. import difference
from ..canonical import KINDS, as_json

SHOWN = 200  # of each list
WHATS = ("add", "change", "delete", "leave")


def report(plan, called):
    """What a `Plan` says, as a dictionary of JSON's types.

    `lists` has what would be added, changed and deleted, and apart from it what was `newer` here.
    `called(where)` says a place as the user calls it.
    """
    newer = plan.newer_here[:SHOWN]
    others = {
        what: [each for each in plan.changes if each.what == what and not each.is_newer_here]
        for what in ("delete", "change", "add")
    }
    others = {what: some[:SHOWN] for what, some in others.items()}
    forms = forms_of([*others["change"], *others["add"], *newer])
    totals = Counter({what: plan.count(what) for what in others})
    totals.subtract(each.what for each in plan.newer_here)
    lists = {what: listed(some, totals[what], forms, called) for what, some in others.items()}
    return {
        "counts": counts(plan),
        "total": {what: plan.count(what) for what in WHATS},
        "is_empty": plan.is_empty,
        "lists": lists | {"newer": listed(newer, len(plan.newer_here), forms, called)},
        "problems": remarks(plan.problems, called),
        "remarks": remarks(plan.remarks, called),
        # All of them, so that nothing is undone that was not shown to be.
        "newer": sorted({f"{each.label} {each.name}" for each in plan.newer_here}),
    }


def counts(plan):
    """A row for each kind that the source has: [name, added, changed, deleted, left]."""
    rows = [
        [str(kind.model._meta.verbose_name_plural), *(plan.counts[what, label] for what in WHATS)]
        for label, kind in KINDS.items()
    ]
    return [row for row in rows if any(row[1:])]


def listed(changes, total, forms, called):
    items = [
        {
            "kind": str(KINDS[each.label].model._meta.verbose_name),
            "name": each.name,
            "where": called(each.where),
            "form": forms.get((each.label, each.name), ""),
            "fields": [(name, *difference.sides(*values)) for name, values in each.fields.items()],
        }
        for each in changes
    ]
    return {"shown": items, "more": total - len(items)}


def remarks(some, called):
    items = [{"where": called(each.where), "what": each.what} for each in some[:SHOWN]]
    return {"shown": items, "more": len(some) - len(items)}


def forms_of(changes):
    """The addresses of the admin's forms of those that are here, as {(label, name): address}."""
    found = {}
    for label in {each.label for each in changes}:
        kind = KINDS[label]
        if not admin.site.is_registered(kind.model):
            continue
        names = {each.name for each in changes if each.label == label}
        keys = kind.model._base_manager.values_list("pk", *kind.model.natural_key_fields)
        named = ((kind.name(tuple(map(as_json, key))), pk) for pk, *key in keys.iterator())
        address = "admin:{}_{}_change".format(*label.split("."))
        for name, pk in islice((each for each in named if each[0] in names), len(names)):
            found[label, name] = reverse(address, args=[pk])
    return found
