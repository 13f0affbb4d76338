"""Where a site stands that is built as files: its address, which may have a path."""

import contextlib
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models.signals import post_init
from django.http import HttpRequest
from django.test.utils import override_settings
from django.urls import get_script_prefix, resolve, set_script_prefix

from portfolio import cards, plain
from portfolio.models import MarkdownField

STORAGE = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"


class PlaceError(Exception):
    """Why a site cannot stand at an address, in a sentence for the person who gave it."""


def parse(base_url):
    """The origin and the path of an address, as `https://example.org` and `/` or `/portfolio/`."""
    parts = urlsplit(base_url)
    path = parts.path.strip("/")
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.query
        or parts.fragment
        or not all(c.isascii() and (c.isalnum() or c in "/-._~") for c in path)
    ):
        raise PlaceError(
            f"The address {base_url!r} is none that a site can have: give it as "
            "https://example.org or https://example.org/portfolio/."
        )
    return f"{parts.scheme}://{parts.netloc}", f"/{path}/" if path else "/"


@contextlib.contextmanager
def standing_at(base_url, static_root):
    """Whatever the block makes is for a site at the address; static files are below a folder.

    Settings are changed, so this is for a process that serves nothing meanwhile. PlaceError for
    what is no address.
    """
    origin, prefix = parse(base_url)
    before = get_script_prefix()
    # Django's own for tests, as it alone also resets what was made of a setting.
    changed = override_settings(
        SITE_URL=origin,
        ALLOWED_HOSTS=[urlsplit(origin).hostname],
        STATIC_URL=f"{prefix}static/",
        MEDIA_URL=f"{prefix}media/",
        STATIC_ROOT=static_root,
        STORAGES={**settings.STORAGES, "staticfiles": {"BACKEND": STORAGE}},
        DEBUG=False,
    )
    with changed:
        set_script_prefix(prefix)
        cards.lists.cache_clear()
        if prefix != "/":
            post_init.connect(below, dispatch_uid="site")
        try:
            yield
        finally:
            post_init.disconnect(dispatch_uid="site")
            set_script_prefix(before)
            cards.lists.cache_clear()


def below(sender, instance, **kwargs):
    """Receives `post_init`: an address in a text that begins at the root gets the site's path."""
    for field in sender._meta.fields:
        text = isinstance(field, MarkdownField) and instance.__dict__.get(field.attname)
        if text:
            setattr(instance, field.attname, plain.rooted(text, get_script_prefix()))


def request_for(path):
    """A visitor's request for a path of the site, as a view takes it."""
    origin = urlsplit(settings.SITE_URL)
    request = HttpRequest()
    request.method, request.path = "GET", path
    request.path_info = "/" + path.removeprefix(get_script_prefix())
    port = origin.port or {"http": 80, "https": 443}[origin.scheme]
    request.META = {
        "HTTP_HOST": origin.netloc,
        "QUERY_STRING": "",
        "SERVER_NAME": origin.hostname,
        "SERVER_PORT": str(port),
    }
    return request


def answer(path):
    """What the site answers a visitor who asks for a path: bytes. Http404 if there is nothing."""
    request = request_for(path)
    request.resolver_match = match = resolve(request.path_info)
    response = match.func(request, *match.args, **match.kwargs)
    if hasattr(response, "render"):
        response.render()
    return response.content


def file_of(path):
    """The name of the file, relative to the site's folder, that a server gives for a path."""
    name = path.removeprefix(get_script_prefix())
    return f"{name}index.html" if not name or name.endswith("/") else name
