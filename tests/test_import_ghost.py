"""Ghost's export as a source of an import."""

import json
import zipfile

import pytest

from portfolio.exchange.files import SourceError, opened
from portfolio.exchange.foreign.ghost import Ghost
from tests.foreign import DATA, Read

pytestmark = [pytest.mark.once, pytest.mark.django_db]


@pytest.fixture
def ghost():
    return Read(Ghost, DATA / "ghost.json")


def export(tmp_path, *posts, **tables):
    """A file with an export of such posts, each as its fields."""
    posts = [{"id": n, "title": "t", "created_at": "2020-01-01"} | p for n, p in enumerate(posts)]
    data = {"db": [{"meta": {}, "data": {"posts": posts} | tables}]}
    file = tmp_path / "export.json"
    file.write_text(json.dumps(data))
    return file


def where(slug, file="ghost.json"):
    return f'{file}: post "{slug}"'


def test_a_ghost_post_is_an_entry_of_its_month(ghost, settings):
    entry = ghost.entry("Queues & back pressure")
    assert entry["month"] == "2020-01" and entry["publish_at"] == "2020-01-31T23:30:00Z"
    assert entry["updated_at"] == "2020-02-02T10:00:00Z"
    assert entry["summary"] == "why bounded queues win"
    assert entry["tools"] == [["go"], ["postgresql"]]
    assert ghost.addresses["/queues/"] == ["2020-01", "queues"]
    # Ghost keeps no zone, so its months are those of the site.
    settings.TIME_ZONE = "Asia/Tokyo"
    moved = Read(Ghost, DATA / "ghost.json").entry("Queues & back pressure")
    assert (moved["month"], moved["publish_at"]) == ("2020-02", entry["publish_at"])


def test_the_html_of_a_ghost_post_is_markdown(ghost):
    assert ghost.entry("Queues & back pressure")["body"].split("\n\n") == [
        "![the cover](/content/images/2020/01/cover.png)",
        "by [A](https://a.example)",
        "## Intro",
        "Queues **fill**, see [second](/journal/2020/01/second/#x) and "
        "[else](https://else.example/).",
        "```go\nfunc main() {}\n```",
        '![a queue](/content/images/size/w600/2020/01/queue.png "Back pressure")',
        "[The book](https://book.example/)",
        "<https://www.youtube.com/embed/abc>",
        "![](https://pictures.example/a.jpg)",
    ]


def test_what_is_not_public_there_is_not_public_here(ghost):
    for title in ("Second", "For members", "About", "Sent"):
        assert ghost.entry(title)["publish_at"] is None
    assert ghost.entry("Scheduled")["publish_at"] == "2999-01-02T03:04:05Z"
    assert "/second/" not in ghost.addresses
    assert ghost.addresses["/about/"] == ["2020-01", "about"]


def test_markdown_is_taken_out_of_the_editors_own_forms(ghost):
    assert ghost.entry("Second")["body"].startswith("# md\n\n![q](")
    assert ghost.entry("Scheduled")["body"] == "*from mobiledoc*"


def test_whatever_of_ghost_is_not_taken_over_is_told(ghost):
    remarks = [
        ("ghost.json", "settings, users"),
        (where("members"), "paid", "draft"),
        (where("members"), "codeinjection_head"),
        (where("about"), "page", "draft"),
        (where("sent"), "e-mail", "draft"),
        (where("lost"), "no HTML", "left out"),
        (where("bad-date"), "2020-02-31", "left out"),
        (where("queues"), "#hidden"),
        (where("queues"), "meta_title"),
        (where("queues"), "<script>"),
        (where("queues"), "youtube.com/embed/abc"),
        (where("queues"), "pictures.example"),
        (where("queues"), "content/images", "(3 of these)"),
    ]
    assert [told for told in remarks if not ghost.told(*told)] == []


