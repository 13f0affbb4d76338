"""Pictures as the web sees them: from a folder or from a bucket, at the same address."""

import logging
import re

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from . import images
from .images import CONTENT_TYPES, NAME, RENDITION

logger = logging.getLogger(__name__)


class Unavailable(OSError):
    """Why the storage cannot be used now, in a sentence for who runs the site."""


@require_safe
def media(request, name):
    """A stored picture. A name that is not of our making never reaches the storage.

    Always the whole of it, which RFC 9110 (14.2) allows whatever range is asked for.
    """
    if not re.fullmatch(f"{NAME}|{RENDITION}", name):
        raise Http404
    etag = f'"{name}"'
    try:
        response = get_conditional_response(request, etag)
        if not response:
            content_type = CONTENT_TYPES[name.rpartition(".")[2]]
            response = FileResponse(opened(name), content_type=content_type)
        elif not default_storage.exists(name) and not images.render(name):
            raise Http404
    except FileNotFoundError:
        raise Http404 from None
    except Unavailable as error:
        logger.error("%s: %s", request.path, error)
        return unavailable()
    # On a 304 as well: a browser takes them over into the copy that it has.
    response["ETag"] = etag
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def unavailable():
    return HttpResponse(
        "The pictures cannot be had just now: try again in a moment.\n",
        status=503,
        content_type="text/plain; charset=utf-8",
        headers={"Retry-After": "5", "Cache-Control": "no-store"},
    )


def opened(name):
    """The file of that name; a rendition is made when it is first asked for."""
    try:
        return default_storage.open(name)
    except FileNotFoundError:
        if not images.render(name):
            raise
        return default_storage.open(name)
