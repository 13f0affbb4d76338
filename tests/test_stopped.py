"""Ctrl-C, at any step of what takes long: what was there is still there, and it is said."""

import io
import os
import signal
from itertools import count

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from journal.models import Entry
from portfolio.exchange import progress
from tests.factories import make_entry, make_image
from tests.test_backup import empty_place, files, rows
from tests.test_build_site import HOME

pytestmark = pytest.mark.django_db(transaction=True)


class CtrlC(progress.Progress):
    """Comes, as from a terminal, to all processes of the group before the step of a number."""

    def __init__(self, step):
        self.left = step

    def over(self, items, what, total=None):
        for item in items:
            self.count()
            yield item
        self.count()

    def count(self):
        if self.left == 0:
            os.killpg(0, signal.SIGINT)
        self.left -= 1


def run_until(step, *command):
    """The exit code of a command in a group of its own; what it says goes to standard error."""
    name = connection.settings_dict["NAME"]
    connections.close_all()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setpgid(0, 0)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            # Without Playwright's event loop a child may have other connections.
            connection.settings_dict["NAME"] = name
            progress.shown = lambda stream: CtrlC(step)
            call_command(*map(str, command), stdout=io.StringIO())
            code = 0
        except CommandError as error:
            os.write(2, str(error).encode())
            code = error.returncode
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def stops(command, each, capfd):
    """Run a command again and again, stopped later each time; ends before it is not stopped.

    Gives what was said each time.
    """
    for step in count(0, each):
        if (code := run_until(step, *command)) == 0:
            # The control: there were moments to stop at.
            assert step > 3 * each
            return
        assert code == 130
        yield capfd.readouterr().err


@pytest.mark.parametrize(
    ("command", "each", "said"),
    [
        (["build_site", "site", "--base-url", HOME, "--jobs", 2], 10, "the site is as it was."),
        (["export_content", "a.zip"], 1, "there is no new export."),
        (["export_content", "folder"], 1, "there is no new export."),
        (["backup", "a.zip"], 1, "there is no new backup."),
    ],
    ids=lambda value: "-".join(value[:2]) if isinstance(value, list) else "",
)
def test_what_was_written_before_stays(tmp_path, monkeypatch, capfd, command, each, said):
    def there():
        names = {path.name for path in tmp_path.iterdir()} - {".site.building"}
        return names, {k: v for k, v in files(tmp_path).items() if k.split("/")[0] in names}

    monkeypatch.chdir(tmp_path)
    make_entry(), make_image()
    assert run_until(-1, *command) == 0
    before = there()
    Entry.objects.update(title="changed")
    for heard in stops(command, each, capfd):
        assert heard == f"Stopped: {said}"
        assert there() == before
    names, _ = after = there()
    assert after != before and names == before[0]


def test_what_is_restored_is_there_only_as_a_whole(settings, tmp_path, media_root, capfd):
    make_entry(), make_image()
    call_command("backup", tmp_path / "a.zip", stdout=io.StringIO(), stderr=io.StringIO())
    before, media = rows(), files(media_root)
    with empty_place(settings, tmp_path / "new"):
        for heard in stops(["restore", tmp_path / "a.zip"], 1, capfd):
            assert heard == "Stopped: restore again, into a new database if this one is refused."
            assert connection.introspection.table_names() == []
        assert rows() == before and files(settings.MEDIA_ROOT) == media
