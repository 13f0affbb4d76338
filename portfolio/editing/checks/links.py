"""Checks of links, and where an address of this site leads."""

import re
from collections import Counter
from urllib.parse import unquote, urljoin, urlsplit

from django.conf import settings
from django.http import Http404
from django.urls import Resolver404, resolve
from django.views.generic import DetailView

from portfolio.editing.rehearsal import anonymous
from portfolio.images import CONTENT_TYPES, NAME, RENDITION
from portfolio.models import Image
from portfolio.page import absolute
from portfolio.redirects import canonical, current_address

from .content import Link, Picture, is_blank, quoted

# Texts that say nothing of where they lead.
SAYS_NOTHING = {"click here", "click", "here", "link", "more", "read more", "this", "this link"}
ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
# Addresses that are looked up for one page; the rest is taken for good.
MOST_LOOKED_UP = 200
DESK = "/admin/"


def empty(link, _):
    if is_blank(link.text) and is_blank(link.name):
        yield (
            f"a link to {quoted(link.href, 80)} has no text.",
            "put words between its square brackets, or take it out.",
        )
    elif not link.href.strip():
        yield (
            f"the link {quoted(link.text or link.name)} has no address.",
            "put one between its round brackets, or take the link out.",
        )


def bare(link, content):
    text = " ".join((link.name or link.text).split())
    # A tool's page shows the tool's own address.
    if ADDRESS.fullmatch(text) and link.href != getattr(content.item, "url", None):
        yield (
            f"the link {quoted(text, 80)} shows its address.",
            "say where it leads, as in [the report](https://…).",
        )
    elif text.lower().strip(" .,:;!→»>") in SAYS_NOTHING:
        yield (
            f"the link {quoted(text)} does not say where it leads.",
            "make the words that name its page the link.",
        )


def many(content, _):
    number = len({link.href for link in content.of_kind(Link)})
    if number > MOST_LOOKED_UP:
        yield (
            f"the page has links to {number:,} addresses.",
            f"look through them yourself: of this site's, {MOST_LOOKED_UP} were looked up.",
        )


def dead(link, content):
    href = link.href.strip()
    url = target(href, content)
    if url is None:
        yield f"the link {quoted(link.text)} leads nowhere: {quoted(href, 80)}.", "correct it."
    elif href.startswith("#"):
        if unquote(url.fragment) not in {"", "top", *content.ids}:
            yield (
                f"the link {quoted(link.text)} leads to no place on its page.",
                "write the words of its heading in small letters, with hyphens for spaces.",
            )
    elif is_ours(url) and not content.addresses.later(path_of(url), content):
        yield (
            f"the link {quoted(link.text)} leads to a page that is not live: "
            f"{quoted(path_of(url), 80)}.",
            "publish that page first, or choose another.",
        )


def moved(link, content):
    url = target(link.href.strip(), content)
    if url and is_ours(url):
        later = content.addresses.later(path_of(url), content)
        if later and later != path_of(url):
            yield (
                f"the link {quoted(link.text)} takes a detour to {quoted(later, 80)}.",
                "write that address.",
            )


def plain_http(link, content):
    url = target(link.href.strip(), content)
    written = link.href.strip().lower().startswith("http:")
    if url and written and origin(url) != absolute("").lower():
        yield (
            f"the link {quoted(link.text)} is plain http: {quoted(url.geturl(), 80)}.",
            "write https, if the page answers to that.",
        )


# Where an address leads.


def target(href, content):
    """The split absolute URL of an address on the page; None if it is none."""
    try:
        return urlsplit(urljoin(absolute(content.path), href))
    except ValueError:  # such as //[
        return None


def origin(url):
    return f"{url.scheme}://{url.netloc}".lower()


def is_ours(url):
    """Whether it is of this site; whoever asks it by the other scheme is sent on."""
    return (
        url.scheme in ("http", "https")
        and url.netloc.lower() == urlsplit(absolute("").lower()).netloc
    )


def path_of(url):
    return unquote(url.path) or "/"


class Addresses:
    """Where addresses lead for someone who is not signed in; each is looked up once.

    A draft is never told from nothing: not every writer may know that it is there.
    """

    def __init__(self):
        self.known, self.images, self.looked_up = {}, {}, Counter()

    def later(self, path, content):
        """The path that one on this site leads to in the end; None if that is nowhere."""
        if path == content.path or path.startswith(settings.STATIC_URL):
            return path
        if path.startswith(settings.MEDIA_URL):
            return path if self.image(path, content) else None
        if path not in self.known:
            if self.looked_up[content.path] == MOST_LOOKED_UP:
                return path
            self.looked_up[content.path] += 1
            self.known[path] = leads_to(path)
        return self.known[path]

    def image(self, address, content):
        """The Image that an address shows, at any width; None if it is none of ours."""
        stem = stem_of(address, content)
        if stem and stem not in self.images:
            self.find_images(stem, content)
        return self.images.get(stem)

    def find_images(self, stem, content):
        """Look up an image, and with it others of the page that are not known yet."""
        addresses = [picture.src for picture in content.of_kind(Picture)]
        addresses += [link.href for link in content.of_kind(Link)]
        stems = dict.fromkeys([stem, *(stem_of(address, content) for address in addresses)])
        stems = [each for each in stems if each and each not in self.images][:MOST_LOOKED_UP]
        names = [f"{each}.{extension}" for each in stems for extension in CONTENT_TYPES]
        self.images |= dict.fromkeys(stems)
        for image in Image.objects.filter(file__in=names):
            self.images[image.file.name.partition(".")[0]] = image


def stem_of(address, content):
    """What the names of a picture and its renditions begin with; None if it is none of ours."""
    url = target(address, content)
    name = url and is_ours(url) and url.path.removeprefix(settings.MEDIA_URL)
    match = name and name != url.path and re.fullmatch(f"{NAME}|{RENDITION}", name)
    return match and name[:20]


def leads_to(path):
    if is_there(path):
        return path
    proper = canonical(path)
    later = current_address(proper) or proper
    return later if later != path and is_there(later) else None


def is_there(path):
    """Whether anyone who asks for the path gets a page or a file."""
    try:
        match = resolve(path)
    except Resolver404:
        return False
    if path.startswith(DESK):
        return False
    view = getattr(match.func, "view_class", None)
    if view and issubclass(view, DetailView):
        # Many links lead to single things, and what stands beside them on the page takes long.
        things = view().get_queryset()
        things = things.live() if hasattr(things, "live") else things
        return things.filter(**match.kwargs).exists()
    try:
        response = match.func(anonymous(path, match), *match.args, **match.kwargs)
    except Http404:
        return False
    return response.status_code < 400
