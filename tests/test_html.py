"""Every public page, stylesheet and drawing is valid, says the Nu HTML checker.

Its errors, warnings and remarks all count. Java starts slowly, so one process checks everything,
and with it the broken files that show that it would have found something.
"""

import json
import re
import shutil
from collections import defaultdict
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urldefrag

import pytest
from django.core.management import call_command
from django.test import RequestFactory
from django.utils import timezone
from django.views.defaults import server_error

from journal.models import Entry
from portfolio.models import Profile, ProfileLink
from portfolio.months import Month
from tests.factories import (
    make_entry,
    make_evidence,
    make_focus,
    make_outcome,
    make_principle,
    make_role,
    make_tool,
)
from tests.machine import ROOT, java, npm_package
from tests.test_pages import refused
from tests.test_visibility import BESIDE, LISTS, MISSING, PAGES, site_in

matrix = site_in  # the fixture there

# What no page links: a search has to be typed.
TYPED = ["/search/", "/search/?q=hard", "/search/?q=hrad", "/search/?q=nothing", "/search/?q=%22"]
NOT_PAGES = ("/admin/", "/media/", "/static/")
STATIC = ROOT / "portfolio/static/portfolio"
BROKEN = {
    "broken.html": "<!doctype html><html lang=en><title>x</title><p><img src=x></b>",
    "broken.css": "p { colour: red }",
    "broken.svg": '<svg xmlns="http://www.w3.org/2000/svg"><nonsense/></svg>',
}
# What the checker says though the standard allows it: message → the reason.
EXCEPTIONS = {}

WORD = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"
MARKDOWN = """## a heading

### one below

a paragraph with `code`, https://example.org/?a=1&b=2, ![a picture](/media/a.png "a title")
and ![](/media/b.png), **bold *italic* ~~gone~~**, a hard\\
break, &copy; & < > " ' and [a link](</a b> "with a title").

```python
def wide(): return "<b>"  # a comment
```

    indented <code>

| month | deploys | share | and another |
|:------|--------:|:-----:|-------------|
| jan   | 12      | x     | `y`         |

> quoted
> > twice

1. one
2. two
   - nested
   - [x] done
   - [ ] not done

7. seven

term
: definition[^1] and again[^1]

another
: one[^long]

[^1]: a note.
[^long]: a longer note.

    in two paragraphs.

---

مرحبا بالعالم، هذا نص من اليمين إلى اليسار.
"""
HTML = """<details open><summary>more</summary>text</details>

<figure><img alt="a desk" src="/media/a.png" width="4" height="3" loading="lazy">
<figcaption>a figure</figcaption></figure>

<table><caption>c</caption><colgroup><col span="2"><col></colgroup><thead><tr>
<th scope="col" abbr="h">heading</th><th scope="col">b</th><th scope="col">c</th></tr></thead>
<tbody><tr><th scope="row" rowspan="2">h</th><td colspan="2">d</td></tr>
<tr><td>e</td><td>f</td></tr>
</tbody></table>

<ol reversed start="3" type="a"><li value="7">seven</li></ol>

<dl><dt>term</dt><dd>what it means</dd></dl>

<div dir="rtl" lang="he">שלום</div>

<blockquote lang="fr">oui</blockquote>

<abbr title="HyperText">HTML</abbr> <kbd>Ctrl</kbd> <samp>s</samp> <var>v</var> <cite>c</cite>
<dfn>d</dfn> H<sub>2</sub>O <mark>m</mark> <small>s</small> <u>u</u> <s>s</s> <q>said</q> a<wbr>b
<del datetime="2026-01-02">old</del><ins datetime="2026-01-02">new</ins>
<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby> <time datetime="2026-01">January</time>
<a href="https://a.example/" hreflang="fr" rel="me">me</a> <a href="tel:+441234">call</a>
<bdi>إيان</bdi> <bdo dir="rtl">abc</bdo> <span dir="rtl" lang="ar">مرحبا</span>

<script>alert(1)</script><p onclick="x()" style="color: red" id="content" class="label">rest</p>
<iframe src="//evil.example"></iframe><form><input type="text" name="a"><button>b</button></form>
<b><p>wrongly nested</b></p><p>never closed <i>at all</i>
"""


