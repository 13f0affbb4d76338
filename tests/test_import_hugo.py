"""Hugo's and Jekyll's folders as sources of an import."""

import shutil
import zipfile

import pytest

from portfolio.exchange.files import opened
from portfolio.exchange.foreign.hugo import Hugo
from portfolio.exchange.foreign.jekyll import Jekyll
from tests.factories import make_tool
from tests.foreign import DATA, Read

pytestmark = [pytest.mark.once, pytest.mark.django_db]

POSTS = "content/posts"


@pytest.fixture
def hugo():
    return Read(Hugo, DATA / "hugo")


def read_one(tmp_path, text, form=Hugo, name="content/posts/post.md"):
    file = tmp_path / "site" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Read(form, tmp_path / "site")


def test_a_hugo_post_is_an_entry_of_its_month(hugo):
    entry = hugo.entry("Queues: back pressure")
    # The month is that of the author's own zone, the moment is one for all.
    assert entry["month"] == "2020-01"
    assert entry["publish_at"] == "2020-02-01T04:30:00Z"
    assert entry["updated_at"] == "2020-03-01T09:00:00Z"
    assert entry["slug"] == "queues"
    assert entry["summary"] == "why bounded queues win."
    assert entry["tools"] == [["engineering"], ["go"], ["postgresql"]]
    assert {"slug": "postgresql", "name": "PostgreSQL"} in hugo.of("portfolio.tool")


def test_the_text_of_a_hugo_post_says_the_same_in_markdown(hugo):
    (queue,) = [i for i in hugo.of("portfolio.image") if i.get("alt") == "a queue"]
    body = hugo.entry("Queues: back pressure")["body"]
    assert body.startswith("# Queues\n")
    assert f'![a queue](/media/{queue["file"]} "the queue")' in body
    assert "![a remote one](https://pictures.example/q.png)" in body
    assert "```go\nfunc main() { fmt.Println(`[x](y)`) }\n```" in body
    assert "https://www.youtube.com/watch?v=dQw4w9WgXcQ and {{< notice tip >}}kept" in body
    assert "```\n{{< youtube in-code >}} ![no](no.png)\n```" in body
    assert "[the bundle](/journal/2020/02/bundel-one/)" in body
    assert "[again](/journal/2020/02/json/#end), {{< figure >}}" in body


def test_the_pictures_of_a_page_bundle_come_along(hugo):
    body = hugo.entry("A page bundle")["body"]
    (shot,) = [i["file"] for i in hugo.of("portfolio.image") if i.get("alt") == "the screen"]
    assert f'![the screen](/media/{shot} "Shot: of the \\"screen\\"")' in body
    assert f"![the screen](/media/{shot}) [back](/journal/2020/01/queues/)" in body
    assert set(hugo.sizes) == {i["file"] for i in hugo.of("portfolio.image")}
    assert all(hugo.sizes.values())


def test_drafts_stay_drafts_and_the_future_stays_the_future(hugo):
    assert hugo.entry("Drafted in JSON")["publish_at"] is None
    assert hugo.entry("only changed")["publish_at"] is None
    assert hugo.entry("only changed")["month"] == "2018-07"
    assert hugo.entry("About me")["publish_at"] is None
    assert hugo.entry("Dated by its name")["publish_at"] == "2999-01-02T00:00:00Z"
    assert hugo.entry("Dated by its name")["slug"] == "dated-by-name"


def test_old_addresses_lead_to_the_entries(hugo):
    queues = ["2020-01", "queues"]
    assert hugo.addresses["/blog/posts/queues/"] == queues
    assert hugo.addresses["/blog/old/queues/"] == queues
    assert hugo.addresses["/blog/2020/05/a-short-note/"] == ["2020-05", "short"]
    # A draft was not public at its address.
    assert "/blog/kept/address/" not in hugo.addresses


