"""What a reader finds, and that it is true at once however the content was written."""

import html
from datetime import timedelta
from functools import partial

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from journal.models import Entry
from portfolio.changes import ContentQuerySet, content_changed
from portfolio.exchange.static.near import RARE
from portfolio.models import Focus, NaturalKeyModel, Principle, Publishable, Tool
from portfolio.months import Month
from portfolio.search import index, query
from portfolio.search.models import Document, Terms, Word
from portfolio.search.words import terms, words
from roles.models import Outcome, Role
from tests.desk import change, fields_of
from tests.factories import (
    make_entry,
    make_focus,
    make_outcome,
    make_principle,
    make_role,
    make_tool,
)
from tests.test_search_typed import HOSTILE, titles

pytestmark = pytest.mark.django_db


# What is found.


def test_every_kind_is_found_by_all_of_its_text():
    role = make_role(
        title="lead",
        organisation="organisation1",
        summary="summary1",
        **{name: f"{name}1" for name in ("problem", "approach", "impact", "learned", "broke")},
    )
    make_outcome(role=role, figure="77x", what="what1", baseline="baseline1")
    make_entry(title="an entry", summary="summary2", body="body2")
    make_principle(title="a principle", summary="summary3", body="body3")
    make_tool(name="a tool", note="note4")
    make_focus(text="a statement", detail="detail5")
    of_role = "organisation problem approach impact learned broke what baseline summary"
    for word in [f"{name}1" for name in of_role.split()] + ["77x"]:
        assert titles(word) == ["lead"], word
    assert titles("summary2 body2") == ["an entry"]
    assert titles("summary3 body3") == ["a principle"]
    assert titles("note4") == ["a tool"]
    assert titles("detail5") == ["a statement"]


def test_a_word_finds_its_other_forms():
    make_entry(title="deploying on fridays")
    make_entry(title="one deploy", body="and many systems.")
    assert sorted(titles("deployed")) == ["deploying on fridays", "one deploy"]
    assert titles("system deploys") == ["one deploy"]


@pytest.mark.parametrize("typed", ["cafe", "café", "CAFÉ", "cafe\u0301", "Cafè"])
@pytest.mark.parametrize("written", ["café", "cafe\u0301", "Cafe"])
def test_accents_and_case_make_no_difference(typed, written):
    make_entry(title=f"at the {written}")
    assert titles(typed) == [f"at the {written}"]


def test_letters_with_strokes_and_vowel_points_are_folded():
    make_entry(title="Łódź and Ærø")
    make_entry(title="مَرْحَبًا")
    assert titles("lodz aero") == ["Łódź and Ærø"]
    assert titles("مرحبا") == ["مَرْحَبًا"]


def test_the_last_word_goes_on_and_the_others_do_not():
    make_entry(title="microservices everywhere")
    assert titles("micros") == titles("everywhere microse") == ["microservices everywhere"]
    assert query.search("microse everywhere").loose
    assert not query.search("everywhere microse").loose
    assert titles("e") == []


def test_a_word_being_typed_is_found_where_its_stem_is_shorter():
    make_entry(title="organizational")
    for end in range(2, len("organizational") + 1):
        assert titles("organizational"[:end]) == ["organizational"]


def test_code_and_names_are_words():
    make_entry(body="```js\nconst grouped = groupBy(data, 'category')\n```")
    make_tool(name="node.js")
    assert titles("groupBy") == [Entry.objects.get().title]
    assert titles("node") == titles("node.js") == titles("node js") == ["node.js"]


def test_text_without_spaces_is_found_by_a_part_of_it():
    make_entry(title="東京の設計", body="設計について。")
    make_entry(title="한국어로")
    assert titles("設計") == titles("東京") == ["東京の設計"]
    assert titles("한국") == ["한국어로"]
    assert titles("設備") == []  # one of the two characters is no part of the word
    assert titles("東京の設計方針") == ["東京の設計"]
    assert query.search("東京の設計方針").loose


def test_a_word_that_is_very_long_is_found():
    make_entry(title="x" * 200)
    assert titles("x" * 200) == titles("x" * 90) == ["x" * 200]


def test_markup_is_not_searched():
    make_entry(title="plain", body='[words](https://example.org/hidden "secret")<!-- comment -->')
    assert titles("words") == ["plain"]
    for word in ("hidden", "comment", "href", "https"):
        assert titles(word) == [], word


