"""How the database finds the pages of an archive: along an index, whatever there is."""

import pytest
from django.db import connection
from django.db.models.fields.tuple_lookups import TupleLessThan

from journal.models import CountedMonth, Entry, EntryQuerySet
from portfolio.archive import SIZE
from portfolio.months import Month
from tests.factories import make_role, make_tool
from tests.test_archives import make_entries

pytestmark = pytest.mark.django_db


def plan(queryset):
    """How the database would find these, in its own words."""
    return queryset.explain().lower()


@pytest.fixture(scope="module")
def many(kept):
    """Enough rows, with statistics on PostgreSQL, that an index is worth its while."""
    role, tool = make_role(slug="lead"), make_tool(slug="hammer")
    make_entries(
        4_000,
        month=lambda nth: Month(2000 + nth % 20, 1 + nth % 12),
        role=lambda nth: role if nth % 2 else None,
        tool=tool,
        body="some words. " * 40,
    )
    make_entries(300, slug=lambda nth: f"of-one-month-{nth}", month=Month(2010, 3))
    make_entries(40, slug=lambda nth: f"draft-{nth}", publish_at=None)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE")
    return role, tool


def walks(plan, index):
    """Whether the plan goes along this index, and neither reads the table through nor sorts it."""
    return f"{index}" in plan and not any(
        word in plan for word in ("seq scan", "sort", "temp b-tree", "multi-index or", "bitmap")
    )


def test_every_page_of_a_list_is_read_along_its_index(many):
    role, _ = many
    live = Entry.objects.live()
    for entries in (live, live.filter(month__year=2010)):
        middle = entries[entries.count() // 2]
        for rows in (
            entries[: SIZE + 1],
            entries.before(middle)[: SIZE + 1],
            entries.after(middle)[SIZE - 1 : SIZE],
        ):
            assert walks(plan(rows), "entry_order"), plan(rows)
    middle = live[2_000]
    for rows in (role.entries.live()[:25], role.entries.live().before(middle)[:25]):
        assert walks(plan(rows), "entry_order"), plan(rows)


def test_a_month_is_never_read_through(many):
    """PostgreSQL may take the index of another order, if it is close to that of the table."""
    month = Entry.objects.live().filter(month="2010-03")
    middle = month[180]
    for rows in (month[:25], month.before(middle)[:25], month.after(middle)[SIZE - 1 : SIZE]):
        assert "index" in plan(rows), plan(rows)
        assert "seq scan" not in plan(rows)
        assert "temp b-tree" not in plan(rows)


def test_few_entries_at_the_top_are_read_along_the_index_too(many):
    for number in (1, 3, 7, 24, 100):
        rows = Entry.objects.live().newest(number)
        assert walks(plan(rows), "entry_order"), plan(rows)


def test_the_newest_published_are_read_along_the_index_of_their_dates(many):
    rows = plan(Entry.objects.live().order_by("-publish_at", "uuid")[:20])
    assert "journal_entry_publish_at" in rows, rows
    assert "seq scan" not in rows


def test_without_the_last_month_sqlite_sorts_every_entry(many):
    """The control: another engine does well without it."""
    rows = plan(Entry.objects.live()[:1])
    assert walks(rows, "entry_order") == (connection.vendor == "postgresql"), rows


def test_a_place_in_the_middle_is_where_the_index_is_entered(many):
    rows = Entry.objects.live().before(Entry.objects.live()[2_000])[: SIZE + 1]
    entered = {
        "sqlite": "using index entry_order ((month,publish_at,slug)<(?,?,?))",
        "postgresql": "index cond: ((row(month, publish_at, (slug)::text) < row(",
    }[connection.vendor]
    assert entered in plan(rows), plan(rows)


def test_neither_an_or_nor_an_offset_would_do(many):
    """The control: what the tests above look for is missing from other ways to turn a page."""
    live = Entry.objects.live()
    middle = live[2_000]
    names, place = middle.place()
    unordered = live.order_by("title")[:25]
    assert not walks(plan(unordered), "entry_order")
    if connection.vendor == "sqlite":
        # What Django writes for SQLite by itself.
        rows = live.filter(TupleLessThan(names, place))[:25]
        assert "(month,publish_at,slug)<" not in plan(rows)


def test_the_newest_of_few_and_of_many_entries_of_a_tool_are_the_same_entries(many, monkeypatch):
    _, tool = many
    middle = Entry.objects.live()[2_000]

    def newest():
        entries = Entry.objects.live().naming(tool)
        return [*entries[:30]], [*entries.before(middle)[:30]]

    assert walks(plan(Entry.objects.live().naming(tool)[:25]), "entry_order")
    of_many = newest()
    monkeypatch.setattr(EntryQuerySet, "FEW", 10_000)
    assert newest() == of_many
    assert of_many[0] == [*tool.entries.live()[:30]]


def test_the_months_are_told_without_a_count_of_entries(many, django_assert_num_queries):
    """What went live since a month was counted is where the index of the order is entered."""
    with django_assert_num_queries(1) as asked:
        months = [*CountedMonth.objects.live()]
    assert len(months) == 60
    assert sum(month.count for month in months) == 4_300
    explain = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN "}[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(explain + asked[0]["sql"])
        lines = "\n".join(str(row[-1]) for row in cursor).lower()
    entered = {
        "sqlite": "entry_order (month=? and publish_at>? and publish_at<?)",
        "postgresql": "index",
    }[connection.vendor]
    assert entered in lines, lines
    assert "seq scan on journal_entry" not in lines
