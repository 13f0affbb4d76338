"""What a `Job` can do with content; each gives its outcome, as templates/admin/exchange/ shows it.

`kind` is "file" for something to download, "plan" for an import that waits for a yes, "imported",
or "failed" with the reason.
"""

import tempfile
import zipfile
from functools import partial
from pathlib import Path

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from .. import bundle, outgoing, plan
from ..files import SourceError, opened
from . import apart
from .job import create
from .report import report

FILE = "file"
# The forms of an export, each with its label.
EXPORTS = {
    "bundle": "A content bundle, which Django's loaddata takes, too",
    "markdown": "Files of Markdown, to read and to edit",
}


class PlanChanged(Exception):
    """What would be undone is not what was shown; `plan` says what is."""

    def __init__(self, changed):
        super().__init__("the plan has changed")
        self.plan = changed


def failed(error):
    return {"kind": "failed", "reason": str(error)}


def made(job, name):
    name = f"{name}-{timezone.localdate()}.zip"
    return {"kind": "file", "name": name, "bytes": job.path(FILE).stat().st_size}


def export(job, progress, form, live_only):
    try:
        with create(job.path(FILE)) as file:
            outgoing.write_zip(file, form, live_only=live_only, progress=progress)
    except bundle.ExportError as error:
        return failed(error)
    return made(job, "portfolio")


def build_site(job, progress, base_url):
    with tempfile.TemporaryDirectory(dir=job.folder) as folder:
        site = Path(folder, "site")
        try:
            apart.build(site, base_url, progress.note)
        except apart.SiteRefused as error:
            return failed(error)
        # What the next build would take over from this one begins with a dot.
        names = [path for path in site.rglob("*") if path.is_file() and path.name[0] != "."]
        with (
            create(job.path(FILE)) as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for path in progress.over(sorted(names), "Files", len(names)):
                archive.write(path, path.relative_to(site))
    return made(job, "site")


# Imports. `asked` of a job says what is imported: {"file", "name", "prune"}.


def source_of(files):
    # The parsers of all forms: read in at once, they would hold up each start of the site.
    from ..forms import source_of

    return source_of(files)


def plan_import(job, progress):
    asked = job.read("asked")
    called = partial(as_called, job, asked)
    try:
        with opened(job.path(asked["file"])) as files:
            planned = plan.make(source_of(files), asked["prune"], progress)
    except SourceError as error:
        return failed(called(str(error)))
    return {"kind": "plan", **report(planned, called)}


def carry_out(job, progress, user_pk, shown, force):
    """Do what was planned. `shown` are those whose later edits the user saw that it undoes."""
    asked = job.read("asked")
    called = partial(as_called, job, asked)
    user = get_user_model().objects.get(pk=user_pk)
    try:
        with opened(job.path(asked["file"])) as files, transaction.atomic():
            done = plan.carry_out(source_of(files), asked["prune"], force, progress, user)
            told = report(done, called)
            if not {*told["newer"]} <= {*shown}:
                # The files of its new pictures stay behind: `clean_pictures` finds them.
                raise PlanChanged(done)
    except SourceError as error:
        return failed(called(str(error)))
    except (plan.ImportRefused, PlanChanged) as error:
        return {"kind": "plan", "is_refused": True, **report(error.plan, called)}
    # It is not needed again, and may be large.
    job.path(asked["file"]).unlink()
    return {"kind": "imported", **told}


def as_called(job, asked, text):
    """What is said of the file, or a place in it, with the name that the user gave it."""
    text = text.replace(str(job.path(asked["file"])), asked["name"])
    own = asked["file"]
    return asked["name"] + text.removeprefix(own) if text.startswith(own) else text
