"""What every form that can be imported gives: items as in a fixture, pictures, and remarks."""

import shutil
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.core.files.base import File

from portfolio import images


@dataclass(frozen=True, slots=True)
class Item:
    """An object as a source tells it.

    `fields` are a fixture's: JSON's types, a relation as a natural key. A field that the source
    says nothing of is left out, and then keeps the value that it has here.
    """

    model: str  # such as "journal.entry"
    fields: dict
    where: str  # such as "journal/2026-01-title.md", for the person who has to look there


@dataclass(frozen=True, slots=True)
class Remark:
    """Something in a source that is not taken over as it is, so that nothing is lost in silence."""

    where: str  # such as "content/posts/title.md:12"
    what: str  # a sentence


@dataclass
class Source:
    """Files of one form. `items()` gives each kind after those that it points at."""

    # Whether it has all content of the place that it comes from, so that what it has not is gone.
    whole = False

    # The file of each picture by the name that it has or will have in the storage.
    pictures: dict[str, Callable[[], BinaryIO]] = field(default_factory=dict)
    # Filled while the items are read.
    remarks: list[Remark] = field(default_factory=list)

    def items(self):
        raise NotImplementedError

    def remark(self, where, what):
        self.remarks.append(Remark(where, what))

    def adopt(self, file, where):
        """Clean a picture from outside, as an upload is; its new name, or None with a remark."""
        try:
            picture = images.clean(File(file))
        except ValidationError as error:
            self.remark(where, " ".join(error.messages))
            return None
        kept = Path(self._folder, picture.name)
        kept.write_bytes(picture.read())
        self.pictures[picture.name] = lambda: kept.open("rb")
        return picture.name

    @cached_property
    def _folder(self):
        """Keeps the pictures until the import has copied them; goes with the source."""
        folder = tempfile.mkdtemp(prefix="import-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder
