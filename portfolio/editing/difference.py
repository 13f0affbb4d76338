"""What turns one text into another, word by word, as a person would mark it.

Lines are compared first, and words only inside the lines that changed, so that two long texts take
no longer than a page may. Texts with hardly a word in common are shown whole, one after the other.
"""

import re
from bisect import bisect_left
from collections import Counter
from difflib import SequenceMatcher
from itertools import pairwise

# Pieces of one text times those of the other that `difflib`, which is quadratic, is given at once.
MOST = 250_000
# The share of a changed passage that has to be the same for its words to be told apart.
ALIKE = 0.25
# Writing that puts no space between words is compared character by character.
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# The marks within words, such as the zero-width joiner, are no punctuation.
_POINTS = "!-/:-@\\[-`{-~\u00a1-\u00bf\u2010-\u2029\u2030-\u205e\u3000-\u303f\uff01-\uff0f"
_WORD = re.compile(rf"\s+|[{_UNSPACED}]|[^\s{_UNSPACED}{_POINTS}]+(?:['’]\w+)*|.", re.DOTALL)


def words(before, after):
    """What is the `same`, `removed` and `added`, as [(kind, text)] in the order of reading.

    The same and the removed together are `before`, the same and the added `after`, to the space.
    """
    if before == after:
        return [("same", before)] if before else []
    pieces = []
    for same, old, new in _compared(_lines(before), _lines(after)):
        old, new = "".join(old), "".join(new)
        pieces += [(True, old, new)] if same else _in_words(old, new)
    return [*_marked(pieces)]


def _lines(text):
    return text.splitlines(keepends=True)


def _in_words(before, after):
    compared = [
        (same, "".join(old), "".join(new))
        for same, old, new in _compared(_WORD.findall(before), _WORD.findall(after))
    ]
    alike = sum(len(old) - old.count(" ") for same, old, _ in compared if same)
    if alike < ALIKE * min(len(before), len(after)):
        return [(False, before, after)]
    return compared


def _compared(before, after):
    """Two lists cut where they agree, as (whether it is the same, part of one, of the other)."""
    shorter = min(len(before), len(after))
    start = next((n for n in range(shorter) if before[n] != after[n]), shorter)
    rest = shorter - start
    end = next((n for n in range(rest) if before[-1 - n] != after[-1 - n]), rest)
    yield True, before[:start], after[:start]
    yield from _between(before[start : len(before) - end], after[start : len(after) - end])
    yield True, before[len(before) - end :], after[len(after) - end :]


def _between(before, after):
    """The same for lists with different ends: long ones are first cut at what both have once."""
    if len(before) * len(after) <= MOST:
        for kind, *place in SequenceMatcher(str.isspace, before, after).get_opcodes():
            yield kind == "equal", before[place[0] : place[1]], after[place[2] : place[3]]
        return
    anchors = [(-1, -1), *_anchors(before, after), (len(before), len(after))]
    for (i, j), (next_i, next_j) in pairwise(anchors):
        if i >= 0:
            yield True, before[i : i + 1], after[j : j + 1]
        old, new = before[i + 1 : next_i], after[j + 1 : next_j]
        if len(old) * len(new) <= MOST:
            yield from _between(old, new)
        else:
            yield False, old, new


def _anchors(before, after):
    """The places of what each list has once, as the longest chain of (i, j) that rises in both."""
    once = {text for text, number in Counter(before).items() if number == 1}
    once &= {text for text, number in Counter(after).items() if number == 1}
    places = {text: j for j, text in enumerate(after) if text in once}
    lasts, chains = [], []
    for i, text in enumerate(before):
        if text not in once:
            continue
        j = places[text]
        at = bisect_left(lasts, j)
        chain = (i, j, chains[at - 1] if at else None)
        lasts[at : at + 1], chains[at : at + 1] = [j], [chain]
    found, chain = [], chains[-1] if chains else None
    while chain:
        i, j, chain = chain
        found.append((i, j))
    return reversed(found)


def _marked(pieces):
    """Neighbours of a kind joined; a space between two changed words is changed with them."""
    same = old = new = ""
    for is_same, before, after in pieces:
        if not is_same:
            if old and new and same:
                old, new = old + same, new + same
            elif same:
                yield from _told(old, new)
                yield "same", same
                old = new = ""
            same, old, new = "", old + before, new + after
        elif same or not (old and new) or not (before.isspace() and "\n" not in before):
            if not same:
                yield from _told(old, new)
                old = new = ""
            elif old or new:
                yield from _told(old, new)
                old = new = ""
            same += before
        else:
            same = before
    yield from _told(old, new)
    if same:
        yield "same", same


def _told(old, new):
    if old:
        yield "removed", old
    if new:
        yield "added", new
