"""The text of a WordPress post, of blocks or of the classic editor, as HTML."""

import html
import re

_BLOCKS = (
    "address|article|aside|blockquote|caption|col|colgroup|dd|details|div|dl|dt|fieldset|"
    "figcaption|figure|footer|form|h[1-6]|header|hr|iframe|legend|li|main|nav|ol|p|pre|section|"
    "summary|table|tbody|td|tfoot|th|thead|tr|ul"
)
_BLOCK = re.compile(rf"</?(?:{_BLOCKS})\b[^<>]*>", re.I)
# What is shown as it is: of HTML, or of plugins that colour code.
_VERBATIM = re.compile(r"(<pre|<code|<script|<style|\[code|\[sourcecode)\b([^<>\[\]]*)[>\]]", re.I)
_PRE = re.compile(r"(<pre|<script|<style)\b[^<>]*>", re.I)
_CAPTION = re.compile(r"(\[caption|\[wp_caption)\b([^\[\]]*)\]", re.I)
_CAPTIONED = re.compile(r"\s*((?:<a\b[^<>]*>)?\s*<img\b[^<>]*>\s*(?:</a>)?)(.*)", re.I | re.S)
_TAG = re.compile(r"\[(/?)([a-z][\w-]*)((?:\s[^\[\]]*)?)/?\](?!\()", re.I)
_ARGUMENT = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'\]]+))""")
# A block that WordPress fills in when it shows the page.
_FILLED_IN = re.compile(r"<!--\s+wp:([\w/-]+)([^<>]*?)/-->")
PLAYERS = {"video", "audio", "youtube", "vimeo"}
_URL = re.compile(r"https?://[^\s\"'<>\[\]]+")


def as_html(post, source, text):
    """The HTML of a post without what WordPress itself would replace; the rest is remarked.

    `source.attachment(id)` gives the HTML of a picture, and `source.attached(post)` of all its own.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for block in _FILLED_IN.finditer(text):
        source.remark(
            post.where, f"The block “{block[1]}” is left out: {' '.join(block[2].split())}"
        )
    is_classic = "<!-- wp:" not in text
    parts = []
    for part, tag in by_code(text, _VERBATIM):
        if not tag:
            part = "".join(
                captioned(opening[2], inside) if opening else inside
                for inside, opening in insides(part, _CAPTION)
            )
            part = _TAG.sub(lambda found: shortcode(found, post, source), part)
        parts.append(part)
    return paragraphs("".join(parts)) if is_classic else "".join(parts)


def pairs(text, opening):
    """The (opening, ending) matches of pairs of tags, none inside of another."""
    at, gone = 0, set()
    while match := opening.search(text, at):
        name, at = match[1].lower(), match.end()
        close = ">" if name[0] == "<" else r"\]"
        end = re.compile(rf"\{name[0]}/{name[1:]}\s*{close}", re.I)
        end = None if name in gone else end.search(text, at)
        if end:
            yield match, end
            at = end.end()
        else:
            gone.add(name)


def insides(text, opening):
    """The text in parts, as (what is between two pairs, None) or (inside of one, its opening)."""
    at = 0
    for match, end in pairs(text, opening):
        yield text[at : match.start()], None
        yield text[match.end() : end.start()], match
        at = end.end()
    yield text[at:], None


def by_code(text, opening):
    """The parts of a text, as (part, its opening tag if it is code or the like)."""
    for part, match in insides(text, opening):
        if match is None:
            yield part, None
        elif match[0][0] == "[":
            yield code(match[2], part), match
        else:
            yield f"{match[0]}{part}</{match[1][1:]}>", match


def code(given, inside):
    language = arguments(given).get("language") or arguments(given).get("lang") or ""
    # In an export it may be escaped or not.
    inside = html.escape(html.unescape(inside).strip("\n"), quote=False)
    return f'<pre><code class="language-{html.escape(language)}">{inside}</code></pre>'


def captioned(given, inside):
    picture = _CAPTIONED.fullmatch(inside)
    words = arguments(given).get("caption", "")
    if not picture:
        return inside + words
    words = picture[2].strip() or words
    return f"<figure>{picture[1]}<figcaption>{words}</figcaption></figure>"


def arguments(text):
    return {
        match[1].lower(): next(v for v in match.groups()[1:] if v is not None)
        for match in _ARGUMENT.finditer(html.unescape(text))
    }


def shortcode(tag, post, source):
    """What stands for a shortcode; itself, with a remark, if it is not known."""
    end, name, rest = tag[1], tag[2].lower(), tag[3]
    given = arguments(rest)
    new = None
    if name == "embed" or (name in PLAYERS and (end or not rest.strip())):
        new = "\n\n"
    elif name == "gallery":
        new = gallery(given, post, source)
    elif name in PLAYERS and (url := _URL.search(rest)):
        new = f'\n\n<a href="{url[0]}">{url[0]}</a>\n\n'
    # A word in brackets is most often just that.
    if new is None and not end and ("=" in rest or re.search("[-_]", name)):
        source.remark(post.where, f"The shortcode “{name}” stays in the text as it is: {tag[0]}")
    return tag[0] if new is None else new


def gallery(given, post, source):
    ids = re.findall(r"\d+", given.get("ids") or given.get("include") or "")
    pictures = [source.attachment(each) for each in ids] if ids else source.attached(post)
    return "\n\n".join(["", *pictures, ""]) if pictures and all(pictures) else None


def paragraphs(text):
    """HTML of text in which empty lines end paragraphs, as the classic editor writes it."""
    found = []
    for part, tag in by_code(text, _PRE):
        if tag:
            found.append(part)
            continue
        for chunk in re.split(r"\n\s*\n", _BLOCK.sub(apart, part)):
            chunk = chunk.strip("\n")
            if not chunk.strip() or _BLOCK.match(chunk.lstrip()):
                found.append(chunk)
            else:
                found.append("<p>" + chunk.replace("\n", "<br>\n") + "</p>")
    return "\n".join(found)


def apart(tag):
    """The tag of a block on a line of its own."""
    return f"{tag[0]}\n\n" if tag[0].startswith("</") else f"\n\n{tag[0]}"
