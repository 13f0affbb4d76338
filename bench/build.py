"""The site as files, against Hugo and Pelican on the same Markdown: processor seconds of one core.

All three make a page and the plain form of each entry, the lists of the journal and of each tool
in parts, feeds of both, a sitemap, and coloured code. Only ours makes share cards, an index of
search, what is near each entry and structured data: Hugo and Pelican have less to do.
"""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import entries
from tests.server import ROOT, environment

TITLE = "The site as files"
HEADINGS = ["what", "entries", "seconds", "peak MiB", "at most", "against", "measured", "bound"]
ENTRIES = int(os.environ.get("ENTRIES", "10000"))
PEERS = ROOT / ".venv" / "peers" / "bin"
MOST = 150  # MiB
HOME = "https://example.org/"

HUGO = """
baseURL = "https://example.org/"
title = "portfolio"
outputs.page = ["html", "plain"]
pagination.pagerSize = 24
markup.highlight.noClasses = false
taxonomies.tool = "tools"
[outputFormats.plain]
baseName = "index"
isPlainText = true
mediaType = "text/markdown"
[permalinks]
journal = "/journal/:year/:month/:slug/"
"""
HUGO_LAYOUTS = {
    "baseof.html": """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ .Title }} · {{ site.Title }}</title>
<meta name="description" content="{{ .Summary | plainify }}">
<link rel="canonical" href="{{ .Permalink }}"></head>
<body><nav><a href="/">home</a> <a href="/journal/">journal</a> <a href="/tools/">tools</a></nav>
<main>{{ block "main" . }}{{ end }}</main></body></html>
""",
    "page.html": """{{ define "main" }}<h1>{{ .Title }}</h1>
<time datetime="{{ .Date.Format "2006-01" }}">{{ .Date.Format "Jan 2006" }}</time>{{ .Content }}
{{ range .GetTerms "tools" }}<a href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}
{{ with .PrevInSection }}<a href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}
{{ with .NextInSection }}<a href="{{ .RelPermalink }}">{{ .Title }}</a>{{ end }}{{ end }}
""",
    "list.html": """{{ define "main" }}<h1>{{ .Title }}</h1>{{ range .Paginator.Pages }}
<article><h2><a href="{{ .RelPermalink }}">{{ .Title }}</a></h2>{{ .Summary | plainify }}</article>
{{ end }}{{ with .Paginator.Prev }}<a href="{{ .URL }}">newer</a>{{ end }}
{{ with .Paginator.Next }}<a href="{{ .URL }}">older</a>{{ end }}{{ end }}
""",
    "page.plain.md": "# {{ .Title }}\n\n{{ .RawContent }}\n",
}
PELICAN = """
AUTHOR = SITENAME = "portfolio"
SITEURL = "https://example.org"
PATH, TIMEZONE, THEME = "content", "UTC", "simple"
OUTPUT_SOURCES, DEFAULT_PAGINATION = True, 24
ARTICLE_URL = "journal/{date:%Y}/{date:%m}/{slug}/"
ARTICLE_SAVE_AS = ARTICLE_URL + "index.html"
YEAR_ARCHIVE_SAVE_AS = "journal/{date:%Y}/index.html"
MONTH_ARCHIVE_SAVE_AS = "journal/{date:%Y}/{date:%m}/index.html"
FEED_ALL_ATOM, TAG_FEED_ATOM, FEED_MAX_ITEMS = "feed.xml", "tools/{slug}/feed.xml", 30
CATEGORY_FEED_ATOM = AUTHOR_FEED_ATOM = AUTHOR_FEED_RSS = TRANSLATION_FEED_ATOM = None
TAG_URL, TAG_SAVE_AS = "tools/{slug}/", "tools/{slug}/index.html"
AUTHOR_SAVE_AS = AUTHORS_SAVE_AS = ""
"""


def rows(site):
    with TemporaryDirectory(prefix="portfolio-bench-") as folder:
        folder = Path(folder)
        hugo, pelican = of_hugo(folder / "hugo"), of_pelican(folder / "pelican")
        yield row("Hugo", *hugo)
        yield row("Pelican", *pelican)
        manage = ours(folder / "ours")
        build = "build_site", folder / "site", "--base-url", HOME, "--jobs", "1"
        full, peak = manage(*build)
        for name, (theirs, _), least in (("Hugo", hugo, 2.5), ("Pelican", pelican, 4.5)):
            yield row("ours, full", full, peak, MOST, name, f"{theirs / full:.2f}×", f"≥ {least}×")
        manage("shell", "-c", EDIT)
        again, peak = manage(*build)
        part = f"{again / full:.1%}"
        yield row("ours, after one edit", again, peak, MOST, "the full build", part, "≤ 2%")


EDIT = """
from journal.models import Entry
entry = Entry.objects.live()[Entry.objects.count() // 2]
entry.body += "\\n\\nedited."
entry.save()
"""


def row(what, seconds, peak, *others):
    cells = [what, f"{ENTRIES:,}", f"{seconds:.1f}", f"{peak:.0f}", *others]
    return [*cells, *[""] * (len(HEADINGS) - len(cells))]


def ours(folder):
    """A function that runs a command of the site, with the entries in it, as `cost` does."""
    folder.mkdir()
    fixture = folder / "content.json"
    entries.write(fixture, ENTRIES)
    place = environment(folder, DJANGO_SETTINGS_MODULE="portfolio.settings")

    def manage(*arguments):
        return cost(sys.executable, "manage.py", *arguments, cwd=ROOT, env=place)

    manage("migrate", "-v0")
    manage("import_content", fixture)
    return manage


def of_hugo(folder):
    for name, text in HUGO_LAYOUTS.items():
        write(folder / "layouts" / name, text)
    write(folder / "hugo.toml", HUGO)
    for fields in articles():
        tools = "".join(f"\n- {tool}" for (tool,) in fields["tools"])
        head = f"title: {fields['title']}\ndate: {fields['month']}-01\ntools:{tools}"
        name = f"{fields['month']}-{fields['slug']}.md"
        text = f"---\n{head}\nslug: {fields['slug']}\n---\n{fields['body']}\n"
        write(folder / "content" / "journal" / name, text)
    return cost(PEERS / "hugo", "--quiet", cwd=folder, env=os.environ | {"GOMAXPROCS": "1"})


def of_pelican(folder):
    write(folder / "pelicanconf.py", PELICAN)
    for fields in articles():
        tools = ", ".join(tool for (tool,) in fields["tools"])
        head = f"Title: {fields['title']}\nDate: {fields['month']}-01\nTags: {tools}"
        name = f"{fields['month']}-{fields['slug']}.md"
        text = f"{head}\nSlug: {fields['slug']}\n\n{fields['body']}\n"
        write(folder / "content" / name, text)
    return cost(PEERS / "pelican", "--quiet", "-s", "pelicanconf.py", cwd=folder)


def articles():
    return (item["fields"] for item in entries.items(ENTRIES) if "body" in item["fields"])


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def cost(*command, **options):
    """The processor seconds that a command takes, and the most memory that it has, in MiB."""
    process = subprocess.Popen(map(str, command), stdout=subprocess.DEVNULL, **options)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
