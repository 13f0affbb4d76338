"""Text is compressed on its way out; pictures and files are as small as they get already."""

import gzip
import re

import brotli
from django.conf import settings
from django.utils.cache import patch_vary_headers

# Below this a packet is not filled anyway.
WORTH_IT = 500  # bytes
TEXT = re.compile(r"text/|image/svg\+xml|application/(?:.*\+)?(?:json|xml|javascript)")

# The best come first. Brotli's highest quality takes 15 ms a page, this one less than 1.
ENCODINGS = {
    "br": lambda body: brotli.compress(body, quality=5),
    "gzip": lambda body: gzip.compress(body, compresslevel=6, mtime=0),
}


def preferred(accept_encoding):
    """The encoding for an Accept-Encoding header (RFC 9110, 12.5.3); None to leave it as it is."""
    weights = {}
    for item in accept_encoding.lower()[:200].split(","):
        name, _, weight = item.partition(";")
        match = re.fullmatch(r"\s*q=([01](?:\.[0-9]{0,3})?)\s*", weight)
        weights[name.strip()] = float(match[1]) if match else 1.0
    wanted = {name: weights.get(name, weights.get("*", 0)) for name in ENCODINGS}
    best = max(wanted, key=wanted.get)
    return best if 0 < wanted[best] >= weights.get("identity", 0) else None


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
        encoding = preferred(request.META.get("HTTP_ACCEPT_ENCODING", ""))
        if encoding and len(response.content) >= WORTH_IT:
            response.content = ENCODINGS[encoding](response.content)
            response["Content-Encoding"] = encoding
            response["Content-Length"] = str(len(response.content))
            # Other bytes, so it is no longer the same representation.
            if response.get("ETag", "").startswith('"'):
                response["ETag"] = "W/" + response["ETag"]
        return response

    return middleware
