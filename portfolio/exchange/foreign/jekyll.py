"""A Jekyll site, or its folder `_posts` alone."""

from functools import cached_property
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from . import liquid
from .addresses import is_url, joined
from .hugo import HTML, Hugo
from .site import MARKDOWN, folder_of, tidy

FOLDERS = ("_posts", "_drafts")
# What the names of its own patterns for addresses stand for.
STYLES = {
    "date": "/:categories/:year/:month/:day/:title.html",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title.html",
    "none": "/:categories/:title.html",
}


class Jekyll(Hugo):
    """Posts are the pages in `_posts` and `_drafts`; other pages are drafts, or are left out."""

    name = "jekyll"
    configuration = ("_config.yml", "_config.yaml")
    known = {
        *("title", "slug", "permalink", "redirect_from", "description", "excerpt", "summary"),
        *("date", "last_modified_at", "updated", "published", "draft", "layout"),
        *("tags", "tag", "categories", "category"),
    }
    dates = ("date",)
    modified = ("last_modified_at", "updated")
    summaries = ("description", "excerpt", "summary")
    translate = staticmethod(liquid.translate)

    @classmethod
    def recognises(cls, files):
        found = files.path.name in FOLDERS or folder_of(files.names, *FOLDERS)
        return super().recognises(files) and bool(found)

    @cached_property
    def content(self):
        return self.site

    @cached_property
    def site(self):
        found = folder_of(self.files.names, *FOLDERS).rstrip("/")
        return found.rpartition("/")[0] + "/" if "/" in found else ""

    @cached_property
    def base(self):
        url, folder = (self.settings.get(key) for key in ("url", "baseurl"))
        url = url.rstrip("/") if isinstance(url, str) and is_url(url) and joined(url, "/") else ""
        folder = folder.strip("/") if isinstance(folder, str) else ""
        return f"{url}/{folder}/" if folder else f"{url}/"

    def page_names(self):
        for name in super().page_names():
            folders = self.place(name).parts[:-1]
            if any(folder.startswith("_") for folder in folders):
                # Drafts and posts may be in folders that are categories.
                if {*folders} & {*FOLDERS}:
                    yield name
            elif name.lower().endswith((*MARKDOWN, *HTML)):
                with self.files.open(name) as file:
                    # Without front matter Jekyll copies it as it is.
                    if file.read(4).removeprefix(b"\xef\xbb\xbf").startswith(b"---"):
                        yield name

    def place(self, name):
        # The same for one of the folders alone as in the site.
        above = [self.files.path.name] if self.files.path.name in FOLDERS else []
        return PurePosixPath(*above, name.removeprefix(self.site))

    def is_draft(self, page):
        is_published = self.flag(page, "published", default=True, unclear=False)
        in_drafts = "_drafts" in self.place(page.name).parts
        return super().is_draft(page) or in_drafts or not is_published

    def is_page(self, page, place):
        return not {*place.parts} & {*FOLDERS} or page.string("layout") == "page"

    def strings(self, page, key):
        single = {"tags": "tag", "categories": "category"}.get(key)
        if isinstance(page.values.get(key), str):
            # Names with spaces between them.
            return page.values[key].split()
        found = super().strings(page, key)
        return found or (super().strings(page, single) if single else [])

    def address(self, page, post, place, stem):
        pattern = page.string("permalink") or self.settings.get("permalink") or "date"
        if not isinstance(pattern, str):
            return ""
        above = place.parts[: next((i for i, p in enumerate(place.parts) if p in FOLDERS), 0)]
        parts = {
            "categories": "/".join(dict.fromkeys([*above, *post.categories])),
            "title": post.slug,
            "slug": post.slug,
            "name": stem,
            "path": "/".join([*above, stem]),
            "output_ext": ".html",
        }
        if self.is_page(page, place) and not page.string("permalink"):
            path = "/".join(part for part in (*place.parts[:-1], stem) if part != "index")
            return joined(self.base, f"{path}/")
        found = self.expand(page, post, STYLES.get(pattern, pattern), parts)
        return found and joined(found, urlsplit(found).path.replace("//", "/"))

    def aliases(self, page, post):
        return [
            joined(self.base, address.lstrip("/"))
            for address in self.strings(page, "redirect_from")
        ]

    def places(self, post, path):
        own = path.removeprefix(urlsplit(self.base).path.rstrip("/"))
        if not path.startswith("/"):
            yield tidy(f"{PurePosixPath(post.where).parent}/{path}")
        yield tidy(self.site + own.lstrip("/"))

    def reference(self, post, path):
        """The address here of what `link` or `post_url` names."""
        path = path.strip("\"'/ ")
        names = [
            f"{self.site}{folder}{path}{end}"
            for folder in ("", "_posts/")
            for end in ("", *MARKDOWN)
        ]
        key = next((self._keys[name] for name in names if name in self._keys), None)
        return key and self.address_here[key]
