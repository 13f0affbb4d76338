"""What each verb does to who can see the piece, and when."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from reversion.models import Revision

from journal.models import Entry
from portfolio.editing.models import Finding
from portfolio.editing.moment import explain
from portfolio.models import Image

from .desk import change, endpoint, fields_of
from .factories import make_entry, make_image

pytestmark = pytest.mark.django_db


def at(moment):
    local = timezone.localtime(moment)
    return {"publish_at_0": f"{local:%Y-%m-%d}", "publish_at_1": f"{local:%H:%M:%S}"}


def press(client, entry, verb, **changes):
    answer = client.post(change(entry), fields_of(client, change(entry)) | changes | {verb: ""})
    entry.refresh_from_db()
    return answer


def test_publishing_is_now_and_goes_into_the_history_with_its_reason(admin_client, admin_user):
    entry = make_entry(publish_at=None)
    press(admin_client, entry, "_publish", _why="it is time")
    assert entry.state == "live"
    assert Client().get(entry.get_absolute_url()).status_code == 200
    revision = Revision.objects.latest("pk")
    assert (revision.user, revision.comment) == (admin_user, "published\nit is time")


def test_publishing_changes_keeps_the_day_of_publication(admin_client):
    published = timezone.now() - timedelta(days=30)
    entry = make_entry(publish_at=published)
    press(admin_client, entry, "_publish", body="better.")
    assert (entry.publish_at, entry.body) == (published, "better.")


def test_an_old_piece_can_be_dated_back(admin_client):
    entry = make_entry(publish_at=None)
    press(admin_client, entry, "_publish", publish_at_0="2020-05-01", publish_at_1="08:00")
    assert entry.publish_at == datetime(2020, 5, 1, 8, tzinfo=UTC)


def test_scheduling_needs_a_time_to_come_and_shows_nothing_before(admin_client, client):
    entry = make_entry(publish_at=None, title="the plan")
    for typed in ({}, at(timezone.now() - timedelta(minutes=1))):
        page = press(admin_client, entry, "_schedule", **typed)
        assert "still to come" in page.text
        assert entry.state == "draft"
    later = timezone.now() + timedelta(hours=3)
    answer = press(admin_client, entry, "_schedule", **at(later))
    assert entry.state == "scheduled"
    assert Client().get(entry.get_absolute_url()).status_code == 404
    page = admin_client.get(answer["Location"])
    assert "goes live in" in page.text
    assert "hours" in page.text


def test_a_time_to_come_is_never_published_at_once_by_the_wrong_button(admin_client):
    entry = make_entry(publish_at=None)
    later = timezone.now() + timedelta(days=1)
    page = press(admin_client, entry, "_publish", **at(later))
    assert "press schedule" in page.text
    assert entry.state == "draft"


def test_what_is_scheduled_can_be_published_now_or_changed_or_called_back(admin_client):
    later = timezone.now() + timedelta(days=1)
    entry = make_entry(publish_at=later, body="as planned.")
    press(admin_client, entry, "_save", body="changed.")
    assert (entry.body, entry.state) == ("as planned.", "scheduled")
    page = admin_client.get(change(entry)).text
    assert "scheduled with changes" in page
    assert "publish now" in page
    press(admin_client, entry, "_publish")
    assert (entry.body, entry.state) == ("changed.", "live")
    entry = make_entry(publish_at=later)
    press(admin_client, entry, "_unpublish")
    assert entry.state == "draft"


def test_unpublishing_takes_it_from_the_readers_at_once(admin_client, client):
    entry = make_entry()
    assert client.get(entry.get_absolute_url()).status_code == 200
    press(admin_client, entry, "_unpublish")
    assert Client().get(entry.get_absolute_url()).status_code == 404


def test_what_the_checks_find_stops_publishing_until_a_reason_is_given(admin_client):
    image = make_image(alt="")
    entry = make_entry(publish_at=None)
    text = f"look:\n\n![]({image.file.url})"
    page = press(admin_client, entry, "_publish", body=text)
    assert "1 thing should be put right first" in page.text
    assert "Before this goes live" in page.text
    assert entry.state == "draft"
    assert '<span class="state draft">draft</span>' in page.text
    despite = {"_despite": "the picture is a test"}
    press(admin_client, entry, "_publish", body=text, **despite)
    assert entry.state == "live"
    comment = Revision.objects.latest("pk").comment
    assert comment == "published\ndespite alt text: the picture is a test"
    assert Finding.objects.get(blocking=True).check_name == "alt text"
    # Put right, it asks for no reason.
    Image.objects.update(alt="a red field")
    press(admin_client, entry, "_publish")
    assert not Finding.objects.filter(blocking=True).exists()


def test_saving_a_draft_asks_for_nothing(admin_client):
    entry = make_entry(publish_at=None)
    answer = press(admin_client, entry, "_save", body="![](/media/none.png) [](x)")
    assert answer.status_code == 302


def test_times_are_those_of_the_authors_clock(admin_client):
    admin_client.cookies["time_zone"] = "Asia%2FTokyo"
    entry = make_entry(publish_at=None)
    press(admin_client, entry, "_schedule", publish_at_0="2090-01-01", publish_at_1="09:00")
    assert entry.publish_at == datetime(2090, 1, 1, 0, 0, tzinfo=UTC)
    page = admin_client.get(change(entry)).text
    assert 'value="09:00:00"' in page
    assert "Asia/Tokyo" in page


@pytest.mark.parametrize("zone", ["Nowhere/At_all", "../../etc/passwd", "%00", "x" * 4000, ""])
def test_a_clock_that_does_not_exist_is_the_sites_own(admin_client, zone):
    admin_client.cookies["time_zone"] = zone
    assert admin_client.get("/admin/journal/entry/").status_code == 200


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("2027-03-28", "02:30 does not exist on 28 Mar 2027 in Europe/Berlin"),
        ("2027-10-31", "02:30 comes twice on 31 Oct 2027 in Europe/Berlin"),
    ],
)
def test_the_hour_of_a_clock_change_is_explained(admin_client, day, sentence):
    admin_client.cookies["time_zone"] = "Europe/Berlin"
    entry = make_entry(publish_at=None)
    page = press(admin_client, entry, "_schedule", publish_at_0=day, publish_at_1="02:30")
    assert sentence in page.text
    assert entry.state == "draft"
    press(admin_client, entry, "_schedule", publish_at_0=day, publish_at_1="03:30")
    assert entry.state == "scheduled"


def test_the_skipped_hour_is_put_right():
    with timezone.override("Europe/Berlin"):
        assert "Write 03:30" in explain(datetime(2027, 3, 28, 2, 30))


def test_the_first_button_that_enter_presses_publishes_nothing(admin_client):
    from lxml import html

    entry = make_entry(publish_at=None)
    page = html.fromstring(admin_client.get(change(entry)).content)
    first = page.xpath("//*[@form='entry_form'][@type='submit'] | //form//input[@type='submit']")
    names = [button.get("name") for button in first if button.get("name")]
    assert names[0] == "_save"


def test_the_list_tells_the_states_in_words(admin_client):
    now = timezone.now()
    make_entry(title="a draft", publish_at=None)
    make_entry(title="a plan", publish_at=now + timedelta(days=1))
    changed = make_entry(title="a page", publish_at=now)
    admin_client.post(
        endpoint("keep", changed), fields_of(admin_client, change(changed)) | {"body": "x"}
    )
    page = admin_client.get("/admin/journal/entry/").text
    for state in ("draft", "scheduled", "live with changes"):
        assert f">{state}</span>" in page
    found = admin_client.get("/admin/journal/entry/?state=changed").context["cl"].result_list
    assert [entry.title for entry in found] == ["a page"]
    assert Entry.objects.count() == 3
