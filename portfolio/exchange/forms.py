"""The forms of content that can be imported. A new one is one more line of `FORMS`."""

from .bundle import Bundle
from .files import SourceError
from .tree import Tree

# Asked in this order whether they recognise the files.
FORMS = {"bundle": Bundle, "markdown": Tree}


def source_of(files):
    """The `Source` that reads these files. Raises SourceError."""
    for form in FORMS.values():
        if form.recognises(files):
            return form(files)
    raise SourceError(
        f"{files.path} has nothing that can be imported: it takes {', '.join(FORMS)}."
    )
