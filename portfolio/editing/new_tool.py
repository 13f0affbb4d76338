"""A tool made where it is first used, by its name alone."""

from itertools import count

import reversion
from django import forms
from django.contrib import admin
from django.db import IntegrityError
from django.http import JsonResponse
from django.utils.text import slugify
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from portfolio.models import Tool
from portfolio.search.words import words

from .views import editor_required, refusal

# Of several requests for one slug each attempt lets one through.
ATTEMPTS = 5


class NameForm(forms.Form):
    name = forms.CharField(
        max_length=Tool._meta.get_field("name").max_length,
        error_messages={"required": "Give the tool a name."},
    )


@never_cache
@require_POST
@editor_required(lambda user: user.has_perm("portfolio.add_tool"))
def new_tool(request):
    """Makes the tool called `name` unless there is one; answers {"id", "name"}."""
    form = NameForm(request.POST)
    if not form.is_valid():
        return refusal(" ".join(form.errors["name"]))
    name = " ".join(form.cleaned_data["name"].split())
    for _ in range(ATTEMPTS):
        if tool := find(name) or make(name, request):
            return JsonResponse({"id": tool.pk, "name": tool.name})
    return refusal("The tool could not be made: use the + beside the field.")


def find(name):
    return Tool.objects.filter(name__iexact=name).first()


def make(name, request):
    """Made as the admin's own form makes one, and told in its log.

    None if another request was quicker with the slug.
    """
    tools = admin.site.get_model_admin(Tool)
    form = tools.get_form(request)({"name": name, "slug": free_slug(name), "position": 0})
    if not form.is_valid():
        return None
    change = tools.construct_change_message(request, form, [], add=True)
    try:
        with reversion.create_revision():
            reversion.set_user(request.user)
            reversion.set_comment("made where it was used")
            tool = tools.save_form(request, form, change=False)
            tools.save_model(request, tool, form, change=False)
            tools.save_related(request, form, [], change=False)
            tools.log_addition(request, tool, change)
    except IntegrityError:
        return None
    return tool


def free_slug(name):
    """A slug that no tool has, from the letters of the name that a slug can have."""
    slug = slugify("-".join(words(name)))[:90].strip("-") or "tool"
    taken = set(Tool.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
    slugs = (f"{slug}-{number}" if number > 1 else slug for number in count(1))
    return next(slug for slug in slugs if slug not in taken)
