"""A folder that is replaced as a whole: the next one is made beside it and takes its place at once.

Beside the folder `site` there is `.site.building`, where one process at a time makes `new`. When it
is done the two change places, so that the earlier one is what the next is made from.
"""

import contextlib
import ctypes
import errno
import fcntl
import os

AT_FDCWD, RENAME_EXCHANGE = -100, 2


class SwapError(Exception):
    """Why a folder cannot be replaced, in a sentence for the person who named it."""


@contextlib.contextmanager
def replacing(target):
    """The path of what takes the place of the folder `target` when the block ends without an error.

    What is there already is what `target` was before, unless a process was ended while it was at
    work: the block has to tell, and to clear it.

    Where the system can exchange two names, as Linux can, the old or the new one is there at every
    moment, also when the process is killed. Elsewhere there is a moment with neither: the old one
    is put back by the next that comes here.
    """
    beside = target.with_name(f".{target.name}.building")
    with alone_in(beside):
        new, old = beside / "new", beside / "old"
        if old.exists():
            os.rename(old, new if target.exists() else target)
        yield new
        if not target.exists():
            os.rename(new, target)
        elif not exchange(new, target):
            os.rename(target, old)
            os.rename(new, target)
            os.rename(old, new)


@contextlib.contextmanager
def alone_in(folder):
    """Holds a folder that is made if need be. SwapError if another process holds it."""
    while True:
        folder.mkdir(exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SwapError(
                    f"Another process is at work in {folder}: wait until it has ended."
                ) from None
            # The one that held it may have taken it away just now.
            if folder.exists() and os.path.samestat(os.fstat(handle), os.stat(folder)):
                yield
                return
        finally:
            os.close(handle)


def exchange(one, other):
    """Exchange two names in one step; False where the system cannot."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    names = os.fsencode(one), os.fsencode(other)
    if rename(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), str(other))
