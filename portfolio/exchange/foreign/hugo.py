"""A Hugo site, or its content folder alone."""

import re
from contextlib import suppress
from pathlib import PurePosixPath

from django.utils import timezone

from . import links, shortcodes
from .addresses import joined
from .dates import moment
from .html import to_markdown
from .hugo_page import Broken, read
from .posts import Post
from .prose import Lines
from .site import MARKDOWN, Site
from .tags import slug_of

HTML = (".html", ".htm")
ELSEWISE = (".adoc", ".asciidoc", ".org", ".rst", ".pandoc", ".ipynb")  # what is not read
DATED = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})[-_](.+)", re.DOTALL)
# What a page says that is taken over, or says nothing beside that.
KNOWN = {
    *("title", "slug", "url", "aliases", "description", "summary", "tags", "categories"),
    *("date", "publishdate", "pubdate", "published", "expirydate", "lastmod", "modified"),
    *("draft", "type", "layout"),
}


class Hugo(Site):
    """Posts are what has a date and is in a section; other pages are drafts, or are left out."""

    name = "hugo"
    known = KNOWN
    dates = ("publishdate", "pubdate", "published", "date")
    modified = ("lastmod", "modified")
    summaries = ("description", "summary")
    configuration = [
        f"{folder}{name}.{form}"
        for folder in ("", "config/_default/")
        for name in ("hugo", "config")
        for form in ("toml", "yaml", "yml", "json")
    ]

    def __init__(self, files):
        super().__init__(files)
        self._pages = {}

    @classmethod
    def recognises(cls, files):
        """Whether there are pages in Markdown, and not in a form of our own."""
        ours = any(
            name in files
            for mark in ("portfolio.yaml", "manifest.json")
            for name in {mark, f"{files.names[0].split('/')[0]}/{mark}" if files.names else mark}
        )
        return not ours and any(name.lower().endswith(MARKDOWN) for name in files.names)

    # The pages.

    def page_names(self):
        """The names of the files that may be pages."""
        for name in self.files.names:
            if name.startswith(self.content):
                yield name

    def posts(self):
        for name in self.page_names():
            suffix = PurePosixPath(name).suffix.lower()
            if suffix in ELSEWISE:
                self._told.add(name)
                self.remark(name, f"A page in {suffix} is left out: save it as Markdown.")
            if suffix not in (*MARKDOWN, *HTML):
                continue
            try:
                page = read(name, self.text(name))
                post = self._post(page)
            except Broken as error:
                line, reason = error.args
                self.remark(f"{name}:{line}", f"It is left out: {reason}.")
            else:
                if post:
                    self._remark_unknown(page)
                    self._pages[post.key] = page
                    self._keys[name] = post.key
                    yield post

    def _remark_unknown(self, page):
        for key in page.values:
            if key not in self.known:
                self.remark_often(page.where(key), f"“{key}” in front matter is not taken over.")

    def _post(self, page):
        if re.match(r"_index\.", PurePosixPath(page.name).name):
            self.remark_often(page.name, "The page of a list is left out.")
            return None
        place = self.place(page.name)
        stem = place.parent.name if place.stem == "index" and place.parent.name else place.stem
        named = DATED.fullmatch(stem)
        date, public = self._date(page, named)
        if date is None:
            return None
        post = Post(
            where=page.name,
            key=str(place),
            title=page.string("title"),
            slug=page.string("slug") or (named[2] if named else stem).replace(".", "-"),
            text=page.text,
            date=date,
            public=public and not self.is_draft(page),
            summary=page.string(*self.summaries),
            tags=self.strings(page, "tags"),
            categories=self.strings(page, "categories"),
            created=page.date("date")[0],
            modified=page.date(*self.modified)[0],
        )
        post.address = self.address(page, post, place, stem)
        post.aliases = self.aliases(page, post)
        if self.is_page(page, place):
            self.remark(page.name, "A page that is no post: it is a draft of an entry here.")
            post.aliases += filter(None, [post.address])
            post.public, post.address = False, ""
        self._expire(page, post)
        return post

    def place(self, name):
        """Where a page is among the others."""
        return PurePosixPath(name.removeprefix(self.content))

    def _date(self, page, named):
        """When it is dated, and whether it may be public; (None, False) with a remark."""
        date, _ = page.date(*self.dates)
        if date is None and named:
            with suppress(ValueError):
                date = moment(named[1])
        if date is not None:
            return date, True
        date, _ = page.date(*self.modified)
        if date is None:
            self.remark(page.name, "It has no date: it is left out. Give it one and import again.")
        else:
            self.remark(page.name, "It has no date: it is a draft of the month of its last change.")
        return date, False

    def strings(self, page, key):
        found = page.strings(key)
        if found is None:
            self.remark(page.where(key), f"“{key}” is no list of names: it is not taken over.")
        return found or []

    def _expire(self, page, post):
        expiry, key = page.date("expirydate")
        if expiry:
            over = expiry <= timezone.now()
            self.remark(
                page.where(key),
                "It has expired: it is a draft here."
                if over
                else "It expires there, and does not here.",
            )
            post.public = post.public and not over

    def is_draft(self, page):
        return self.flag(page, "draft", default=False, unclear=True)

    def flag(self, page, key, default, unclear):
        """Whether a page says yes; what is unclear must not make it public."""
        flag = page.flag(key) if key in page.values else default
        if flag is None:
            self.remark(page.where(key), f"“{key}” is neither yes nor no: it is a draft here.")
        return unclear if flag is None else flag

    def is_page(self, page, place):
        """Whether it is not one of the posts: beside their sections, or because it says so."""
        beside = self.content and len(place.parts) == 1
        return bool(beside) or "page" in (page.string("type"), page.string("layout"))

    # Where it was.

    def address(self, page, post, place, stem):
        """Where it is public there; empty if that cannot be told."""
        if url := page.string("url"):
            return joined(self.base, url.lstrip("/"))
        folders = place.parent.parts[:-1] if place.stem == "index" else place.parent.parts
        section = folders[0] if folders else ""
        if not section and not self.content:
            self.remark_often(
                page.name, "Its old address cannot be told: import the whole content folder."
            )
            return ""
        pattern = self._pattern(section)
        if not pattern:
            return joined(self.base, "/".join([*folders, page.string("slug") or stem, ""]))
        title = slug_of(post.title)
        slug = page.string("slug")
        return self.expand(
            page,
            post,
            pattern,
            {
                "section": section,
                "sections": "/".join(folders),
                "title": title,
                "slug": slug or title,
                "filename": stem,
                "contentbasename": stem,
                "slugorfilename": slug or stem,
                "slugorcontentbasename": slug or stem,
            },
        )

    def _pattern(self, section):
        patterns = self.settings.get("permalinks")
        patterns = patterns if isinstance(patterns, dict) else {}
        own = patterns.get("page")
        pattern = (own if isinstance(own, dict) else patterns).get(section)
        return pattern if isinstance(pattern, str) else ""

    def expand(self, page, post, pattern, parts):
        """An address by a pattern of `:year` and the like; empty, with a remark, if it has more."""
        try:
            return joined(self.base, expand(pattern, post.date, parts).lstrip("/"))
        except KeyError as error:
            self.remark_often(page.name, f"Its old address, by {error} of {pattern}, is unknown.")
            return ""

    def aliases(self, page, post):
        return [
            # Relative ones are beside the page.
            joined(self.base, alias.lstrip("/"))
            if alias.startswith("/")
            else joined(post.address.rstrip("/"), alias)
            for alias in self.strings(page, "aliases")
        ]

    # What it says.

    translate = staticmethod(shortcodes.translate)

    def markdown(self, post):
        page = self._pages[post.key]
        if page.name.lower().endswith(HTML):
            if tag := re.search(r"\{[{%]", page.text):
                line = page.first_line + page.text.count("\n", 0, tag.start())
                self.remark(f"{page.name}:{line}", "Tags of templates stay in HTML as they are.")
            return to_markdown(post, self, page.text)
        text = self.translate(page.text, page.first_line, post, self)
        line = Lines(text, page.first_line)

        def picture(address, alt, place):
            return self.shown(post, address, alt, f"{post.where}:{line(place)}")

        def link(address, place):
            return self.linked(post, address, f"{post.where}:{line(place)}")

        return links.rewrite(text, picture, link)


def expand(pattern, date, parts):
    """A path by a pattern of `:year` and the like. Raises KeyError for one that is unknown."""
    dated = {
        "year": date.year,
        "short_year": f"{date:%y}",
        "month": f"{date:%m}",
        "i_month": date.month,
        "day": f"{date:%d}",
        "i_day": date.day,
        "y_day": f"{date:%j}",
        "hour": f"{date:%H}",
        "minute": f"{date:%M}",
        "second": f"{date:%S}",
    }
    return re.sub(r":(\w+)", lambda token: str((dated | parts)[token[1]]), pattern)
