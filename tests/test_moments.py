"""A moment has one meaning, in whichever time zone a form is made, kept, opened or sent."""

from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from journal.models import Entry
from portfolio.editing.models import WorkingCopy
from portfolio.editing.moment import MomentField
from portfolio.exchange.foreign.dates import moment as foreign_moment

from .desk import change, endpoint, fields_of
from .factories import make_entry

# The second 02:30 of that night in Berlin; microseconds, which no form shows.
TWICE = datetime(2026, 10, 25, 1, 30, 0, 123456, tzinfo=UTC)
MOMENTS = [TWICE, TWICE - timedelta(hours=1), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)]
COOKIES = ["America%2FNew_York", "Asia%2FKathmandu", "Pacific%2FKiritimati", "Nowhere", "", None]


def at(client, zone):
    """The same editor, at a browser whose clock is of another zone."""
    client.cookies.pop("time_zone", None)
    if zone is not None:
        client.cookies["time_zone"] = zone
    return client


@pytest.fixture
def desk(admin_client):
    return at(admin_client, "Europe%2FBerlin")


@pytest.mark.once
@pytest.mark.parametrize("instant", MOMENTS)
def test_a_moment_that_is_shown_in_any_zone_is_read_as_the_same_instant(instant):
    field = MomentField()
    for zone in available_timezones():
        with timezone.override(zone):
            sent = field.widget.decompress(instant)
        with timezone.override("Asia/Tokyo"):
            assert field.clean(sent) == instant, zone


@pytest.mark.once
def test_without_what_was_shown_a_moment_would_be_lost():
    """The control: the text alone is ambiguous, or loses its microseconds."""
    field = MomentField(required=False)
    with timezone.override("Europe/Berlin"):
        *typed, zone, _ = field.widget.decompress(TWICE)
        with pytest.raises(Exception, match="comes twice"):
            field.clean([*typed, zone, ""])
    with timezone.override("UTC"):
        *typed, zone, _ = field.widget.decompress(TWICE)
        assert field.clean([*typed, zone, ""]) == TWICE.replace(microsecond=0)


@pytest.mark.once
@pytest.mark.parametrize("typed", [["2026-11-20", "9:61"], ["", "09:00"], ["2026-02-30", "09:00"]])
def test_a_moment_that_is_none_yet_stays_as_typed_in_its_own_zone(typed):
    data = QueryDict(mutable=True)
    data.update({"a_0": typed[0], "a_1": typed[1], "a_zone": "Asia/Tokyo", "a_shown": ""})
    MomentField(required=False).settle(data, "a")
    assert [data["a_0"], data["a_1"], data["a_zone"]] == [*typed, "Asia/Tokyo"]


@pytest.mark.once
@pytest.mark.parametrize("date", ["0001-01-01", "9999-12-31"])
def test_a_moment_at_the_end_of_time_is_a_sentence(date):
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        with pytest.raises(Exception, match="Give a year between"):
            MomentField().clean([date, "23:59:59", zone, ""])


@pytest.mark.django_db
@pytest.mark.parametrize("instant", MOMENTS)
@pytest.mark.parametrize("elsewhere", COOKIES)
def test_the_moment_of_a_live_page_stays_when_its_text_is_corrected(desk, instant, elsewhere):
    entry = make_entry(publish_at=instant, body="a mistkae")
    form = fields_of(desk, change(entry))
    # The form was open while the clock of the browser changed, or its cookie went.
    desk = at(desk, elsewhere)
    desk.post(change(entry), form | {"body": "a mistake", "_publish": ""})
    stored = Entry.objects.get()
    assert (stored.body, stored.publish_at) == ("a mistake", instant)


@pytest.mark.django_db
@pytest.mark.parametrize("elsewhere", COOKIES)
def test_a_moment_in_a_working_copy_is_an_instant(desk, elsewhere):
    entry = make_entry(publish_at=TWICE)
    form = fields_of(desk, change(entry))
    desk.post(endpoint("keep", entry), form | {"_tab": "laptop", "body": "on the train"})
    desk = at(desk, elsewhere)
    # Another window keeps it once more, and a third publishes it.
    form = fields_of(desk, change(entry))
    assert desk.post(endpoint("keep", entry), form | {"_tab": "phone"}).status_code == 200
    desk = at(desk, "Asia%2FTokyo")
    form = fields_of(desk, change(entry))
    assert (form["publish_at_0"], form["publish_at_1"]) == ("2026-10-25", "10:30:00")
    desk.post(change(entry), form | {"_publish": ""})
    stored = Entry.objects.get()
    assert (stored.body, stored.publish_at) == ("on the train", TWICE)


