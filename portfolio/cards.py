"""Share cards: what a link to a page looks like where it is shared, drawn from the page's title.

The type is the site's, so what it can say is what Newsreader can: Latin scripts, Vietnamese among
them. It lacks Greek, Cyrillic, Hebrew, Arabic, Chinese, Japanese, Korean and all others, and a
card never shows the boxes of a font that lacks something: a title with a letter that is not there
gives way to the site's name. Emoji are left out of a title instead, since it says the same without.
"""

import io
import re
import unicodedata
import zlib
from bisect import bisect_right
from dataclasses import astuple, dataclass
from functools import cache, lru_cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from threading import Lock

from PIL import Image, ImageColor, ImageDraw, ImageFont

from . import excerpts
from .page import address

# To be raised when the drawing changes, so that every card gets a new address.
DRAWING = 1

WIDTH, HEIGHT, MARGIN = 1200, 630, 84
PAPER, INK, QUIET, MOSS = "#faf8f3", "#1f1d18", "#625d50", "#3c6238"
COLOURS = INK, QUIET, MOSS
SHADES = 16  # from the paper to each colour, for the edges of letters

FONTS = Path(__file__).parent / "fonts"
SERIF, MONO = FONTS / "newsreader-display.woff2", FONTS / "jetbrains-mono.woff2"
SMALL = 27
# Of the title, in pixels: the first size at which it fits.
SIZES = (112, 98, 86, 75, 66, 58, 51)
LEADING = 1.1
TITLE_ROOM = HEIGHT - 170 - MARGIN

_ONE_AT_A_TIME = Lock()  # so that a flood of requests takes one processor, not all of them


@dataclass(frozen=True)
class Card:
    """What a card says; `label` is the kind of the page, or its month."""

    title: str
    label: str
    brand: str

    @property
    def digest(self):
        """Twelve characters, other ones when the card looks different."""
        said = repr((DRAWING, *astuple(self)))
        return sha256(said.encode(errors="backslashreplace")).hexdigest()[:12]

    @property
    def drawn_title(self):
        """What stands largest on it: the title, or the site's name if no font has the title."""
        return drawable(self.title, SERIF) or drawable(self.brand, SERIF)

    def png(self):
        """The bytes of a PNG of 1200×630 pixels: the same each time, and remembered."""
        return _draw(self)


@lru_cache(maxsize=128)
def _draw(card):
    with _ONE_AT_A_TIME:
        image = Image.new("L", (WIDTH, HEIGHT))
        title = card.drawn_title
        brand = drawable(card.brand, MONO)
        draw_masthead(image, "" if brand == title else brand, drawable(card.label, MONO))
        draw_title(image, title)
        image.putpalette(palette())
        output = io.BytesIO()
        # Long runs of paper need no search for what came before: a third of the time.
        image.save(output, "PNG", compress_type=zlib.Z_RLE)
    return output.getvalue()


@cache
def palette():
    """The bytes of the colours that pixels are numbers of: all shades of each, the ink first."""
    paper = ImageColor.getrgb(PAPER)
    return bytes(
        start + (end - start) * shade // (SHADES - 1)
        for colour in COLOURS
        for shade in range(SHADES)
        for start, end in zip(paper, ImageColor.getrgb(colour), strict=True)
    )


def draw_masthead(image, brand, label):
    face, middle = font(MONO, SMALL), MARGIN + SMALL // 2
    draw_dot(image, MARGIN + 10, middle)
    ascent, descent = face.getmetrics()
    baseline = middle + (ascent - descent) // 2
    end = round(length(label, face))
    room = WIDTH - 2 * MARGIN - 40 - length(f"  {label}", face)
    draw_line(image, (MARGIN + 40, baseline), shorten(brand, face, room), face)
    drawn = Image.new("L", (end, ascent + descent))
    draw_line(drawn, (0, ascent), label, face)
    paste(image, drawn, (WIDTH - MARGIN - end, baseline - ascent), QUIET)


