"""Load a fixture of ours, with its Markdown as Wagtail keeps text: as HTML, code in blocks."""

import json
from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand
from django.utils.html import strip_tags
from markdown_it import MarkdownIt
from wagtail.models import Page, Site

from home.models import EntryPage, HomePage, PrinciplePage, RolePage, SectionPage, Statement, Tool

SECTIONS = "now", "roles", "thinking", "journal", "tools"
STORY = "problem", "approach", "impact", "learned", "broke"
MARKDOWN = MarkdownIt()


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("fixture", type=Path)

    def handle(self, *, fixture, **options):
        content = {}
        for item in json.loads(fixture.read_text()):
            content.setdefault(item["model"], []).append(item["fields"])
        for items in content.values():
            items.sort(key=lambda fields: fields.get("position", 0))
        # Migrations made a page that says welcome, which new projects replace, too.
        Page.objects.filter(depth=2).delete()
        home = Page.get_first_root_node().add_child(instance=HomePage(title="home", slug="home"))
        site = {"hostname": "localhost", "site_name": "portfolio", "is_default_site": True}
        Site.objects.create(root_page=home, **site)
        sections = {
            name: home.add_child(instance=SectionPage(title=name, slug=name, show_in_menus=True))
            for name in SECTIONS
        }
        for fields in content["roles.role"]:
            story = {name: MARKDOWN.render(fields[name]) for name in STORY}
            sections["roles"].add_child(instance=RolePage(**title(fields), **story))
        for fields in content["portfolio.principle"]:
            page = PrinciplePage(**title(fields), body=[*blocks(fields["body"])])
            sections["thinking"].add_child(instance=page)
        for fields in content["journal.entry"]:
            body = MARKDOWN.render(fields["body"])
            month = date.fromisoformat(f"{fields['month']}-01")
            intro = strip_tags(body).strip()
            page = EntryPage(**title(fields), month=month, intro=intro, body=body)
            sections["journal"].add_child(instance=page)
        for model, kind, names in (
            (Statement, "portfolio.focus", ("text", "detail", "position")),
            (Tool, "portfolio.tool", ("name", "slug", "position")),
        ):
            model.objects.bulk_create(
                model(**{name: fields[name] for name in names}) for fields in content[kind]
            )


def title(fields):
    return {name: fields[name] for name in ("title", "slug")}


def blocks(text):
    """The blocks of a StreamField."""
    for number, part in enumerate(text.split("\n```")):
        if number % 2:
            yield "code", part.partition("\n")[2]
        else:
            yield "text", MARKDOWN.render(part)
