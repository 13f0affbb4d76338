"""The library of pictures: where each is used, and that nothing in use is lost."""

import io

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse, reverse_lazy
from PIL import Image as Pillow
from playwright.sync_api import expect
from reversion.models import Version

from journal.models import Entry
from portfolio import images
from portfolio.editing.checks import findings
from portfolio.editing.models import WorkingCopy, key_of, new_key
from portfolio.editing.state import digest
from portfolio.editing.uses import uses, uses_of
from portfolio.markdown import render
from portfolio.models import Image, Profile, clean_file_name

from .factories import (
    make_entry,
    make_image,
    make_principle,
    make_role,
    make_tool,
    make_user,
)

pytestmark = pytest.mark.django_db

LIST = "admin:portfolio_image_changelist"
ADD = reverse_lazy("admin:portfolio_image_add")


def png(colour="red", size=(600, 300)):
    output = io.BytesIO()
    Pillow.new("RGB", size, colour).save(output, "PNG")
    return output.getvalue()


def make_picture(colour="red"):
    return images.store(images.clean(ContentFile(png(colour))))


def form(image):
    return reverse("admin:portfolio_image_change", args=[image.pk])


def show(image):
    return f"before ![words]({image.file.url}) after"


# Where they are used.


def test_every_place_that_can_show_a_picture_is_a_use():
    image, other = make_image(), make_image()
    text = show(image)
    profile = Profile.objects.create(about=text, portrait=image)
    items = [
        *(make_entry(body=text), make_entry(body=text, publish_at=None)),
        *(make_role(**{name: text}) for name in ("problem", "approach", "impact", "learned")),
        *(make_role(broke=text), make_principle(body=text), make_tool(note=text), profile),
    ]
    make_entry(body=show(other) + f" /media/{'f' * 20}.png")
    assert sorted(map(str, uses_of(image))) == sorted(map(str, items))
    assert len(uses()) == 3


def begin(text, key=None, **fields):
    """A working copy: of something new, or of what has this key."""
    key = key or new_key(Entry)
    data = {"body": [text], "title": ["a title"]}
    return WorkingCopy.objects.create(key=key, title="a title", data=data, **fields)


def test_what_is_being_written_is_a_use(admin_client):
    image = make_image()
    entry = make_entry()
    begin(show(image), key_of(entry))
    copy = begin(show(image))
    assert set(uses_of(image)) == {entry, copy}
    address = reverse("admin:journal_entry_add") + f"?copy={copy.key.partition(':')[2]}"
    assert f'<a href="{address}">draft: a title</a>' in admin_client.get(form(image)).text
    assert "Nothing was deleted" in delete(admin_client, image).text


def test_what_someone_else_is_writing_is_not_told(client):
    image = make_image()
    begin(show(image))
    make_entry(title="a secret", body=show(image), publish_at=None)
    writer = make_user("portfolio.view_image", "journal.change_entry")
    begin(show(image), author=writer)
    client.force_login(writer)
    page = client.get(form(image)).text
    assert "a secret" not in page
    assert page.count("draft: a title") == 1
    assert ", 2 more" in page


@pytest.mark.parametrize("address", ["/media/{}.png", "https://a.example/media/{}-960.webp?x"])
def test_a_rendition_or_a_whole_address_is_a_use_too(address):
    image = make_image()
    entry = make_entry(body=address.format(image.file.name[:20]))
    assert uses_of(image) == [entry]


def test_a_name_that_is_only_like_it_is_no_use():
    image = make_image()
    stem = image.file.name[:20]
    make_entry(body=f"{stem}.png /media/{stem} /media/a{stem}.png /media/{stem}a.png")
    assert uses_of(image) == []


def test_the_list_says_where_each_picture_is_used(admin_client):
    image, unused = make_image(), make_image(alt="")
    entry = make_entry(title="<b>a title", body=show(image))
    page = admin_client.get(reverse(LIST)).text
    address = reverse("admin:journal_entry_change", args=[entry.pk])
    assert f'<a href="{address}">entry: &lt;b&gt;a title</a>' in page
    assert f'<a href="{address}">' in admin_client.get(form(image)).text
    assert '<td class="field-used_in">nothing</td>' in page
    assert page.count("no alternative text") == 1
    assert f'href="{address}"' not in admin_client.get(form(unused)).text


