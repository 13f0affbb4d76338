"""What two values of a field differ in, on one line."""

import json
from itertools import takewhile

from portfolio import excerpts

AROUND = 20
MOST = 60


def short(before, after):
    """`"before" → "after"`, as `sides` gives them."""
    return " → ".join(sides(before, after))


def sides(before, after):
    """Both as JSON; of long texts, what is around the first character that differs."""
    before, after = (json.dumps(value, ensure_ascii=False) for value in (before, after))
    if max(len(before), len(after)) > MOST:
        same = takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))
        start = max(0, sum(1 for _ in same) - AROUND)
        before, after = (cut(value, start) for value in (before, after))
    return before, after


def cut(text, start):
    start = excerpts.after(text, start, start + AROUND // 2)
    end = excerpts.before(text, start + MOST, start + MOST * 2 // 3)
    return f"{'…' if start else ''}{text[start:end].strip()}{'…' if end < len(text) else ''}"
