"""Commands of manage.py that are killed at random moments.

`python -m tests.kills` starts Django once and then forks for each command that it reads, so that a
hundred kills do not take a hundred starts.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from io import StringIO

from tests.server import ROOT


class Commands:
    """Runs commands on the site of an environment, each in a process of its own."""

    def __init__(self, process):
        self.process = process

    def run(self, *arguments):
        """Run a command to its end; gives the seconds that it took."""
        started = time.monotonic()
        self.start(*arguments)
        assert self.ended() == 0, arguments
        return time.monotonic() - started

    def kill(self, after, *arguments):
        """Kill a command so many seconds after its start; False if it had ended by then."""
        pid = self.start(*arguments)
        time.sleep(after)
        os.kill(pid, signal.SIGKILL)
        return self.ended() == -signal.SIGKILL

    def start(self, *arguments):
        self.process.stdin.write(json.dumps([*map(str, arguments)]) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def ended(self):
        # It stays a zombie until this is asked, so that no other process has its number.
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def commands(environment):
    """The `Commands` of the site that an environment names."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.kills"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Commands(process)


def moments(number, seconds, seed=1):
    """So many moments within, and a little after, a time."""
    chance = random.Random(seed)
    return [chance.uniform(0, seconds * 1.1) for _ in range(number)]


def serve():
    os.environ["DJANGO_SETTINGS_MODULE"] = "portfolio.settings"
    import django
    from django.core.management import call_command, get_commands, load_command_class

    django.setup()
    # What they need is read before they are begun, so that a kill meets their work.
    import portfolio.urls  # noqa: F401

    for name, app in get_commands().items():
        if app == "portfolio":
            load_command_class(app, name)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                call_command(*json.loads(line), stdout=StringIO())
                code = 0
            finally:
                os._exit(code)
        say(pid)
        sys.stdin.readline()
        say(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def say(number):
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve()
