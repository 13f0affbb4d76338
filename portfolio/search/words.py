"""A text as words, and words as the terms that the index holds.

Done here rather than by the databases, for texts and queries alike, so that both engines find the
same: they are given terms of letters and digits, and only look them up and rank.
"""

import re
import unicodedata
from functools import lru_cache

# Where words are not set apart by spaces, each character is a word.
ALONE = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
# Accents and vowel points as characters of their own.
MARKS = "\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
WORD = re.compile(rf"[{ALONE}]|[^\W_{ALONE}](?:[^\W_{ALONE}]+|[{MARKS}]+|['’](?=[^\W_{ALONE}]))*")
LONGEST = 64
# Letters with strokes, which Unicode takes for letters of their own.
STROKES = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe"})
_STOP_WORDS = """
    a about also an and any are as at be been but by can did do does for from had has have he her
    him his how i if in into is it its just me more most my no not of on or our out she so some such
    than that the their them then there these they this to too was we were what when where which who
    why will with would you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


@lru_cache(maxsize=50_000)
def fold(word):
    """The word without accents, case and punctuation, cut after 64 characters."""
    folded = unicodedata.normalize("NFKD", word).casefold().translate(STROKES)
    return "".join(filter(str.isalnum, folded))[:LONGEST]


@lru_cache(maxsize=50_000)
def stem(word):
    """What a folded word has in common with its other forms in English, such as deploy."""
    # Here, as it reads in the stemmers of all languages, which no page needs.
    from snowballstemmer import EnglishStemmer

    # One for each word, since a stemmer is not made for two threads.
    return EnglishStemmer().stemWord(word) if word.isascii() else word


def words(text):
    """The folded words of a text, in its order."""
    return [*filter(None, map(fold, WORD.findall(text)))]


def terms(words):
    """The terms of a text's words: of each the stem, and the word as it stands marked with `=`."""
    return [term for word in words for term in (stem(word), f"={word}")]
