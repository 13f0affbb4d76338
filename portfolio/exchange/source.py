"""What every form that can be imported gives: items as in a fixture, pictures, and remarks."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile

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


class Source:
    """Files of one form. `items()` gives each kind after those that it points at."""

    # Whether it has all content of the place that it comes from, so that what it has not is gone.
    whole = False

    def __init__(self, files):
        self.files = files
        # What opens the file of each picture, by the name that it has or will have in the storage.
        self.pictures = {}
        # Filled while the items are read.
        self.remarks = []

    def items(self):
        raise NotImplementedError

    def remark(self, where, what):
        self.remarks.append(Remark(where, what))

    def adopt(self, name, where):
        """The name that a file will have as a picture, cleaned as an upload; None with a remark."""
        try:
            picture = self.cleaned(name)
        except ValidationError as error:
            self.remark(where, " ".join(error.messages))
            return None
        # Cleaned again when it is taken, so that not all of them are kept.
        self.pictures[picture.name] = lambda: self.cleaned(name)
        return picture.name

    def cleaned(self, name):
        with self.files.open(name) as file:
            content = ContentFile(file.read(images.MAX_BYTES + 1))
        return images.clean(content)
