"""The share cards of all pages as files."""

from importlib.metadata import version
from itertools import chain
from pathlib import Path

from portfolio import cards as drawing

from .making import Task, digest
from .place import file_of


def cards(items, profile):
    """A `Task` for the card of each item, or `Title` of one, and of each list that has one."""
    code = digest(version("pillow"), Path(drawing.__file__).read_bytes())
    of_items = ((it.get_absolute_url(), drawing.card_of_item(it, profile)) for it in items)
    of_lists = ((path, drawing.card_of_list(path, profile)) for path in drawing.lists())
    for path, card in chain(of_lists, of_items):
        name = file_of(drawing.card_path(path))
        yield Task(name, digest(code, card), make_card, (card, name))


def make_card(card, name):
    return {name: card.png()}, None
