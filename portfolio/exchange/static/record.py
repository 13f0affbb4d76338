"""What a build notes for the next one, beside its files: a line of JSON for each task."""

import json
import os
from itertools import chain, islice

from .making import Made

FORMAT = 3
NAME = ".build.json"


def read(folder, known=None):
    """What is noted in a folder: {name of the task: what it made}, and the words that `Near` kept.

    Both are empty if there is nothing of this format. With `known`, other such tasks, what is the
    same takes no memory of its own, and the words are left unread.
    """
    tasks, words = {}, None
    try:
        with open(folder / NAME, "rb") as file:
            head = json.loads(file.readline())
            if head["format"] != FORMAT:
                return {}, None
            for line in islice(file, head["tasks"]):
                name, *values = json.loads(line)
                made = Made(*values)
                other = known.get(name) if known else None
                tasks[name] = other if other == made else made
            if known is None:
                words = json.loads(file.readline())
    except (OSError, ValueError, TypeError, KeyError):
        return {}, None
    return tasks, words


def write(folder, tasks, words):
    """Note both; whatever ends it leaves no note that is not whole."""
    beginning = folder / f"{NAME}.beginning"
    with open(beginning, "w", encoding="utf-8") as file:
        head = {"format": FORMAT, "tasks": len(tasks)}
        lines = ([name, *made] for name, made in sorted(tasks.items()))
        for line in chain([head], lines, [words]):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    os.replace(beginning, folder / NAME)
