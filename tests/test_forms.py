"""No form of the desk answers 500, whatever is typed: a sentence at the field, the text kept.

The forms of every kind, as a browser would send them, with values that do not belong where they are
and with boxes left out, are posted with every verb; `STEPS` sets how many are for each kind.
"""

import os
import random

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse
from reversion.models import Version

from journal.models import Entry
from portfolio.admin import ContentAdmin
from portfolio.editing.models import WorkingCopy

from .desk import change, endpoint, fields_of
from .factories import make_entry, make_focus, make_principle, make_role, make_tool

pytestmark = pytest.mark.django_db

STEPS = int(os.environ.get("STEPS", 0))
VERBS = ["_save", "_publish", "_schedule", "_unpublish", "_preview", "_saveasnew", "_continue"]
NASTY = [
    *("", " ", "my post", "über", "My-Post", "-", "a--b", "x" * 400, "0", "-1", "9" * 30, "²"),
    *("sept 2026", "2026-13", "jan 0", "2027-03-28", "9999-12-31", "0001-01-01", "25:61", "02:30"),
    *("javascript:alert(1)", "https://[", "//", "a@b", "a\0b", "\u202e\u0645", "\ud7ff\ufffe"),
    *("on", "None", "[]", "{", "<script>", "[^1]: x", "`" * 50, "1e400", "Nowhere/At_all"),
]


def make_all():
    return [make_entry(), make_role(), make_principle(), make_tool(), make_focus()]


def mistyped(fields, chance):
    """The fields of a form with some of them left out, and others holding what is not theirs."""
    sent = dict(fields)
    names = [name for name in fields if name != "csrfmiddlewaretoken"]
    for name in chance.sample(names, k=min(len(names), chance.randint(1, 4))):
        if chance.random() < 0.2:
            del sent[name]
        else:
            sent[name] = chance.choice(NASTY)
    return sent


@pytest.mark.parametrize("number", range(5))
def test_no_form_answers_500(admin_client, number):
    chance = random.Random(number)
    item = make_all()[number]
    add = reverse(f"admin:{item._meta.app_label}_{item._meta.model_name}_add")
    for step in range(STEPS or 2 * len(VERBS)):
        address = chance.choice([add, change(item)])
        sent = mistyped(fields_of(admin_client, address), chance)
        if "body" in sent:
            sent["body"] = f"what was written {chance.random()}"
        verb = VERBS[step % len(VERBS)]
        if "_key" in sent and chance.random() < 0.5:
            for name in ("keep", "live_preview"):
                answer = admin_client.post(endpoint(name, sent["_key"].replace("\0", "")), sent)
                assert answer.status_code < 500, (name, sent)
        answer = admin_client.post(address, sent | {verb: ""})
        assert answer.status_code < 500, (verb, sent)
        if answer.status_code == 200 and "body" in sent:
            assert sent["body"] in answer.text, (verb, sent)
        if "body" in sent and "_key" in sent and verb != "_preview":
            assert is_there(sent["body"], answer), (verb, sent)
        type(item)._base_manager.exclude(pk=item.pk).delete()
        WorkingCopy.objects.all().delete()


def is_there(body, answer):
    """Whether a text is in the form again, in an item, or in a working copy."""
    copies = WorkingCopy.objects.filter(data__body__0=body)
    versions = Version.objects.filter(serialized_data__contains=body)
    return answer.status_code == 200 or copies.exists() or versions.exists()


@pytest.mark.parametrize("chosen", ["x", "²", "1e400", "9" * 30, "a\0b", "-1", "<script>"])
def test_no_form_answers_500_for_a_choice_that_is_none(admin_client, admin_user, chosen):
    """Of those that are no content, too."""
    group = Group.objects.first()
    for address, name in [
        (reverse("admin:portfolio_formeraddress_add"), "tool"),
        (reverse("admin:auth_user_change", args=[admin_user.pk]), "groups"),
        (reverse("admin:auth_group_change", args=[group.pk]), "permissions"),
    ]:
        assert admin_client.get(address).status_code == 200
        sent = {"path": "/a/", "username": "admin", "is_active": "on", "name": group.name}
        answer = admin_client.post(address, sent | {"is_superuser": "on", name: chosen})
        assert answer.status_code in (200, 302), (address, answer.status_code)


def test_the_forms_that_are_tried_are_those_of_every_kind():
    """The control: a kind that is added is missing here until it is tried, too."""
    tried = {type(item) for item in make_all()}
    kinds = {model for model, its in admin.site._registry.items() if isinstance(its, ContentAdmin)}
    assert {model.__name__ for model in kinds - tried} == {"Profile"}


