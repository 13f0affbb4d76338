"""The share cards of all pages as files."""

from importlib.metadata import version
from itertools import chain
from pathlib import Path

from portfolio import cards as drawing
from portfolio.page import Page

from .making import Task, digest
from .place import file_of


def cards(items, profile):
    """A `Task` for the share card of each item, and of each list that has one."""
    code = digest(version("pillow"), Path(drawing.__file__).read_bytes())
    of_items = ((Page(item=item), "", drawing.card_of_item(item, profile)) for item in items)
    of_lists = ((Page(), path, drawing.card_of_list(path, profile)) for path in drawing.lists())
    for about, path, card in chain(of_lists, of_items):
        name = file_of(drawing.card_address(about, path, profile).partition("?")[0])
        yield Task(name, digest(code, card), make_card, (card, name))


def make_card(card, name):
    return {name: card.png()}, None
