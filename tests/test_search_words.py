"""What a word is in each script, and what quotation marks ask for; on the site and in its copy."""

import unicodedata

import pytest
from django.contrib import admin
from django.db import connection

from portfolio.search import index, query
from portfolio.search.models import Document
from portfolio.search.words import fold, words
from tests.factories import make_entry

from .test_search_typed import titles

pytestmark = pytest.mark.django_db


def nfd(text):
    return unicodedata.normalize("NFD", text)


# The titles of entries and their texts.
TEXTS = {
    "hindi": "यह हिन्दी में लिखा है",
    "hindi letters": "ह नद हनद दन",
    "tamil": "தமிழ் மொழி",
    "bengali": "বাংলা ভাষা",
    "hebrew": "בְּרֵאשִׁית בָּרָא",
    "arabic": "مُحَمَّد كتب",
    "kyoto": "京都の東",
    "tokyo": "東京都に住む",
    "to tokyo": "明日、東京に行く",
    "apart": "東、京 東 京",
    "thai": "ฉันเรียนภาษาไทยทุกวัน",
    "khmer": "ភាសា\u200bខ្មែរ",
    "burmese": "မြန်မာဘာသာ",
    "korean": nfd("한글을 배우는 문장"),
    "paris": "パリの夏",
    "narrow": "ﾊﾞﾘの夏 ＡＢＣ",
    "vitamin": "vitamin c and more",
    "cpp": "written in C++, mostly",
    "cpp17": "we moved to C++17.",
    "sharp": "C# and F# on windows",
    "plus": "Notepad++ and Ctrl+R",
    "phrase": "to be or not to be",
    "words": "not to or be: deploys of the art",
    "art": "the art of starting, deploying",
    "vietnamese": nfd("tiếng Việt"),
    "french": "l’école d'hier, jusqu'ici",
    "italian": "dell’acqua",
    "short form": 'צה"ל וגם ארה״ב',
    "joined": "dev\u00adelopers क्\u200dष",
}
# What is asked, and the titles of what is found.
FOUND = [
    ("हिन्दी", "hindi"),
    ("हनद", "hindi letters"),
    ("தமிழ்", "tamil"),
    ("தமழ", ""),
    ("বাংলা", "bengali"),
    ("বল", ""),
    ("בראשית", "hebrew"),
    ("محمد", "arabic"),
    ("東京", "to tokyo,tokyo"),
    ("京都", "kyoto,tokyo"),
    ("東京都", "tokyo"),
    ("東", "apart,kyoto,to tokyo,tokyo"),
    ("明日 東京", "to tokyo"),
    ("「東京都」", "tokyo"),
    ("ภาษาไทย", "thai"),
    ("ภษ", ""),
    ("ភាសាខ្មែរ", "khmer"),
    ("မြန်မာ", "burmese"),
    ("한글", "korean"),
    (nfd("한글"), "korean"),
    ("한글 문장", "korean"),
    ('"한글"', ""),
    ('"한글을"', "korean"),
    ("글", ""),
    ("パリ", "paris"),
    ("バリ", "narrow"),
    ("ﾊﾟﾘ", "paris"),
    ("abc", "narrow"),
    ("C++", "cpp,cpp17"),
    ("c＋＋", "cpp,cpp17"),
    ("C#", "sharp"),
    ("f#", "sharp"),
    ("C", "vitamin"),
    ("notepad", "plus"),
    ("notepad++", "plus"),
    ("ctrl+r", "plus"),
    ('"to be or not"', "phrase"),
    ("“not to be”", "phrase"),
    ("„not to or«", "words"),
    ('"art"', "art,words"),
    ('"the art', "art,words"),
    ('"deploys"', "words"),
    ('"deploy"', ""),
    ('"depl"', ""),
    ('starting "the art"', "art"),
    ('"art the"', ""),
    ("tieng viet", "vietnamese"),
    ("école", "french"),
    ("l'ecole", "french"),
    ("hier ici", "french"),
    ("'l'école d'hier'", "french"),
    ('"cole"', ""),
    ("acqua", "italian"),
    ("l'acqua", "italian"),
    ('צה"ל', "short form"),
    ("צהל ארהב", "short form"),
    ('"צה״ל וגם ארה"ב"', "short form"),
    ("its the vitamin", "vitamin"),
    ("vitamin of", "vitamin"),
    ("developers", "joined"),
    ("क्ष", "joined"),
]


@pytest.fixture(scope="module")
def entries(kept):
    for title, body in TEXTS.items():
        make_entry(title=title, slug=title.replace(" ", "-"), body=body)


def found(asked):
    results = query.search(asked)
    return "" if results.loose else ",".join(sorted(each.title for each in results.documents))


def test_words_are_found_as_they_are_written_in_their_script(entries):
    assert {asked: found(asked) for asked, _ in FOUND} == dict(FOUND)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_form_of_a_text_makes_no_difference(entries, form):
    for text in TEXTS.values():
        assert words(unicodedata.normalize(form, text)) == words(text)


def test_a_folded_word_stays_what_it_is():
    for point in (*range(0x300, 0x3000), *range(0xA000, 0xD7FF), *range(0xF900, 0x10000)):
        folded = fold(f"a{chr(point)}")
        assert fold(folded) == folded == unicodedata.normalize("NFC", folded)


