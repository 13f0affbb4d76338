"""What two values of a field differ in, on one line."""

import json
from itertools import takewhile

AROUND = 20
MOST = 60


def short(before, after):
    """`"before" → "after"`; of long texts, what is around the first character that differs."""
    before, after = (json.dumps(value, ensure_ascii=False) for value in (before, after))
    if max(len(before), len(after)) > MOST:
        same = takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))
        start = max(0, sum(1 for _ in same) - AROUND)
        before, after = (cut(value, start) for value in (before, after))
    return f"{before} → {after}"


def cut(text, start):
    part = text[start : start + MOST]
    return f"{'…' if start else ''}{part}{'…' if start + MOST < len(text) else ''}"
