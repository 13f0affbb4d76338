"""Lighthouse's scores for the pages that a stranger meets, as on a slow phone (its own default)."""

import json
import os
import subprocess

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
    "search": "/search/?q=postgres",
}
RUNS = 3  # the middle one counts, since a machine is busy at times


def rows(url):
    return [row(name, url + path) for name, path in PAGES.items()]


def row(name, url):
    report = sorted((audit(url) for _ in range(RUNS)), key=performance)[RUNS // 2]
    if error := report.get("runtimeError"):
        return [name, *[""] * (len(HEADINGS) - 2), error["code"]]
    audits, categories = report["audits"], report["categories"]
    scores = [round(100 * categories[category]["score"]) for category in CATEGORIES]
    times = [audits[audit]["displayValue"].replace("\u00a0", " ") for audit in TIMES.values()]
    counted = [
        ref["id"] for part in categories.values() for ref in part["auditRefs"] if ref["weight"]
    ]
    missed = [
        audit
        for audit in counted
        if (audits[audit]["score"] or 0) < 1
        and audits[audit]["scoreDisplayMode"] != "notApplicable"
    ]
    return [name, *scores, *times, " ".join(missed)]


def performance(report):
    return report["categories"]["performance"]["score"] or 0


def audit(url):
    """Lighthouse's report on one page, as it writes it. Raises RuntimeError if it writes none."""
    chrome_flags = ["--headless=new", *CHROMIUM_FLAGS]
    done = node(
        npm_package("lighthouse") / "cli/index.js",
        url,
        "--quiet",
        "--output=json",
        "--no-enable-error-reporting",
        f"--only-categories={','.join(CATEGORIES)}",
        f"--chrome-flags={' '.join(chrome_flags)}",
        env=os.environ | {"CHROME_PATH": chromium()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if not done.stdout:
        raise RuntimeError(f"Lighthouse wrote no report on {url}:\n{done.stderr}")
    return json.loads(done.stdout)