def make_hard_content():
    source, today = "https://example.org/?a=1&b=2", timezone.localdate()
    title = f"{WORD} <b> & \" ' {'a title that goes on ' * 20}"[:300]
    tool = make_tool(slug="hard", name=WORD, note=text("tool"), url=source)
    role = make_role(
        slug="hard",
        title=title,
        organisation=WORD,
        started=Month(2020, 1),
        **{part: text(part) for part in ("problem", "approach", "impact", "learned", "broke")},
        tools=[tool],
    )
    proof = {"baseline": WORD, "as_of": Month(2024, 1), "source": source}
    make_outcome(role=role, figure="1,000x", what=WORD, **proof)
    entry = make_entry(slug="hard", title=title, body=text("entry"), role=role, tools=[tool])
    make_entry(slug="rtl", title="عنوان من اليمين إلى اليسار", body="نص عربي من اليمين. " * 50)
    make_entry(slug="quiet", body="")
    make_entry(slug="draft", title=title, body=text("draft"), publish_at=None)
    principle = make_principle(slug="hard", title=title, body=text("principle"))
    make_evidence(principle=principle, role=role)
    make_evidence(principle=principle, entry=entry, verdict="broke")
    make_focus(text=title, detail=WORD, since=Month(2020, 1), review_by=today - timedelta(days=9))
    make_focus(text=WORD, since=Month(2019, 1), until=Month(2020, 1))
    email = f"{'a' * 60}@example.org"
    profile = Profile.objects.create(name=WORD, about=text("me"), email=email, location=WORD)
    ProfileLink.objects.create(profile=profile, label=WORD, url=source, rel_me=True)


def text(place):
    # Two equal texts on one page would share the ids of their footnotes.
    return f"{MARKDOWN}\n\nabout {place}\n\n{HTML}"


def addresses():
    """Those of the visibility matrix, and what a reader types."""
    lists = [address for address, *_ in LISTS.values()]
    return [*lists, *PAGES.values(), *BESIDE, MISSING, *TYPED]


def links(page):
    found = re.findall(r'(?:href|action)="(/[^/"][^"]*)"', page)
    return [urldefrag(unescape(address)).url for address in found]


def pages(client):
    """Address → text of each page of HTML among `addresses()` and behind links from there."""
    found, seen, waiting = {}, set(), addresses()
    while waiting:
        address = waiting.pop()
        if address in seen or address.startswith(NOT_PAGES):
            continue
        seen.add(address)
        response = client.get(address, follow=True)
        if response["Content-Type"].startswith("text/html"):
            found[address] = response.text
            waiting += links(response.text)
    return found


def complaints(folder):
    """What the checker says of the files in a folder: their names → the messages."""
    jar = npm_package("vnu-jar") / "build/dist/vnu.jar"
    flags = "--also-check-css --also-check-svg --exit-zero-always --stdout --format json"
    run = java("-jar", jar, *flags.split(), folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    found = defaultdict(set)
    for message in json.loads(run.stdout)["messages"]:
        found[Path(message["url"]).name].add(message["message"])
    return found


@pytest.fixture
def written(client, matrix, django_user_model, tmp_path):
    """The folder with everything the checker reads, and the origin of each file by its name."""
    origins = {}

    def write(site, pages):
        for number, (address, page) in enumerate(pages.items()):
            name = f"{site}-{number}.html"
            (tmp_path / name).write_text(page)
            origins[name] = f"{address} of the {site} site"

    write("empty", pages(client))
    matrix("live")
    write("common", pages(client))
    make_hard_content()
    write("hard", pages(client))
    call_command("loaddata", "seed", verbosity=0)
    write("seed", pages(client))
    client.force_login(django_user_model.objects.create_superuser("editor"))
    draft = Entry.objects.get(slug="draft").get_absolute_url()
    write("editor's", {draft: client.get(draft).text})
    write("failing", {"/": server_error(RequestFactory().get("/")).text})
    write("refused", {f"/{why}/": response.text for why, response in refused().items()})
    for source in [*STATIC.rglob("*.css"), *STATIC.rglob("*.svg")]:
        name = "-".join(source.relative_to(STATIC).parts)
        shutil.copy(source, tmp_path / name)
        origins[name] = name
    for name, content in BROKEN.items():
        (tmp_path / name).write_text(content)
        origins[name] = name
    return tmp_path, origins


@pytest.mark.once
@pytest.mark.django_db
def test_every_public_output_is_valid_and_what_is_not_is_noticed(written):
    folder, origins = written
    assert len(origins) > 50
    found = complaints(folder)
    for name in BROKEN:
        assert found.pop(name), name
    said = {message for messages in found.values() for message in messages}
    assert EXCEPTIONS.keys() <= said, "an exception is no longer needed: take it out"
    left = {origins[name]: found[name] - EXCEPTIONS.keys() for name in found}
    assert {origin: messages for origin, messages in left.items() if messages} == {}
