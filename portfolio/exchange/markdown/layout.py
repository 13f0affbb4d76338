"""Where each kind of content lies in a tree of Markdown files, and what stands in whose file."""

import re

from journal.models import Entry
from portfolio.models import Evidence, Principle, ProfileLink, SlugField, Tool
from roles.models import Outcome, Role

from ..bundle import ExportError
from . import notation

MARKER = "portfolio.yaml"
PROFILE = "profile.md"
NOW = "now.md"
MEDIA = "media.yaml"
PICTURES = "media/"
# A file for each object.
FOLDERS = {Tool: "tools", Role: "roles", Entry: "journal", Principle: "thinking"}
# A list in the front matter of its owner, which this relation leads to.
PARTS = {ProfileLink: "profile", Outcome: "role", Evidence: "principle"}
# No file is called so on Windows, whatever its extension. It gets a hyphen, as no slug ends in one.
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])\Z")
_SLUG = SlugField.default_validators[0].regex


def path_of(model, key):
    """The path of an object's file. Raises ExportError for a slug that no form would take."""
    if not _SLUG.match(key[-1]):
        raise ExportError(
            f"The slug {key[-1]!r} cannot be the name of a file: change it in the admin, then "
            "export again."
        )
    name = notation.name_of(key)
    return f"{FOLDERS[model]}/{name}{'-' if _RESERVED.match(name) else ''}.md"


def object_at(path):
    """The model and the natural key of the object whose file has the path; None if none can."""
    folder, _, name = path.partition("/")
    model = next((model for model in FOLDERS if FOLDERS[model] == folder), None)
    if model is None or "/" in name or name.startswith("_") or not name.endswith(".md"):
        return None
    name = name.removesuffix(".md")
    if _RESERVED.match(name.removesuffix("-")):
        name = name.removesuffix("-")
    key = notation.key_of(model, name)
    return key and (model, key)


def belongs(path):
    """Whether a file of that path is one of a tree's."""
    if path in (MARKER, PROFILE, NOW, MEDIA) or path.startswith(PICTURES):
        return True
    return object_at(path) is not None


def parts_of(model):
    """The kinds that are lists in an object's front matter, each with the key of its list."""
    relations = {part: part._meta.get_field(name) for part, name in PARTS.items()}
    return {
        part: relation.remote_field.related_name
        for part, relation in relations.items()
        if relation.related_model is model
    }
