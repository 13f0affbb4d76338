"""The site built in a process of its own, as a build changes settings while it lasts.

`python -m portfolio.exchange.desk.apart FOLDER URL` tells on standard output, in lines of JSON, how
far it is, and in the end `{"refused": why}` if there is no site.
"""

import json
import subprocess
import sys

from django.conf import settings


class SiteRefused(Exception):
    """Why there is no site, in a sentence for the person who asked for it."""


def build(folder, base_url, note):
    """Build the site for an address into a new folder; `note` is told how far it is.

    Raises SiteRefused.
    """
    command = [sys.executable, "-m", __name__, str(folder), base_url]
    with subprocess.Popen(  # noqa: S603
        command, cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout:
            told = json.loads(line)
            if "refused" in told:
                raise SiteRefused(told["refused"])
            note(told)
    if process.returncode:
        raise RuntimeError(f"The build ended with {process.returncode}.")


def main(folder, base_url):
    import django

    django.setup()
    from ..static.place import PlaceError
    from ..static.site import BuildError, build
    from ..static.swap import SwapError
    from .job import Noted

    def tell(line):
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    try:
        # One at a time: the other cores go on answering visitors.
        build(folder, base_url, 1, Noted(tell))
    except (BuildError, PlaceError, SwapError) as error:
        tell({"refused": str(error)})


if __name__ == "__main__":
    main(*sys.argv[1:])
