"""What a build notes for the next one, beside its files: a line of JSON for each task."""

import json
import os

from .making import Made

FORMAT = 3
NAME = ".build.json"


def read(folder, known=None):
    """What is noted in a folder: {name of the task: what it made}, and the words that `Near` kept.

    Both are empty if there is nothing of this format. What is the same as in `known`, other such
    tasks, takes no memory of its own.
    """
    known, tasks = known or {}, {}
    try:
        with open(folder / NAME, "rb") as file:
            head = json.loads(file.readline())
            if head["format"] != FORMAT:
                return {}, None
            for line in file:
                name, *values = json.loads(line)
                made, other = Made(*values), known.get(name)
                tasks[name] = other if other == made else made
    except (OSError, ValueError, TypeError, KeyError):
        return {}, None
    return tasks, head["words"]


def write(folder, tasks, words):
    """Note both; whatever ends it leaves no note that is not whole."""
    beginning = folder / f"{NAME}.beginning"
    with open(beginning, "w", encoding="utf-8") as file:
        file.write(json.dumps({"format": FORMAT, "words": words}) + "\n")
        for name, made in sorted(tasks.items()):
            file.write(json.dumps([name, *made], ensure_ascii=False) + "\n")
    os.replace(beginning, folder / NAME)
