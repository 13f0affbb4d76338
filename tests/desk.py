"""What the tests of the desk share: who sits at it, its forms as a browser sends them."""

from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from lxml import html

from portfolio.editing.models import key_of

from .factories import make_user


def member(group, **overrides):
    """A signed-in client of the `user` that it has, who is in one of the groups."""
    user = make_user(**overrides)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    client.user = user
    return client


def change(item):
    """The address of an item's form."""
    meta = item._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[item.pk])


def fields_of(client, address):
    """What a browser would send of the form at an address if nobody touched it."""
    page = html.fromstring(client.get(address).text)
    form = next(form for form in page.forms if "_key" in form.fields or "_edition" in form.fields)
    empty = {box.name: "" for box in form.inputs if box.get("type", "text") in ("text", "hidden")}
    fields = empty | dict(form.form_values())
    multiple = {box.name: [*box.value] for box in form.inputs if getattr(box, "multiple", False)}
    return fields | multiple


def endpoint(name, item):
    key = item if isinstance(item, str) else key_of(item)
    return reverse(f"editing:{name}", args=[key])
