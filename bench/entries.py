"""A fixture of many entries: about 2.5 KB each, with a heading, coloured code and three tools."""

import json
import random
import uuid

AT = "2026-01-02T03:04:05.678901Z"
CODE = "```python\ndef f(x):\n    return [y for y in range(x) if y % 2]\n```"
TOOLS = sorted(f"tool-{number}" for number in range(30))
WORDS = 3_000


def write(path, number):
    """Write the fixture, in canonical form, to a path."""
    with open(path, "w", encoding="utf-8") as file:
        between = "["
        for item in items(number):
            text = json.dumps(item, ensure_ascii=False, indent=2).replace("\n", "\n  ")
            file.write(f"{between}\n  {text}")
            between = ","
        file.write("\n]\n")


def items(number):
    for position, slug in enumerate(TOOLS):
        fields = {"name": slug, "note": "", "position": position, "slug": slug}
        yield {"model": "portfolio.tool", "fields": fields | {"updated_at": AT, "url": ""}}
    months = sorted(f"{2000 + n // 12}-{1 + n % 12:02}" for n in range(300))
    for place, month in enumerate(months):
        here = range(place, number, len(months))
        for slug in sorted(f"entry-{n}" for n in here):
            yield {"model": "journal.entry", "fields": entry(month, slug)}


def entry(month, slug):
    chance = random.Random(slug)
    return {
        "body": text(chance),
        "created_at": AT,
        "month": month,
        "publish_at": f"{month}-01T00:00:00Z",
        "role": None,
        "slug": slug,
        "summary": "",
        "title": words(chance, 5),
        "tools": sorted([tool] for tool in chance.sample(TOOLS, 3)),
        "updated_at": AT,
        "uuid": str(uuid.UUID(int=chance.getrandbits(128))),
    }


def text(chance):
    first, *others = (f"{words(chance, 40)} **{words(chance, 2)}**" for _ in range(7))
    return "\n\n".join([first, f"## {words(chance, 3)}", CODE, *others])


def words(chance, number):
    # Of a language some words are used often and most hardly ever.
    return " ".join(f"word{int(WORDS * chance.random() ** 3)}" for _ in range(number))