def test_two_posts_of_a_month_with_one_slug_are_told_apart(hugo):
    slugs = [hugo.entry(t)["slug"] for t in ("Same name in the same month", "Drafted in JSON")]
    assert slugs == ["json", "json-2"]
    assert hugo.told(f"{POSTS}/json.md", "“json” is “json-2”")


HUGO_REMARKS = [
    ("content/about.md", "draft"),
    ("content/contact.md", "no date", "left out"),
    ("content/notes/org.org", "left out"),
    ("content/notes/short.md:4", "“tags”"),
    ("content/notes/short.md:6", "{{% unknown %}}"),
    ("content/_index.md", "left out"),
    (f"{POSTS}/broken.md:4", "YAML"),
    (f"{POSTS}/no-day.md:3", "2020-02-31"),
    (f"{POSTS}/changed.md", "no date", "draft"),
    (f"{POSTS}/bundle/index.md", "Bündel_one", "bundel-one"),
    (f"{POSTS}/bundle/index.md:1", "“params”"),
    (f"{POSTS}/bundle/index.md:10", "“width”"),
    (f"{POSTS}/queues.md:11", "“weight”"),
    (f"{POSTS}/queues.md:18", "pictures.example"),
    (f"{POSTS}/queues.md:20", "missing.png"),
    (f"{POSTS}/queues.md:26", "“notice”"),
    (f"{POSTS}/queues.md:33", "paper.pdf"),
    (f"{POSTS}/queues.md", "queues.html"),
    (f"{POSTS}/queues.md", "Categories", "“engineering”"),
]


def test_whatever_is_not_taken_over_is_told_with_its_line(hugo):
    assert [told for told in HUGO_REMARKS if not hugo.told(*told)] == []
    assert not any("youtube" in what or "in-code" in what for _, what in hugo.remarks)


def test_remarks_that_are_the_same_are_one(tmp_path):
    for number in range(3):
        read = read_one(
            tmp_path, "---\ndate: 2020-01-01\nmood: x\n---\n", name=f"content/posts/{number}.md"
        )
    (told,) = [what for _, what in read.remarks if "mood" in what]
    assert "(3 of these)" in told


def test_a_second_import_gives_the_same_items_also_from_a_zip(hugo, tmp_path):
    path = tmp_path / "site.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted((DATA / "hugo").rglob("*")):
            if file.is_file():
                archive.write(file, "site-main/" + file.relative_to(DATA / "hugo").as_posix())
    again = Read(Hugo, path)
    assert [item.fields for item in again.items] == [item.fields for item in hugo.items]
    # The name counts, not what is in the file.
    other = read_one(
        tmp_path, "---\ntitle: else\ndate: 2021-01-01\n---\n", name=f"{POSTS}/queues.md"
    )
    assert other.entry("else")["uuid"] == hugo.entry("Queues: back pressure")["uuid"]


def test_a_tool_that_is_here_keeps_its_name(tmp_path):
    make_tool(name="PostgreSQL", slug="pg")
    make_tool(name="C", slug="c")
    read = read_one(tmp_path, "---\ntitle: t\ndate: 2020-01-01\ntags: [postgresql, C++, '']\n---\n")
    assert read.of("portfolio.tool") == [{"slug": "c-2", "name": "C++"}, {"slug": "pg"}]
    assert read.entry("t")["tools"] == [["c-2"], ["pg"]]


def test_texts_that_disagree_about_a_picture_keep_their_own_words(tmp_path):
    shutil.copytree(DATA / "hugo", tmp_path / "site")
    read = read_one(
        tmp_path, "---\ndate: 2020-01-01\n---\n![another](/images/queue.png)", name=f"{POSTS}/x.md"
    )
    assert sorted(i.get("alt", "") for i in read.of("portfolio.image")) == ["", "the screen"]


# Jekyll.