def test_a_draft_is_not_told_to_who_may_not_see_it(client):
    image = make_image()
    make_entry(title="a secret", body=show(image), publish_at=None)
    make_tool(name="a hammer", note=show(image))
    viewer = ("portfolio.view_image", "portfolio.view_tool")
    client.force_login(make_user(*viewer))
    for address in (reverse(LIST), form(image)):
        page = client.get(address).text
        assert "a secret" not in page
        assert "tool: a hammer</a>, 1 more" in page
    client.force_login(make_user(*viewer, "journal.view_entry"))
    assert "a secret" in client.get(form(image)).text


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ("said=no", {"bare", "shown"}),
        ("said=decorative", {"decorative"}),
        ("used=no", {"bare", "decorative", "described"}),
        ("said=no&used=no", {"bare"}),
        ("said=nonsense&used=nonsense", {"bare", "decorative", "described", "shown"}),
        ("q=bare", {"bare"}),
    ],
)
def test_the_list_can_be_narrowed_to_what_needs_work(admin_client, chosen, found):
    made = {
        "bare": make_image(alt="", caption="bare"),
        "shown": make_image(alt=""),
        "decorative": make_image(alt="", decorative=True),
        "described": make_image(),
    }
    make_entry(body=show(made["shown"]))
    response = admin_client.get(f"{reverse(LIST)}?{chosen}&_facets=True")
    listed = {image.pk for image in response.context["cl"].result_list}
    assert listed == {made[name].pk for name in found}


def test_the_queries_are_as_many_for_a_thousand_pictures_as_for_one(admin_client):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert admin_client.get(reverse(LIST)).status_code == 200
        return len(captured)

    begin(show(make_image()), key_of(make_entry()))
    admin_client.get(reverse(LIST))
    few = queries()
    Image.objects.bulk_create(
        Image(file=f"{number:020x}.png", width=700, height=3) for number in range(10_000, 11_000)
    )
    named = [f"![](/media/{number:020x}.png)" for number in range(10_000, 11_000)]
    for start in range(0, 1000, 100):
        make_entry(body="\n\n".join(named[start : start + 100]))
        make_tool(note=named[start])
        begin(named[start], key_of(make_entry()))
    assert queries() == few < 25


# No picture goes while something shows it.


def delete(client, image):
    address = reverse("admin:portfolio_image_delete", args=[image.pk])
    return client.post(address, {"post": "yes"})


def delete_selected(client, *selected):
    data = {"action": "delete_selected", "post": "yes"}
    keys = {"_selected_action": [image.pk for image in selected]}
    return client.post(reverse(LIST), data | keys)


@pytest.mark.django_db(transaction=True)
def test_what_is_used_cannot_be_deleted_and_what_is_not_goes_with_its_copies(admin_client):
    image = make_picture()
    copy = f"{image.file.name[:20]}-480.webp"
    assert b"".join(admin_client.get(f"/media/{copy}"))
    entry = make_entry(title="a use", body=show(image))
    for response in (delete(admin_client, image), delete_selected(admin_client, image)):
        assert "Nothing was deleted" in response.text
        assert "a use</a>" in response.text
        assert Image.objects.get() == image
    # The control: the same posts once nothing shows it.
    entry.delete()
    assert delete(admin_client, image).status_code == 302
    assert not Image.objects.exists()
    assert default_storage.listdir("")[1] == []


def test_of_several_none_goes_while_one_is_used(admin_client):
    used, unused = make_image(), make_image()
    portrayed = Profile.objects.create(portrait=used)
    assert "profile</a>" in delete_selected(admin_client, used, unused).text
    assert Image.objects.count() == 2
    portrayed.delete()
    assert delete_selected(admin_client, used, unused).status_code == 302
    assert not Image.objects.exists()


def test_a_refusal_does_not_tell_what_one_may_not_see(client):
    image = make_image()
    make_entry(title="a secret", body=show(image))
    client.force_login(make_user("portfolio.view_image", "portfolio.delete_image"))
    page = delete(client, image).text
    assert "1 that you may not see" in page
    assert "a secret" not in page
    assert Image.objects.exists()


# Another file in its place.


