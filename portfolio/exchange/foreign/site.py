"""A site as the files that it is made of: pages in folders, and what they show or link to."""

import json
import re
from functools import cached_property
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from .addresses import is_url, joined
from .hugo_page import Broken, parse_toml, parse_yaml
from .posts import Posts

LONGEST = 1_000_000  # bytes of a page
MARKDOWN = (".md", ".markdown", ".mdown")


class Site(Posts):
    """A source that is the folder of a site. A form gives `configuration`, `places`."""

    configuration = ()  # the names that the file of the settings may have

    def __init__(self, files):
        super().__init__(files)
        self._keys = {}  # of the posts, by the name of the file
        self._told = set()  # the files that are in a post or a remark

    @cached_property
    def content(self):
        """The folder of the pages, with a slash at its end, or nothing if it is all of it."""
        return folder_of(self.files.names, "content")

    @cached_property
    def site(self):
        """The folder of the whole site."""
        return self.content.removesuffix("content/")

    @cached_property
    def settings(self):
        """What the site's own configuration says, with keys in lower case."""
        name = next((n for n in map(self.site.__add__, self.configuration) if n in self.files), "")
        if not name:
            return {}
        try:
            return settings(name, self.text(name))
        except Broken as error:
            self.remark(name, f"The configuration cannot be read: {error.args[-1]}.")
            return {}

    @cached_property
    def base(self):
        """The address of the site, with a slash at its end."""
        base = self.settings.get("baseurl")
        return (
            base.rstrip("/") + "/"
            if isinstance(base, str) and is_url(base) and joined(base, "/")
            else "/"
        )

    @property
    def hosts(self):
        return {urlsplit(self.base).netloc} - {""}

    def text(self, name):
        """The text of a file. Raises Broken."""
        self._told.add(name)
        with self.files.open(name) as file:
            data = file.read(LONGEST + 1)
        if len(data) > LONGEST:
            raise Broken(1, f"it is larger than {LONGEST / 1e6:.0f} MB")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise Broken(line, "it is not UTF-8: save it as UTF-8") from None

    def remark_rest(self):
        for name in self.files.names:
            if name not in self._told:
                self.remark_often(name, "A file that no page shows is left out.")

    # What a text means.

    def shown(self, post, address, alt, where):
        if is_url(address) or address.startswith("data:"):
            return super().shown(post, address, alt, where)
        name = self.find(post, address)
        if name is None:
            self.remark(where, f"The picture {address} is not among the files: its link stays.")
            return None
        self._told.add(name)
        return self.picture(name, where, alt)

    def linked(self, post, address, where):
        if not address or address.startswith("#"):
            return None
        path, _, fragment = address.partition("#")
        name = None if is_url(path) or ":" in path else self.find(post, path)
        if name in self._keys:
            return self.address_here[self._keys[name]] + (f"#{fragment}" if fragment else "")
        if new := self.here(post, address):
            return new
        if name:
            self._told.add(name)
            self.remark(where, f"The file {name}, which it links to, is left out: its link stays.")
        elif not re.match(r"/|[a-z][a-z0-9+.-]*:", address, re.I):
            self.remark(where, f"Its link to {address} leads to nothing that is known here.")
        return None

    def find(self, post, address):
        """The name of the file that an address in a post means, or None."""
        path = unquote(re.split("[?#]", address)[0])
        return next((name for name in self.places(post, path) if name in self.files), None)

    def places(self, post, path):
        """The names that the file of an address may have."""
        if path.startswith("/"):
            own = path.removeprefix(urlsplit(self.base).path)
            for folder in ("static/", "assets/", "content/" if self.content else ""):
                yield tidy(self.site + folder + own.lstrip("/"))
        else:
            file = PurePosixPath(post.where)
            for folder in (file.parent, file.with_suffix("")):
                yield tidy(f"{folder}/{path}")

    def reference(self, post, path):
        """The address here of a page that a shortcode names; None if there is none."""
        path, _, fragment = path.partition("#")
        if not path:
            return f"#{fragment}" if fragment else None
        stems = [tidy(f"{PurePosixPath(post.where).parent}/{path}"), tidy(self.content + path)]
        tails = ("", ".md", "/index.md")
        names = [f"{stem}{tail}" for stem in stems for tail in tails]
        found = next((self._keys[name] for name in names if name in self._keys), None)
        # Hugo also finds a name that is the only one of its kind.
        found = found or self._alone.get(PurePosixPath(path).name)
        if found is None:
            return None
        return self.address_here[found] + (f"#{fragment}" if fragment else "")

    @cached_property
    def _alone(self):
        """The keys of the posts by the end of their names, where one post alone has it."""
        found = {}
        for name, key in self._keys.items():
            path = PurePosixPath(name)
            end = path.parent.name if path.stem == "index" else path.stem
            for called in (end, f"{end}{path.suffix}"):
                found[called] = None if called in found else key
        return found


def folder_of(names, *called):
    """The folder nearest to the top that is called so and has pages in it; empty if none has."""
    found = set()
    for name in names:
        if name.lower().endswith(MARKDOWN):
            parts = name.split("/")
            at = next((at for at, part in enumerate(parts[:-1]) if part in called), None)
            if at is not None:
                found.add((at, "/".join(parts[: at + 1]) + "/"))
    return min(found)[1] if found else ""


def tidy(path):
    """A path without `..` and the like; one that leads out of everything names no file."""
    parts = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def settings(name, text):
    """The configuration in a file of that name, with keys in lower case. Raises Broken."""
    try:
        if name.endswith("json"):
            found = json.loads(text)
        else:
            found = (parse_toml if name.endswith("toml") else parse_yaml)(text)
        return {str(key).lower(): value for key, value in found.items()}
    except (AttributeError, ValueError, RecursionError):
        raise Broken(1, "it has no names with values") from None
