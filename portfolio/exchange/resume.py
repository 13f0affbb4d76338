"""The public résumé as a file, which other software reads. It is a part, and does not come back."""

import os
import tempfile
from pathlib import Path

from portfolio import cv
from portfolio.views import load_profile

from .bundle import ExportError
from .canonical import snapshot


def resume():
    """The bytes of a JSON Resume, as the site has it at `/resume.json`."""
    with snapshot():
        return cv.resume_json(load_profile()).encode()


def export(target):
    """Write it to a path; what was there stays until it is whole. Raises ExportError."""
    target, content = Path(target).resolve(), resume()
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=target.parent) as staging:
            made = Path(staging, "made")
            made.write_bytes(content)
            os.replace(made, target)
    except OSError as error:
        raise ExportError(
            f"{target} cannot be written ({error.strerror}): name a file, such as resume.json, in "
            "a folder that exists and that you may write."
        ) from error
