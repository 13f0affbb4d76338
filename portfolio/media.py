"""Pictures as the web sees them, where neither a web server nor a bucket serves them."""

import re

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from . import images
from .images import CONTENT_TYPES, NAME, RENDITION


@require_safe
def media(request, name):
    """A stored picture. A name that is not of our making never reaches the storage."""
    if not re.fullmatch(f"{NAME}|{RENDITION}", name):
        raise Http404
    try:
        file = opened(name)
    except FileNotFoundError:
        raise Http404 from None
    response = get_conditional_response(request, f'"{name}"')
    if response:
        file.close()
    else:
        response = FileResponse(file, content_type=CONTENT_TYPES[name.rpartition(".")[2]])
    # On a 304 as well: a browser takes them over into the copy that it has.
    response["ETag"] = f'"{name}"'
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def opened(name):
    """The file of that name; a rendition is made when it is first asked for."""
    try:
        return default_storage.open(name)
    except FileNotFoundError:
        if not images.render(name):
            raise
        return default_storage.open(name)
