"""What a build notes for the next one, beside its files: a line of JSON for each task.

After those come the words of each entry.
"""

import os
from itertools import chain, islice

import orjson

from .making import Made

FORMAT = 4
NAME = ".build.json"


def read(folder, known=None):
    """What is noted in a folder: {name of the task: what it made}, and the words that `Near` kept.

    Both are empty if there is nothing of this format. With `known`, other such tasks, what is the
    same takes no memory of its own, and the words are left unread.
    """
    tasks, words = {}, None
    try:
        with open(folder / NAME, "rb") as file:
            head = orjson.loads(file.readline())
            if head["format"] != FORMAT:
                return {}, None
            for line in islice(file, head["tasks"]):
                name, *values = orjson.loads(line)
                made = Made(*values)
                other = known.get(name) if known else None
                tasks[name] = other if other == made else made
            if known is None:
                words = {"usual": head["usual"], "words": dict(map(orjson.loads, file))}
    except (OSError, ValueError, TypeError, KeyError):
        return {}, None
    return tasks, words


def write(folder, tasks, words):
    """Note both; whatever ends it leaves no note that is not whole."""
    beginning = folder / f"{NAME}.beginning"
    with open(beginning, "wb") as file:
        head = {"format": FORMAT, "tasks": len(tasks), "usual": words["usual"]}
        made_by = ([name, *made] for name, made in sorted(tasks.items()))
        for line in chain([head], made_by, words["words"].items()):
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    os.replace(beginning, folder / NAME)
