"""What differs between two texts, word by word, in a time that does not run away."""

import re
from difflib import SequenceMatcher
from itertools import groupby

SAME, REMOVED, ADDED = "same", "removed", "added"
# Words, each character of a script that writes without spaces, and whatever stands between.
_CJK = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f"
_MARKS = "\u0300-\u036f\u0591-\u05c7\u064b-\u0652\u200c\u200d"
_WORD = re.compile(rf"\s+|[{_CJK}]|(?:(?![{_CJK}])[\w{_MARKS}])+|.", re.DOTALL)
# `SequenceMatcher` may take time with the product of two lengths. All that it is asked for one
# difference takes no more than so many pairs, about a second; beyond them parts just differ.
MOST = 4_000_000


def words(before, after):
    """The difference as [(kind, text)], with the kinds `same`, `removed` and `added`.

    The texts of what is the same or removed make `before`, of what is the same or added `after`.
    """
    compare = Comparison().compare
    pieces = []
    for kind, *lines in compare(before.splitlines(True), after.splitlines(True)):
        old, new = map("".join, lines)
        if kind == SAME:
            pieces.append((SAME, old))
            continue
        for kind_of_words, *found in compare(_WORD.findall(old), _WORD.findall(new)):
            removed, added = map("".join, found)
            if kind_of_words == SAME:
                pieces.append((SAME, removed))
            else:
                pieces += [(REMOVED, removed), (ADDED, added)]
    merged = groupby(filter(lambda piece: piece[1], pieces), key=lambda piece: piece[0])
    return [(kind, "".join(text for _, text in group)) for kind, group in merged]


class Comparison:
    def __init__(self):
        self.pairs_left = MOST

    def compare(self, before, after):
        """Two lists as (kind, part of `before`, part of `after`); the kind is `same` or not."""
        start = common(before, after)
        end = common(before[start:][::-1], after[start:][::-1])
        old, new = before[start : len(before) - end], after[start : len(after) - end]
        yield SAME, before[:start], after[:start]
        self.pairs_left -= len(old) * len(new)
        if self.pairs_left < 0:
            yield ADDED, old, new
        else:
            for tag, i, j, k, m in SequenceMatcher(None, old, new).get_opcodes():
                yield SAME if tag == "equal" else ADDED, old[i:j], new[k:m]
        yield SAME, before[len(before) - end :], after[len(after) - end :]


def common(before, after):
    """How many items two lists begin with alike."""
    pairs = zip(before, after, strict=False)
    return next(
        (number for number, (old, new) in enumerate(pairs) if old != new),
        min(len(before), len(after)),
    )