def draw_dot(image, x, y, radius=10, scale=8):
    """The mark of the masthead, drawn larger and made small, since Pillow's own edge is rough."""
    dot = Image.new("L", (2 * radius * scale,) * 2)
    ImageDraw.Draw(dot).ellipse((0, 0, dot.width - 1, dot.height - 1), 255)
    dot = dot.resize((2 * radius,) * 2).point(lambda covered: covered * (SHADES - 1) // 255)
    paste(image, dot, (x - radius, y - radius), MOSS)


def paste(image, drawn, place, colour):
    """Put on the card what was drawn in ink, in another colour."""
    first = COLOURS.index(colour) * SHADES
    image.paste(drawn.point(lambda shade: first + shade), place)


def draw_title(image, title):
    """The title, standing on the lower margin."""
    size, lines = fit(title)
    for number, line in enumerate(reversed(lines)):
        baseline = HEIGHT - MARGIN - size * number * LEADING
        # Letters begin a little to the right of where they are put, more so when they are large.
        draw_line(image, (MARGIN - size * 0.04, baseline), line, font(SERIF, size))


# Text is put together from letters that are kept, which is as Pillow draws it and takes a
# twentieth of the time.

LETTER = re.compile(r"f+[a-zß-ÿ]?|.[\u0300-\u036f]*")  # with its accents; f may join the next


def draw_line(image, start, text, face):
    """A line of ink, beginning at a point of its baseline."""
    canvas, (x, y) = ImageDraw.Draw(image), start
    letters = LETTER.findall(text)
    for this, following in pairwise([*letters, ""]):
        drawn, left, top = letter(this, face)
        canvas.bitmap((round(x) + left, round(y) + top), drawn, SHADES - 1)
        x += step(this, following, face)


@lru_cache(maxsize=1024)
def letter(text, face):
    """A picture of a letter, and where that is from the start of its baseline."""
    left, top, right, bottom = face.getbbox(text, anchor="ls")
    image = Image.new("L", (max(1, right - left), max(1, bottom - top)))
    ImageDraw.Draw(image).text((-left, -top), text, 255, face, "ls")
    return image, left, top


@lru_cache(maxsize=20_000)
def step(this, following, face):
    """From the start of a letter to that of the following one, in pixels."""
    return face.getlength(this + following) - face.getlength(following)


def length(text, face):
    """Of a line as it is drawn, in pixels."""
    return sum(step(*both, face) for both in pairwise([*LETTER.findall(text), ""]))


def fit(title):
    """The size at which the title fits, and its lines there; what does not fit ends with “…”."""
    room = WIDTH - 2 * MARGIN
    for size in SIZES:
        face, most = font(SERIF, size), int(TITLE_ROOM / (size * LEADING))
        lines = wrap(title, face, room)
        if len(lines) <= most and is_within(lines, face, room):
            return size, balance(title, face, room)
    lines = wrap(break_words(title, face, room), face, room)
    if len(lines) > most:
        lines = [*lines[: most - 1], shorten(" ".join(lines[most - 1 :]), face, room)]
    return size, lines


def wrap(text, face, room):
    """Lines of whole words that are no wider than `room`, but for a word that is so itself."""
    lines, end, space = [], room, length(" ", face)
    for word in text.split():
        wide = width(word, face)
        end += space + wide
        if end <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
            end = wide
    return lines


def is_within(lines, face, room):
    return all(length(line, face) <= room for line in lines)


def balance(text, face, room):
    """As many lines as `wrap` gives, of about the same width."""
    least, best = 0, wrap(text, face, room)
    while room - least > 4:
        middle = (least + room) // 2
        tried = wrap(text, face, middle)
        if len(tried) == len(best) and is_within(tried, face, middle):
            room, best = middle, tried
        else:
            least = middle
    return best


def break_words(text, face, room):
    """The same text with a space in words that are wider than `room`."""
    words = []
    for word in text.split():
        while part := word[: fitting(word, face, room)]:
            words.append(part)
            word = word[len(part) :]
    return " ".join(words)


def shorten(text, face, room):
    """The text, or what fits of its beginning and “…”, cut between words if there are some."""
    if length(text, face) <= room:
        return text
    return excerpts.beginning(text, fitting(text, face, room - length("…", face)))


def fitting(text, face, room):
    """How many characters of the text's beginning fit; one at least."""
    lengths = range(1, len(text) + 1)
    return max(1, bisect_right(lengths, room, key=lambda n: length(text[:n], face)))


@lru_cache(maxsize=4096)
def width(word, face):
    return length(word, face)


def drawable(text, path):
    """The text without emoji; empty if the font lacks anything else of it."""
    kept = [c for c in unicodedata.normalize("NFC", text) if not is_ornament(c, path)]
    return " ".join("".join(kept).split()) if all(has(path, c) for c in kept) else ""


def is_ornament(character, path):
    """Whether a text says the same without: a picture that the font lacks, or what shapes one."""
    category = unicodedata.category(character)
    if category == "So" or 0x1F3FB <= ord(character) <= 0x1F3FF:  # skin tones
        return not has(path, character)
    shapers = "\ufe0e\ufe0f\u20e3"  # as text, as a picture, on a key
    return category in ("Cf", "Cn", "Co", "Cs") or character in shapers


@lru_cache(maxsize=4096)
def has(path, character):
    """Whether the font draws the character otherwise than one that no font has."""
    if character.isspace():
        return True
    face = font(path, SMALL)
    return bytes(face.getmask(character)) != bytes(face.getmask("\uffff"))


@cache
def font(path, size):
    return ImageFont.truetype(path, size)


# Which card stands for which page. One that has none, such as a year's, has that of the list it is
# below, and so at last the home page's.


@cache
def lists():
    """The pages that have a card and are of no single thing, as path → title."""
    titles = {
        "home": "",
        "now": "now",
        "roles:index": "roles",
        "thinking": "thinking",
        "journal:index": "journal",
        "tools": "tools",
        "lessons": "what broke, and what i learned",
        "cv": "cv",
    }
    return {address(name): title for name, title in titles.items()}


def card_of_list(path, profile):
    return Card(lists()[path] or profile.headline or profile.brand, "", profile.brand)


def card_of_item(item, profile):
    label = getattr(item, "month", None) or item._meta.verbose_name
    return Card(str(item), str(label), profile.brand)


def card_of_page(page, path, profile):
    """The Card that stands for a `Page` at `path`, and its address, which has a version.

    The version makes it another address when the card changes, so it can be kept for ever.
    """
    if page.item:
        path, card = page.item.get_absolute_url(), card_of_item(page.item, profile)
    else:
        path = max((known for known in lists() if path.startswith(known)), key=len)
        card = card_of_list(path, profile)
    return card, f"{card_path(path)}?v={card.digest}"


def card_path(path):
    """The path of the picture that stands for the page at a path, if it has one of its own."""
    return address("card", path.strip("/") or "home")
