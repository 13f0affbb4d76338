"""Share cards: which page has which, what is drawn on them, and what cannot be."""

import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from journal.models import Entry
from portfolio import cards
from portfolio.cards import HEIGHT, MARGIN, PAPER, WIDTH, Card
from portfolio.models import Profile
from portfolio.months import Month
from roles.models import Role
from tests.factories import make_entry, make_principle, make_role, make_tool
from tests.metadata import image_address

pytestmark = pytest.mark.once

MONTH = "jan 2026"
WORD = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaf"
YEAR = "public, max-age=31536000, immutable"


def opened(png):
    with Image.open(io.BytesIO(png)) as image:
        return image.convert("RGB")


def drawn(image):
    """The box around everything that is not paper; None when all of it is."""
    return ImageChops.difference(image, Image.new("RGB", image.size, PAPER)).getbbox()


# Which page has which card.


@pytest.fixture
def pages(db):
    tool = make_tool(slug="hammer", name="hammer")
    role = make_role(slug="lead", tools=[tool])
    make_entry(slug="one", role=role, tools=[tool])
    make_principle(slug="simple")
    things = ["/roles/lead/", "/thinking/simple/", "/journal/2026/01/one/", "/tools/hammer/"]
    lists = ["/", "/now/", "/roles/", "/thinking/", "/journal/", "/tools/", "/lessons/", "/cv/"]
    return [*things, *lists, "/journal/2026/", "/journal/2026/01/"]


def test_every_page_names_a_card_that_is_there_and_kept_for_ever(client, pages):
    for address in pages:
        response = client.get(image_address(client.get(address)))
        assert response.status_code == 200, address
        assert response["Content-Type"] == "image/png"
        assert response["Cache-Control"] == YEAR
        assert opened(response.content).size == (1200, 630)
        assert len(response.content) <= 40_000


def test_pages_of_one_thing_have_a_card_of_their_own(client, pages):
    addresses = [image_address(client.get(address)) for address in pages[:12]]
    assert len({client.get(address).content for address in addresses}) == 12


def test_an_archive_has_the_card_of_its_journal(client, pages):
    journal = image_address(client.get("/journal/"))
    assert image_address(client.get("/journal/2026/01/")) == journal


def test_a_card_gets_another_address_when_it_looks_different(client, db, monkeypatch):
    make_role()  # which the site is called after
    entry = make_entry(slug="one", title="first")
    addresses = [image_address(client.get("/journal/2026/01/one/"))]

    def has_changed():
        addresses.append(image_address(client.get("/journal/2026/01/one/")))
        return addresses[-1] not in addresses[:-1]

    assert not has_changed()
    entry.title = "second"
    entry.save()
    assert has_changed()
    Profile.objects.create(name="Ada")
    assert has_changed()
    monkeypatch.setattr(cards, "DRAWING", cards.DRAWING + 1)
    assert has_changed()


def test_the_month_and_the_kind_stand_on_the_card():
    entry, role = Entry(title="x", month=Month(2026, 1)), Role(title="x")
    profile = Profile()
    profile.brand = "Ada"
    assert cards.card_of_item(entry, profile) == Card("x", "jan 2026", "Ada")
    assert cards.card_of_item(role, profile) == Card("x", "role", "Ada")


def test_the_card_of_the_first_page_says_what_the_person_does(client, db):
    profile = Profile.objects.create(name="Ada")
    profile.brand = "Ada"
    assert cards.card_of_list("/", profile) == Card("Ada", "", "Ada")
    profile.headline = "prunes"
    assert cards.card_of_list("/", profile) == Card("prunes", "", "Ada")


# What a request can do.


@pytest.mark.parametrize("query", ["", "?v=", "?v=000000000000", "?v=" + "x" * 10_000, "?title=x"])
def test_another_version_gives_the_card_of_now_and_not_for_long(client, pages, query):
    right = image_address(client.get("/journal/2026/01/one/"))
    response = client.get(right.partition("?")[0] + query)
    assert response.content == client.get(right).content
    assert response["Cache-Control"] == "public, max-age=300"


def test_a_card_that_a_browser_has_is_not_sent_again(client, pages):
    address = image_address(client.get("/roles/lead/"))
    etag = client.get(address)["ETag"]
    again = client.get(address, headers={"if-none-match": etag})
    assert (again.status_code, again.content) == (304, b"")
    assert (again["ETag"], again["Cache-Control"]) == (etag, YEAR)
    assert client.get(address, headers={"if-none-match": '"other"'}).status_code == 200


