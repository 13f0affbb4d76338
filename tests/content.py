"""Content as Hypothesis makes it: fixtures in canonical form, from every plane of Unicode."""

import datetime
import hashlib
import io
import string

from hypothesis import strategies as st
from PIL import Image as Picture

from portfolio.exchange import canonical
from portfolio.models import clean_file_name

# No database keeps NUL, and half a character is no text.
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
LOOKALIKES = st.sampled_from(
    [
        *("", " ", "\n", "\t", "no", "~", "1e3", "2026-01", "\u2028", "\x85", "\r\n", "\ufeff"),
        *("---\na: b\n---", "# a\n\n```\n---\n```", "<!-- problem -->", "## problem", "a\n\n\n"),
        *("'\"\\", "🙂\U000e0041"),
    ]
)
TEXT = st.lists(st.one_of(LOOKALIKES, st.text(CHARACTERS, max_size=30)), max_size=3).map("".join)
SAID = TEXT.map(lambda text: text[:50]).filter(lambda text: text.strip())
SLUG = st.lists(
    st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=5), min_size=1, max_size=3
).map("-".join)
TIME = st.datetimes(
    datetime.datetime(1000, 1, 2), datetime.datetime(9999, 12, 30), timezones=st.just(datetime.UTC)
).map(canonical.instant)
MONTH = st.dates(datetime.date(1000, 1, 1)).map(lambda day: day.isoformat()[:7])
POSITION = st.sampled_from([0, 1, 2**31 - 1])
URL = SLUG.map(lambda slug: f"https://{slug}.example/ü?a=b#c")


def png(colour):
    """A picture as the site stores one, as (name, bytes)."""
    file = io.BytesIO()
    Picture.new("RGB", (2, 3), colour).save(file, "PNG")
    return f"{hashlib.sha256(file.getvalue()).hexdigest()[:20]}.png", file.getvalue()


PICTURES = dict(png((n, 0, 0)) for n in range(3))


@st.composite
def content(draw):
    """A list of canonical objects, in canonical order, with pictures out of `PICTURES`."""

    def some(key, most=3):
        return draw(st.lists(key, unique=True, max_size=most))

    def pick(keys):
        return sorted(draw(st.lists(st.sampled_from(keys), unique_by=tuple))) if keys else []

    def one(keys):
        return draw(st.sampled_from([None, *keys]))

    def put(model, **fields):
        items.append({"model": model, "fields": {**fields, "updated_at": draw(TIME)}})

    def publishable(slug):
        return {
            "title": draw(SAID),
            "slug": slug,
            "summary": draw(TEXT),
            "publish_at": draw(st.none() | TIME),
            "created_at": draw(TIME),
            "uuid": str(draw(st.uuids())),
        }

    items = []
    tools, images = (
        [[slug] for slug in some(SLUG)],
        [[name] for name in some(st.sampled_from([*PICTURES]))],
    )
    for [slug] in tools:
        url = draw(st.just("") | URL)
        put(
            "portfolio.tool",
            name=draw(SAID),
            slug=slug,
            note=draw(TEXT),
            url=url,
            position=draw(POSITION),
        )
    for [name] in images:
        decorative = draw(st.booleans())
        alt = "" if decorative else draw(TEXT)
        put(
            "portfolio.image",
            file=name,
            name=draw(TEXT.map(clean_file_name)),
            alt=alt,
            decorative=decorative,
            caption=draw(TEXT),
            created_at=draw(TIME),
            width=2,
            height=3,
            transparent=False,
        )
    if draw(st.booleans()):
        put(
            "portfolio.profile",
            name=draw(TEXT),
            headline=draw(TEXT),
            about=draw(TEXT),
            email=draw(st.sampled_from(["", "a@b.example"])),
            location=draw(TEXT),
            portrait=one(images),
        )
        for url in some(URL):
            put(
                "portfolio.profilelink",
                profile=[],
                label=draw(SAID),
                url=url,
                rel_me=draw(st.booleans()),
                position=draw(POSITION),
            )
    for text, since in some(st.tuples(SAID, st.none() | MONTH)):
        until = draw(st.none() | MONTH)
        until = until if not (since and until and until < since) else since
        put(
            "portfolio.focus",
            text=text,
            since=since,
            until=until,
            detail=draw(TEXT),
            review_by=draw(st.none() | st.dates().map(str)),
            position=draw(POSITION),
        )
    roles = [[slug] for slug in some(SLUG)]
    for [slug] in roles:
        started, ended = draw(st.none() | MONTH), draw(st.none() | MONTH)
        ended = ended if not (started and ended and ended < started) else started
        put(
            "roles.role",
            **publishable(slug),
            organisation=draw(TEXT),
            started=started,
            ended=ended,
            problem=draw(TEXT),
            approach=draw(TEXT),
            impact=draw(TEXT),
            learned=draw(TEXT),
            broke=draw(TEXT),
            tools=pick(tools),
            position=draw(POSITION),
        )
    for role in roles:
        for figure, what in some(st.tuples(SAID, SAID), 2):
            put(
                "roles.outcome",
                role=role,
                figure=figure,
                what=what,
                baseline=draw(TEXT),
                as_of=draw(st.none() | MONTH),
                source=draw(st.just("") | URL),
                position=draw(POSITION),
            )
    entries = [[*key] for key in some(st.tuples(MONTH, SLUG))]
    for month, slug in entries:
        put(
            "journal.entry",
            **publishable(slug),
            month=month,
            body=draw(TEXT),
            tools=pick(tools),
            role=one(roles),
        )
    principles = [[slug] for slug in some(SLUG)]
    for [slug] in principles:
        put("portfolio.principle", **publishable(slug), body=draw(TEXT), position=draw(POSITION))
    verdict = st.sampled_from(["kept", "broke"])
    for principle in principles:
        for role in pick(roles):
            put(
                "portfolio.evidence",
                principle=principle,
                role=role,
                entry=None,
                verdict=draw(verdict),
            )
        for entry in pick(entries):
            put(
                "portfolio.evidence",
                principle=principle,
                role=None,
                entry=entry,
                verdict=draw(verdict),
            )
    ends = {"tool": tools, "role": roles, "entry": entries, "principle": principles}
    for path in some(SLUG) if any(ends.values()) else []:
        kind = draw(st.sampled_from([kind for kind, keys in ends.items() if keys]))
        target = dict.fromkeys(ends) | {kind: draw(st.sampled_from(ends[kind]))}
        put("portfolio.formeraddress", path=f"/{path}/", **target)
    return in_order(items)


def in_order(items):
    """The items as an export orders them, told independently of it."""
    kinds = [model._meta.label_lower for model in canonical.CONTENT]

    def place(item):
        fields, key = item["fields"], KEYS.get(item["model"], ["slug"])
        parts = [fields[name] or EMPTY.get(name, "") for name in key]
        return kinds.index(item["model"]), parts

    return sorted(items, key=place)


KEYS = {
    "portfolio.image": ["file"],
    "portfolio.profile": [],
    "portfolio.profilelink": ["url"],
    "portfolio.focus": ["text", "since"],
    "roles.outcome": ["role", "figure", "what"],
    "journal.entry": ["month", "slug"],
    "portfolio.evidence": ["principle", "role", "entry"],
    "portfolio.formeraddress": ["path"],
}
EMPTY = {"role": [""], "entry": ["", ""]}
