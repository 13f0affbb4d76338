"""Content for tests: each `make_…` saves one valid thing, live unless told otherwise."""

import io
from itertools import count

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image as Picture

from journal.models import Entry
from portfolio.models import Evidence, Focus, Image, Principle, Tool
from portfolio.months import Month
from roles.models import Outcome, Role

numbers = count(1)


def make(model, **fields):
    number = next(numbers)
    if "title" in [field.name for field in model._meta.fields]:
        fields = {
            "title": f"{model._meta.verbose_name} {number}",
            "slug": f"{model._meta.model_name}-{number}",
            "publish_at": timezone.now(),
        } | fields
    tools = fields.pop("tools", [])
    item = model.objects.create(**fields)
    if tools:
        item.tools.set(tools)
    return item


def make_entry(**overrides):
    return make(Entry, **{"month": Month(2026, 1), "body": "what happened."} | overrides)


def make_role(**overrides):
    return make(Role, **{"problem": "a problem.", "learned": "a lesson."} | overrides)


def make_principle(**overrides):
    return make(Principle, **{"body": "the reason."} | overrides)


def make_tool(**overrides):
    number = next(numbers)
    return make(Tool, **{"name": f"tool {number}", "slug": f"tool-{number}"} | overrides)


def make_focus(**overrides):
    return make(Focus, **{"text": f"doing thing {next(numbers)}"} | overrides)


def make_outcome(**overrides):
    return make(Outcome, **{"figure": "10x", "what": f"of thing {next(numbers)}"} | overrides)


def make_evidence(**overrides):
    return make(Evidence, **overrides)


def make_image(**overrides):
    number = next(numbers)
    content = io.BytesIO()
    Picture.new("RGB", (4, 3), (number % 256, 0, 0)).save(content, "PNG")
    file = ContentFile(content.getvalue(), name=f"{number:020x}.png")
    return make(Image, **{"file": file, "alt": f"picture {number}"} | overrides)


def make_user(*permissions, **overrides):
    """An active staff user with just these permissions, such as `journal.view_entry`."""
    fields = {"username": f"user-{next(numbers)}", "is_staff": True} | overrides
    user = get_user_model().objects.create_user(**fields)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    return user
