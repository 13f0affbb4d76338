"""HTML of other systems as Markdown."""

import html
import re

import nh3
from bs4 import BeautifulSoup, ParserRejectedMarkup
from markdownify import MarkdownConverter, abstract_inline_conversion

from . import links
from .prose import CODE, fenced, image

LONGEST = 500_000  # characters, five times what a page can show
# What a library that goes from tag to tag can follow; people write a tenth.
DEEPEST = 150
# Those that may be left open, or that have no end.
_OPEN = """
    area base br col dd dt embed hr img input li link meta option p source tbody td th tr track wbr
"""
_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)", re.IGNORECASE)
# Code, or more empty lines than say anything.
_LINES = re.compile(rf"(?P<code>{CODE.pattern})|\n{{3,}}", CODE.flags)
_BLOCK = re.compile(r"\s*(?:#|[-+>|]|\d+\.|\Z)")
_MARKUP = re.compile(
    r"[*`\\]|\[(?=\^|[ xX]\]|[^\[\]]{0,999}\][(\[:])|<(?=[\w/!?])|&(?=#?\w+;)|~(?=~)"
    r"|(?<!\w)_|_(?!\w)"
)
# What of it is shown elsewhere, with the attributes that say where.
_EMBEDDED = {
    **{"iframe": ("src",), "embed": ("src",), "object": ("data",)},
    **{"video": ("src",), "audio": ("src",), "source": ("src",)},
}
# What is left out but for the text in it.
_FORMS = ("form", "button", "select", "textarea", "input", "canvas", "svg", "math", "dialog")
_SCRIPTS = ("script", "style", "noscript", "template")
_ATTRIBUTES = {
    "*": {"class"},
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "data-src"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    **{tag: {*names} for tag, names in _EMBEDDED.items()},
}
_CLEANER = nh3.Cleaner(
    tags={
        *nh3.ALLOWED_TAGS,
        *_EMBEDDED,
        *_FORMS,
        "figure",
        "figcaption",
        "section",
        "main",
        "mark",
    },
    attributes=_ATTRIBUTES,
    clean_content_tags={"script", "style", "template"},
    link_rel=None,
    url_schemes={*nh3.ALLOWED_URL_SCHEMES, "data"},
)


def to_markdown(post, source, text):
    """The HTML of a post as Markdown, or None with a remark that the post is left out."""
    if len(text) > LONGEST:
        source.remark(post.where, f"It is left out: it has more than {LONGEST:,} characters.")
        return None
    try:
        if depth(text) > DEEPEST:
            raise RecursionError
        soup = BeautifulSoup(_CLEANER.clean(text), "html.parser")
        for name in sorted({tag[2].lower() for tag in _TAG.finditer(text)} & {*_SCRIPTS}):
            source.remark(post.where, f"Its <{name}> is left out.")
        prepare(soup, post, source)
        found = _CONVERTER.convert_soup(soup).strip("\n")
    except RecursionError:
        source.remark(post.where, "It is left out: its HTML is nested too deeply.")
        return None
    except ParserRejectedMarkup:
        source.remark(post.where, "It is left out: its HTML is broken.")
        return None
    return links.rewrite(
        _LINES.sub(lambda match: match["code"] or "\n\n", found),
        lambda address, alt, place: source.shown(post, address, alt, post.where),
        lambda address, place: source.linked(post, address, post.where),
    )


def plain(text):
    """What a reader sees of HTML in a line, such as a title."""
    return html.unescape(nh3.clean(text, tags=set()))


def depth(text):
    """How deeply HTML is nested, at least about."""
    now = most = 0
    skipped = {*_OPEN.split()}
    for tag in _TAG.finditer(text):
        if tag[2].lower() not in skipped:
            now = max(0, now + (-1 if tag[1] else 1))
            most = max(most, now)
    return most


def prepare(soup, post, source):
    """Put into words what Markdown has none for, each with a remark."""
    for tag in soup.find_all([*_EMBEDDED]):
        address = next((tag[name] for name in _EMBEDDED[tag.name] if tag.get(name)), "")
        if tag.name == "source" and not tag.find_parent(["video", "audio"]):
            continue
        if address:
            source.remark(post.where, f"What it shows from {address} is a link here.")
            link = soup.new_tag("a", href=address)
            link.string = address
            paragraph = soup.new_tag("p")
            paragraph.append(link)
            tag.insert_before(paragraph)
        elif not tag.find_all(["source", "embed", "iframe"]):
            source.remark(post.where, f"A <{tag.name}> without an address is left out.")
        tag.unwrap()
    for tag in soup.find_all(_FORMS):
        source.remark(post.where, f"Of a <{tag.name}> only the text is kept.")
        tag.unwrap()
    if any(cell.attrs.keys() & {"rowspan", "colspan"} for cell in soup.find_all(["td", "th"])):
        source.remark_often(post.where, "The cells of a table that span others do so no more.")
    number(soup)
    for card in soup.select("a.kg-bookmark-container"):
        # Ghost's picture of a link is the link.
        if title := card.select_one(".kg-bookmark-title"):
            card.string = title.get_text(" ", strip=True)
    for figure in soup.find_all("figure"):
        pictures, captions = figure.find_all("img"), figure.find_all("figcaption")
        if len(pictures) == len(captions) == 1 and not captions[0].find("a"):
            # Here the title of a picture is its caption.
            if caption := captions[0].get_text(" ", strip=True):
                pictures[0]["title"] = caption
            captions[0].decompose()