def replace(client, image, content, **words):
    file = SimpleUploadedFile("other.jpg", content)
    words = {"alt": "the words", "caption": "the caption"} | words
    return client.post(form(image), words | {"replacement": file})


@pytest.mark.django_db(transaction=True)
def test_every_text_shows_the_file_that_replaces_another(admin_client, client):
    image = make_picture("red")
    old = image.file.name
    body = f"{show(image)}\n\n[large](/media/{old[:20]}-960.webp) /media/{'f' * 20}.png"
    entry = make_entry(body=body, updated_at="2020-01-01T00:00Z")
    role = make_role(problem="as it was", broke=show(image))
    Profile.objects.create(portrait=image)
    assert b"".join(client.get(f"/media/{old[:20]}-480.webp"))
    assert "Each of the 3 items listed above will show" in admin_client.get(form(image)).text
    assert replace(admin_client, image, png("blue", (700, 350))).status_code == 302
    image.refresh_from_db()
    new = image.file.name
    assert new != old
    assert (image.width, image.height) == (700, 350)
    assert (image.alt, image.caption) == ("the words", "the caption")
    entry.refresh_from_db()
    role.refresh_from_db()
    address = f"/media/{new}"
    expected = f"before ![words]({address}) after\n\n[large]({address}) /media/{'f' * 20}.png"
    assert entry.body == expected
    assert entry.updated_at.year > 2020
    assert (role.problem, role.broke) == ("as it was", f"before ![words]({address}) after")
    assert default_storage.listdir("")[1] == [new]
    for item in (entry, role, image):
        assert Version.objects.get_for_object(item)[0].revision.comment == "replaced a picture"


def test_what_is_being_written_shows_the_new_file_without_a_conflict(admin_client):
    image = make_picture("red")
    entry = make_entry(body=show(image))
    base = {"body": digest(entry.body), "title": digest("another")}
    copy, new = begin(show(image) + " more", key_of(entry), base=base, tab="x"), begin(show(image))
    assert replace(admin_client, image, png("blue")).status_code == 302
    image.refresh_from_db()
    entry.refresh_from_db()
    copy.refresh_from_db()
    new.refresh_from_db()
    assert copy.data["body"] == [show(image) + " more"]
    assert copy.base == {"body": digest(entry.body), "title": digest("another")}
    # The window that wrote it has to look again.
    assert (copy.version, copy.tab) == (2, "")
    assert new.data == {"body": [show(image)], "title": ["a title"]}


def test_a_file_is_not_replaced_by_what_is_there_or_is_no_picture(admin_client):
    image, other = make_picture("red"), make_picture("blue")
    entry = make_entry(body=show(image))

    def errors(content):
        response = replace(admin_client, image, content)
        return response.context["adminform"].form.errors["replacement"][0]

    assert "that is there" in errors(png("red"))
    assert "in the library already" in errors(png("blue"))
    assert "not a picture" in errors(b"<svg onload=alert(1)>")
    image.refresh_from_db()
    entry.refresh_from_db()
    assert image.file.url in entry.body
    assert default_storage.exists(other.file.name)


def test_a_picture_is_replaced_only_by_who_may_change_what_shows_it(client):
    image = make_picture()
    old = image.file.name
    entry = make_entry(body=show(image))
    client.force_login(make_user("portfolio.change_image", "journal.view_entry"))
    response = replace(client, image, png("blue"))
    error = response.context["adminform"].form.errors["replacement"][0]
    assert "something that you may not change" in error
    image.refresh_from_db()
    assert image.file.name == old
    # Its words alone may be changed, and more with the permission.
    assert client.post(form(image), {"alt": "words"}).status_code == 302
    client.force_login(
        make_user("portfolio.change_image", "journal.change_entry", "journal.publish_entry")
    )
    assert replace(client, image, png("blue")).status_code == 302
    entry.refresh_from_db()
    assert old not in entry.body


@pytest.mark.django_db(transaction=True)
def test_a_replacement_that_fails_midway_changes_nothing(admin_client, monkeypatch):
    image = make_picture()
    old = image.file.name
    entries = [make_entry(body=show(image)), make_entry(body=show(image))]
    save = Entry.save

    def save_first(entry, **options):
        if entry.pk == entries[1].pk:
            raise RuntimeError("the disk is full")
        save(entry, **options)

    monkeypatch.setattr(Entry, "save", save_first)
    with pytest.raises(RuntimeError):
        replace(admin_client, image, png("blue"))
    assert Image.objects.get().file.name == old
    assert all(old in entry.body for entry in Entry.objects.all())
    assert default_storage.exists(old)


