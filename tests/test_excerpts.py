"""Plain text is cut between words in every script, and never within a character."""

import unicodedata

import pytest

from portfolio.excerpts import after, before, shorten
from portfolio.exchange.difference import short
from portfolio.markdown import excerpt
from portfolio.search import query
from portfolio.structured_data import HEADLINE
from portfolio.templatetags.editing import folded
from tests.factories import make_entry, make_principle
from tests.metadata import graph, properties

pytestmark = pytest.mark.once

CHINESE = "我用它重写了整个网站的后台并且把所有的页面都搬了过去"


@pytest.mark.parametrize(
    ("text", "length", "cut"),
    [
        ("short", 5, "short"),
        ("The quick brown fox, and so on", 29, "The quick brown fox, and so…"),
        ("The quick brown fox, and so on", 24, "The quick brown fox…"),
        ("see https://example.org/very-long", 20, "see https://example…"),
        (f"使用 {CHINESE}", 12, "使用 我用它重写了整个…"),
        ("Copilotは、とても便利な道具です", 12, "Copilotは、とて…"),
        ("東京でMicrosoftを使う", 8, "東京でMicr…"),
        ("我们在这里使用 Microsoft 的工具", 12, "我们在这里使用…"),
        ("我们在这里使用，然后", 9, "我们在这里使用…"),
        ("ここまで「東京」のこと", 8, "ここまで「東…"),
        ("とうきょうへいく", 4, "とう…"),
        ("한글을 쓰는 사람들", 9, "한글을 쓰는…"),
        ("नमस्ते दुनिया वालों", 15, "नमस्ते दुनिया…"),
        ("line\nanother line", 8, "line…"),
        ("مرحبا، يا عالم", 10, "مرحبا، يا…"),
        ("x" * 20, 10, "x" * 9 + "…"),
        ("。。。。。。", 3, "。。…"),
    ],
)
def test_an_excerpt_is_cut_between_words_in_every_script(text, length, cut):
    assert shorten(text, length) == cut
    assert len(cut) <= length


CHARACTERS = [
    *(
        "e\u0301",
        "क्षि",
        "நி",
        "กี่",
        "เก",
        "กำ",
        "ខ្មែ",
        "👨\u200d👩\u200d👧",
        "👍🏽",
        "🇩🇪",
        "1\ufe0f\u20e3",
    ),
    *("葛\U000e0100", "가", "\u1112\u1161\u11ab", "ｶﾞ", "か\u3099", "\ud83d\ude00", "مَّ"),
    "🏴\U000e0067\U000e0062\U000e007f",
]


@pytest.mark.parametrize("character", CHARACTERS, ids=ascii)
def test_no_excerpt_is_cut_within_a_character(character):
    text = character * 100
    for most in range(20, 40):
        assert before(text, most, 10) % len(character) == 0
        assert after(text, most, 60) % len(character) == 0


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_an_excerpt_keeps_the_form_of_the_text(form):
    text = unicodedata.normalize(form, "한글é" * 100)
    cut = shorten(text, 50)
    assert text.startswith(cut[:-1]) and unicodedata.is_normalized(form, cut)


@pytest.mark.parametrize("unit", ["x", "日", "\u0301", "🇩", "\u200d", "-", "\ud800", "\u094d"])
def test_an_excerpt_of_what_never_ends_looks_at_little_of_it(unit):
    class Counting(str):
        looked_at = 0

        def __getitem__(self, at):
            if isinstance(at, int):
                Counting.looked_at += 1
            return super().__getitem__(at)

    text = Counting(unit * 100_000)
    assert 0 < len(shorten(text, 160)) <= 160
    assert before(text, 90_000, 89_900) and after(text, 90_001, 90_100)
    assert Counting.looked_at < 3_000


def test_every_place_that_cuts_cuts_chinese_at_its_length(client, db):
    text = f"使用 {CHINESE * 10}"
    assert len(excerpt(text)) == 160
    assert len(query.excerpt(text, query.typed("页面"))) > 200
    assert len(folded(text * 2, True, True)) > 300
    assert len(short(text, text[10:])) > 100
    make_entry(slug="one", title=text[:300], body=text)
    page = client.get("/journal/2026/01/one/")
    assert properties(page)["description"] == [excerpt(text)]
    assert graph(page)["BlogPosting"]["headline"] == shorten(text[:300], HEADLINE)
    # What a list without a description is described by.
    make_principle(title=text[:300])
    described = shorten(f"thinking: {text[:300]}", 160)
    assert properties(client.get("/thinking/"))["description"] == [described]


def test_an_excerpt_of_search_has_whole_words_around_what_was_found():
    text = f"{CHINESE * 20}。東京都。{CHINESE * 20}"
    cut = query.excerpt(text, query.typed("東京"))
    assert "東京都" in cut and cut.startswith("… ") and cut.endswith(" …")
    text = f"{'before ' * 90}a garden{' afterwards' * 90}"
    words = query.excerpt(text, query.typed("garden")).strip("… ").split()
    assert {*words} == {"before", "a", "garden", "afterwards"}