@pytest.mark.django_db
def test_a_moment_typed_here_and_scheduled_there_is_that_of_here(desk):
    entry = make_entry(publish_at=None)
    form = fields_of(desk, change(entry)) | {"publish_at_0": "2090-01-15", "publish_at_1": "09:00"}
    desk.post(endpoint("keep", entry), form | {"_tab": "laptop"})
    desk = at(desk, "Asia%2FTokyo")
    again = fields_of(desk, change(entry))
    assert again["publish_at_1"] == "17:00:00"
    desk.post(change(entry), again | {"_schedule": ""})
    assert Entry.objects.get().publish_at == datetime(2090, 1, 15, 8, tzinfo=UTC)


@pytest.mark.django_db
def test_a_moment_is_no_conflict_of_two_clocks(desk):
    entry = make_entry(publish_at=TWICE)
    form = fields_of(desk, change(entry))
    desk.post(endpoint("keep", entry), form | {"_tab": "a", "body": "one"})
    seen = fields_of(desk, change(entry))
    desk = at(desk, "Asia%2FTokyo")
    answer = desk.post(endpoint("keep", entry), seen | {"_tab": "b", "body": "two"})
    assert answer.status_code == 200, answer.content


@pytest.mark.django_db
def test_a_moment_is_no_part_of_a_version_that_is_restored(desk):
    entry = make_entry(publish_at=TWICE, body="first")
    form = fields_of(desk, change(entry))
    moved = {"publish_at_0": "2020-01-01", "publish_at_1": "10:00:00"}
    desk.post(change(entry), form | moved | {"body": "a draft", "_save": ""})
    assert WorkingCopy.objects.get().data["body"] == ["a draft"]
    desk.post(endpoint("discard", entry))
    history = desk.get(endpoint("history", entry)).context["page"]
    version = next(each for each in history if "a draft" in each.serialized_data)
    desk.post(f"{endpoint('history', entry)}{version.pk}/restore/")
    desk.post(change(entry), fields_of(desk, change(entry)) | {"_publish": ""})
    stored = Entry.objects.get()
    assert (stored.body, stored.publish_at) == ("a draft", TWICE)


@pytest.mark.django_db
@pytest.mark.parametrize("elsewhere", COOKIES)
def test_a_moment_for_many_is_that_of_the_zone_it_was_typed_in(desk, elsewhere):
    entry = make_entry(publish_at=None)
    chosen = {"action": "schedule", "_selected_action": [entry.pk]}
    page = desk.post("/admin/journal/entry/", chosen)
    asked = {
        "action": "schedule",
        "items": page.context["items"],
        "stage": "tell",
        "zone": page.context["form"]["zone"].value(),
        "when": "2030-07-01T09:00",
    }
    page = at(desk, elsewhere).post("/admin/journal/entry/", asked)
    again = asked | {"stage": "do", "items": page.context["items"]}
    at(desk, "Asia%2FTokyo").post("/admin/journal/entry/", again)
    assert Entry.objects.get().publish_at == datetime(2030, 7, 1, 7, tzinfo=UTC)


@pytest.mark.django_db
def test_a_clock_change_is_one_sentence(desk):
    entry = make_entry(publish_at=None)
    form = fields_of(desk, change(entry)) | {"publish_at_0": "2027-03-28", "publish_at_1": "02:30"}
    page = desk.post(change(entry), form | {"_schedule": ""})
    assert len(page.context["adminform"].form.errors["publish_at"]) == 1
    assert "the clocks go forward" in page.text
    assert "still to come" not in page.text


@pytest.mark.once
def test_a_moment_of_an_import_is_of_the_sites_zone_whoever_imports(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    with timezone.override("Asia/Tokyo"):
        assert foreign_moment("2026-07-01 09:00") == datetime(2026, 7, 1, 7, tzinfo=UTC)


@pytest.mark.django_db
def test_a_moment_shows_its_zone_beside_it(desk):
    entry = make_entry()
    assert "in Europe/Berlin" in desk.get(change(entry)).text
    # No word of it where nothing can be published.
    assert Client().get(entry.get_absolute_url()).status_code == 200
