"""A change that is made, looked at and taken back: previews and checks see the real page."""

from contextlib import contextmanager

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.http import HttpRequest
from django.urls import resolve


@contextmanager
def rehearsal():
    """Whatever is written inside is taken back at the end."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def public_page(item, shared=None):
    """The HTML of the item's own page as any reader would get it now.

    `shared` is the ShareLink by which a draft is shown, if it is. Raises Http404 for what is not
    live.
    """
    path = item.get_absolute_url()
    match = resolve(path)
    request = anonymous(path, match)
    request.shared = shared
    return match.func(request, *match.args, **match.kwargs).render().text


def anonymous(path, match):
    """The request of a reader for the page at a path, which resolves to `match`."""
    request = HttpRequest()
    request.method, request.path, request.path_info = "GET", path, path
    request.META = {"SERVER_NAME": "localhost", "SERVER_PORT": "80", "QUERY_STRING": ""}
    request.user, request.resolver_match = AnonymousUser(), match
    return request
