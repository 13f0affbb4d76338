"""Other systems' files, imported: once, again, and beside what is here."""

import pytest
from django.utils.html import escape

from journal.models import Entry
from portfolio.exchange import plan
from portfolio.exchange.files import opened
from portfolio.exchange.foreign.ghost import Ghost
from portfolio.exchange.foreign.hugo import Hugo
from portfolio.exchange.foreign.jekyll import Jekyll
from portfolio.exchange.foreign.wordpress import WordPress
from portfolio.models import FormerAddress, Image
from portfolio.months import Month
from tests.factories import make_entry
from tests.foreign import DATA

pytestmark = [pytest.mark.once, pytest.mark.django_db]

FORMS = {"hugo": Hugo, "jekyll": Jekyll, "ghost.json": Ghost, "wordpress.xml": WordPress}


def carry_out(name):
    with opened(DATA / name) as files:
        source = FORMS[name](files)
        made = plan.make(source)
        done = plan.carry_out(source)
    assert made.counts == done.counts and done.problems == []
    return done


def test_each_form_is_imported_once_and_a_second_time_changes_nothing(client):
    for name in FORMS:
        assert not carry_out(name).is_empty
    number, text = Entry.objects.count(), Entry.objects.get(title="Queues: back pressure").body
    for name in FORMS:
        assert carry_out(name).is_empty
    assert Entry.objects.count() == number
    # Three of them had a post of this name, two in one month.
    slugs = Entry.objects.filter(slug__startswith="queues").values_list("month", "slug")
    assert sorted(slugs) == [
        (Month(2020, 1), "queues"),
        (Month(2020, 1), "queues-2"),
        (Month(2020, 2), "queues"),
    ]
    assert all(image.file.name in text for image in Image.objects.filter(alt="a queue"))
    for entry in Entry.objects.live():
        page = client.get(entry.get_absolute_url())
        assert page.status_code == 200
        assert escape(entry.title) in page.content.decode()
    page = client.get("/blog/posts/queues/", follow=True)
    assert page.redirect_chain == [("/journal/2020/01/queues/", 301)]
    assert 'alt="a queue"' in page.content.decode()
    assert client.get("/about/").status_code == 404


def test_what_is_here_is_not_changed_by_a_post_of_the_same_name():
    here = make_entry(month=Month(2020, 1), slug="queues", title="mine", body="mine")
    FormerAddress.objects.create(path="/blog/old/queues/", entry=here)
    done = carry_out("hugo")
    assert done.count("change") == 0
    here.refresh_from_db()
    assert here.body == "mine"
    assert Entry.objects.get(title="Queues: back pressure").slug == "queues-2"
    assert FormerAddress.objects.get(path="/blog/old/queues/").entry == here
    told = [remark.what for remark in done.remarks if "something else here" in remark.what]
    assert len(told) == 1
    assert carry_out("hugo").is_empty
