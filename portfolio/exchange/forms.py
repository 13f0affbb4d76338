"""The forms of content that can be imported. A new one is one more line of `FORMS`."""

from .bundle import Bundle
from .files import SourceError
from .foreign.ghost import Ghost
from .foreign.hugo import Hugo
from .foreign.jekyll import Jekyll
from .foreign.wordpress import WordPress
from .markdown.tree import Tree

# Asked in this order whether they recognise the files; Hugo would take any Markdown.
FORMS = {
    "a content bundle": Bundle,
    "its Markdown": Tree,
    "a Ghost export": Ghost,
    "a WordPress export": WordPress,
    "a Jekyll site": Jekyll,
    "a Hugo site": Hugo,
}


def source_of(files):
    """The `Source` that reads these files. Raises SourceError."""
    for form in FORMS.values():
        if form.recognises(files):
            return form(files)
    raise SourceError(f"{files.path} is nothing that can be imported: give {', '.join(FORMS)}.")
