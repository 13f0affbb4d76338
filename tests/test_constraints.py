"""What the database itself refuses, and the sentence that a form shows for it."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from portfolio.models import Evidence, Image, Profile
from portfolio.months import Month
from roles.models import Outcome, Role
from tests.factories import (
    make_entry,
    make_focus,
    make_image,
    make_outcome,
    make_principle,
    make_role,
    make_tool,
)

pytestmark = pytest.mark.django_db


def refused(item, sentence):
    """Whether both the form's validation and the database itself refuse to take the item."""
    with pytest.raises(ValidationError) as error:
        item.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        item.save()
    return sentence in " ".join(error.value.messages)


def test_a_role_may_end_in_the_month_it_started():
    make_role(started=Month(2024, 5), ended=Month(2024, 5)).full_clean()


def test_a_role_may_not_end_before_it_starts():
    role = make_role(started=Month(2024, 5))
    role.ended = Month(2024, 4)
    assert refused(role, "ends before it starts")


def test_a_slug_may_stand_in_two_months():
    make_entry(slug="same", month=Month(2024, 5))
    make_entry(slug="same", month=Month(2024, 6)).full_clean()


def test_a_slug_may_not_stand_twice_in_a_month():
    make_entry(slug="same")
    entry = make_entry()
    entry.slug = "same"
    assert refused(entry, "Another entry of this month has this slug")


@pytest.mark.parametrize("make", [make_role, make_principle])
def test_a_slug_may_not_stand_twice_in_a_kind(make):
    make(slug="same")
    item = make()
    item.slug = "same"
    assert refused(item, "has this slug")


def test_a_tool_slug_may_not_stand_twice():
    make_tool(slug="same")
    tool = make_tool()
    tool.slug = "same"
    assert refused(tool, "already exists")


@pytest.mark.parametrize("slug", ["Upper", "two--hyphens", "-edge", "späti", "a b", "a/b", "a\n"])
def test_a_slug_has_one_spelling(slug):
    role = make_role()
    role.slug = slug
    with pytest.raises(ValidationError, match="lower-case letters"):
        role.full_clean()


def test_there_is_no_second_profile():
    Profile.objects.create()
    assert refused(Profile(id=2), "There is one profile already")
    with pytest.raises(IntegrityError), transaction.atomic():
        Profile.objects.create()


def test_an_outcome_needs_a_figure():
    outcome = make_outcome(role=make_role())
    outcome.figure = ""
    with pytest.raises(ValidationError):
        outcome.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        outcome.save()


def test_an_outcome_is_claimed_once():
    role = make_role()
    make_outcome(role=role, figure="3x", what="speed")
    assert refused(Outcome(role=role, figure="3x", what="speed"), "claims this already")


def test_evidence_is_a_role_or_an_entry_and_not_both():
    principle, role, entry = make_principle(), make_role(), make_entry()
    Evidence(principle=principle, role=role).full_clean()
    assert refused(Evidence(principle=principle), "one of the two")
    assert refused(Evidence(principle=principle, role=role, entry=entry), "one of the two")


def test_evidence_is_given_once():
    principle, role = make_principle(), make_role()
    Evidence.objects.create(principle=principle, role=role)
    assert refused(Evidence(principle=principle, role=role, verdict="broke"), "already")


def test_a_statement_may_come_back_in_another_month():
    make_focus(text="learning", since=Month(2024, 1), until=Month(2024, 2))
    make_focus(text="learning", since=Month(2026, 1)).full_clean()


def test_a_statement_stands_once_a_month():
    make_focus(text="learning", since=Month(2024, 1))
    make_focus(text="learning")
    again = make_focus()
    again.text = "learning"
    assert refused(again, "there already")
    again.since = Month(2024, 1)
    assert refused(again, "since the same month")


def test_a_statement_may_not_end_before_it_starts():
    focus = make_focus(since=Month(2024, 5))
    focus.until = Month(2024, 4)
    assert refused(focus, "ends before it starts")


def test_a_decorative_picture_has_no_alternative_text():
    image = make_image(alt="a bird")
    image.decorative = True
    assert refused(image, "decorative picture has no alternative text")
    Image.objects.update(alt="", decorative=True)


def test_natural_keys_find_their_item():
    role = make_role(slug="lead")
    entry = make_entry(slug="one", month=Month(2026, 1))
    evidence = Evidence.objects.create(principle=make_principle(slug="p"), entry=entry)
    outcome = make_outcome(role=role, figure="2x", what="speed")
    assert role.natural_key() == ("lead",)
    assert entry.natural_key() == ("2026-01", "one")
    assert evidence.natural_key() == ("p", None, "2026-01", "one")
    assert outcome.natural_key() == ("lead", "2x", "speed")
    for item in (role, entry, evidence, outcome, make_focus(), Profile.objects.create()):
        assert type(item).objects.get_by_natural_key(*item.natural_key()) == item


def test_a_role_taken_away_leaves_its_entries():
    entry = make_entry(role=make_role())
    Role.objects.all().delete()
    entry.refresh_from_db()
    assert entry.role is None