def test_a_jekyll_site_is_read_with_its_own_rules():
    read = Read(Jekyll, DATA / "jekyll")
    first = read.entry("First post")
    (logo,) = read.of("portfolio.image")
    assert first["month"] == "2019-03" and first["publish_at"] == "2019-03-04T00:00:00Z"
    assert first["updated_at"] == "2019-04-05T09:07:08Z"
    assert first["tools"] == [["craft"], ["ruby"], ["web"]]
    assert logo["alt"] == "logo"
    assert first["body"].split("\n\n") == [
        f"![logo](/media/{logo['file']})",
        '```ruby\nputs "{{ raw }}"\n```',
        "See [the other](/journal/2019/03/second/) and [it](/journal/2019/03/first-post/).\n"
        "{: .note}",
        '{% include chart.html id="1" %}',
    ]
    assert read.entry("Second")["publish_at"] is None
    assert read.entry("Second")["body"] == "raw: {{ x }}"
    assert read.entry("A dated idea")["publish_at"] is None
    about = read.entry("About")
    assert about["publish_at"] is None
    assert about["body"] == "# About\n\nwho **i** am.\n\n<https://maps.example/x>"
    assert read.addresses == {
        "/site/about/": ["2018-01", "about"],
        "/site/craft/2019/first-post/": ["2019-03", "first-post"],
        "/site/first/": ["2019-03", "first-post"],
    }
    post = "_posts/2019-03-04-first-post.md"
    remarks = [
        ("_drafts/idea.md", "no date"),
        ("README.md", "no page"),
        ("about.html", "maps.example"),
        ("about.html:5", "templates"),
        (post, "first.html"),
        (f"{post}:18", "{: .note}"),
        (f"{post}:20", "include"),
    ]
    assert [told for told in remarks if not read.told(*told)] == []


def test_the_posts_of_jekyll_alone_are_the_same_posts(tmp_path):
    shutil.copytree(DATA / "jekyll/_posts", tmp_path / "_posts")
    alone, whole = Read(Jekyll, tmp_path / "_posts"), Read(Jekyll, DATA / "jekyll")
    for title in ("First post", "Second"):
        assert alone.entry(title)["uuid"] == whole.entry(title)["uuid"]
    assert alone.entry("First post")["publish_at"] == whole.entry("First post")["publish_at"]


@pytest.mark.parametrize(
    ("said", "is_public"),
    [("no", True), ("False", True), ("yes", False), ("'true'", False), ("perhaps", False)],
)
def test_what_is_said_unclearly_is_a_draft(tmp_path, said, is_public):
    read = read_one(tmp_path, f"---\ntitle: t\ndate: 2020-01-01\ndraft: {said}\n---\n")
    assert (read.entry("t")["publish_at"] is not None) == is_public
    assert read.told("content/posts/post.md:4", "“draft”", "neither") == (said == "perhaps")


# What is none of it, and what is made to do harm.


@pytest.mark.parametrize("mark", ["portfolio.yaml", "manifest.json", "site/portfolio.yaml"])
def test_our_own_forms_are_not_taken_for_hugo(tmp_path, mark):
    (tmp_path / "site").mkdir()
    (tmp_path / "site/page.md").touch()
    with opened(tmp_path) as files:
        assert Hugo.recognises(files)
    (tmp_path / mark).touch()
    with opened(tmp_path) as files:
        assert not Hugo.recognises(files) and not Jekyll.recognises(files)


