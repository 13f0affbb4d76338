"""What differs between two texts."""

import random
import time
from itertools import pairwise

import pytest

from portfolio.editing.difference import words

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        ("", "", []),
        ("the same", "the same", [("same", "the same")]),
        ("", "new", [("added", "new")]),
        ("old", "", [("removed", "old")]),
        (
            "it broke twice, then held.",
            "it broke once, then held.",
            [
                ("same", "it broke "),
                ("removed", "twice"),
                ("added", "once"),
                ("same", ", then held."),
            ],
        ),
        ("one\n\ntwo\n", "one\n\n2\n", None),
        (
            "设计很简单",
            "设计不简单",
            [("same", "设计"), ("removed", "很"), ("added", "不"), ("same", "简单")],
        ),
        ("שלום עולם", "שלום לכם", [("same", "שלום "), ("removed", "עולם"), ("added", "לכם")]),
        ("cafe\u0301 au lait", "cafe\u0301 noir", None),
    ],
)
def test_words_that_differ_are_told_from_those_that_do_not(before, after, difference):
    found = words(before, after)
    if difference is not None:
        assert found == difference
    assert "".join(text for kind, text in found if kind != "added") == before
    assert "".join(text for kind, text in found if kind != "removed") == after


def test_any_two_texts_are_told_whole():
    dice = random.Random(3)
    for _ in range(300):
        before, after = ("".join(dice.choices("ab \n.é设", k=dice.randrange(40))) for _ in range(2))
        found = words(before, after)
        assert "".join(text for kind, text in found if kind != "added") == before
        assert "".join(text for kind, text in found if kind != "removed") == after
        assert all(one[0] != two[0] for one, two in pairwise(found))


LONG = 100_000


@pytest.mark.parametrize(
    "make",
    [
        lambda dice: " ".join(dice.choices("abcdefghij", k=LONG // 2)),
        lambda dice: "\n".join(dice.choices("abcdefghij", k=LONG // 2)),
        lambda dice: " ".join(str(n) for n in dice.sample(range(10**6), LONG // 7)),
        lambda dice: "\n".join(str(n) for n in dice.sample(range(10**6), LONG // 7)),
        lambda dice: "\n".join(f"{' '.join(dice.choices('ab', k=99))}\nk{n}" for n in range(450)),
        lambda dice: "x" * LONG,
        lambda dice: "x " * dice.randrange(LONG // 3, LONG // 2),
    ],
    ids=[
        "words",
        "lines",
        "unlike words",
        "unlike lines",
        "passages",
        "one word",
        "one word again and again",
    ],
)
def test_no_two_texts_take_long(make):
    """A generous bound: what it stands against takes minutes."""
    dice = random.Random(5)
    before, after = make(dice), make(dice) + "!"
    start = time.process_time()
    found = words(before, after)
    assert time.process_time() - start < 20
    assert "".join(text for kind, text in found if kind != "removed") == after
