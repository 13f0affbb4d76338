from django.core.management.base import BaseCommand, CommandError

from portfolio.exchange import difference, files, forms, plan, progress

SIGNS = {"add": "+", "change": "~", "delete": "-"}


class Command(BaseCommand):
    help = (
        "Imports content: all of it, or nothing where something is wrong. Takes what "
        "export_content writes, and other systems' files."
    )

    def add_arguments(self, parser):
        parser.add_argument("path", help="a folder, a .zip or a file")
        parser.add_argument("--plan", action="store_true", help="only tell what would be done")
        parser.add_argument(
            "--prune", action="store_true", help="delete what is here and not in what is imported"
        )
        parser.add_argument(
            "--force", action="store_true", help="also undo what was edited here later"
        )

    def handle(self, *, path, prune, force, **options):
        shown = progress.shown(self.stderr)
        try:
            with files.opened(path) as opened:
                source = forms.source_of(opened)
                if options["plan"]:
                    made = plan.make(source, prune, shown)
                else:
                    made = plan.carry_out(source, prune, force, shown)
        except files.SourceError as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped: nothing was imported.", returncode=130) from None
        except plan.ImportRefused as error:
            self.tell(error.plan, force, "would be")
            raise CommandError("Nothing was imported, for the reasons above.") from error
        self.tell(made, force, "would be" if options["plan"] else "were")

    def tell(self, plan, force, were):
        for change in plan.changes:
            where = f"  ({change.where})" if change.where else ""
            self.stdout.write(f"{SIGNS[change.what]} {change.label} {change.name}{where}")
            for name, (before, after) in change.fields.items():
                self.stdout.write(f"    {name}: {difference.short(before, after)}")
        if len(plan.changes) < (told := sum(map(plan.count, SIGNS))):
            self.stdout.write(f"… and {told - len(plan.changes):,} more.")
        for remark in plan.remarks:
            self.stdout.write(f"? {remark.where}: {remark.what}")
        for problem in plan.problems:
            self.stdout.write(f"! {problem.where}: {problem.what}")
        for change in plan.newer_here:
            end = "undone by --force" if force else "add --force to undo that"
            self.stdout.write(f"! {change.label} {change.name} was edited here later; {end}.")
        added, changed, deleted, left = map(plan.count, [*SIGNS, "leave"])
        self.stdout.write(
            f"{added:,} {were} added, {changed:,} changed and {deleted:,} deleted; "
            f"{left:,} are here already."
        )