def test_pictures_in_the_same_zip_come_along(ghost, tmp_path):
    picture = (DATA / "hugo/static/images/queue.png").read_bytes()
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.write(DATA / "ghost.json", "site/ghost.json")
        archive.writestr("site/content/images/2020/01/queue.png", picture)
        archive.writestr("site/content/images/2020/01/cover.png", b"no picture")
    read = Read(Ghost, tmp_path / "export.zip")
    (image,) = read.of("portfolio.image")
    # Two posts have two texts for it.
    assert image == {"file": image["file"], "name": "queue.png"} and read.sizes[image["file"]]
    assert (
        f'![a queue](/media/{image["file"]} "Back pressure")'
        in (read.entry("Queues & back pressure")["body"])
    )
    assert read.entry("Second")["body"].endswith(f"![q](/media/{image['file']})")
    place = 'site/ghost.json: post "queues" (site/content/images/2020/01/cover.png)'
    assert read.told(place, "not a picture")
    assert [e["uuid"] for e in read.of("journal.entry")] == [
        e["uuid"] for e in ghost.of("journal.entry")
    ]


def test_the_shapes_of_earlier_exports_are_read(tmp_path):
    data = {
        "posts": [
            {"id": 1, "title": "old", "slug": "old", "markdown": "**md**", "page": 0,
             "status": "published", "published_at": 1420070400000,
             "image": "/content/images/a.png"},
            {"id": 2, "title": "page", "slug": "page", "page": 1, "status": "published",
             "published_at": "2015-02-01 00:00:00", "html": "<p>x", "tags": [{"name": "Own"}]},
        ],
        "tags": [{"id": 7, "name": "Go"}],
        "posts_tags": [{"post_id": 1, "tag_id": 7}, {"post_id": 1, "tag_id": 8}, None],
    }  # fmt: skip
    (tmp_path / "old.json").write_text(json.dumps({"meta": {"exported_on": 1}, "data": data}))
    read = Read(Ghost, tmp_path / "old.json")
    assert read.entry("old")["publish_at"] == "2015-01-01T00:00:00Z"
    assert read.entry("old")["body"] == "![](/content/images/a.png)\n\n**md**"
    assert read.entry("old")["tools"] == [["go"]]
    assert read.entry("page")["publish_at"] is None
    assert read.entry("page")["tools"] == [["own"]]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"db": [', "no JSON"),
        (b'{"db": [' + b"[" * 100_000, "too deeply"),
        (b'{"db": []}', "no posts"),
        (b'{"db": [{"data": {"posts": []}, "meta": "\xff"}]}', "UTF-8"),
        (b'{"db": [{"data": 1}]}', "no posts"),
        (b'{"db": [{"data": ["posts"]}]}', "no posts"),
    ],
)
def test_a_broken_export_is_refused_in_a_sentence(tmp_path, content, why):
    (tmp_path / "export.json").write_bytes(content)
    with pytest.raises(SourceError, match=why) as error:
        Read(Ghost, tmp_path / "export.json")
    assert "export.json" in str(error.value) and len(str(error.value).splitlines()) == 1


def test_rows_of_any_shape_harm_nothing_but_themselves(tmp_path):
    strange = [
        {"slug": "deep", "html": "<div>" * 10_000, "uuid": "deep"},
        {"slug": "bomb", "html": "x" * 1_000_001},
        {"slug": "ages", "published_at": 10**30},
        {"slug": "list", "published_at": [1]},
        {"slug": "never", "created_at": None},
        {"slug": "cards", "lexical": '{"root": {"children": [1]}}'},
        {"slug": "nested", "lexical": "[" * 100_000},
        {"slug": "same", "uuid": "deep"},
    ]
    half = {"slug": ["x"], "title": "half \ud800", "html": "a\0b", "tags": [1, {"name": 2}, {}]}
    good = {"slug": "good", "title": "good", "html": "<p>fine", "status": "published"}
    read = Read(Ghost, export(tmp_path, *strange, half, good, tags=5, posts_tags=[5], users=None))
    assert [e["title"] for e in read.of("journal.entry")] == ["half \ufffd", "good"]
    for slug in ("deep", "bomb", "ages", "list", "never", "cards", "nested", "same"):
        assert read.told(where(slug, "export.json"), "left out"), slug
    assert read.told(where(9, "export.json"), "characters that are none")


@pytest.mark.parametrize(
    "content", ["", "[]", '{"format": 2, "counts": {}}', '[{"model": "portfolio.tool"}]', "{}"]
)
def test_other_json_is_not_taken_for_ghosts(tmp_path, content):
    (tmp_path / "content.json").write_text(content)
    with opened(tmp_path) as files:
        assert not Ghost.recognises(files)
    with opened(DATA / "ghost.json") as files:
        assert Ghost.recognises(files)