def test_titles_come_before_texts():
    make_entry(title="in the text", body="garden " * 30)
    make_role(title="the garden", problem="long " * 500)
    assert titles("garden") == ["the garden", "in the text"]
    make_tool(name="gardenia")
    assert titles("gard")[2] == "in the text"


def test_of_equals_the_newest_comes_first():
    for year in (2023, 2025, 2024):
        make_entry(title=f"equal in {year}", month=Month(year, 1))
    assert titles("equal") == ["equal in 2025", "equal in 2024", "equal in 2023"]


def test_stop_words_are_dropped_unless_there_are_no_others():
    make_entry(title="gardens", body="the one.")
    assert titles("what about the gardens") == ["gardens"]
    assert titles("the") == ["gardens"]
    assert titles("which") == []


def test_if_nothing_has_all_words_some_have_one():
    make_entry(title="gardens")
    make_entry(title="rivers")
    results = query.search("gardens rivers")
    assert results.loose and results.total == 2
    assert not query.search("gardens").loose


# Corrections.


@pytest.mark.parametrize(
    "typo", ["kuberntes", "kubernetse", "ukbernetes", "kubernetess", "kibernetes"]
)
def test_a_small_mistake_finds_and_says_what_was_meant(client, typo):
    make_tool(name="kubernetes", slug="k8s")
    response = client.get("/search/", {"q": typo})
    assert f"nothing says “{typo}”" in response.text
    assert '<a href="?q=kubernetes" dir="auto">kubernetes</a>' in response.text
    assert 'href="/tools/k8s/"' in response.text


def test_only_the_wrong_word_is_corrected():
    make_entry(title="rivers and gardens")
    results = query.search("rivers gradens")
    assert (results.corrected, results.total) == ("rivers gardens", 1)


def test_words_that_are_far_off_or_short_are_not_corrected():
    make_entry(title="gardens go")
    for typed in ("girders", "gi", "xyz", "12345"):
        assert query.search(typed).total == 0


@pytest.mark.parametrize("offset", [None, timedelta(days=1)])
def test_no_word_that_only_drafts_have_is_suggested(client, offset):
    publish_at = offset and timezone.now() + offset
    make_entry(title="kubernetes", publish_at=publish_at)
    # The same stem in something live does not make the other form public.
    make_entry(title="kubernet")
    response = client.get("/search/", {"q": "kuberntes"})
    assert "kubernetes" not in response.text
    assert "kubernet" in response.text
    Entry.objects.update(publish_at=timezone.now())
    assert "kubernetes" in client.get("/search/", {"q": "kuberntes"}).text


def test_suggestions_go_by_their_titles_and_of_equals_the_newest_comes_first():
    make_entry(title="a garden", slug="old", month=Month(2025, 1), body="garden " * 5)
    make_entry(title="a garden", slug="new", month=Month(2026, 1), body="flower " * 5)
    assert [document.item.slug for document in query.suggest("garden")] == ["new", "old"]


# Visibility.


def test_only_what_is_live_is_found_and_counted(client):
    make_entry(title="a live secret", month=Month(2026, 1))
    for publish_at in (None, timezone.now() + timedelta(days=1)):
        make_entry(title="a hidden secret", publish_at=publish_at, month=Month(2020, 1))
        make_role(title="a hidden secret", publish_at=publish_at)
        make_principle(title="a hidden secret", publish_at=publish_at)
    results = query.search("secret")
    assert [document.title for document in results.documents] == ["a live secret"]
    assert (results.total, results.kinds, results.years) == (1, {"entry": 1}, {2026: 1})
    assert client.get("/search/suggest/?q=secr").json()["suggestions"] == [
        {
            "title": "a live secret",
            "kind": "journal",
            "address": Entry.objects.live().get().get_absolute_url(),
        }
    ]
    assert [str(item) for item in query.closest("/secret/")] == ["a live secret"]


def test_unpublishing_takes_it_out_at_once_even_in_bulk():
    make_entry(title="a garden")
    assert titles("garden") == ["a garden"]
    Entry.objects.update(publish_at=None)
    assert titles("garden") == []