FRONT = "---\ntitle: t\ndate: 2020-01-01\n---\n"
BROKEN = {
    "YAML that nests": ("---\na: " + "[" * 40_000, 1, "no --- at its end"),
    "YAML that nests and ends": (f"---\ndate: {'[' * 20_000}\n---\n", 2, "too deeply"),
    "YAML that grows": ("---\na: &a [x]\nb: *a\n---\n", 2, "anchor"),
    "YAML with control characters": ("---\na: \x01\n---\n", 1, "YAML"),
    "YAML that is no mapping": ("---\n- a\n---\n", 1, "no names"),
    "a bomb of front matter": ("---\n" + "a: b\n" * 20_000 + "---\n", 1, "longer than"),
    "TOML that nests": (f"+++\ndate = {'[' * 20_000}\n+++\n", 1, "too deeply"),
    "TOML that is broken": ("+++\ntitle = 't'\ndate = \n+++\n", 3, "TOML"),
    "a number of TOML": (f"+++\ndate = {'9' * 10_000}\n+++\n", 1, "TOML"),
    "JSON that nests": ('{"a": ' + "[" * 40_000, 1, "too deeply"),
    "JSON that is broken": ('{\n"a" 1}\n', 2, "JSON"),
    "UTF-16": (FRONT.encode("utf-16"), 1, "UTF-8"),
    "Latin-1": (FRONT.encode() + "é".encode("latin-1"), 5, "UTF-8"),
    "a large file": (FRONT + "x" * 2_000_000, 1, "larger"),
    "a date of no year": ("---\ndate: 0001-01-01\n---\n", 2, "no date"),
    "a date at the end of time": ("---\ndate: 9999-12-31T23:00:00-10:00\n---\n", 2, "no date"),
    "a date that is a list": ("---\ndate: [2020, 1]\n---\n", 2, "no date"),
}


@pytest.mark.parametrize(("text", "line", "why"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_left_out_with_its_line_and_the_rest_is_read(tmp_path, text, line, why):
    read_one(tmp_path, FRONT, name=f"{POSTS}/good.md")
    read = read_one(tmp_path, text)
    assert read.told(f"{POSTS}/post.md:{line}", "left out", why), read.remarks
    assert [entry["title"] for entry in read.of("journal.entry")] == ["t"]


def test_what_no_field_holds_is_made_to_fit_and_told(tmp_path):
    title, words = "long " * 100, "word " * 100
    text = (
        f"---\r\ntitle: {title}\r\ndate: 2020-01-01\r\nsummary: {words}\r\nslug: שלום\r\n---\r\n\0"
    )
    read = read_one(tmp_path, "\ufeff" + text, name="content/posts/שלום.md")
    (entry,) = read.of("journal.entry")
    assert len(entry["title"]) <= 300 and len(entry["summary"]) <= 300
    assert entry["slug"] == ("long-" * 18)[:-1]
    assert entry["body"] == "\ufffd"
    for word in ("title is longer", "summary is longer", "slug", "characters that are none"):
        assert read.told("content/posts/שלום.md", word)
    for text, why in (("x" * 100_001, "100,001"), ("[" * 50_000, "too much markup")):
        read = read_one(tmp_path, FRONT + text)
        assert read.told(f"{POSTS}/post.md", "left out", why)
    read = read_one(tmp_path, "---\ntitle: שלום\ndate: 2020-01-01\n---\n", name=f"{POSTS}/ש.md")
    assert read.entry("שלום")["slug"].startswith("entry-")


@pytest.mark.parametrize("base", ["http://[", "'//[::'", "no", "[]", "{a: b}"])
@pytest.mark.parametrize("form", [Hugo, Jekyll])
def test_a_site_without_a_right_address_is_read(tmp_path, form, base):
    name, key = {Hugo: ("hugo.yaml", "baseURL"), Jekyll: ("_config.yml", "url")}[form]
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / name).write_text(
        f"{key}: {base}\npermalinks: {base}\npermalink: /:title/\n"
    )
    post = {Hugo: f"{POSTS}/post.md", Jekyll: "_posts/2020-01-01-post.md"}[form]
    read = read_one(tmp_path, f"{FRONT}{{{{ site.baseurl }}}} [x](/y)", form, post)
    assert read.entry("t")["body"].endswith("[x](/y)")
    assert {Hugo: "/posts/post/", Jekyll: "/post/"}[form] in read.addresses


@pytest.mark.parametrize(
    "text", ["[x](http://[)", "![x](//[a)", "![x](../../../../etc/passwd)", "`" * 9]
)
def test_hostile_links_lead_nowhere(tmp_path, text):
    entry = read_one(tmp_path, f"{FRONT}{text}\n").entry("t")
    assert entry["body"] == text
