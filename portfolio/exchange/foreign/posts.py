"""What the posts of any other system become: entries, tools, pictures and former addresses.

A form tells each `Post` as it finds it. How a slug is made to fit, what two posts of one address
do, and what is remarked is decided here, the same for every form.
"""

import datetime
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from urllib.parse import unquote, urljoin, urlsplit

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.urls import reverse

from journal.models import Entry
from portfolio import markdown
from portfolio.excerpts import shorten
from portfolio.models import FormerAddress, Image, clean_file_name
from portfolio.months import Month

from ..canonical import instant
from ..source import Item, Source
from .addresses import former_path, host_of, is_url, path_of, unkept
from .tags import UNWRITABLE, Tools, slug_of

TITLE, SUMMARY = (Entry._meta.get_field(name).max_length for name in ("title", "summary"))
ALT = Image._meta.get_field("alt").max_length


@dataclass
class Post:
    """A text as another system tells it."""

    where: str  # such as "posts/title.md", for remarks
    key: str  # what its system knows it by, which stays when the rest changes
    title: str
    slug: str
    text: str  # in the form's own markup
    date: datetime.datetime  # aware, as written: its month is that of its own zone
    public: bool = True  # now, or from its date on
    summary: str = ""
    tags: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    created: datetime.datetime | None = None
    modified: datetime.datetime | None = None
    address: str = ""  # where it is public there, as a path or a URL
    aliases: list[str] = field(default_factory=list)  # where it was before

    @property
    def month(self):
        return Month.of(self.date)


