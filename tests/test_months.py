import datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from journal.models import Entry
from portfolio.months import Month, MonthConverter, to_month
from tests.factories import make_entry, make_role


@pytest.mark.parametrize(
    "text",
    ["2026-01", "2026-1", "jan 2026", "Jan 2026", "January 2026", " jan  2026 ", "jan. 2026"],
)
def test_a_month_is_read_as_people_write_it(text):
    assert to_month(text) == Month(2026, 1)


@pytest.mark.parametrize(
    "text",
    [
        *("sept 2026", "Sept. 2026", "SEPT, 2026", "sep 2026", "september, 2026", "sep-2026"),
        *("2026/09", "2026/9", "09/2026", "9/2026", "9-2026", "2026.09", "09.2026", "9 / 2026"),
        *("２０２６／０９", "ｓｅｐｔ　２０２６", "2026\u201309", "2026\u201109", "sept\u00a02026"),
        *("2026 sept", "2026, September", "\t2026/09\n", "Sept.2026"),
    ],
)
def test_every_usual_way_to_write_a_month_is_read(text):
    assert to_month(text) == Month(2026, 9)


@pytest.mark.parametrize(
    "text",
    [
        *("2026-09-14", "2026/09/14", "14/09/2026", "9/14/2026", "14.09.2026", "sept 14, 2026"),
        *("14 sept 2026", "2026 sept 14", "2026-09-14T10:00:00Z", "1 2026", "09/26", "sept 26"),
        *("septe 2026", "2026/00", "13/2026", "2026//09", "20260914", "202609", "/2026", "sept"),
        "2026-13",
        "2026-00",
        "0000-01",
        "jan",
        "2026",
        "janu 2026",
        "13 2026",
        "2026-01-05",
        "٢٠٢٦-٠١",
    ],
)
def test_what_is_no_month_is_refused_with_the_way_to_write_one(text):
    with pytest.raises(
        ValidationError, match="Write it as jan 2026 or 2026-01, 2026/01 or 01/2026"
    ):
        to_month(text)


def test_a_month_prints_without_a_day():
    month = Month(2026, 1)
    assert (str(month), month.isoformat()) == ("jan 2026", "2026-01")


def test_months_are_ordered_by_time():
    assert sorted([Month(2026, 1), Month(2025, 12), Month(2025, 2)]) == [
        Month(2025, 2),
        Month(2025, 12),
        Month(2026, 1),
    ]


def test_a_month_makes_the_round_trip_through_an_address():
    converter = MonthConverter()
    assert converter.to_python(converter.to_url(Month(2026, 1))) == Month(2026, 1)


def test_a_month_comes_back_from_the_database_as_a_month(db):
    make_entry(month="2026-01")
    make_role(started="feb 2020")
    entry = Entry.objects.get()
    assert entry.month == Month(2026, 1)
    assert list(Entry.objects.filter(month="jan 2026")) == [entry]
    assert list(Entry.objects.filter(month__year=2026, month__gte=Month(2025, 12))) == [entry]


def test_the_database_refuses_a_day_inside_a_month(db):
    make_entry()
    change = "UPDATE journal_entry SET month = %s"
    with connection.cursor() as cursor:
        cursor.execute(change, [datetime.date(2026, 2, 1)])  # the control: a first day is taken
        with pytest.raises(IntegrityError), transaction.atomic():
            cursor.execute(change, [datetime.date(2026, 2, 2)])
