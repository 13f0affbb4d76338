"""The proof that a bundle is whole: it is loaded where nothing is, and exported again."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings

from .bundle import ExportError
from .files import opened
from .progress import Progress


def verify(path, form="bundle", progress=None):
    """Raises ExportError unless an export comes back with the same bytes.

    The scratch site is SQLite's, whatever this one is: what is exported must not show it.
    """
    path = Path(path).resolve()
    with TemporaryDirectory(prefix="verify-") as folder:
        again = Path(folder, "again" + (".zip" if path.is_file() else ""))
        commands = [
            ("migrate", "-v0"),
            ("import_content", path),
            ("export_content", again, "--as", form),
        ]
        for command in (progress or Progress()).over(commands, "Steps of the proof"):
            manage(folder, *map(str, command))
        if digests(path) != digests(again):
            raise ExportError(
                f"{path} does not come back as it was: compare its files with those of an "
                "export of what it was imported into, and report what differs."
            )


def manage(folder, *arguments):
    """Run a command of manage.py on the scratch site that keeps everything in the folder."""
    scratch = {"VAR_DIR": folder, "DATABASE_URL": f"sqlite:///{folder}/site.sqlite3"}
    # Its pictures are in the folder, too, also where .env has a bucket.
    scratch |= dict.fromkeys(
        ("S3_BUCKET", "S3_ENDPOINT", "S3_REGION", "S3_ACCESS_KEY", "S3_SECRET_KEY"), ""
    )
    done = subprocess.run(  # noqa: S603
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | scratch,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise ExportError(
            f"The proof fails at {arguments[0]}: {(done.stderr or done.stdout)[-500:]}"
        )


def digests(path):
    """{path: SHA-256} of the files of an export."""
    with opened(path) as files:
        return {name: files.digest(name) for name in files.names}
