"""How many entries of each month are live: kept, and right however they are written."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count, Max
from django.utils import timezone

from journal.models import CountedMonth, Entry
from portfolio.models import CHANGED_AT
from portfolio.months import Month
from roles.models import Role
from tests.factories import make_entry, make_role

pytestmark = pytest.mark.django_db

MAY, JUNE, JULY = (Month(2024, number) for number in (5, 6, 7))


def kept():
    return [(each.month, each.count, each.latest) for each in CountedMonth.objects.live()]


def counted():
    """The same, counted."""
    live = Entry.objects.live().order_by("-month").values_list("month")
    return [*live.annotate(Count("pk"), latest=Max(CHANGED_AT))]


def new(**fields):
    return Entry(**{"title": "x", "month": MAY, "publish_at": timezone.now()} | fields)


def save_in_another_month(one, two):
    one.month = JULY
    one.save()


def delete_with_another_month_unsaved(one, two):
    one.month = JULY
    one.delete()


def unpublish(one, two):
    one.publish_at = None
    one.save()


def change_some_fields(one, two):
    one.publish_at = None
    one.save(update_fields=["publish_at"])


def publish_later(one, two):
    one.publish_at = timezone.now() + timedelta(days=1)
    one.save()


def edit(one, two):
    one.title = "another"
    one.save()


def move_in_bulk(one, two):
    one.month, two.month = JULY, MAY
    Entry.objects.bulk_update([one, two], ["month"])


def load(one, two):
    call_command("loaddata", "seed", verbosity=0)


WRITES = [
    save_in_another_month,
    delete_with_another_month_unsaved,
    unpublish,
    change_some_fields,
    publish_later,
    edit,
    move_in_bulk,
    load,
    lambda one, two: one.delete(),
    lambda one, two: Entry.objects.all().delete(),
    lambda one, two: Entry.objects.filter(month=MAY).update(month=JUNE),
    lambda one, two: Entry.objects.update(publish_at=None),
    lambda one, two: Entry.objects.filter(pk=two.pk).update(month=JULY, publish_at=None),
    lambda one, two: Entry.objects.bulk_create([new(slug="a"), new(slug="b", month=JULY)]),
    lambda one, two: Role.objects.all().delete(),
    lambda one, two: one.role.entries.update(month=JULY),
    lambda one, two: Entry.objects.update_or_create(slug="one", defaults={"month": JULY}),
]


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write.__name__)
def test_the_counts_are_right_after_each_way_to_write(write):
    one = make_entry(slug="one", month=MAY, role=make_role())
    two = make_entry(slug="two", month=JUNE)
    make_entry(slug="three", month=MAY)
    make_entry(slug="draft", month=MAY, publish_at=None)
    assert kept() == counted() != []
    write(one, two)
    assert kept() == counted()
    everything = Entry.objects.order_by("-month").values_list("month").annotate(Count("pk"))
    assert [*CountedMonth.objects.values_list("month", "entries")] == [*everything]


def test_what_goes_live_by_itself_is_counted_from_then_on(monkeypatch):
    make_entry(month=MAY)
    soon = timezone.now() + timedelta(hours=1)
    make_entry(month=MAY, publish_at=soon)
    make_entry(month=JUNE, publish_at=soon)
    assert [month for month, *_ in kept()] == [MAY]
    monkeypatch.setattr(timezone, "now", lambda: soon)
    assert kept() == counted() == [(JUNE, 1, soon), (MAY, 2, soon)]
    # A month that is counted then has it once.
    make_entry(month=MAY, publish_at=soon - timedelta(days=1))
    assert [count for _, count, _ in kept()] == [1, 3]


def test_a_change_that_is_taken_back_takes_its_count_back():
    from django.db import transaction

    make_entry(month=MAY)
    with pytest.raises(RuntimeError), transaction.atomic():
        make_entry(month=MAY)
        raise RuntimeError
    assert kept() == counted()
    assert kept()[0][1] == 1


@pytest.mark.django_db(transaction=True)
def test_a_site_that_had_entries_before_has_them_counted():
    make_entry(month=MAY)
    make_entry(month=MAY, publish_at=None)
    MigrationExecutor(connection).migrate([("journal", "0006_dates_of_change")])
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    assert kept() == counted() != []
    assert [*CountedMonth.objects.values_list("entries", flat=True)] == [2]
