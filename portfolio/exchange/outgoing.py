"""Where an export goes, in whichever of its forms: a zip or a folder, whole or not at all."""

import os
import tempfile
import zipfile
from pathlib import Path

from . import bundle
from .bundle import ExportError
from .markdown import tree

# Each has `write_files(create, live_only, progress)` and `files_in(folder)`.
FORMS = {"bundle": bundle, "markdown": tree}


def write_zip(file, form="bundle", **options):
    """Write a zip into a binary file that can seek; returns how many objects of each kind."""
    with zipfile.ZipFile(file, "w") as archive:

        def create(path):
            # Fixed dates and modes, and not compressed, as that depends on the library's version.
            info = zipfile.ZipInfo(path)
            info.create_system = 3
            info.external_attr = 0o100644 << 16
            return archive.open(info, "w", force_zip64=True)

        return FORMS[form].write_files(create, **options)


def write_folder(folder, form="bundle", **options):
    """Write the files into a new folder; returns how many objects of each kind."""

    def create(path):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        return open(folder / path, "xb")

    return FORMS[form].write_files(create, **options)


def export(target, form="bundle", **options):
    """Export to a path that ends in `.zip`, or else to a folder; returns the counts of each kind.

    Whatever stops it, an earlier zip stays as it was and a new target appears whole or not at all.
    In a folder that holds an export only the files of that are replaced, so that it can be a
    repository. Raises ExportError.
    """
    target = Path(target).resolve()
    zipped = target.suffix.lower() == ".zip"
    present = not zipped and target.exists()
    replaced = earlier_files(target, form) if present else []
    try:
        # Beside the target, as moving is atomic only within a file system.
        beside = target if present else target.parent
        with tempfile.TemporaryDirectory(prefix=".export-", dir=beside) as staging:
            made = Path(staging, "made")
            if zipped:
                with open(made, "xb") as file:
                    counts = write_zip(file, form, **options)
            else:
                counts = write_folder(made, form, **options)
            if present:
                replace_files(target, made, replaced)
            else:
                os.replace(made, target)
    except OSError as error:
        raise ExportError(
            f"{target} cannot be written ({error.strerror}): choose a place in a folder that "
            "exists and that you may write."
        ) from error
    return counts


def earlier_files(folder, form):
    """The paths of the export in a folder; none if it is empty. ExportError for anything else."""
    if not folder.is_dir():
        raise ExportError(f"{folder} is a file: name a folder, or a file that ends in .zip.")
    if not any(folder.iterdir()):
        return []
    found = FORMS[form].files_in(folder)
    if found is None:
        raise ExportError(
            f"{folder} is not empty and holds no {form} of a format that is known: name a new "
            "folder."
        )
    return found


def replace_files(target, made, replaced):
    # Pictures come first and go last, so that whenever this is cut short no text names one that is
    # not there; what tells of the whole comes last.
    files = sorted(
        (path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()),
        key=lambda path: (not path.startswith("media/"), path == bundle.MANIFEST, path),
    )
    for path in files:
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        os.replace(made / path, target / path)
    for path in set(replaced) - set(files):
        # What was exported earlier is made of files that anyone may have written.
        if (place := (target / path).resolve()) == target / path:
            place.unlink(missing_ok=True)