def test_who_may_only_look_sees_the_picture_and_no_way_to_change_it(client):
    image = make_image()
    client.force_login(make_user("portfolio.view_image"))
    page = client.get(form(image))
    assert page.status_code == 200
    assert 'type="file"' not in page.text


# Many at once, and what they are called.


def upload_of(name, content):
    return SimpleUploadedFile(name, content, "image/png")


def add(client, *files, **options):
    return client.post(ADD, {"file": [upload_of(*file) for file in files]}, **options)


def test_many_pictures_are_added_at_once_and_a_bad_one_keeps_none_out(admin_client, admin_user):
    images.store(images.clean(ContentFile(png("green"), "tree.png")))
    response = admin_client.post(
        ADD,
        {
            "file": [
                upload_of("sunset.png", png("red")),
                upload_of("<b>notes.txt", b"not a picture"),
                upload_of("forest.png", png("green")),
                upload_of("empty.png", b""),
                upload_of("sea.png", png("blue")),
                upload_of("again.png", png("blue")),
            ],
            "caption": "in spring",
        },
        follow=True,
    )
    told = [(str(message), message.level_tag) for message in response.context["messages"]]
    assert told == [
        ("“sunset.png”: added.", "success"),
        (f"“<b>notes.txt”: not added. {images.NOT_SHOWN}", "error"),
        ("“forest.png”: it is in the library already.", "info"),
        ("“empty.png”: not added. The file is empty: choose a picture.", "error"),
        ("“sea.png”: added.", "success"),
        ("“again.png”: it is in the library already.", "info"),
    ]
    assert "&lt;b&gt;notes.txt" in response.text
    added = Image.objects.exclude(caption="")
    assert {(i.name, i.caption, i.author) for i in added} == {
        ("sunset.png", "in spring", admin_user),
        ("sea.png", "in spring", admin_user),
    }
    # The first name stays.
    assert Image.objects.get(caption="").name == "tree.png"
    listed = response.context["cl"].result_list
    assert {image.name for image in listed} == {"sunset.png", "sea.png", "tree.png"}
    assert Version.objects.get_for_object(added[0]).count() == 1


def test_one_of_many_pictures_is_answered_as_json_to_the_script(admin_client):
    for content, outcome in ((png(), "added."), (png(), "it is in the library already.")):
        response = add(admin_client, ("a.png", content), headers={"Accept": "application/json"})
        assert response.json() == {"outcome": outcome}
    response = admin_client.get(reverse(LIST))
    assert [str(message).partition(":")[0] for message in response.context["messages"]] == [
        "“a.png”",
        "“a.png”",
    ]


def test_many_pictures_need_the_permission(client):
    client.force_login(make_user("portfolio.view_image", "portfolio.change_image"))
    for options in ({}, {"headers": {"Accept": "application/json"}}):
        files = ("a.png", png("red")), ("b.png", png("blue"))
        assert add(client, *files, **options).status_code == 403
    assert not Image.objects.exists()
    client.force_login(make_user("portfolio.view_image", "portfolio.add_image"))
    assert add(client, *files).status_code == 302
    assert Image.objects.count() == 2


def test_a_field_that_waits_for_one_picture_takes_one(admin_client):
    assert "multiple" in admin_client.get(ADD).text
    assert "multiple" not in admin_client.get(f"{ADD}?_popup=1").text


@pytest.mark.once
@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("holiday.jpg", "holiday.jpg"),
        ("../../etc/a b.png", "a b.png"),
        ("C:\\fakepath\\a.png", "a.png"),
        ("a\0\r\n\t b\x1b[31m.png", "a b[31m.png"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("\u2066a\u2069\u200f\ufeff.png", "a.png"),
        ("caf" + "e\u0301.jpg", "caf\xe9.jpg"),
        ("e\u200b\u0301.jpg", "\xe9.jpg"),
        ("می\u200cخواهم.png", "می\u200cخواهم.png"),
        ("half\ud800.png", "half.png"),
        ("x" * 300 + ".jpeg", "x" * 250 + ".jpeg"),
        ("x" * 300, "x" * 255),
        (". " + "." * 400, ". " + "." * 253),
        (" / ", ""),
        ("", ""),
    ],
)
def test_a_picture_name_is_one_line_without_folders(name, cleaned):
    assert clean_file_name(name) == cleaned
    assert clean_file_name(cleaned) == cleaned


