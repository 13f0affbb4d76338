import json

from django.core.management.base import BaseCommand, CommandError

from portfolio.editing import site_check
from portfolio.editing.checks import CHECKS, obstacles
from portfolio.editing.checks.content import quoted
from portfolio.editing.checks.links import Addresses
from portfolio.editing.models import key_of
from portfolio.page import absolute

REASONS = {check.name: check.reason for check in CHECKS}


class Command(BaseCommand):
    help = (
        "Looks at every public page as it is before publishing, and keeps what it finds for the "
        "desk. Fails if something is found that blocks publishing."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--drafts", action="store_true", help="drafts too, as if they were published now"
        )
        parser.add_argument("--json", action="store_true", help="for other programs")

    def handle(self, *, drafts, **options):
        keys, faulty = set(), []
        for item, found in look(drafts):
            keys.add(key_of(item))
            if found:
                faulty.append((item, found))
        site_check.forget(keys)
        (self.tell_programs if options["json"] else self.tell)(faulty, len(keys))
        if number := sum(len(obstacles(found)) for _, found in faulty):
            raise CommandError(f"Findings that block publishing: {number}.")

    def tell(self, faulty, number):
        for item, found in faulty:
            self.stdout.write(f"{item._meta.verbose_name} {quoted(str(item), 300)}, {item.state}")
            self.stdout.write(f"  {absolute(site_check.form_of(item))}")
            for each in found:
                kind = "blocks" if each.blocking else "advice"
                self.stdout.write(f"  {kind}: {each.message} {each.fix}")
        self.stdout.write(f"Pages looked at: {number}; with findings: {len(faulty)}.")

    def tell_programs(self, faulty, number):
        items = [
            {
                "key": key_of(item),
                "title": str(item),
                "state": item.state,
                "form": absolute(site_check.form_of(item)),
                "findings": [each._asdict() | {"reason": REASONS[each.check]} for each in found],
            }
            for item, found in faulty
        ]
        answer = {"checked": number, "items": items}
        self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2))


def look(drafts):
    """Each item that is public, and the others too if `drafts`, as (item, its findings)."""
    addresses = Addresses()
    for model in site_check.kinds():
        items = model._default_manager.all() if drafts else site_check.public(model)
        # One by one: there may be many, and some may be gone by the time that it is their turn.
        for pk in [*items.values_list("pk", flat=True)]:
            item = model._base_manager.filter(pk=pk).first()
            if item and (drafts or item.state == "live"):
                found = site_check.look_at(item, addresses)
                if found is not None:
                    yield item, found