@pytest.mark.parametrize("slug", ["my post", "über", "-", "a--b", "x/y", "x" * 101])
def test_a_slug_that_is_none_is_a_sentence_at_its_field(admin_client, slug):
    entry = make_entry(publish_at=None, slug="as-it-was")
    sent = fields_of(admin_client, change(entry)) | {"slug": slug, "body": "kept all the same"}
    answer = admin_client.post(endpoint("live_preview", entry), sent)
    assert "kept all the same" in answer.json()["page"]
    page = admin_client.post(change(entry), sent | {"_publish": ""})
    assert [*page.context["adminform"].form.errors] == ["slug"]
    assert "kept all the same" in page.text
    assert Entry.objects.get().slug == "as-it-was"


@pytest.mark.parametrize("slug", ["My-Slug", " my-slug ", "MY-SLUG"])
def test_a_slug_is_lowered_rather_than_refused(admin_client, slug):
    entry = make_entry(publish_at=None)
    sent = fields_of(admin_client, change(entry)) | {"slug": slug, "_publish": ""}
    assert admin_client.post(change(entry), sent).status_code == 302
    assert Entry.objects.get().slug == "my-slug"


@pytest.mark.parametrize("typed", ["", "a-quiet-month"])
def test_a_slug_from_the_title_is_numbered_rather_than_refused(admin_client, typed):
    slugs = []
    for _ in range(3):
        add = reverse("admin:journal_entry_add")
        sent = fields_of(admin_client, add) | {"title": "A quiet month", "slug": typed}
        assert admin_client.post(add, sent | {"_save": ""}).status_code == 302
        slugs.append(Entry.objects.latest("pk").slug)
    assert slugs == ["a-quiet-month", "a-quiet-month-2", "a-quiet-month-3"]


def test_a_slug_that_was_chosen_is_refused_and_not_numbered(admin_client):
    """The control: whoever typed another one than the title's is told that it is taken."""
    there = make_entry(slug="mine")
    add = reverse("admin:journal_entry_add")
    sent = fields_of(admin_client, add) | {"title": "Other", "slug": "mine"}
    page = admin_client.post(add, sent | {"month": str(there.month), "_save": ""})
    assert "Another entry of this month has this slug" in page.text
    # And its own it keeps.
    entry = make_entry(title="Its own", slug="its-own", publish_at=None)
    admin_client.post(change(entry), fields_of(admin_client, change(entry)) | {"_save": ""})
    assert Entry.objects.get(pk=entry.pk).slug == "its-own"


def test_a_key_of_something_new_is_used_once(admin_client):
    add = reverse("admin:journal_entry_add")
    sent = fields_of(admin_client, add) | {"title": "once", "body": "one text"}
    admin_client.post(add, sent | {"_publish": ""})
    entry = Entry.objects.get()
    # A second press, the same form saved as a draft from Back, and an autosave of its window.
    answer = admin_client.post(add, sent | {"_publish": ""})
    assert answer["Location"] == change(entry)
    page = admin_client.post(add, sent | {"body": "another text", "_save": ""})
    assert "one text" in page.text and "another text" in page.text
    assert f'action="{change(entry)}"' in page.text
    kept = admin_client.post(endpoint("keep", sent["_key"]), sent | {"body": "a third"})
    assert kept.status_code == 409
    assert [(each.body, each.publish_at) for each in Entry.objects.all()] == [
        ("one text", entry.publish_at)
    ]
    assert not WorkingCopy.objects.exists()
    assert admin_client.get(f"{add}?copy={sent['_key'].partition(':')[2]}").status_code == 302


def test_a_form_with_new_rows_that_is_sent_twice_is_done_once(admin_client):
    role = make_role(publish_at=None)
    sent = fields_of(admin_client, change(role)) | {
        "outcomes-TOTAL_FORMS": "1",
        "outcomes-0-figure": "10x",
        "outcomes-0-what": "speed",
        "outcomes-0-position": "0",
        "_publish": "",
    }
    for _ in range(2):
        answer = admin_client.post(change(role), sent)
        assert answer.status_code == 302, answer.context["errors"]
    assert [outcome.figure for outcome in role.outcomes.all()] == ["10x"]
    # The control: another row is another form.
    page = admin_client.post(change(role), sent | {"outcomes-0-what": "cost"})
    assert "two have written this" in page.text


@pytest.mark.parametrize("address", ["portfolio/tool", "journal/entry", "auth/group"])
def test_no_form_answers_500_for_what_no_browser_sends(admin_client, address):
    make_tool(), make_entry()
    listed = f"/admin/{address}/"
    pk = admin_client.get(listed).context["cl"].result_list[0].pk
    assert admin_client.get(f"{listed}{pk}/change/?_to_field=").status_code == 200
    for chosen in ("x", "a\0b", "9" * 30, "1e400", "²"):
        sent = {"action": "delete_selected", "_selected_action": chosen}
        assert admin_client.post(listed, sent).status_code in (200, 302), chosen
