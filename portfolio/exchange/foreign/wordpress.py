"""The WXR files that WordPress exports, one or several."""

import datetime
import html
from contextlib import suppress
from urllib.parse import unquote, urlsplit

from . import wxr
from .addresses import joined
from .dates import moment
from .html import plain, to_markdown
from .posts import Post, Posts
from .wordpress_html import as_html

MARK = b"wordpress.org/export/"
# Rows that hold nothing a person wrote.
INNER = {"revision", "nav_menu_item", "customize_changeset", "oembed_cache", "user_request"}
NO_DATE = "0000-00-00 00:00:00"


class WordPress(Posts):
    """Posts are entries; pages, and what not everyone may read, are drafts."""

    name = "wordpress"

    def __init__(self, files):
        super().__init__(files)
        self.hosts = set()
        self._attachments = {}  # (id of its post, address, HTML) by id
        self._rows = {}
        self._comments = {}  # how many, by where

    @classmethod
    def recognises(cls, files):
        return any(exports_in(files))

    def posts(self):
        for name in exports_in(self.files):
            site = {}
            with self.files.open(name) as file:
                for row in wxr.read(file, name, site):
                    post = self._post(row, f"{name}:{row.line}")
                    if post:
                        self._rows.setdefault(post.key, row)
                        yield post
            for address in (site.get(key, "") for key in ("link", "base_blog_url")):
                with suppress(ValueError):
                    self.hosts |= {urlsplit(address).netloc} - {""}

        if self._comments:
            number = sum(self._comments.values())
            first = next(iter(self._comments))
            self.remark(first, f"Comments are left out, {number:,} in all: the first is here.")

    def _post(self, row, where):
        said = row.fields
        kind, status = said.get("post_type", ""), said.get("status", "")
        if kind not in ("post", "page"):
            return self._put_aside(kind, row, where)
        if status in ("trash", "auto-draft", "inherit"):
            self.remark(where, f"“{said.get('title', '')}” is left out: its status is “{status}”.")
            return None
        try:
            date, modified = dated(said, "post_date"), dated(said, "post_modified")
        except ValueError as error:
            self.remark(where, f"It is left out: {error}.")
            return None
        if not (date or modified):
            self.remark(where, "It is left out: it has no date.")
            return None
        tags, categories = self._terms(row, where)
        post = Post(
            where=where,
            key=said.get("guid") or said.get("post_id") or said.get("link") or where,
            title=plain(said.get("title", "")),
            slug=unquote(said.get("post_name", "")),
            text=said.pop("content", ""),
            date=date or modified,
            public=status in ("publish", "future"),
            summary=plain(said.get("excerpt") or row.meta.get("_yoast_wpseo_metadesc", "")),
            tags=tags,
            categories=categories,
            modified=modified,
            address=said.get("link", ""),
        )
        if old := row.meta.get("_wp_old_slug"):
            post.aliases.append(joined(post.address, f"../{old}/"))
        self._remark_parts(row, where)
        self._hold_back(kind, said, post)
        return post

    def _put_aside(self, kind, row, where):
        """A picture is kept for the posts that show it; anything else is remarked."""
        if kind == "attachment":
            address = row.fields.get("attachment_url", "")
            alt = html.escape(row.meta.get("_wp_attachment_image_alt", ""))
            picture = f'<img src="{html.escape(address)}" alt="{alt}">' if address else ""
            key, of = (row.fields.get(name, "") for name in ("post_id", "post_parent"))
            self._attachments[key] = (of, address, picture)
            self.remark_often(where, "A file of the media library stays where it is.")
        elif kind not in INNER:
            self.remark_often(where, f"A “{kind}” is neither post nor page: it is left out.")

    def _terms(self, row, where):
        tags, categories = [], []
        for kind, slug, name in row.terms:
            name = html.unescape(name)
            if kind in ("post_tag", "tag"):
                tags.append(name)
            elif kind != "category":
                self.remark_often(where, f"The {kind} “{name}” is not taken over.")
            elif slug == "uncategorized":
                self.remark_often(where, f"The category “{name}” is none: it is left out.")
            else:
                categories.append(name)
        return tags, categories

    def _remark_parts(self, row, where):
        if row.comments:
            self._comments[where] = row.comments
        for key in row.meta:
            # Others are of WordPress itself or of its plugins.
            if not key.startswith("_"):
                self.remark_often(where, f"The custom field “{key}” is not taken over.")

    def _hold_back(self, kind, said, post):
        """Make a draft of what is no post that everyone may read."""
        if kind == "page":
            self.remark(post.where, "A page that is no post: it is a draft of an entry here.")
        elif said.get("post_password"):
            self.remark(post.where, "It has a password there: it is a draft here, without one.")
        elif said.get("status") == "private":
            self.remark(post.where, "It is private there: it is a draft here.")
        elif said.get("status") not in ("publish", "future", "draft", "pending"):
            self.remark(post.where, f"Its status, “{said.get('status')}”, makes it a draft here.")
        else:
            return
        post.public = False
        post.aliases, post.address = [*filter(None, (*post.aliases, post.address))], ""

    # What it says.

    def markdown(self, post):
        row = self._rows[post.key]
        _, address, above = self._attachments.get(row.meta.get("_thumbnail_id"), ("", "", ""))
        if address in post.text:
            above = ""
        return to_markdown(post, self, above + as_html(post, self, post.text))

    def attachment(self, key):
        """The HTML of a picture of the media library; None if it is not in the export."""
        return self._attachments.get(key, (None,))[-1]

    def attached(self, post):
        """The HTML of each picture that was uploaded for a post."""
        own = self._rows[post.key].fields.get("post_id")
        return [picture for of, _, picture in self._attachments.values() if of == own and picture]


def exports_in(files):
    """The names of the files that begin as an export does."""
    for name in files.names:
        if name.lower().endswith((".xml", ".wxr")) and name.count("/") < 2:
            with files.open(name) as file:
                if MARK in file.read(8192):
                    yield name


def dated(said, name):
    """A date with the zone that it was written in, as far as the two texts of it tell.

    None if there is none. Raises ValueError.
    """
    local, universal = said.get(name, ""), said.get(f"{name}_gmt", "")
    if universal in ("", NO_DATE):
        return None if local in ("", NO_DATE) else moment(local)
    at = moment(universal, datetime.UTC)
    with suppress(ValueError):
        ahead = moment(local, datetime.UTC) - at
        return at.astimezone(datetime.timezone(ahead))
    return at