class Posts(Source):
    """A source of posts. A form gives `name`, `posts()` and `markdown(post)`."""

    name = ""  # such as "hugo"; keys of different forms are different
    hosts = frozenset()  # those that the posts were at

    def posts(self):
        """Each `Post`, without what cannot be one, which is remarked."""
        raise NotImplementedError

    def markdown(self, post):
        """The post's text as Markdown; every post has its address by now. None: it is left out."""
        raise NotImplementedError

    def items(self):
        yield from self._items

    @cached_property
    def _items(self):
        """All of them: what a picture is called, and who has an address, is known at the end."""
        self._often = {}
        self._alts = {}  # the words for each picture, by its name
        self._adopted = {}
        self._tools = Tools(self)
        posts = self._placed([*self.posts()])
        entries = [entry for post in posts if (entry := self._entry(post))]
        self._tools.remark_categories()
        self.remark_rest()
        found = [
            *(Item("portfolio.tool", fields, where) for fields, where in self._tools.items()),
            *self._images(),
            *entries,
            *self._former_addresses([post for post in posts if post.key in self._entered]),
        ]
        for what, (where, number) in self._often.items():
            self.remark(where, f"{what} ({number:,} of these)" if number > 1 else what)
        return found

    def remark_rest(self):
        """Remark what of the source is in none of its posts."""

    def remark_often(self, where, what):
        """A remark that holds for many places: told once, with the first place and how many."""
        first, number = self._often.get(what, (where, 0))
        self._often[what] = (first, number + 1)

    # Where each is.

    def _placed(self, posts):
        """The posts with slugs that fit, each its own in its month, in `address_here`."""
        self.address_here, self._entered, keys = {}, set(), set()
        # What is here and not of this source is not touched by it.
        own = {self.uuid(post) for post in posts}
        here = Entry.objects.values_list("month", "slug", "uuid").iterator()
        taken = {(month, slug) for month, slug, key in here if key not in own}
        led = FormerAddress.objects.values_list("path", "entry__uuid").iterator()
        self._others = {path for path, key in led if key not in own}
        self._at = {}  # the key of the post at each path there
        kept = []
        for post in posts:
            if post.key in keys:
                self.remark(post.where, "It is there twice: the second one was left out.")
                continue
            keys.add(post.key)
            written = post.slug
            post.slug = self._free_slug(post, taken)
            taken.add((post.month, post.slug))
            if written and post.slug != written:
                self.remark(post.where, f"Its slug “{written}” is “{post.slug}” here.")
            self.address_here[post.key] = reverse("journal:entry", args=[post.month, post.slug])
            for address in filter(None, (*post.aliases, post.address)):
                self._at[path_of(address)] = post.key
            kept.append(post)
        return kept

    def here(self, post, address):
        """The address here of what a post links to, if that is a post of the source; or None."""
        try:
            parts = urlsplit(urljoin(post.address or "/", address))
        except ValueError:
            return None
        if parts.netloc and parts.netloc not in self.hosts:
            return None
        key = self._at.get(path_of(parts.path)) if parts.path else None
        if key is None:
            return None
        return self.address_here[key] + (f"#{parts.fragment}" if parts.fragment else "")

    def _free_slug(self, post, taken):
        slug = slug_of(unquote(post.slug)) or slug_of(post.title)
        slug = slug or f"entry-{self.uuid(post).hex[:8]}"
        return next(
            free
            for number in count(1)
            if (post.month, free := slug if number == 1 else f"{slug}-{number}") not in taken
        )

    def uuid(self, post):
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{self.name}:{post.key}")

    # What each is.

    def _entry(self, post):
        body = self.markdown(post)
        if body is None:
            return None
        body = self._writable(post, "text", body).strip("\n")
        try:
            markdown.validate_markdown(body)
        except ValidationError as error:
            self.remark(post.where, f"It is left out: {' '.join(error.messages)}")
            return None
        self._entered.add(post.key)
        title = " ".join(self._writable(post, "title", post.title).split())
        if not title:
            title = post.slug
            self.remark(post.where, f"It has no title: it is called “{title}” here.")
        fields = {
            "month": post.month.isoformat(),
            "slug": post.slug,
            "title": self._cut(post, "title", title, TITLE),
            "summary": self._cut(
                post, "summary", self._writable(post, "summary", post.summary).strip(), SUMMARY
            ),
            "body": body,
            "tools": sorted([slug] for slug in self._tools.of(post)),
            "publish_at": instant(post.date) if post.public else None,
            "created_at": instant(post.created or post.date),
            "updated_at": instant(post.modified or post.date),
            "uuid": str(self.uuid(post)),
        }
        return Item("journal.entry", fields, post.where)

    def _writable(self, post, name, text):
        clean, number = UNWRITABLE.subn("\ufffd", text)
        if number:
            self.remark(
                post.where, f"Its {name} has {number:,} characters that are none, now “\ufffd”."
            )
        return clean

    def _cut(self, post, name, text, length):
        if len(text) > length:
            self.remark(
                post.where, f"Its {name} is longer than {length} characters: it was cut. “{text}”"
            )
        return shorten(text, length)

    # Its pictures.

    def picture(self, name, where, alt):
        """The address here of a picture among the files, or None with a remark."""
        if name not in self._adopted:
            self._adopted[name] = self.adopt(name, f"{where} ({name})")
        kept = self._adopted[name]
        if kept is None:
            return None
        _, alts = self._alts.setdefault(kept, (where, set()))
        alts.add(alt)
        return default_storage.url(kept)

    def shown(self, post, address, alt, where):
        """The address here of a picture that a post shows; None, with a remark, if it stays."""
        if is_url(address):
            self.remark_often(
                where,
                f"A picture at {host_of(address)} stays there: readers' browsers fetch it from it.",
            )
        else:
            self.remark(where, f"The picture {address[:100]} was not taken over: its link stays.")

    def linked(self, post, address, where):
        """The address here of what a post links to; None if it stays."""
        return self.here(post, address)

    def _images(self):
        # As with uploads, the first name of a picture stays.
        names = {kept: name for name, kept in reversed(self._adopted.items())}
        here = Image.objects.filter(file__in=self._alts).exclude(name="")
        with_names = {*here.values_list("file", flat=True)}
        for name, (where, alts) in sorted(self._alts.items()):
            fields = {"file": name}
            if name not in with_names:
                fields["name"] = clean_file_name(names[name])
            # Where the texts differ, each keeps its own words.
            alt = alts.pop() if len(alts) == 1 else ""
            if alt and len(alt) <= ALT:
                fields["alt"] = alt
            yield Item("portfolio.image", fields, where)

    # Where it was.

    def _former_addresses(self, posts):
        # An address where something is now comes before one where something was.
        taken = {}
        for post in posts:
            if post.public and post.address:
                self._claim(taken, post, post.address, self.remark_often)
        for post in posts:
            for alias in post.aliases:
                self._claim(taken, post, alias, self.remark)
        for path, post in sorted(taken.items()):
            fields = {"path": path, "entry": [post.month.isoformat(), post.slug]}
            yield Item("portfolio.formeraddress", fields, post.where)

    def _claim(self, taken, post, address, remark):
        path = former_path(address)
        if path is None:
            remark(post.where, unkept(address, remark == self.remark_often))
        elif path in self._others:
            self.remark(post.where, f"Its address {path} leads to something else here already.")
        elif path in taken and taken[path] is not post:
            self.remark(
                post.where, f"Its address {path} is that of {taken[path].where}, which keeps it."
            )
        elif path != self.address_here[post.key]:
            taken[path] = post