def test_a_card_is_drawn_once(client, pages):
    address = image_address(client.get("/roles/lead/"))
    client.get(address)
    before = cards._draw.cache_info()
    client.get(address + "&again")
    after = cards._draw.cache_info()
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)
    assert after.maxsize <= 256


@pytest.mark.parametrize(
    "name",
    [
        *("nothing", "roles/nothing", "roles/lead/", "roles/lead/x", "lead", "roles/lead.png"),
        *("card/home", "admin", "admin/login", "media/x", "favicon.ico", "journal/2026"),
        *("../roles/lead", "%2e%2e/x", "%00", "%0a", "%ff", "%ed%a0%80", "x" * 5_000, "é", "🚀"),
    ],
)
def test_only_a_public_page_has_a_card(client, pages, name):
    assert client.get(f"/card/{name}.png", follow=True).status_code == 404


@pytest.mark.parametrize("name", ["/roles/lead", "roles//lead", "ROLES/lead"])
def test_a_nearly_right_address_leads_to_the_card(client, pages, name):
    response = client.get(f"/card/{name}.png")
    assert (response.status_code, response["Location"]) == (301, "/card/roles/lead.png")


def test_a_card_is_only_read(client, pages):
    assert client.head("/card/home.png").status_code == 200
    assert client.post("/card/home.png").status_code == 405


def test_an_entry_that_is_taken_back_has_no_card(client, pages):
    address = image_address(client.get("/journal/2026/01/one/"))
    entry = Entry.objects.get()
    entry.publish_at = timezone.now() + timedelta(hours=1)
    entry.save()
    assert client.get(address).status_code == 404


# What is drawn.


def test_the_same_card_is_the_same_bytes():
    card = Card("a title", MONTH, "Ada")
    assert cards._draw.__wrapped__(card) == cards._draw.__wrapped__(card) == card.png()
    assert Card("another title", MONTH, "Ada").png() != card.png()


def test_many_cards_drawn_at_once_are_those_drawn_alone():
    asked = [Card(f"title number {number} " * 5, MONTH, "Ada") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(cards._draw.__wrapped__, asked))
    assert together == [cards._draw.__wrapped__(card) for card in asked]