def test_a_scheduled_entry_is_found_from_its_second_on(monkeypatch):
    at = parse_datetime("2026-03-01T12:00:00Z")
    make_entry(title="a garden", publish_at=at)
    monkeypatch.setattr(timezone, "now", lambda: at - timedelta(microseconds=1))
    assert titles("garden") == [] and query.suggest("garden") == []
    monkeypatch.setattr(timezone, "now", lambda: at)
    assert titles("garden") == ["a garden"] and len(query.suggest("garden")) == 1


# The page.


def test_filters_count_and_narrow(client):
    make_entry(title="garden 1", month=Month(2025, 1))
    make_entry(title="garden 2", month=Month(2026, 1))
    make_role(title="garden 3", started=Month(2025, 2))
    make_tool(name="garden 4")
    response = client.get("/search/?q=garden")
    assert '<a href="?q=garden&amp;kind=entry">journal</a> · 2' in response.text
    assert '<a href="?q=garden&amp;year=2025">2025</a> · 2' in response.text
    assert titles("garden", kind="entry", year=2025) == ["garden 1"]
    assert sorted(titles("garden", year=2025)) == ["garden 1", "garden 3"]
    assert titles("garden", kind="tool") == ["garden 4"]
    response = client.get("/search/?q=garden&kind=role&year=2025")
    assert '<a href="?q=garden&amp;year=2025&amp;kind=' not in response.text
    assert '<a href="?q=garden&amp;year=2025">all kinds</a>' in response.text
    assert '<a href="?q=garden&amp;kind=role">all years</a>' in response.text
    # Counted with the other filter, not with their own.
    assert '<a href="?q=garden&amp;kind=entry&amp;year=2025">journal</a> · 1' in response.text
    assert "none with this filter" in client.get("/search/?q=garden&kind=tool&year=2025").text


def test_pages_go_through_all_results_once(client):
    for number in range(25):
        make_entry(title=f"garden {number:02}")
    pages = [titles("garden", page=number) for number in (1, 2, 3)]
    assert [len(page) for page in pages] == [10, 10, 5]
    assert len({title for page in pages for title in page}) == 25
    first, last = client.get("/search/?q=garden").text, client.get("/search/?q=garden&page=3").text
    assert 'href="?q=garden&amp;page=2" rel="next"' in first and 'rel="prev"' not in first
    assert 'href="?q=garden&amp;page=2" rel="prev"' in last and 'rel="next"' not in last
    assert client.get("/search/?q=garden&page=4").status_code == 404


def test_no_page_is_deeper_than_the_last_one_offered(monkeypatch, client):
    monkeypatch.setattr(query, "MOST_PAGES", 2)
    for _ in range(25):
        make_entry(title="garden")
    assert "page=3" not in client.get("/search/?q=garden&page=2").text
    assert client.get("/search/?q=garden&page=3").status_code == 404


def test_what_was_asked_for_is_marked(client):
    make_entry(
        title="The Gärdens <b>", body="before. " * 60 + "a *garden*, gardening. " + "x " * 99
    )
    text = client.get("/search/?q=garden").text
    assert "The <mark>Gärdens</mark> &lt;b&gt;" in text
    assert "… before." in text
    assert "a <mark>garden</mark>, <mark>gardening</mark>." in text


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_nothing_that_was_written_or_typed_becomes_markup(client, hostile):
    make_entry(title=f"garden {hostile}", body=f"`{hostile}` garden")
    make_entry(title="other")
    scripts = client.get("/search/?q=other").text.count("<script")
    for typed in ("garden", "script alert", hostile, f"gadren {hostile}"):
        text = client.get("/search/", {"q": typed}).text
        assert hostile not in text
        assert text.count("<script") == scripts  # the site's own
        assert "<img" not in text
    assert html.escape(hostile) in client.get("/search/", {"q": hostile}).text


def test_an_excerpt_has_its_own_direction(client):
    make_entry(title="مرحبا", body="مرحبا بالعالم")
    text = client.get("/search/", {"q": "مرحبا"}).text
    assert '<p dir="auto"><mark>مرحبا</mark> بالعالم' in text


def test_any_text_can_be_indexed():
    texts = [text for text in HOSTILE if text.isprintable() or text.isspace()]
    texts += ["日" * 99_000, " ".join(f"{number:x}" for number in range(20_000))]
    for text in texts:
        make_entry(title=f"a {text}"[:300], body=text)
    assert Document.objects.count() == Terms.objects.count() == len(texts) > 40


