"""Files of a site, each made of facts that are known before: what has the same facts is the same.

A `Task` makes some files of nothing but its facts. What makes them may not ask the database, so
that nothing can be in a page that its facts do not tell of.
"""

import re
from collections.abc import Callable
from contextlib import contextmanager
from hashlib import blake2b
from typing import NamedTuple

from django.db import connection
from django.template import loader
from django.urls import get_script_prefix

from portfolio.images import NAME, RENDITION
from portfolio.page import absolute
from portfolio.plain import TWIN

from .place import file_of, request_for


class Task(NamedTuple):
    """`make(*args)` gives {name of a file: bytes} and what others are to be told of it.

    `key` is a digest of all that goes into it.
    """

    name: str
    key: str
    make: Callable
    args: tuple = ()


class Made(NamedTuple):
    """What a task made: the names of its files and of the pictures in them, and what it told."""

    key: str
    files: list
    pictures: list
    told: object = None


def digest(*facts):
    """Of facts whose `repr` tells all of them."""
    return blake2b(repr(facts).encode(errors="backslashreplace"), digest_size=12).hexdigest()


@contextmanager
def asking_nothing():
    """The block fails if it asks the database."""

    def refuse(execute, sql, params, many, context):
        raise RuntimeError(f"A page asked for what its facts do not tell: {sql}")

    with connection.execute_wrapper(refuse):
        yield


def page(path, template, context):
    """The files of the page at a path and of its twin: the templates `….html` and `….md`."""
    context = {**context, "address": absolute(path), "twin": path + TWIN}
    return {
        file_of(where): loader.get_template(f"{template}.{kind}")
        .render(context, request_for(where))
        .encode()
        for where, kind in ((path, "html"), (path + TWIN, "md"))
    }


_PICTURE = re.compile(rf"media/({NAME}|{RENDITION.replace('(', '(?:', 1)})".encode())


def pictures_in(content):
    """The names of the pictures that HTML or another text shows."""
    address = f"{get_script_prefix()}media/".encode()
    return {name.decode() for name in _PICTURE.findall(content)} if address in content else set()
