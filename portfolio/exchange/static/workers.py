"""Processes that work side by side, none of which outlives the one that started them."""

import ctypes
import multiprocessing
import os
import signal
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from itertools import islice

PR_SET_PDEATHSIG = 1
# Looked up here because a child must not load a library right after the fork.
prctl = getattr(ctypes.CDLL(None), "prctl", lambda *_: None)


class Workers:
    """So many processes, or for one just this one; copies of this one as it is at the start.

    They share no database connection, so none may be open then.
    """

    def __init__(self, jobs):
        self.jobs = jobs

    def __enter__(self):
        self.pool = None
        if self.jobs > 1:
            context = multiprocessing.get_context("fork")
            self.pool = ProcessPoolExecutor(self.jobs, context, begin, (os.getpid(),))
            # The first task is what starts them all.
            self.pool.submit(os.getpid).result()
        return self

    def __exit__(self, *error):
        if self.pool:
            self.pool.shutdown(wait=True, cancel_futures=True)

    def over(self, function, items):
        """`function(item)` of each item, in order; few are asked for before they are given."""
        if not self.pool:
            yield from map(function, items)
            return
        items, asked = iter(items), deque()
        while True:
            more = islice(items, 4 * self.jobs - len(asked))
            asked += [self.pool.submit(function, each) for each in more]
            if not asked:
                return
            yield asked.popleft().result()


def begin(parent):
    # Ctrl-C reaches the parent too, which ends its children in order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
