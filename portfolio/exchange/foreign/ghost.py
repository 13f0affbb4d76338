"""The JSON that Ghost exports, alone or in a zip with its `content/images`."""

import datetime
import html
import json
import re
from functools import cached_property
from urllib.parse import unquote

from django.utils import timezone

from ..files import SourceError
from . import links
from .dates import moment
from .html import to_markdown
from .posts import Post, Posts
from .prose import image

MOST = 500 * 1024**2  # bytes
_BEGINNING = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*\{\s*"(?:db"\s*:\s*\[|meta"\s*:\s*\{\s*"exported_on"|data"\s*:\s*\{\s*"posts")'
)
# Stands in an export for the address of the site.
SITE = "__GHOST_URL__"
_PICTURE = re.compile(r"/content/images/(?:size/w\d+(?:h\d+)?/)?([^?#]+)")
# What may be said of a post that nothing here holds.
LOST = (
    *("canonical_url", "codeinjection_foot", "codeinjection_head", "custom_template", "og_image"),
    *("og_title", "og_description", "twitter_image", "twitter_title", "twitter_description"),
    *("meta_title", "email_subject", "frontmatter"),
)
READ = {"posts", "tags", "posts_tags", "posts_meta"}


class Ghost(Posts):
    """Posts are entries; pages, and what only members may read, are drafts."""

    name = "ghost"

    def __init__(self, files):
        super().__init__(files)
        self.file = export_in(files)

    @classmethod
    def recognises(cls, files):
        return export_in(files) is not None

    def posts(self):
        data = self._data()
        self._tags, self._meta = tags_by_post(data), {}
        for row in rows(data, "posts_meta"):
            self._meta[text(row, "post_id")] = row
        others = sorted(name for name in data.keys() - READ if data[name])
        if others:
            self.remark(self.file, f"These parts are not taken over: {', '.join(others)}.")
        self._rows = {}
        for number, row in enumerate(rows(data, "posts"), start=1):
            post = self._post(row, f'{self.file}: post "{text(row, "slug") or number}"')
            if post:
                self._rows.setdefault(post.key, row)
                yield post

    def _data(self):
        with self.files.open(self.file) as file:
            content = file.read(MOST + 1)
        if len(content) > MOST:
            raise SourceError(
                f"{self.file} is larger than {MOST // 1024**2} MB: export less of it."
            )
        try:
            export = json.loads(content.decode("utf-8-sig"))
            export = export["db"][0] if "db" in export else export
            data = export["data"]
            data["posts"], data.keys()
        except UnicodeDecodeError:
            reason = "it is not UTF-8"
        except RecursionError:
            reason = "it is nested too deeply"
        except ValueError as error:
            reason = f"it is no JSON: {error}"
        except (KeyError, IndexError, TypeError, AttributeError):
            reason = "it has no posts"
        else:
            return data
        raise SourceError(f"{self.file} cannot be read, {reason}. Export it from Ghost again.")

    def _post(self, row, where):
        meta = self._meta.get(text(row, "id"), {})
        try:
            dates = [date_of(row.get(key)) for key in ("published_at", "created_at", "updated_at")]
        except ValueError as error:
            self.remark(where, f"It is left out: {error}.")
            return None
        published, created, modified = dates
        if not any(dates):
            self.remark(where, "It is left out: it has no date.")
            return None
        post = Post(
            where=where,
            key=text(row, "uuid") or text(row, "id") or text(row, "slug"),
            title=text(row, "title"),
            slug=text(row, "slug"),
            text=self._text(row, meta),
            date=published or created or modified,
            public=text(row, "status") in ("published", "scheduled"),
            summary=text(row, "custom_excerpt")
            or text(meta, "meta_description")
            or text(row, "meta_description"),
            tags=self._tags_of(row, where),
            created=created,
            modified=modified,
            address=f"/{text(row, 'slug')}/",
        )
        for key in LOST:
            if text(row, key) or text(meta, key):
                self.remark_often(where, f"“{key}” is not taken over.")
        self._hold_back(row, post)
        return post

    def _hold_back(self, row, post):
        """Make a draft of what is no post that everyone may read."""
        if text(row, "type") == "page" or text(row, "page") in ("1", "True"):
            self.remark(post.where, "A page that is no post: it is a draft of an entry here.")
        elif text(row, "status") == "sent":
            self.remark(post.where, "It was sent by e-mail only: it is a draft here.")
        elif text(row, "visibility") not in ("", "public"):
            self.remark(
                post.where, f"It is for {text(row, 'visibility')} only: it is a draft here."
            )
        else:
            return
        post.public = False
        post.aliases, post.address = [post.address], ""

    def _tags_of(self, row, where):
        own = row.get("tags")
        own = own if isinstance(own, list) else self._tags.get(text(row, "id"), ())
        names = [text(tag, "name") for tag in own if isinstance(tag, dict)]
        for name in names:
            if name.startswith("#"):
                self.remark_often(where, f"The internal tag “{name}” is not taken over.")
        return [name for name in names if not name.startswith("#")]

    # What it says.

    def _text(self, row, meta):
        """Its HTML with the picture that stands above it."""
        address = text(row, "feature_image") or text(row, "image")
        if not address:
            return text(row, "html")
        alt, caption = (text(meta, f"feature_image_{key}") for key in ("alt", "caption"))
        return (
            f'<figure><img src="{html.escape(address)}" alt="{html.escape(alt)}">'
            f"<figcaption>{caption}</figcaption></figure>{text(row, 'html')}"
        )

    def markdown(self, post):
        row = self._rows[post.key]
        if text(row, "html"):
            return to_markdown(post, self, post.text.replace(SITE, ""))
        parts, others = [], False
        if text(row, "markdown"):
            parts.append(text(row, "markdown"))
        else:
            parts, others = cards(text(row, "lexical") or text(row, "mobiledoc"))
        if others:
            self.remark(
                post.where,
                "It has no HTML, and only its Markdown could be read"
                + (": the rest is left out." if parts else ": it is left out."),
            )
            if not parts:
                return None
        if address := text(row, "feature_image") or text(row, "image"):
            parts.insert(0, image(address, ""))
        return links.rewrite(
            "\n\n".join(parts).replace("\r\n", "\n").replace(SITE, ""),
            lambda address, alt, place: self.shown(post, address, alt, post.where),
            lambda address, place: self.linked(post, address, post.where),
        )

    @cached_property
    def _pictures(self):
        """The names of the files by what follows `content/images/`."""
        found = {}
        for name in self.files.names:
            _, folder, rest = f"/{name}".partition("/content/images/")
            if folder:
                found[rest] = name
        return found

    def shown(self, post, address, alt, where):
        match = _PICTURE.search(address)
        if name := match and self._pictures.get(unquote(match[1])):
            return self.picture(name, where, alt)
        if address.startswith("/"):
            self.remark_often(
                where,
                "A picture of its own is not in the export, and its link stays: put the folder "
                "content/images and the file in one zip.",
            )
            return None
        return super().shown(post, address, alt, where)


def export_in(files):
    """The name of the first file that begins as an export does; None if there is none."""
    for name in files.names:
        if name.lower().endswith(".json") and name.count("/") < 2:
            with files.open(name) as file:
                if _BEGINNING.match(file.read(1000)):
                    return name
    return None


def rows(data, table):
    found = data.get(table)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def text(row, key):
    value = row.get(key)
    return str(value) if isinstance(value, str | int) else ""


def date_of(value):
    """Texts without a zone are in UTC, and numbers milliseconds. Raises ValueError."""
    if value in (None, ""):
        return None
    try:
        if isinstance(value, int | float):
            value = datetime.datetime.fromtimestamp(value / 1000, datetime.UTC)
        return timezone.localtime(moment(value, datetime.UTC))
    except (OverflowError, OSError):
        raise ValueError(f"{value!r} is not a date") from None


def tags_by_post(data):
    """The rows of the tags of each post, in their order, by its id."""
    known = {text(row, "id"): row for row in rows(data, "tags")}
    found = {}
    for row in sorted(rows(data, "posts_tags"), key=lambda row: text(row, "sort_order").zfill(9)):
        if tag := known.get(text(row, "tag_id")):
            found.setdefault(text(row, "post_id"), []).append(tag)
    return found


def cards(written):
    """The Markdown cards of a text of Ghost's editors, and whether it has anything beside them."""
    try:
        document = json.loads(written or "{}")
        if "root" in document:
            nodes = [node for node in document["root"]["children"] if not is_empty(node)]
            made = [node.get("markdown") for node in nodes]
        else:
            made = [card[1].get("markdown") for card in document.get("cards", [])]
            made += [None for part in document.get("sections", []) if part[0] != 10 and part[2]]
        own = [markdown for markdown in made if isinstance(markdown, str)]
        return own, len(own) < len(made)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return [], True


def is_empty(node):
    return node["type"] == "paragraph" and not node.get("children")
