"""What a client would rather have: which of two types, and in which encoding."""

import re
from functools import lru_cache

from django.http import HttpRequest

# The types that an address may answer in, the one for who does not care first.
PAGE = HTML, MARKDOWN = "text/html", "text/markdown"
FEED = ("application/atom+xml", "application/xml")
ENCODINGS = ("br", "gzip")  # the best first
MOST = 500  # characters of a header that are looked at


def preferred_type(accept, types):
    """The one of some types that an Accept header (RFC 9110, 12.5.1) asks for; else the first."""
    return _preferred_type(accept[:MOST], types)


@lru_cache(maxsize=512)
def _preferred_type(accept, types):
    request = HttpRequest()
    request.META["HTTP_ACCEPT"] = accept
    return request.get_preferred_type(types) or types[0]


def preferred_encoding(accept_encoding):
    """The encoding for an Accept-Encoding header (RFC 9110, 12.5.3); None to leave it as it is."""
    return _preferred_encoding(accept_encoding[:MOST])


@lru_cache(maxsize=512)
def _preferred_encoding(accept_encoding):
    weights = {}
    for item in accept_encoding.lower().split(","):
        name, _, weight = item.partition(";")
        match = re.fullmatch(r"\s*q=([01](?:\.[0-9]{0,3})?)\s*", weight)
        weights[name.strip()] = float(match[1]) if match else 1.0
    wanted = {name: weights.get(name, weights.get("*", 0)) for name in ENCODINGS}
    best = max(wanted, key=wanted.get)
    return best if 0 < wanted[best] >= weights.get("identity", 0) else None
