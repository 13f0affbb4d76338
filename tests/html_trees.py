"""HTML as nobody would write it, of words that look like Markdown."""

import html

import nh3

_WORDS = """
    w * _ ` [ ] (u) <b> &copy; ~~ # 1. - > | \\ ! --- === <script> [x] [^1] : + é 中 。 “ 2*3*4
    __init__ [a]: & < = ~ שלום
"""
WORDS = [*_WORDS.split(), " ", "  ", "\n", "\u00a0", " https://a.example/_b_* "]
_INLINE = "b i strong em s del code u kbd mark sup sub q abbr small ins a span"
_BLOCKS = "p div ul ol blockquote pre h2 table br hr details dl li"
NAMES = [*_INLINE.split(), *_BLOCKS.split()]
ATTRIBUTES = {
    "a": ["href=https://b.example/"],
    "ol": ["", "start=3", "reversed"],
    "li": ["", "value=7", "data-checked=true"],
    "td": ["", "colspan=2", "rowspan=2"],
}


def tree(random, depth=3):
    """HTML made with a `random.Random`."""
    parts = (
        words(random) if random.random() < 0.4 or not depth else element(random, depth - 1)
        for _ in range(random.randint(1, 3))
    )
    return "".join(parts)


def words(random):
    return html.escape("".join(random.choices(WORDS, k=random.randint(1, 6))), quote=False)


def element(random, depth):
    name = random.choice(NAMES)
    if name in ("br", "hr"):
        return f"<{name}>"
    inner = {
        "ul": lambda: several(random, lambda: tag(random, "li", tree(random, depth))),
        "dl": lambda: tag(random, "dt", words(random)) + tag(random, "dd", tree(random, depth)),
        "details": lambda: tag(random, "summary", words(random)) + tree(random, depth),
        "table": lambda: several(
            random,
            lambda: tag(
                random,
                "tr",
                several(random, lambda: tag(random, "td", tree(random, depth))),
            ),
        ),
    }
    inner["ol"] = inner["ul"]
    return tag(random, name, inner.get(name, lambda: tree(random, depth))())


def several(random, make):
    return "".join(make() for _ in range(random.randint(1, 3)))


def tag(random, name, inner):
    return f"<{name} {random.choice(ATTRIBUTES.get(name, ['']))}>{inner}</{name}>"


def characters(markup):
    """Each character that a reader sees of HTML, whatever its order."""
    return sorted("".join(html.unescape(nh3.clean(str(markup), tags=set())).split()))
