"""What in a Markdown text is code, and which line a place in it is on."""

import re
from bisect import bisect_right

# Fenced code, code in a line, and comments.
CODE = re.compile(
    r"^[ \t>]*(?P<fence>`{3,}(?=[^`\n]*$)|~{3,}).*\n(?:.*\n)*?[ \t>]*(?P=fence)[`~]*[ \t]*$"
    r"|^[ \t>]*(?:`{3,}(?=[^`\n]*$)|~{3,}).*(?:\n.*)*"
    r"|(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n)[\s\S])+?(?<!`)(?P=ticks)(?!`)"
    r"|<!--[\s\S]*?(?:-->|\Z)",
    re.M,
)


class Lines:
    """The line of each place in a text, counted from `first`."""

    def __init__(self, text, first=1):
        self.ends = [match.start() for match in re.finditer("\n", text)]
        self.first = first

    def __call__(self, place):
        return self.first + bisect_right(self.ends, place - 1)


def prose(text):
    """The parts of a text that are no code, as (beginning, end)."""
    begin = 0
    for code in CODE.finditer(text):
        yield begin, code.start()
        begin = code.end()
    yield begin, len(text)


def fenced(code, language=""):
    """The Markdown of a block of code, whatever backticks are in it."""
    longest = max((len(run) for run in re.findall("`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def image(address, alt, caption=""):
    """The Markdown of a picture."""
    alt = re.sub(r"([\[\]\\])", r"\\\1", " ".join(alt.split()))
    caption = " ".join(caption.split()).replace("\\", "\\\\").replace('"', '\\"')
    address = re.sub(r"[\s<>]", lambda found: f"%{ord(found[0]):02X}", address)
    return f"![{alt}]({address}" + (f' "{caption}")' if caption else ")")
