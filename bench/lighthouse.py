"""Lighthouse's scores for the pages that a stranger meets, as on a slow phone (its own default)."""

import json
import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.machine import CHROMIUM_FLAGS, chromium, node, npm_package

TITLE = "Lighthouse, mobile"
CATEGORIES = ["performance", "accessibility", "best-practices", "seo"]
TIMES = {
    "LCP": "largest-contentful-paint",
    "CLS": "cumulative-layout-shift",
    "TBT": "total-blocking-time",
}
HEADINGS = ["page", *CATEGORIES, *TIMES, "not perfect"]
PAGES = {
    "home": "/",
    "entry": "/journal/2025/10/refactored-three-times/",
    "role": "/roles/engineering-lead/",
    "journal": "/journal/",
    # Results are kept out of search engines, which costs the score of a page with a query.
    "search": "/search/",
}
RUNS = 3  # the middle one counts, since a machine is busy at times


def rows(site):
    return [row(name, site.url + path) for name, path in PAGES.items()]


def row(name, url):
    report = sorted((audit(url) for _ in range(RUNS)), key=performance)[RUNS // 2]
    if error := report.get("runtimeError"):
        return [name, *[""] * (len(HEADINGS) - 2), error["code"]]
    audits, categories = report["audits"], report["categories"]
    scores = [round(100 * categories[category]["score"]) for category in CATEGORIES]
    times = [audits[audit]["displayValue"].replace("\u00a0", " ") for audit in TIMES.values()]
    return [name, *scores, *times, " ".join(missed(audits, categories))]


def missed(audits, categories):
    """The audits that count in a score and are not perfect."""
    for category in categories.values():
        for ref in category["auditRefs"]:
            score = audits[ref["id"]]["score"]
            if ref["weight"] and score is not None and score < 1:
                yield ref["id"]


def performance(report):
    return report["categories"]["performance"]["score"] or 0


def audit(url):
    """Lighthouse's report on one page. Raises RuntimeError with its words if it writes none."""
    with TemporaryDirectory(prefix="portfolio-lighthouse-") as folder:
        report = Path(folder, "report.json")
        options = {
            "only-categories": ",".join(CATEGORIES),
            "output": "json",
            # It ends before a pipe has taken all of it.
            "output-path": report,
            "chrome-flags": " ".join(["--headless=new", *CHROMIUM_FLAGS]),
        }
        done = node(
            npm_package("lighthouse") / "cli/index.js",
            url,
            *[f"--{name}={value}" for name, value in options.items()],
            "--quiet",
            "--no-enable-error-reporting",
            env=os.environ | {"CHROME_PATH": chromium()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if not report.exists():
            raise RuntimeError(f"Lighthouse wrote no report on {url}:\n{done.stdout}")
        return json.loads(report.read_text())
