"""A text as words, and words as the terms that the index holds.

Done here rather than by the databases, for texts and queries alike, so that both engines find the
same: they are given terms of letters, digits and a few signs, and only look them up and rank.

Scripts without spaces have no words that could be told without a dictionary. There each character
is a word, and so is each pair of neighbours: 東京都 is 東, 東京, 京, 京都 and 都. Both engines keep
the order of terms, so that any part of a text can be asked for as its terms in a row.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import chain


def character_ranges(points):
    """Ascending code points as the inside of a character class, such as `a-cx-x`."""
    ranges = []
    for point in points:
        if ranges and ranges[-1][1] == point - 1:
            ranges[-1][1] = point
        else:
            ranges.append([point, point])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


# Scripts without spaces between words: Thai and Lao, Myanmar, Khmer, Tai Le to Tai Tham, Balinese,
# Javanese, Tai Viet, kana and bopomofo, Han, the narrow kana.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\u1b00-\u1b7f"
    "\ua980-\ua9ff\uaa60-\uaadf\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035"
    "\u3038-\u303c\u3040-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff"
    "\uff66-\uff9d\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
# Hangul as syllables, as letters (as which macOS names files), and narrow.
HANGUL = (
    "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"  # without surrogates
    "\uffa0-\uffdc"
)
# No character of their own: vowels and viramas are letters of a word, accents are folded away.
MARKS = character_ranges(
    point
    for point in chain(range(0x300, 0x1F000), range(0xE0100, 0xE01F0))
    if unicodedata.category(chr(point))[0] == "M"
)
# Accents of Latin, Greek and Cyrillic; the vowel points of Hebrew, Arabic and Syriac, which most
# texts leave out; what chooses a variant of a character.
ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0711"
    "\u0730-\u074a\u0898-\u089f\u08ca-\u08ff\u180b-\u180f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
    "\ufb1e\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef]"
)
# What stands in a word and says nothing: soft hyphen, (non-)joiners.
JOINERS = "\u00ad\u200c\u200d\u2060"
# The mark of Hebrew's short forms as keyboards have it, as in צה"ל.
GERSHAYIM = '(?<=[א-ת])"(?=[א-ת])'
# What French and Italian write together with the next word: l'école, dell'arte.
ELIDED = re.compile(
    "(?:[cdjlmnst]|(?:jus|lors|puis|quoi)?qu|(?:a|co|da|de|ne|que|su)ll)['’](?=[aeiouhà-öø-ÿœ])",
    re.IGNORECASE,
)
# C++, C#, but neither Ctrl+C nor a+b.
SIGNS = r"(?<=[^\W\d_])(?:[+＋]{2,}|[+＋](?![\w+＋])|[#＃](?![^\W\d_]))"
LETTER = rf"[^\W_{UNSPACED}{HANGUL}]"
WORD = re.compile(
    rf"{LETTER}(?:{LETTER}+|[{MARKS}]+|[{JOINERS}'’׳״]+(?={LETTER})|{GERSHAYIM})*(?:{SIGNS})?"
    rf"|(?![\W_])[{HANGUL}](?:(?![\W_])[{HANGUL}]|[{JOINERS}{MARKS}])*"
    rf"|(?![\W_])[{UNSPACED}][{MARKS}{JOINERS}\u200b\uff9e\uff9f]*"
)
_UNSPACED = re.compile(f"[{UNSPACED}]")
_HANGUL = re.compile(f"[{HANGUL}]")
LONGEST = 64
# Letters with strokes, which Unicode takes for letters of their own; the apostrophe that is one,
# and the line that stretches an Arabic word.
STROKES = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "ʼ": None, "ـ": None}
)
_STOP_WORDS = """
    a about also an and any are as at be been but by can did do does for from had has have he her
    him his how i if in into is it its just me more most my no not of on or our out she so some such
    than that the their them then there these they this to too was we were what when where which who
    why will with would you your
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())


@lru_cache(maxsize=50_000)
def fold(word):
    """The word by itself, without accents, case and punctuation, composed, of 64 characters."""
    if elided := ELIDED.match(word):
        word = word[elided.end() :]
    folded = ACCENTS.sub("", unicodedata.normalize("NFKD", word)).casefold().translate(STROKES)
    return unicodedata.normalize("NFC", "".join(filter(is_of_word, folded)))[:LONGEST]


def is_of_word(character):
    return (
        character.isalnum() or character in "+#" or unicodedata.category(character) in ("Mn", "Mc")
    )


@lru_cache(maxsize=50_000)
def stem(word):
    """What a folded word has in common with its other forms in English, such as deploy."""
    # Here, as it reads in the stemmers of all languages, which no page needs.
    from snowballstemmer import EnglishStemmer

    # Who asks for notepad means notepad++ as well, but C is another thing than C++.
    bare = word.rstrip("+#")
    word = bare if len(bare) > 1 else word
    # One for each word, since a stemmer is not made for two threads.
    return EnglishStemmer().stemWord(word) if word.isascii() else word


def words(text):
    """The folded words of a text, in its order."""
    if text.isascii() or not _UNSPACED.search(text):
        return [*filter(None, map(fold, WORD.findall(text)))]
    return [word for word, _, _ in places(text)]


def places(text):
    """Yields each of `words` with where it begins and ends: (word, start, end)."""
    before = "", 0, 0
    for match in WORD.finditer(text):
        word, (start, end) = fold(match[0]), match.span()
        if not word:
            continue
        this = (word, start, end) if is_unspaced(word) else ("", 0, 0)
        if before[0] and this[0] and before[2] == start:
            yield (before[0] + word)[:LONGEST], before[1], end
        yield word, start, end
        before = this


@lru_cache(maxsize=50_000)
def is_unspaced(word):
    """Whether a folded word is of a script without spaces."""
    return bool(_UNSPACED.match(word))


@lru_cache(maxsize=50_000)
def has_particles(word):
    """Whether a folded word is written together with what follows it, as in Korean."""
    return bool(_HANGUL.match(word))


def exact(word):
    """The term of a folded word as it stands."""
    return word if is_unspaced(word) else f"={word}"


@lru_cache(maxsize=50_000)
def terms_of(word):
    """The terms of a folded word: its stem, and the word as it stands marked with `=`."""
    return (word,) if is_unspaced(word) else (stem(word), f"={word}")


def terms(words):
    """The terms of a text's words, in their order."""
    return [*chain.from_iterable(map(terms_of, words))]
