import os

from django.core.management.base import BaseCommand, CommandError

from portfolio.exchange import progress
from portfolio.exchange.static.crawl import faults
from portfolio.exchange.static.place import PlaceError
from portfolio.exchange.static.site import BuildError, build
from portfolio.exchange.static.swap import SwapError


class Command(BaseCommand):
    help = "Writes the public site as static files to a folder."

    def add_arguments(self, parser):
        parser.add_argument("folder", help="new, empty, or with an earlier build")
        parser.add_argument(
            "--base-url",
            required=True,
            help="where the site will be, such as https://example.org/portfolio/",
        )
        parser.add_argument(
            "--jobs", type=int, default=os.cpu_count() or 1, help="how many processes work at once"
        )
        parser.add_argument(
            "--check", action="store_true", help="then look for broken links and missing files"
        )

    def handle(self, *, folder, base_url, jobs, check, **options):
        if jobs < 1:
            raise CommandError("--jobs has to be 1 or more.")
        try:
            number = build(folder, base_url, jobs, progress.shown(self.stderr))
        except (BuildError, PlaceError, SwapError) as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped: the site is as it was.", returncode=130) from None
        self.stdout.write(f"Built {number:,} files in {folder}.")
        if check:
            found = [*faults(folder, base_url)]
            for each in found:
                self.stdout.write(each)
            if found:
                raise CommandError(f"Broken links: {len(found):,}.")
            self.stdout.write("No link is broken.")
