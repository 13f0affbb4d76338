"""The ids of the parts of a text, so that links lead to them.

A heading's id is what GitHub, Hugo and kramdown make of its words: small letters of any script,
numbers and hyphens, and `-1` after a second one of the same. An author may give an id of their own.
"""

import re
import unicodedata
from itertools import count
from urllib.parse import unquote

# What the pages on which a text has ids of its own have as ids; tests/test_heading_ids.py looks.
PAGE_IDS = {"content", "entries", "evidence", "near", "roles", "site-name", "top"}
_LONGEST_HEADING = 1_000  # characters: normalizing takes the square of the marks in a row
_LONGEST_ID = 200
_NOT_IN_ID = re.compile(r"""[\s"'<>&=`\\]+""")
_NOT_IN_SLUG = re.compile(r"[^\w -]")


def slug_of(heading):
    """The id of a heading by its words: `Second Part!` → `second-part`."""
    heading = heading[:_LONGEST_HEADING]
    if heading.isascii():
        slug = _NOT_IN_SLUG.sub("", " ".join(heading.lower().split("\n")).strip())
    else:
        heading = unicodedata.normalize("NFC", heading).lower()
        slug = "".join(map(_in_slug, heading.strip())).strip()
    return slug.replace(" ", "-") or "section"


def _in_slug(character):
    if character.isspace():
        return " "
    kept = character.isalnum() or character in "-_" or unicodedata.category(character)[0] == "M"
    return character if kept else ""


class PartIds:
    """The ids of one text, each of which begins with `prefix`, unique on its page."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.taken = set() if prefix else set(PAGE_IDS)
        self.by_name, self.numbers = {}, {}

    def of_heading(self, heading):
        """A new id for a heading of these words."""
        slug = slug_of(heading)
        name = slug
        if self.prefix + name in self.taken or name in self.by_name:
            for number in count(self.numbers.get(slug, 1)):
                name = f"{slug}-{number}"
                if self.prefix + name not in self.taken and name not in self.by_name:
                    self.numbers[slug] = number + 1
                    break
        return self.add(slug if slug not in self.by_name else name, name)

    def of_author(self, wanted):
        """The id for one that the author wrote; None if there is one of that name already."""
        name = _NOT_IN_ID.sub("-", unicodedata.normalize("NFC", wanted[:_LONGEST_ID]).strip())
        if not name or name in self.by_name:
            return None
        free = (f"{name}-{number}" if number else name for number in count())
        return self.add(name, next(each for each in free if self.prefix + each not in self.taken))

    def add(self, name, unique):
        made = self.prefix + unique
        self.taken.add(made)
        self.by_name[name] = self.by_name[unique] = made
        return made

    def id_of(self, fragment):
        """The id that `#fragment` in the text leads to; None if it is none of the text's."""
        name = unicodedata.normalize("NFC", unquote(fragment[:_LONGEST_HEADING]))
        return self.by_name.get(name) or self.by_name.get(name.lower())
