"""HTML of other systems as Markdown."""

import html
import re
import unicodedata

import nh3
from bs4 import BeautifulSoup, ParserRejectedMarkup
from markdownify import MarkdownConverter

from portfolio.html_rules import ATTRIBUTES, BLOCKS, INLINE, MARKS, PARAGRAPHS, SAME
from portfolio.markdown import KEPT_TAGS

from . import links
from .html_tree import beside, settle, spread, written
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
_EDGES = re.compile(r"(\s*)(.*?)(\s*)", re.S)
_BREAKS = re.compile(r"(?:(?:<br>)?\s*\n\s*\n\s*)+|\n")
# What of it is shown elsewhere, with the attributes that say where.
_EMBEDDED = {
    **{"iframe": ("src",), "embed": ("src",), "object": ("data",)},
    **{"video": ("src",), "audio": ("src",), "source": ("src",)},
}
# What is left out but for the text in it.
_FORMS = ("form", "button", "select", "textarea", "input", "canvas", "svg", "math", "dialog")
_TASK = "li input[type=checkbox]"
_SCRIPTS = ("script", "style", "noscript", "template")
_ATTRIBUTES = {
    "*": {"class", "style", *ATTRIBUTES},
    "a": {"href"},
    "details": {"open"},
    "img": {"src", "alt", "data-src"},
    "input": {"type", "checked"},
    "li": {"value", "aria-checked", "data-checked", "data-list"},
    "ol": {"start", "reversed", "data-checked"},
    "table": {"role"},
    **{tag: {"align"} for tag in ("div", "p", "tbody", "tfoot", "thead", "tr")},
    **{tag: {"align", "colspan", "rowspan"} for tag in ("td", "th")},
    "ul": {"data-checked"},
    **{tag: {*names} for tag, names in _EMBEDDED.items()},
}
_CLEANER = nh3.Cleaner(
    tags={*KEPT_TAGS, *BLOCKS, *SAME, *_EMBEDDED, *_FORMS},
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
        soup = BeautifulSoup(f"<div>{_CLEANER.clean(text)}</div>", "html.parser")
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
    for box in soup.select(_TASK):
        box.name = "task"
    for tag in soup.find_all(_FORMS):
        source.remark(post.where, f"Of a <{tag.name}> only the text is kept.")
        if tag.name in BLOCKS:
            tag.name = "div"
        else:
            tag.unwrap()
    if any(cell.attrs.keys() & {"rowspan", "colspan"} for cell in soup.find_all(["td", "th"])):
        source.remark_often(post.where, "The cells of a table that span others do so no more.")
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
    settle(soup)


def language_of(pre):
    """The language that the class of a <pre> or of the <code> in it names."""
    code = pre.find("code")
    names = [*pre.get("class", ()), *(code.get("class", ()) if code else ())]
    found = re.search(r"\b(?:language-|lang-|brush: ?)([\w+#-]+)", " ".join(names))
    return found[1].lower() if found else ""


def is_stuck(sign, neighbour):
    """Whether a mark between the two would be no markup, as CommonMark has it.

    `sign` is the first or last character of what is marked, `neighbour` the one beside the mark.
    """
    if sign.isalnum() or not neighbour or neighbour.isspace():
        return False
    return neighbour.isalnum() or not unicodedata.category(neighbour).startswith("P")


def parts(text):
    """The text with the space before and after it."""
    before, inner, after = _EDGES.fullmatch(text).groups()
    return before and " ", inner, after and " "


def coded(code):
    """The Markdown of code in a line, whatever backticks are in it."""
    runs, fence = {*re.findall("`+", code)}, "`"
    while fence in runs:
        fence += "`"
    space = " " if code[0] == "`" or code[-1] == "`" else ""
    return fence + space + code.replace("\n", " ") + space + fence


def in_a_line(text):
    """The Markdown of a cell's blocks as that of a line."""
    return _BREAKS.sub(lambda found: " " if found[0] == "\n" else "<br>", text)


def span(cell, name):
    value = cell.get(name, "")
    return int(value) if re.fullmatch("[1-9][0-9]{0,3}", value, re.ASCII) else 1


class Converter(MarkdownConverter):
    """markdownify, with our own marks, lists, tables, code blocks and pictures."""

    class Options(MarkdownConverter.DefaultOptions):
        heading_style = "atx"
        newline_style = "backslash"

    def process_element(self, node, parent_tags=None):
        # The library takes what is in <kbd> and <samp> for code, too.
        if parent_tags and not parent_tags & {"code", "pre"}:
            parent_tags = parent_tags - {"_noformat"}
        return super().process_element(node, parent_tags)

    def escape(self, text, parent_tags):
        return text  # `settle` has done it

    def convert_div(self, el, text, parent_tags):
        text = text.strip()
        if "_inline" in parent_tags and not parent_tags & {"td", "th"}:
            return f" {text} "
        return f"\n\n{text}\n\n" if text else "\n\n"

    def convert_mark(self, el, text, parent_tags):
        """What is marked between two signs, or where those would be no markup in its element."""
        before, inner, after = parts(text)
        sign = MARKS.get(el.name)
        neighbour = el.previous_sibling
        if not inner:
            return text
        if not sign or (
            (neighbour is not None and neighbour.name in MARKS)
            or is_stuck(inner[0], before or beside(el, -1))
            or is_stuck(inner[-1], after or beside(el, 1))
        ):
            given = "".join(
                f' {name}="{html.escape(" ".join(el[name].split()))}"'
                for name in ATTRIBUTES
                if not sign and el.get(name)
            )
            return f"{before}<{el.name}{given}>{inner}</{el.name}>{after}"
        return before + sign + inner + sign + after

    def convert_code(self, el, text, parent_tags):
        if "pre" in parent_tags:
            return text
        before, inner, after = parts(text)
        return before + coded(inner) + after if inner else text

    def convert_br(self, el, text, parent_tags):
        if parent_tags & {"td", "th"}:
            return "<br>"
        return " " if "_inline" in parent_tags else "\\\n"

    def convert_blockquote(self, el, text, parent_tags):
        if "_inline" in parent_tags:
            return self.convert_div(el, text, parent_tags)
        return super().convert_blockquote(el, text, parent_tags)

    def convert_hr(self, el, text, parent_tags):
        return " " if "_inline" in parent_tags else "\n\n---\n\n"

    def convert_details(self, el, text, parent_tags):
        summary = el.find("summary", recursive=False)
        words = html.escape(" ".join(summary.get_text(" ").split()), quote=False) if summary else ""
        opening = "<details open>" if "open" in el.attrs else "<details>"
        return f"\n\n{opening}\n<summary>{words}</summary>\n\n{text.strip()}\n\n</details>\n\n"

    def convert_summary(self, el, text, parent_tags):
        return ""

    def convert_dd(self, el, text, parent_tags):
        term = el.find_previous_sibling()
        while term is not None and term.name == "dd":
            term = term.find_previous_sibling()
        is_named = term is not None and term.name == "dt" and term.get_text(strip=True)
        if not is_named or not text.strip() or "_inline" in parent_tags:
            return self.convert_div(el, text, parent_tags)
        return super().convert_dd(el, text, parent_tags)

    def convert_dt(self, el, text, parent_tags):
        if "_inline" in parent_tags or not text.strip():
            return self.convert_div(el, text, parent_tags)
        return super().convert_dt(el, text, parent_tags)

    def convert_hN(self, n, el, text, parent_tags):
        if parent_tags & {"td", "th"} or not text.strip():
            return self.convert_div(el, text, parent_tags)
        # At its end they would belong to the heading's own.
        text = re.sub(r"((?:^|\s))(#+\s*)$", r"\1\\\2", text)
        return super().convert_hN(n, el, text, parent_tags)

    def convert_list(self, el, text, parent_tags):
        if parent_tags & {"td", "th"}:
            start = f' start="{el["start"]}"' if el.name == "ol" and el.get("start") else ""
            return f"<{el.name}{start}>{text}</{el.name}>"
        if "li" not in parent_tags:
            return f"\n\n{text.strip()}\n\n"
        # A list that begins with another number than 1 does not end a paragraph.
        first = el.find("li", recursive=False)
        is_first = first is None or first.get("data-mark", "")[:2] in ("- ", "* ", "1.", "1)")
        return ("\n" if is_first else "\n\n") + text.strip() + "\n\n"

    convert_ul = convert_ol = convert_list

    def convert_li(self, el, text, parent_tags):
        text = text.strip()
        if parent_tags & {"td", "th"}:
            return f"<li>{in_a_line(text)}</li>"
        mark, task = el.get("data-mark", "- "), el.get("data-task", "")
        if not text and not task:
            return "\n"
        return mark + task + re.sub("\n(?=[^\n])", "\n" + " " * len(mark), text) + "\n"

    def convert_td(self, el, text, parent_tags):
        el["data-cell"] = in_a_line(text.strip()).replace("|", "\\|")
        return ""

    convert_th = convert_td

    def convert_tr(self, el, text, parent_tags):
        return ""

    def convert_table(self, el, text, parent_tags):
        rows = (
            [
                (
                    (cell["data-cell"], cell["data-align"]),
                    span(cell, "colspan"),
                    span(cell, "rowspan"),
                )
                for cell in row.find_all(["td", "th"])
            ]
            for row in el.find_all("tr")
        )
        return f"\n\n{written(spread(rows))}\n\n"

    def convert_pre(self, el, text, parent_tags):
        # As written: what is inside it is no Markdown.
        code = el.get_text().strip("\n")
        if parent_tags & {"td", "th"}:
            lines = (coded(line) for line in code.split("\n") if line.strip())
            return "\n\n{}\n\n".format("<br>".join(lines))
        return f"\n\n{fenced(code, language_of(el))}\n\n" if code.strip() else ""

    def convert_img(self, el, text, parent_tags):
        # Also in headings and tables, where markdownify keeps only the words.
        address = el.get("src") or el.get("data-src") or ""
        return image(address, el.get("alt") or "", el.get("title") or "") if address else ""

    def convert_a(self, el, text, parent_tags):
        href = re.sub(r"[\s<>()]", lambda c: f"%{ord(c[0]):02X}", (el.get("href") or "").strip())
        before, text, after = parts(text)
        text = " ".join(text.split())
        if not href or not text:
            return before + text + after
        if text.replace("\\", "") == href and re.match("https?://", href):
            return f"{before}<{href}>{after}"
        return f"{before}[{text}]({href}){after}"


for _name in [*INLINE, *MARKS]:
    setattr(Converter, f"convert_{_name}", Converter.convert_mark)
for _name in PARAGRAPHS:
    setattr(Converter, f"convert_{_name}", Converter.convert_div)
_CONVERTER = Converter()
