"""Text is compressed on its way out; pictures and files are as small as they get already."""

import gzip
import re

import brotli
from django.conf import settings
from django.utils.cache import patch_vary_headers

from .negotiation import preferred_encoding

# Below this a packet is not filled anyway.
WORTH_IT = 500  # bytes
TEXT = re.compile(r"text/|image/svg\+xml|application/(?:.*\+)?(?:json|xml|javascript)")

# On the way. Brotli's highest quality takes 15 ms a page, this one less than 1.
COMPRESS = {
    "br": lambda body: brotli.compress(body, quality=5),
    "gzip": lambda body: gzip.compress(body, compresslevel=6, mtime=0),
}
# For what is asked for again and again.
COMPRESS_MORE = {
    "br": lambda body: brotli.compress(body, quality=11),
    "gzip": lambda body: gzip.compress(body, compresslevel=9, mtime=0),
}


def compress(get_response):
    """Middleware: answers with text in the best encoding that the browser takes."""

    def middleware(request):
        response = get_response(request)
        if response.streaming or response.has_header("Content-Encoding"):
            return response
        text = TEXT.match(response.get("Content-Type", ""))
        # A 304 says what its 200 would, and has no type.
        unchanged = response.status_code == 304 and not request.path.startswith(settings.MEDIA_URL)
        if not (text or unchanged):
            return response
        patch_vary_headers(response, ["Accept-Encoding"])
        encoding = preferred_encoding(request.META.get("HTTP_ACCEPT_ENCODING", ""))
        if encoding and len(response.content) >= WORTH_IT:
            response.content = COMPRESS[encoding](response.content)
            response["Content-Encoding"] = encoding
            response["Content-Length"] = str(len(response.content))
            # Other bytes, so it is no longer the same representation.
            if response.get("ETag", "").startswith('"'):
                response["ETag"] = "W/" + response["ETag"]
        return response

    return middleware