@pytest.mark.parametrize(
    ("asked", "marked"),
    [
        ("東京都", ["東京都"]),
        ("東京", ["東京"]),
        ('"to be"', ["to be", "to be"]),
        ("हिन्दी", ["हिन्दी"]),
        ("C++", ["C++"]),
        ("한글", [nfd("한글을")]),
        ("ﾊﾟﾘ", ["パリ"]),
    ],
)
def test_what_stands_as_it_was_asked_for_is_marked(entries, asked, marked):
    document = query.search(asked).documents[0]
    assert [part for part, hit in document.excerpt_parts if hit] == marked
    assert "".join(part for part, _ in document.excerpt_parts) == document.text


def test_a_phrase_is_neither_corrected_nor_taken_apart(entries):
    assert query.search('"startign"').total == 0
    assert query.search("startign").corrected == "starting"
    results = query.search('startign "the art"')
    assert results.corrected == 'starting "the art"' and not results.loose


def test_a_phrase_does_not_go_from_the_title_into_the_text(entries):
    assert found('"words not"') == "" == found('"phrase to"')


BREAKING = [
    *('"', '""', '"""', '" "', "«", "「」", '"' * 200, "a" + '"' * 199, '" OR "', '"a* NEAR(b"'),
    *('"\ud800"', '"=a"', "C+", "+", "#", "c" + "+" * 190, "東" * 200, "「" + "東" * 150 + "」"),
    *('"' + "a " * 90 + '"', "ก" + "่" * 190, "title : x", "\0", '"\0"', "가" * 200, "東 " * 100),
]


@pytest.mark.parametrize("asked", BREAKING, ids=lambda text: ascii(text)[:24])
def test_no_quotation_mark_or_script_breaks_a_query(entries, asked):
    assert len(query.search(asked).documents) <= query.PAGE
    query.suggest(asked), query.closest(asked), query.keys("entry", asked, 10)


def test_titles_are_suggested_for_what_has_no_spaces_and_for_phrases(db):
    make_entry(title="東京の夏")
    make_entry(title="the art of rest")
    make_entry(title="C++ by night")
    for asked, title in (
        *(("東", "東京の夏"), ("京の", "東京の夏"), ('"art of"', "the art of rest")),
        *(("c++", "C++ by night"), ("c+", "C++ by night")),
    ):
        assert [each.title for each in query.suggest(asked)] == [title], asked


def test_what_is_similar_shares_words_of_its_script():
    first = make_entry(title="一", body="機械学習の話")
    second = make_entry(title="二", body="機械学習の本")
    make_entry(title="三", body="械、機。習、学。")
    assert query.similar(first) == [second.pk] or query.similar(first)[0] == second.pk


def test_a_text_of_any_length_is_found_in_both_of_its_ends():
    middle = "".join(map(chr, range(0x7000, 0x7000 + 9_000)))
    make_entry(title="long", body=f"最初東京都。{middle}。終点大阪市 the last garden gate")
    for asked in ("東京都", "大阪市", '"last garden gate"', "大阪 東京"):
        assert "long" in titles(asked), asked


def test_of_what_no_tsvector_has_room_for_the_beginning_is_found(monkeypatch):
    monkeypatch.setattr(index, "NEVER_TOO_LARGE", 0)
    monkeypatch.setattr(index, "TSVECTOR_BYTES", 2_000)
    make_entry(title="too large", body=f"beginnings. {' '.join(map(str, range(2_000)))}")
    assert titles("beginnings") == ["too large"]
    assert titles("1999") == ([] if connection.vendor == "postgresql" else ["too large"])


def test_places_in_a_tsvector_say_what_they_lack():
    document = Document(pk=1, text="")
    document.words = ["a"], ["b"] * 300
    terms = dict(each.split(":") for each in index.tsvector_row(document)[1].split(" "))
    assert len(terms["'b'"].split(",")) == index.MOST_PLACES and terms["'='"] == "1D"
    document.words = ["a"], ["b"] * 200
    assert "'=':" not in index.tsvector_row(document)[1]


# The lists of the desk.

SEARCHED = [model for model, each in admin.site._registry.items() if each.search_fields]


@pytest.mark.parametrize("model", SEARCHED, ids=lambda model: model.__name__)
def test_a_list_of_the_desk_can_be_searched_for_any_number_of_words(admin_client, model):
    path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
    for asked in ("word " * 1_200, "x" * 60_000, '"' * 300, "東 " * 400, "'a b' " * 300):
        assert admin_client.get(path, {"q": asked}).status_code == 200, asked[:9]


def test_a_list_of_the_desk_still_looks_for_all_of_a_few_words(admin_client):
    make_entry(title="one two three")
    make_entry(title="one two")
    for asked, number in (("one three", 1), ("one two", 2), ('"two three"', 1), ("two zzz", 0)):
        page = admin_client.get("/admin/journal/entry/", {"q": asked})
        assert page.context["cl"].result_count == number, asked


def test_the_engine_knows_signs(entries):
    """The control of the table of terms, which takes `+` and `#` as parts of a term."""
    matching = Document.objects.filter(terms__search_terms__match=query.match(["c++"]))
    assert {each.title for each in matching} == {"cpp", "cpp17"}
    assert connection.vendor in query.JOINS