# Every way to write.


def test_saving_and_deleting_are_followed():
    entry = make_entry(title="a garden")
    entry.title = "a river"
    entry.save()
    assert titles("garden") == [] and titles("river") == ["a river"]
    entry.delete()
    assert titles("river") == []
    assert not any(model.objects.exists() for model in (Document, Terms, Word))


def test_changes_of_some_fields_are_followed():
    entry = make_entry(title="a garden", body="x")
    entry.body = "a river"
    entry.save(update_fields=["body"])
    assert titles("river") == ["a garden"]


def test_bulk_updates_are_followed():
    entries = [make_entry(title=f"garden {number}") for number in range(3)]
    # The rows are others than those that the queryset selects afterwards.
    Entry.objects.filter(title="garden 0").update(title="a river")
    assert titles("river") == ["a river"] and len(titles("garden")) == 2
    for entry in entries:
        entry.body = "a forest"
    Entry.objects.bulk_update(entries, ["body"])
    assert len(titles("forest")) == 3


def test_bulk_creation_is_followed():
    now = timezone.now()
    new = [
        Entry(title=f"garden {n}", slug=f"e{n}", month=Month(2026, 1), publish_at=now) for n in "ab"
    ]
    Entry.objects.bulk_create(new)
    Tool.objects.bulk_create([Tool(name="garden c", slug="c")], ignore_conflicts=True)
    assert sorted(titles("garden")) == ["garden a", "garden b", "garden c"]
    update = Tool(name="a river", slug="c")
    fields = {"unique_fields": ["slug"], "update_fields": ["name"]}
    Tool.objects.bulk_create([update], update_conflicts=True, **fields)
    assert titles("river") == ["a river"] and len(titles("garden")) == 2


def test_get_or_create_and_related_managers_are_followed():
    role = make_role(title="lead")
    Tool.objects.update_or_create(slug="t", defaults={"name": "a garden"})
    Tool.objects.update_or_create(slug="t", defaults={"name": "a river"})
    role.tools.create(name="a forest", slug="forest")
    assert titles("garden") == [] and titles("river") and titles("forest")


def test_bulk_deletes_and_cascades_are_followed():
    role = make_role(title="a garden")
    make_outcome(role=role, what="of rivers")
    make_entry(title="an entry of the garden", role=role)
    Role.objects.all().delete()
    assert titles("garden") == ["an entry of the garden"] and titles("rivers") == []
    Entry.objects.all().delete()
    assert titles("garden") == [] and not Terms.objects.exists()


def test_outcomes_are_followed_to_their_role_and_away():
    first, second = make_role(title="first role"), make_role(title="second role")
    outcome = make_outcome(role=first, what="of gardens")
    assert titles("gardens") == ["first role"]
    outcome.role = second
    outcome.save()
    assert titles("gardens") == ["second role"]
    Outcome.objects.update(role=first)
    assert titles("gardens") == ["first role"]
    second.outcomes.add(outcome, bulk=True)
    assert titles("gardens") == ["second role"]
    Outcome.objects.update(what="of rivers")
    assert titles("gardens") == [] and titles("rivers") == ["second role"]
    Outcome.objects.all().delete()
    assert titles("rivers") == []
    Outcome.objects.bulk_create([Outcome(role=first, figure="1", what="of forests")])
    assert titles("forests") == ["first role"]


def test_a_fixture_is_followed_in_whatever_order(tmp_path):
    fixture = tmp_path / "content.json"
    role = make_role(title="garden", pk=77)
    make_outcome(role=role, what="of rivers", pk=78)
    call_command("dumpdata", "roles.outcome", "roles.role", output=str(fixture), verbosity=0)
    Role.objects.all().delete()
    assert titles("garden") == titles("rivers") == []
    call_command("loaddata", fixture, verbosity=0)
    assert titles("garden") == titles("rivers") == ["garden"]
    changed = fixture.read_text().replace("garden", "forest")
    fixture.write_text(changed)
    call_command("loaddata", fixture, verbosity=0)
    assert titles("garden") == [] and titles("forest") == ["forest"]


