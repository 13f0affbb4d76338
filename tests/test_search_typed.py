"""What is typed into the search, whatever it is, gets a page; of a site that holds the seed."""

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction

from portfolio.search import query
from portfolio.search.models import Document
from tests.factories import make_entry

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def seed(kept):
    call_command("loaddata", "seed", verbosity=0)


def titles(text, **options):
    return [document.title for document in query.search(text, **options).documents]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("postgre", ["postgresql", "Engineering Lead"]),
        ("kuberntes", ["kubernetes"]),
        ("organisational", ["Engineering Lead"]),
        ("ostgresql", ["postgresql"]),
        ("AI research", ["AI Research"]),
        ("the explanation", []),
        ("explain", ["if i can't explain it, it's probably wrong.", "Instructor"]),
        ("cant", ["if i can't explain it, it's probably wrong."]),
    ],
)
def test_the_seed_is_found_by_what_people_type(seed, typed, found):
    assert titles(typed) == found


def test_an_empty_query_and_one_without_results_say_what_to_do(client, seed):
    empty, nothing = client.get("/search/"), client.get("/search/?q=zzqx")
    assert "everything here by its words" in empty.text and "noindex" not in empty.text
    assert "nothing here says" in nothing.text and 'href="/tools/rust/"' in nothing.text
    assert '<meta name="robots" content="noindex">' in nothing.text


HOSTILE = [
    *(
        '"',
        "'",
        "''",
        "NEAR(",
        "NEAR(a b, 2)",
        "*",
        "a*",
        "AND",
        "OR NOT",
        "-",
        "-a",
        "^a",
        "(",
        ")",
    ),
    *("title:", "title : a", "search_terms:a", "{title text}:a", "a:*A", "&", "a & !", "|", "<->"),
    *("\\", "a\\", "%", "_", "$1", "%s", ";", "the of", "=", "=a", "😀", "😀 a", "日本語", "مرحبا"),
    *(
        "x" * 10_000,
        "a " * 5_000,
        "😀" * 5_000,
        "日" * 5_000,
        "\ud800",
        "\udfff a",
        "\ufffd",
        "\x7f",
    ),
    *("½ ﷺ ㎏", "a\u0301" * 50, "\u0301", "\u202e", "ﬁ", "ß", "İ", "\n", "\t a \r", "१२", "²"),
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_a_hostile_query_gets_a_page(client, seed, text):
    make_entry(title="a ½ ﷺ", body="😀 日本語")
    data = {"q": text.encode("utf-8", "surrogatepass")}
    assert client.get("/search/", data).status_code == 200
    assert client.get("/search/suggest/", data).status_code == 200
    query.search(text), query.suggest(text), query.closest(text)


@pytest.mark.parametrize("text", ["a &", "NEAR(", "'a &"])
def test_the_engine_itself_fails_on_what_people_type(text):
    """The control: it is the quoting that keeps a query from being an error."""
    with pytest.raises(DatabaseError), transaction.atomic():
        Document.objects.filter(terms__search_terms__match=text).exists()


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("?q=team&kind=nonsense", 200),
        ("?q=team&year=99999999999", 200),
        ("?q=team&year=abc", 200),
        ("?q=team&year=-1&kind=%ff", 200),
        ("?q=team&year=٢٠٢٥", 200),
        ("?q=%ff%fe", 200),
        ("?q=%ed%a0%80", 200),
        ("?q=a&q=b", 200),
        ("?q=%00", 400),
        ("?q=team&page=abc", 404),
        ("?q=team&page=0", 404),
        ("?q=team&page=-1", 404),
        ("?q=team&page=99999999999999999999", 404),
        ("?q=team&page=²", 404),
        ("?q=team&page=", 200),
        ("?q=&kind=&year=&page=", 200),
        ("?page=2", 404),
    ],
)
def test_an_address_with_nonsense_gets_a_page(client, seed, address, status):
    assert client.get(f"/search/{address}").status_code == status
