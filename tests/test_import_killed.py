"""An import that is killed, at whatever moment, leaves what was there or all that was to come."""

import json
import shutil

import pytest
from django.db import connection

from portfolio.exchange import canonical
from portfolio.months import Month
from tests.content import PICTURES
from tests.kills import commands, moments
from tests.server import empty_database, environment

# On each engine, so a hundred in `make test`.
KILLS = 50


def site(slugs, pictures, note, at):
    """A fixture of entries with these slugs, and of some of the `PICTURES`."""
    tool = {"name": "a", "slug": "a", "note": note, "url": "", "position": 0, "updated_at": at}
    items = [{"model": "portfolio.tool", "fields": tool}]
    for name in pictures:
        fields = {"file": name, "name": "", "width": 2, "height": 3, "alt": note, "caption": ""}
        fields |= {"decorative": False, "transparent": False, "created_at": at, "updated_at": at}
        items.append({"model": "portfolio.image", "fields": fields})
    for slug in slugs:
        fields = {"title": note, "slug": slug, "month": Month(2026, 1).isoformat(), "body": note}
        fields |= {"summary": "", "role": None, "tools": [["a"]], "publish_at": at}
        fields |= {"created_at": at, "updated_at": at}
        fields["uuid"] = f"00000000-0000-4000-8000-0000000000{slug[1:]}"
        items.append({"model": "journal.entry", "fields": fields})
    items.sort(key=lambda item: item["fields"].get("file", "") + item["fields"].get("slug", ""))
    items.sort(key=lambda item: [*canonical.KINDS].index(item["model"]))
    return [{**item, "fields": dict(sorted(item["fields"].items()))} for item in items]


def folder(path, items):
    (path / "media").mkdir(parents=True)
    text = json.dumps(items, ensure_ascii=False, indent=2) + "\n"
    (path / "content.json").write_text(text)
    for item in items:
        if "file" in item["fields"]:
            name = item["fields"]["file"]
            (path / "media" / name).write_bytes(PICTURES[name])
    return path


@pytest.mark.django_db
def test_a_killed_import_leaves_the_old_or_the_new(tmp_path):
    names = [*PICTURES]
    slugs = [f"e{n:02}" for n in range(9)]
    # Each adds, changes and deletes what the other has.
    sites = [
        folder(tmp_path / "a", site(slugs[:6], names[:2], "one", "2026-01-02T03:04:05.678901Z")),
        folder(tmp_path / "b", site(slugs[3:], names[1:], "two", "2026-02-03T04:05:06Z")),
    ]
    texts = [(path / "content.json").read_bytes() for path in sites]
    media = tmp_path / "var" / "media"

    def state():
        """Which of the two sites is there, asked in a process of its own."""
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        # Stops at a picture whose file is missing.
        run.run("export_content", tmp_path / "out")
        for name in json.loads((tmp_path / "out" / "manifest.json").read_text())["files"]:
            if name.startswith("media/"):
                there = (media / name.removeprefix("media/")).read_bytes()
                assert there == PICTURES[name.removeprefix("media/")]
        found = (tmp_path / "out" / "content.json").read_bytes()
        assert found in texts, found[:1000]
        return texts.index(found)

    def import_of(number):
        return ["import_content", sites[number], "--prune", "--force"]

    with (
        empty_database("killed") as database,
        commands(environment(tmp_path / "var", **database)) as run,
    ):
        run.run("migrate", "-v0")
        run.run(*import_of(0))
        run.run(*import_of(1))
        now, ends = 1, []
        for number, moment in enumerate(moments(KILLS, 1, seed=connection.vendor)):
            if number % 10 == 0:
                # How long one takes now: the machine may have got busier.
                seconds, now = run.run(*import_of(1 - now)), 1 - now
            killed = run.kill(moment * seconds, *import_of(1 - now))
            after = state()
            ends.append((killed, after != now))
            now = after
        # The controls: kills that left the old, and that came too late.
        assert (True, False) in ends
        assert any(changed for _, changed in ends)
        # Whatever they left does not stand in the way of the next.
        run.run(*import_of(1 - now))
        assert state() == 1 - now