def test_the_admin_is_followed(admin_client):
    entry = make_entry(title="garden")
    form = fields_of(admin_client, change(entry))
    response = admin_client.post(
        change(entry), form | {"title": "river", "body": "water", "_publish": ""}
    )
    assert response.status_code == 302
    assert titles("garden") == [] and titles("river") == ["river"]
    page = admin_client.get(f"/admin/journal/entry/{entry.pk}/delete/").text
    assert "ocument" not in page
    admin_client.post(
        "/admin/journal/entry/",
        {"action": "delete_selected", "_selected_action": entry.pk, "post": 1},
    )
    assert titles("river") == []


def test_ordering_in_bulk_leaves_the_index_alone():
    make_role(title="garden", position=1)
    roles = list(Role.objects.all())
    roles[0].position = 5
    with CaptureQueriesContext(connection) as queries:
        Role.objects.bulk_update(roles, ["position"])
    assert not any("search_" in asked["sql"] for asked in queries)
    assert titles("garden") == ["garden"]


def test_what_failed_is_not_found():
    make_tool(name="garden", slug="garden")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_entry(title="river")
        make_tool(name="forest", slug="garden")
    assert titles("river") == titles("forest") == []


@pytest.mark.django_db(transaction=True)
def test_a_change_that_cannot_be_indexed_is_not_kept():
    def fail(**kwargs):
        raise RuntimeError("full")

    tool = make_tool(name="garden")
    content_changed.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            make_entry(title="river")
        with pytest.raises(RuntimeError):
            Tool.objects.update(name="river")
        with pytest.raises(RuntimeError):
            tool.delete()
    finally:
        content_changed.disconnect(fail)
    assert Tool.objects.get().name == "garden" and not Entry.objects.exists()
    assert titles("garden") == ["garden"] and titles("river") == []


def test_every_kind_of_write_is_announced():
    heard = []

    def hear(sender, pks, fields, **kwargs):
        heard.append((sender, pks, fields))

    role, tool = make_role(), make_tool()
    content_changed.connect(hear)
    try:
        role.tools.add(tool)
        assert heard.pop() == (Role, {role.pk}, set())
        tool.roles.clear()
        assert heard.pop() == (Tool, {tool.pk}, set())
        Role.objects.update(position=3)
        assert heard.pop() == (Role, {role.pk}, {"position"})
        outcome = make_outcome(role=role)
        assert heard == [(Outcome, {outcome.pk}, None), (Role, {role.pk}, None)]
    finally:
        content_changed.disconnect(hear)


def test_no_kind_of_content_is_forgotten():
    for model in apps.get_models():
        if issubclass(model, NaturalKeyModel):
            assert isinstance(model._default_manager.all(), ContentQuerySet), model
            assert isinstance(model._base_manager.all(), ContentQuerySet), model
        assert not issubclass(model, Publishable) or model in Document.kinds(), model


def dump():
    columns = "id", "role_id", "entry_id", "principle_id", "tool_id", "focus_id", "title", "text"
    documents = [values[1:] for values in Document.objects.values_list(*columns)]
    vocabulary = list(
        Word.objects.order_by("text").values_list("text", "head", "tail", "documents")
    )
    return sorted(documents, key=repr), vocabulary


def test_what_was_followed_is_what_a_rebuild_writes():
    call_command("loaddata", "seed", verbosity=0)
    Entry.objects.filter(title__contains="code").update(body="gardens and rivers")
    Entry.objects.first().delete()
    Outcome.objects.last().delete()
    Focus.objects.update(detail="rivers")
    Principle.objects.update(body="x")
    followed = dump()
    assert len(followed[0]) == Terms.objects.count() > 20
    call_command("rebuild_search", verbosity=0)
    assert dump() == followed


def test_a_rebuild_finds_what_was_written_by_hand(capsys):
    make_entry(title="garden")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE journal_entry SET title = 'river'")
    assert titles("garden") == ["garden"] and titles("river") == []
    call_command("rebuild_search")
    assert capsys.readouterr().out == "1 documents can be searched.\n"
    assert titles("river") == ["river"] and titles("garden") == []


