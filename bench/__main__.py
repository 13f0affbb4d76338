"""Run every benchmark on the site as it is served with the seed, and keep the tables.

To add one: write a module with `TITLE`, `HEADINGS` and `rows(site)`, and name it in `BENCHMARKS`;
with a `NOTE`, too, if its table needs one.
"""

import json
import os
import platform
import re
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import build, exchange, growth, lighthouse, peers, speed, weight, writing
from tests.machine import chromium, npm_package, run_quietly
from tests.server import running_site

BENCHMARKS = [weight, speed, writing, exchange, growth, build, lighthouse]
if os.environ.get("PEERS"):
    # Its environment takes a while to install.
    BENCHMARKS.append(peers)
RESULTS = Path(__file__).with_name("results.md")


def main():
    parts = [f"# Results of `make bench`\n\n{machine()}"]
    print(parts[0])
    with (
        TemporaryDirectory(prefix="portfolio-bench-") as folder,
        running_site(folder, fresh=True) as site,
    ):
        for benchmark in BENCHMARKS:
            note = f"{benchmark.NOTE}\n\n" if hasattr(benchmark, "NOTE") else ""
            measured = table(benchmark.HEADINGS, benchmark.rows(site))
            parts.append(f"## {benchmark.TITLE}\n\n{note}{measured}")
            print(f"\n{parts[-1]}", flush=True)
    RESULTS.write_text("\n\n".join(parts) + "\n")


def table(headings, rows):
    """Markdown, padded so that it also reads in a terminal."""
    lines = [[str(cell) for cell in line] for line in (headings, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines)


def machine():
    """Where and with what the figures were measured."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("django", "granian", "brotli"))
    return (
        f"{datetime.now(UTC):%Y-%m-%d} on {os.cpu_count()} cores of {processor()} "
        f"under a load of {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}, {packages}, {browser()}, {checker()}."
    )


def processor():
    cpuinfo = Path("/proc/cpuinfo")
    found = cpuinfo.exists() and re.search(r"model name\s*: (.+)", cpuinfo.read_text())
    return found[1] if found else platform.machine()


def browser():
    return re.search(r"Chrom\S+ [\d.]+", run_quietly(chromium(), "--version").stdout)[0]


def checker():
    manifest = json.loads((npm_package("lighthouse") / "package.json").read_text())
    return f"Lighthouse {manifest['version']}"


if __name__ == "__main__":
    main()