def test_a_picture_is_called_by_the_name_that_it_came_with(admin_client):
    response = admin_client.post(
        reverse("editing:upload"), {"image": upload_of("my\u202e holiday.png", png())}
    )
    image = Image.objects.get()
    assert image.name == str(image) == "my holiday.png"
    admin_client.post(reverse("editing:upload"), {"image": upload_of("other.png", png())})
    assert Image.objects.get().name == "my holiday.png"
    for page in (f"{reverse(LIST)}?q=holiday", form(image)):
        assert "my holiday.png" in admin_client.get(page).text
    assert "my holiday.png" not in admin_client.get(f"{reverse(LIST)}?q=other").text
    content = response.json()["image_code"]
    told = admin_client.post(reverse("editing:pictures"), {"content": content}).json()
    assert told["pictures"][0]["original_name"] == "my holiday.png"
    page = f'<article class="row page"><div class="prose">{render(content)}</div></article>'
    messages = [found.message for found in findings(make_entry(body=content), page)]
    assert "the picture “my holiday.png” has no alternative text." in messages
    make_entry(title="a use", body=content)
    assert "my holiday.png is used in" in delete(admin_client, image).text
    # It can be called otherwise, or nothing.
    for name, cleaned in (("a/b \u202e.png", "b .png"), ("", "")):
        assert admin_client.post(form(image), {"name": name}).status_code == 302
        image.refresh_from_db()
        assert image.name == cleaned
    assert str(image) == image.file.name


def test_another_file_brings_its_name_unless_one_is_given(admin_client):
    image = make_picture("red")
    replace(admin_client, image, png("blue"), name="")
    image.refresh_from_db()
    assert image.name == "other.jpg"
    replace(admin_client, image, png("green"), name="mine.png")
    image.refresh_from_db()
    assert image.name == "mine.png"


# In a browser.


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_many_pictures_go_up_one_by_one_with_their_progress(
    page, live_server, client, admin_user, context
):
    client.force_login(admin_user)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([cookie | {"url": live_server.url}])
    held = []
    page.goto(live_server.url + ADD)
    page.route(f"**{ADD}", lambda route: held.append(route))
    files = {"red.png": png("red"), "notes.txt": b"words", "blue.png": png("blue")}
    page.get_by_label("File").set_input_files(
        [{"name": n, "mimeType": "image/png", "buffer": content} for n, content in files.items()]
    )
    with page.expect_request(f"**{ADD}"):
        page.locator("[name=_save]").click()
    expect(page.get_by_role("progressbar")).to_have_count(3)
    expect(page.locator(".uploads")).to_contain_text("notes.txt")
    assert len(held) == 1
    page.unroute(f"**{ADD}")  # which lets it go on
    page.wait_for_url("**/admin/portfolio/image/?whole=")
    expect(page.locator(".messagelist li")).to_have_count(3)
    expect(page.locator(".messagelist .error")).to_contain_text("“notes.txt”: not added. The file")
    names = page.locator("#result_list .file-name").all_inner_texts()
    assert names == ["blue.png", "red.png"]


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_the_library_is_a_grid_that_fits_a_phone_and_is_used_with_the_keyboard(
    page, live_server, client, admin_user, context
):
    client.force_login(admin_user)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    context.add_cookies([cookie | {"url": live_server.url}])
    for number in range(3):
        make_image(alt="w" * 80 if number else "first")
    page.goto(live_server.url + reverse(LIST))
    rows = page.locator("#result_list tbody tr")
    tops = {round(row.bounding_box()["y"]) for row in rows.all()}
    assert len(tops) == 1
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert len({round(row.bounding_box()["y"]) for row in rows.all()}) == 3
    rows.first.get_by_role("checkbox").press("Space")
    page.get_by_text("1 of 3 selected").wait_for()
    rows.last.get_by_role("link", name="first").press("Enter")
    page.wait_for_url(live_server.url + form(Image.objects.get(alt="first")))
