"""Where a plain text can be cut: between words, in a script without spaces between any characters.

A character is what a reader takes for one: a letter with its marks, a syllable, an emoji that
others are joined to. Nothing is normalised, so that every place is one of the text as it stands.
"""

import re
import unicodedata

from portfolio.search.words import HANGUL, UNSPACED

# What may part from its neighbours though no space is there: scripts without spaces with their
# punctuation, and what stands between the syllables of Tibetan and the words of Ethiopic.
LOOSE = re.compile(f"[{UNSPACED}\u3000-\u303f\uff00-\uffef\u0f0b\u1361\u200b]")
# What closes, small kana and what prolongs or repeats: nothing begins with these.
NEVER_FIRST = frozenset(
    ")]}»›”’、。，．：；！？・…‥）］｝〕〉》」』】〙〗｠｣､｡･ーｰゝゞヽヾ々〻"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ"
)
# What no text ends with that goes on.
DANGLING = " \t\n\r,.;:–—-、。，．；：・､｡･，…،؛۔।॥።፣၊။" + "([{«‹“„（［｛〔〈《「『【｢"
# Of Thai and Lao: vowels that are spoken after the consonant that follows them, and others that
# stand behind it without being marks.
BEFORE_CONSONANTS = frozenset("เแโใไເແໂໃໄ")
AFTER_CONSONANTS = frozenset("ะาำๅະາຳ")
FLAGS = re.compile("[\U0001f1e6-\U0001f1ff]+\\Z")
LEADING_JAMO = re.compile("[\u1100-\u115f\ua960-\ua97c]")
LATER_JAMO = re.compile("[\u1160-\u11ff\ud7b0-\ud7fb]")
_HANGUL = re.compile(f"[{HANGUL}]")
# Characters that one character is made of, at most; a text can be nothing but marks.
MOST_OF_ONE = 200


def shorten(text, length):
    """The beginning of a plain text, at most `length` characters, with “…” if that is not all."""
    if len(text) <= length:
        return text
    return beginning(text, length - 1)


def beginning(text, most):
    """At most so many characters of a text's beginning, and “…”."""
    head = text[: before(text, most, most * 2 // 3)]
    return (head.rstrip(DANGLING) or head) + "…"


def before(text, place, least):
    """The last place between words from `least` to `place`, else the last between characters."""
    if place >= len(text):
        return len(text)
    between = (at for at in range(place, max(least, 0) - 1, -1) if is_between_words(text, at))
    whole = (at for at in range(place, max(place - MOST_OF_ONE, 0), -1) if is_whole(text, at))
    return next(between, 0) or next(whole, place)


def after(text, place, most):
    """The first place between words from `place` to `most`, else the first between characters."""
    if place <= 0:
        return 0
    between = (at for at in range(place, most + 1) if is_between_words(text, at))
    whole = (at for at in range(place, min(place + MOST_OF_ONE, most)) if is_whole(text, at))
    return next(between, 0) or next(whole, most)


def is_between_words(text, at):
    if not 0 < at < len(text):
        return True
    last, first = text[at - 1], text[at]
    if last.isspace() or first.isspace():
        return True
    is_loose = LOOSE.match(last) or LOOSE.match(first)
    return bool(is_loose) and first not in NEVER_FIRST and is_whole(text, at)


def is_whole(text, at):
    """Whether the characters on either side of a place inside of a text are none together.

    Mostly as https://www.unicode.org/reports/tr29/ has it.
    """
    last, first = text[at - 1], text[at]
    if last < "\u0300" and first < "\u0300":
        return last + first != "\r\n"
    return not (
        unicodedata.category(first) in ("Mn", "Mc", "Me")
        or first in "\u200c\u200d\uff9e\uff9f"
        or "\U0001f3fb" <= first <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= first <= "\U000e007f"  # of the flags of regions
        or first in AFTER_CONSONANTS
        or last in BEFORE_CONSONANTS
        or last == "\u200d"
        or unicodedata.combining(last) == 9  # a virama, which joins what follows
        or ("\ud800" <= last <= "\udbff" and "\udc00" <= first <= "\udfff")
        or (LATER_JAMO.match(first) and _HANGUL.match(last))
        or (LEADING_JAMO.match(last) and _HANGUL.match(first))
        or (
            "\U0001f1e6" <= first <= "\U0001f1ff"
            and (flags := FLAGS.search(text, 0, at))
            and len(flags[0]) % 2
        )
    )
