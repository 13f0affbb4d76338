"""Files from elsewhere, in a folder or a zip, of which nothing is believed before it is checked.

A zip is read where it lies and never unpacked, so that no name in it becomes a path.
"""

import contextlib
import hashlib
import os
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

# More than a site of 100,000 entries and their pictures has.
MOST_FILES = 500_000
MOST_BYTES = 20 * 1024**3
# Text is rarely packed to less than a twentieth, and pictures hardly at all.
MOST_RATIO = 100
SMALL = 1024**2  # what is not worth asking


class SourceError(Exception):
    """Why nothing can be imported from somewhere, in a sentence for the person who asked."""


@contextlib.contextmanager
def opened(path):
    """The `Folder` or `Zip` at a path, or `One` file. Raises SourceError."""
    path = Path(path)
    try:
        if path.is_dir():
            yield Folder(path)
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield Zip(path, archive)
        else:
            path.open("rb").close()
            yield One(path)
    except (OSError, EOFError, NotImplementedError, zlib.error, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"{path} cannot be read: {reason}.") from error


class Files:
    """Names, relative and with `/`, of files that can be opened. `names` is sorted."""

    names = ()

    def __contains__(self, name):
        return name in self._known

    def open(self, name):
        """The file, to read bytes from. KeyError if there is none of that name."""
        raise NotImplementedError

    def read(self, name):
        with self.open(name) as file:
            return file.read()

    def digest(self, name):
        """The SHA-256 of a file."""
        with self.open(name) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def text(self, name):
        """The whole file as text, which must be UTF-8. Raises SourceError."""
        try:
            return self.read(name).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise SourceError(
                f"{name} is not UTF-8 (byte {error.start}): save it as UTF-8 and import again."
            ) from None


class One(Files):
    """A single file."""

    def __init__(self, path):
        self.path = path
        self.names = [path.name]
        self._known = {path.name}

    def open(self, name):
        if name not in self:
            raise KeyError(name)
        return self.path.open("rb")


class Folder(Files):
    """What lies below a folder, without what begins with a dot. Raises SourceError for links."""

    def __init__(self, path):
        self.path = path
        found = []
        for folder, folders, files in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in [*folders, *files]:
                if os.path.islink(os.path.join(folder, name)):
                    raise SourceError(
                        f"{os.path.join(folder, name)} is a link: put the file itself there."
                    )
            place = Path(folder).relative_to(path)
            found += [(place / name).as_posix() for name in files if not name.startswith(".")]
            refuse_too_many(len(found))
        self.names = sorted(found)
        self._known = {*found}

    def open(self, name):
        if name not in self:
            raise KeyError(name)
        file = (self.path / name).open("rb")
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            file.close()
            raise SourceError(f"{self.path / name} is no file: take it away.")
        return file


class Zip(Files):
    """The members of a zip. Raises SourceError for one that is made to do harm."""

    def __init__(self, path, archive):
        self.path, self.archive = path, archive
        members = [member for member in archive.infolist() if not member.is_dir()]
        refuse_too_many(len(members))
        self._known = {}
        for member in members:
            refuse_hostile(member)
            if member.filename in self._known:
                raise SourceError(f"The zip has {member.filename!r} twice: make it again.")
            self._known[member.filename] = member
        total = sum(member.file_size for member in members)
        if total > MOST_BYTES:
            raise SourceError(
                f"The zip unpacks to {total / 1024**3:.0f} GB; at most "
                f"{MOST_BYTES / 1024**3:.0f} GB can be imported: take it in parts."
            )
        self.names = sorted(self._known)

    def open(self, name):
        # zipfile itself reads no more of a member than it says it has, and checks its CRC.
        return self.archive.open(self._known[name])


def refuse_hostile(member):
    name = member.filename
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in path.parts[0]:
        raise SourceError(f"The zip names {name!r}, which is outside of it: nothing was read.")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind and kind != stat.S_IFREG:
        raise SourceError(f"{name!r} in the zip is a link or a device: put the file itself there.")
    if member.flag_bits & 1:
        raise SourceError(f"{name!r} in the zip is encrypted: make the zip without a password.")
    if member.file_size > SMALL and member.file_size > MOST_RATIO * member.compress_size:
        raise SourceError(
            f"{name!r} in the zip unpacks to more than {MOST_RATIO} times its size, as no text or "
            "picture does: nothing was read."
        )


def refuse_too_many(number):
    if number > MOST_FILES:
        raise SourceError(f"There are more than {MOST_FILES:,} files: take them in parts.")
