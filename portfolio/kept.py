"""Finished pages in memory, in each encoding, and no more of them than there is room for."""

import threading
import time
from collections import OrderedDict
from hashlib import blake2b

from .compression import TEXT, WORTH_IT

OVERHEAD = 3_000  # bytes that a page takes beside its text
# What a 304 leaves out (RFC 9110, 15.4.5).
OF_CONTENT = {"content-type", "content-length", "content-encoding"}


class Page:
    """An answer of Django's, in each encoding; `known` is the edition from before it was made."""

    def __init__(self, status, headers, body, known, until):
        self.status, self.known, self.made_at, self.until = status, known, time.monotonic(), until
        self.headers, self.body, self.asked = headers, body, 0
        self.is_found = status.startswith("200")
        self.digest = blake2b(repr((status, headers)).encode() + body, digest_size=12).hexdigest()
        self.variants = {None: self._variant(body, "", [])}

    def compress(self, ways, mark=""):
        """Have it in the encodings of {encoding: how}; the mark tells their bytes from others."""
        is_text = TEXT.match(dict(self.headers).get("Content-Type", ""))
        if is_text and len(self.body) >= WORTH_IT:
            for encoding, way in ways.items():
                told = [("Content-Encoding", encoding)]
                self.variants[encoding] = self._variant(way(self.body), f"-{encoding}{mark}", told)
        return self

    def _variant(self, body, mark, told):
        told = [*told, ("Content-Length", str(len(body))), ("ETag", f'"{self.digest}{mark}"')]
        headers = [*self.headers, *told]
        unchanged = [each for each in headers if each[0].lower() not in OF_CONTENT]
        return headers, body, unchanged

    def is_held(self, if_none_match):
        """Whether an If-None-Match (RFC 9110, 13.1.2) has it, in whichever encoding."""
        return self.is_found and (self.digest in if_none_match or if_none_match.strip() == "*")

    @property
    def size(self):
        return OVERHEAD + sum(len(body) for _, body, _ in self.variants.values())


class Kept:
    """Pages by key; beyond so many bytes the least recently used go."""

    def __init__(self, most):
        self.most, self.size = most, 0
        self.pages, self.lock = OrderedDict(), threading.Lock()

    def get(self, key):
        try:
            self.pages.move_to_end(key)
            return self.pages[key]
        except KeyError:  # never there, or gone since
            return None

    def put(self, key, page):
        page.takes = page.size
        with self.lock:
            self._drop(key)
            self.pages[key] = page
            self.size += page.takes
            while self.size > self.most:
                self._drop(next(iter(self.pages)))

    def drop(self, key):
        with self.lock:
            self._drop(key)

    def _drop(self, key):
        if dropped := self.pages.pop(key, None):
            self.size -= dropped.takes
