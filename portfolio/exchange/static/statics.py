"""The static files that public pages name, each under a name that tells its content."""

import fnmatch
import shutil
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage

# A page that names another one fails to be made.
PUBLIC = (
    "portfolio/site.css",
    "portfolio/feed.css",
    "portfolio/theme.js",
    "portfolio/site.js",
    "portfolio/site-search.js",
    "portfolio/icons/*",
    "portfolio/fonts/*",
)


def collect():
    """Put the files into `STATIC_ROOT` under their hashed names; returns {name: hashed name}."""
    paths = {}
    for finder in finders.get_finders():
        for path, storage in finder.list([]):
            if path not in paths and any(fnmatch.fnmatch(path, each) for each in PUBLIC):
                paths[path] = (staticfiles_storage, path)
                place = Path(staticfiles_storage.path(path))
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(storage.path(path), place)
    for _, _, problem in staticfiles_storage.post_process(paths):
        if isinstance(problem, Exception):
            raise problem
    for path in paths:
        Path(staticfiles_storage.path(path)).unlink()
    Path(staticfiles_storage.path(staticfiles_storage.manifest_name)).unlink()
    return dict(sorted(staticfiles_storage.hashed_files.items()))