@pytest.mark.django_db(transaction=True)
def test_a_migration_of_the_index_leaves_it_filled():
    make_entry(title="garden")
    for model in (Terms, Document, Word):
        model.objects.all().delete()
    assert titles("garden") == []
    call_command("migrate", verbosity=0)
    assert titles("garden") == []  # nothing to migrate
    call_command("migrate", "search", "zero", verbosity=0)
    call_command("migrate", verbosity=0)
    assert titles("garden") == ["garden"]


@pytest.mark.django_db(transaction=True)
def test_a_flush_leaves_nothing_to_find():
    make_entry(title="garden")
    assert Terms.objects.exists()
    call_command("flush", interactive=False, verbosity=0)
    assert not any(model.objects.exists() for model in (Document, Terms, Word))


# Cost.


def queries(ask):
    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)


ASKED = ["garden", "gardne", "garden zzzz", "zzzz", "the"]


def test_a_search_asks_no_more_when_there_is_more(client):
    def ask():
        pages = [f"/search/?q={text}" for text in ASKED] + ["/search/suggest/?q=gard"]
        found = {page: queries(partial(client.get, page)) for page in pages}
        return found | {"closest": queries(lambda: query.closest("/garden/gardne/"))}

    make_role(title="a garden", problem="the river")
    for number in range(9):
        make_entry(title=f"a garden {number}")
    few = ask()
    now = timezone.now()
    Entry.objects.bulk_create(
        Entry(title=f"garden {n}", body="the", slug=f"e{n}", month=Month(2026, 1), publish_at=now)
        for n in range(1000)
    )
    # It may ask less: what a word goes on as is nothing beside more than are counted.
    assert all(number <= few[page] for page, number in ask().items())
    # The control: this asks once for each entry.
    assert queries(lambda: [document.item for document in Document.objects.all()]) > 1000


def test_more_than_are_ranked_are_told_as_more(client, monkeypatch):
    monkeypatch.setattr(query, "MOST", 12)
    make_tool(name="garden")
    for number in range(12):
        make_entry(title=f"the garden {number}", month=Month(2025, 1))
    page = client.get("/search/?q=garden").text
    assert "more than 12 found" in page and "· 12" not in page
    # Of as many as are ranked it is known how many they are.
    Entry.objects.get(title="the garden 0").delete()
    page = client.get("/search/?q=garden").text
    assert "12 found" in page and "more than" not in page


def test_what_has_the_word_in_its_title_is_found_among_any_number(monkeypatch):
    monkeypatch.setattr(query, "MOST", 5)
    make_tool(name="garden")
    for _ in range(9):
        make_entry(title="another", body="a garden")
    results = query.search("garden")
    assert results.more_than == 5
    assert results.documents[0].title == "garden"


def test_a_word_is_counted_until_there_are_many():
    def made(numbers, title):
        now = timezone.now()
        return Entry.objects.bulk_create(
            Entry(title=title, slug=f"e{n}", month=Month(2026, 1), publish_at=now) for n in numbers
        )

    def used():
        return Word.objects.get(text="garden").documents

    made(range(index.MANY - 1), "garden")
    assert used() == index.MANY - 1
    Entry.objects.filter(slug="e0").delete()
    assert used() == index.MANY - 2
    made(range(1_000, 1_002), "garden")
    assert used() == index.MANY
    Entry.objects.filter(slug="e1").delete()
    made(range(2_000, 2_002), "garden")
    assert used() == index.MANY
    # No word that is counted no more was ever asked for by its number.
    assert index.MANY > RARE > query.TELLING


def test_words_and_terms():
    assert words("Can't stop: naïve co-op, O’Reilly's 10x") == [
        *("cant", "stop", "naive", "co", "op", "oreillys", "10x")
    ]
    assert terms(["deploys"]) == ["deploy", "=deploys"]
    document = Document(pk=1)
    document.words = ["a"], ["a", "b"]
    assert index.tsvector_row(document)[1] == "'a':1A,4D '=a':2A,5D 'b':6D '=b':7D"


def test_what_is_live_is_found_below_any_number_of_drafts(monkeypatch):
    monkeypatch.setattr(query, "MOST", 2)
    make_entry(title="live", body="garden")
    for _ in range(4):
        make_entry(title="draft", body="garden", publish_at=None)
    assert titles("garden") == ["live"]
    monkeypatch.setattr(query, "ASKED", 2)
    assert titles("garden") == []
