"""How far long work is, told to whoever waits for it.

A function that takes long has the argument `progress` and goes through its work with
`progress.over(items, "Pages", total)`.
"""

import sys
import time

from tqdm import tqdm


class Progress:
    """Tells nobody."""

    def over(self, items, what, total=None):
        """The items, one by one. `what` names them; `total` is how many there are, if known."""
        yield from items


class Bar(Progress):
    """Draws a bar on a terminal."""

    def __init__(self, stream):
        self.stream = stream

    def over(self, items, what, total=None):
        yield from tqdm(items, what, total, file=self.stream, dynamic_ncols=True)


class Lines(Progress):
    """Writes one line for each step that is done, for logs."""

    def __init__(self, stream):
        self.stream = stream

    def over(self, items, what, total=None):
        number, started = 0, time.monotonic()
        for number, item in enumerate(items, start=1):  # noqa: B007 (told below)
            yield item
        seconds = time.monotonic() - started
        self.stream.write(f"{what}: {number:,} in {seconds:.1f} s\n")


def shown(stream=None):
    """The `Progress` that suits a stream, which is standard error unless told otherwise."""
    stream = stream or sys.stderr
    return Bar(stream) if stream.isatty() else Lines(stream)