def test_a_card_has_the_colours_of_the_page():
    image = opened(Card("a title", MONTH, "Ada").png())
    colours = {"#{:02x}{:02x}{:02x}".format(*colour) for _, colour in image.getcolors()}
    assert {"#faf8f3", "#1f1d18", "#625d50", "#3c6238"} <= colours
    assert image.getpixel((WIDTH // 2, 20)) == (0xFA, 0xF8, 0xF3)


@pytest.mark.parametrize(
    "title",
    [
        "x",
        "a title of the usual length that says what happened.",
        "a title that goes on and on " * 6,
        ("a title that goes on and on " * 11)[:300],
        WORD,
        f"{WORD} {WORD} {WORD}"[:300],
        "W" * 300,
        "m " * 150,
        "Ắ Ỵ ǻ ģ Ặ y j " * 20,
    ],
)
@pytest.mark.parametrize("brand", ["Ada", "a brand that goes on " * 14])
def test_every_title_stays_within_the_margins(title, brand):
    left, top, right, bottom = drawn(opened(Card(title, MONTH, brand).png()))
    below_the_line = 28  # as far as a p or a y hangs down at the largest size
    assert left >= MARGIN - 10
    assert right <= WIDTH - MARGIN + 10
    assert top >= MARGIN - 10
    assert bottom <= HEIGHT - MARGIN + below_the_line


def test_the_margin_check_can_fail(monkeypatch):
    monkeypatch.setattr(cards, "fit", lambda title: (112, [title]))
    assert drawn(opened(cards._draw.__wrapped__(Card("W" * 30, "", "Ada"))))[2] == WIDTH


def test_a_title_becomes_smaller_in_steps_and_then_ends_in_an_ellipsis():
    sizes = [cards.fit("to do " * count)[0] for count in range(1, 50)]
    assert sizes == sorted(sizes, reverse=True)
    assert {*sizes} == {*cards.SIZES}
    assert not cards.fit("word " * 20)[1][-1].endswith("…")
    size, lines = cards.fit("pneumonoultramicroscopic " * 12)
    assert size == cards.SIZES[-1]
    assert lines[-1].endswith("pneumonoultramicroscopic…")


def test_lines_are_of_about_the_same_width():
    face = cards.font(cards.SERIF, 98)
    title = "refactored the same thing three times. each time simpler."
    widths = [face.getlength(line) for line in cards.balance(title, face, 1032)]
    greedy = [face.getlength(line) for line in cards.wrap(title, face, 1032)]
    assert len(widths) == len(greedy)
    assert max(widths) - min(widths) < max(greedy) - min(greedy)


@pytest.mark.parametrize("size", cards.SIZES)
@pytest.mark.parametrize(
    "text", ["AVATAR To: office, fjord", "Tiếng Việt x\u0331 đẹp", "“off” fifty-fifth"]
)
def test_letters_that_are_kept_make_the_line_that_pillow_draws(text, size):
    assert alike(by_letters(text, size), by_pillow(text, size))


def test_the_comparison_of_lines_can_fail(monkeypatch):
    monkeypatch.setattr(cards, "LETTER", re.compile("."))
    assert not alike(by_letters("office", 112), by_pillow("office", 112))


def alike(one, other):
    """Whether nothing is more than a pixel from where it is in the other."""
    return all(
        ImageChops.subtract(this, that.filter(ImageFilter.MaxFilter(3))).getbbox() is None
        for this, that in ((one, other), (other, one))
    )


def by_letters(text, size):
    image = Image.new("L", (WIDTH, 200))
    cards.draw_line(image, (20, 120), text, cards.font(cards.SERIF, size))
    return image


def by_pillow(text, size):
    image, shade = Image.new("L", (WIDTH, 200)), cards.SHADES - 1
    ImageDraw.Draw(image).text((20, 120), text, shade, cards.font(cards.SERIF, size), "ls")
    return image


# What the font lacks.


@pytest.mark.parametrize(
    "title",
    [
        "shipped it 🚀",
        "shipped 👩🏽‍💻 it",
        "🇩🇪 shipped it ☃️",
        "shipped\u200b it\u2060",
        "\u202eshipped it\u202c",
        "shipped\n\tit",
    ],
)
def test_emoji_and_what_is_not_seen_are_left_out(title):
    assert cards.drawable(title, cards.SERIF) == "shipped it"


@pytest.mark.parametrize(
    "title",
    [
        "مرحبا بالعالم",
        "שלום עולם",
        "複雑さは負債",
        "복잡성은 빚이다",
        "сложность",
        "πολυπλοκότητα",
        "ความซับซ้อน",
        "a mix of 複雑 and words",
        "a ≠ b",
        "x\u0338",
        "🚀",
        "\ud800",
        "\ue000",
        "",
    ],
)
def test_a_title_that_the_font_cannot_say_gives_way_to_the_name(title):
    assert Card(title, "role", "Ada").png() == Card("Ada", "role", "Ada").png()


@pytest.mark.parametrize("title", ["Příliš žluťoučký", "Tiếng Việt", "İstanbul", "„ẞ“ – 5 × 3 €"])
def test_latin_scripts_are_drawn_whole(title):
    assert cards.drawable(title, cards.SERIF) == title
    assert Card(title, "role", "Ada").png() != Card("Ada", "role", "Ada").png()


def test_letters_and_their_accents_are_put_together():
    assert Card("re\u0301sume\u0301", "", "Ada").png() == Card("résumé", "", "Ada").png()


def test_a_site_whose_name_cannot_be_drawn_keeps_its_mark():
    card = opened(Card("複雑", "", "複雑").png())
    assert drawn(card) == (MARGIN, 87, MARGIN + 20, 107)


def test_the_font_is_known_by_what_it_draws():
    """The control: what is taken for missing is drawn as the font's box, and nothing else is."""
    boxes = {bytes(cards.font(cards.SERIF, 27).getmask(c)) for c in "複и\u05d0\U0001f680"}
    assert len(boxes) == 1
    assert any(boxes.pop())
    assert not cards.has(cards.SERIF, "複")
    assert all(cards.has(cards.SERIF, chr(code)) for code in range(0x20, 0x7F))