def number(soup):
    """Say here what markdownify would find out anew for each: it takes the square of the time."""
    for part in soup.find_all(["tbody", "tfoot"]):
        part.unwrap()
    for cell in soup.find_all(["td", "th"]):
        if not re.fullmatch("[1-9][0-9]?", cell.get("colspan", "")):
            cell.attrs.pop("colspan", None)
    for ordered in soup.find_all("ol"):
        start = ordered.get("start", "")
        start = int(start) if re.fullmatch("[0-9]{1,6}", start) else 1
        for place, item in enumerate(ordered.find_all("li", recursive=False), start):
            item["data-number"] = place


def language_of(pre):
    """The language that the class of a <pre> or of the <code> in it names."""
    code = pre.find("code")
    names = [*pre.get("class", ()), *(code.get("class", ()) if code else ())]
    found = re.search(r"\b(?:language-|lang-|brush: ?)([\w+#-]+)", " ".join(names))
    return found[1].lower() if found else ""


def by_paragraph(convert):
    """The same for what goes over several paragraphs, each of which is marked in Markdown."""

    def converted(self, el, text, parent_tags):
        if "\n\n" not in text.strip():
            return convert(self, el, text, parent_tags)
        if "```" in text:
            return text
        return "\n\n".join(
            part if _BLOCK.match(part) else convert(self, el, part, parent_tags)
            for part in text.split("\n\n")
        )

    return converted


class Converter(MarkdownConverter):
    """markdownify, with our own code blocks, pictures and escapes."""

    class Options(MarkdownConverter.DefaultOptions):
        bullets = "-"
        heading_style = "atx"
        newline_style = "backslash"
        sub_symbol = "<sub>"
        sup_symbol = "<sup>"

    convert_figure = convert_main = MarkdownConverter.convert_div
    convert_b = convert_strong = by_paragraph(MarkdownConverter.convert_b)
    convert_em = convert_i = by_paragraph(MarkdownConverter.convert_em)
    convert_del = convert_s = by_paragraph(MarkdownConverter.convert_del)
    convert_mark = by_paragraph(abstract_inline_conversion(lambda self: "<mark>"))
    convert_u = by_paragraph(abstract_inline_conversion(lambda self: "<u>"))
    convert_ins = by_paragraph(abstract_inline_conversion(lambda self: "<ins>"))

    def convert_ol(self, el, text, parent_tags):
        # A list that begins with another number than 1 does not end a paragraph.
        apart = "\n" if "li" in parent_tags and el.get("start", "1") != "1" else ""
        return apart + self.convert_list(el, text, parent_tags)

    def convert_li(self, el, text, parent_tags):
        if "data-number" not in el.attrs or not text.strip():
            return super().convert_li(el, text, parent_tags)
        bullet = f"{el['data-number']}. "
        return bullet + re.sub("\n(?=[^\n])", "\n" + " " * len(bullet), text.strip()) + "\n"

    def convert_pre(self, el, text, parent_tags):
        # As written: what is inside it is no Markdown.
        code = el.get_text().strip("\n")
        return f"\n\n{fenced(code, language_of(el))}\n\n" if code.strip() else ""

    def convert_img(self, el, text, parent_tags):
        # Also in headings and tables, where markdownify keeps only the words.
        address = el.get("src") or el.get("data-src") or ""
        return image(address, el.get("alt") or "", el.get("title") or "") if address else ""

    def convert_a(self, el, text, parent_tags):
        href = re.sub(r"[\s<>()]", lambda c: f"%{ord(c[0]):02X}", (el.get("href") or "").strip())
        text = " ".join(text.split())
        if not href or not text or "_noformat" in parent_tags:
            return text
        if text.replace("\\", "") == href and re.match("https?://", href):
            return f"<{href}>"
        return f"[{text}]({href})"

    def escape(self, text, parent_tags):
        """Only what would be markup: what people edit by hand is easier to read without."""
        text = _MARKUP.sub(r"\\\g<0>", text)
        if "a" in parent_tags:
            text = text.replace("]", r"\]")
        if "td" in parent_tags or "th" in parent_tags:
            text = text.replace("|", r"\|")
        text = re.sub(r"^(\s*)(#{1,6}\s|>|[+:=-](?=\s|[=>-]))", r"\1\\\2", text, flags=re.M)
        return re.sub(r"^(\s*\d{1,9})([.)]\s)", r"\1\\\2", text, flags=re.M)


_CONVERTER = Converter()
