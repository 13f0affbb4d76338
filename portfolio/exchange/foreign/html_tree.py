"""What HTML says in many ways, said in one: the tree of it before it becomes Markdown.

The rules are those of `portfolio.html_rules`; static/portfolio/from-html.js does the same.
"""

import re
from collections import Counter

from bs4 import Tag

from portfolio.html_rules import (
    ALIGNED,
    ALIGNMENT,
    BLOCKS,
    CODE_CELLS,
    ESCAPES,
    HIDDEN,
    INLINE,
    LISTS,
    MARKS,
    PARAGRAPHS,
    SAME,
)

_TEXT, _LINK = (re.compile(ESCAPES[name]) for name in ("text", "link"))
_LINE, _NUMBER = (re.compile(ESCAPES[name], re.M) for name in ("line", "number"))
_ALIGNMENT = {name: re.compile(pattern, re.I) for name, pattern in ALIGNMENT.items()}
_HIDDEN = {name: re.compile(pattern, re.I) for name, pattern in HIDDEN.items()}
_LISTS = ("ul", "ol")
_CELLS = ("td", "th")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_WIDEST = 1_000  # columns
_EMPTY = ("", "")


def settle(soup):
    """Change the tree so that each thing is said in one way, and no text is taken for markup."""
    for tag in soup.find_all([*SAME]):
        tag.name = SAME[tag.name]
    for tag in soup.find_all(is_hidden):
        if not tag.decomposed:
            tag.decompose()
    for tag in soup.find_all("span"):
        tag.unwrap()
    for tag in soup.find_all("table"):
        settle_code(tag)
    for code in soup.find_all("code"):
        if soup not in code.parents:
            continue  # it was in another
        for br in code.find_all("br"):
            br.replace_with("\n" if code.find_parent("pre") else " ")
        if words := code.get_text():
            code.string = words
        if not words.strip():
            code.unwrap()
        elif isinstance(before := code.previous_sibling, Tag) and before.name == "code":
            code.insert(0, before.extract().get_text())
    for tag in soup.find_all(["details", "summary"]):
        if is_within(tag, _CELLS) or (tag.name == "summary" and tag.parent.name != "details"):
            tag.name = "div"
    soup.smooth()
    for tag in soup.find_all("table"):
        settle_table(tag)
    for line in soup.find_all(["a", *_HEADINGS]):
        for block in line.find_all(["br", *BLOCKS]):
            block.append(" ")
            block.unwrap()
    for br in soup.find_all("br"):
        settle_break(br)
    # What is inside another comes before it.
    for tag in soup.find_all([*MARKS, *INLINE, "a"])[::-1]:
        if not tag.decomposed:
            settle_mark(tag)
    for br in soup.find_all("br"):
        settle_break(br)
    soup.smooth()
    for item in soup.find_all("li"):
        inside_a_list(item)
    for tag in soup.find_all(_LISTS):
        settle_levels(tag)
    for tag in soup.find_all(_LISTS):
        settle_list(tag)
    for item in soup.find_all("li"):
        settle_task(item)
    for tag in soup.find_all(_LISTS):
        number(tag)
    for item in soup.find_all("li"):
        settle_paragraph(item)
    for text in soup.find_all(string=True):
        escape(text)


def attribute(tag, name):
    value = tag.get(name, "")
    return value if isinstance(value, str) else " ".join(value)


def is_hidden(tag):
    """Whether only screen readers say it, and it is not the box of a task."""
    return any(pattern.search(attribute(tag, name)) for name, pattern in _HIDDEN.items()) and not (
        tag.name == "task" or tag.find("task")
    )


def is_block(node):
    return isinstance(node, Tag) and node.name in BLOCKS


def is_edge(node):
    """Whether a line begins or ends at the node, which is beside a place or around it."""
    return (
        is_block(node)
        or node.name == "[document]"
        or (isinstance(node, Tag) and node.find([*BLOCKS]) is not None)
    )


def is_blank(node):
    return not isinstance(node, Tag) and not node.strip()


def neighbour(node, side):
    """The node before or after one, with -1 or 1, past what is blank; None if there is none."""
    name = "next_sibling" if side > 0 else "previous_sibling"
    node = getattr(node, name)
    while node is not None and is_blank(node):
        node = getattr(node, name)
    return node


def is_within(node, names):
    return any(parent.name in names for parent in node.parents)


def settle_break(br):
    """At the beginning or the end of a block a break breaks nothing; two begin a paragraph."""
    before, after = neighbour(br, -1), neighbour(br, 1)
    if after is not None and after.name == "br":
        br.name = "p"
    elif is_edge(before or br.parent) or is_edge(after or br.parent):
        br.decompose()


# Marks and other elements of a line.


def settle_mark(tag):
    """Let a mark stand in one paragraph, once, around what it marks."""
    if is_within(tag, {tag.name}) or (
        tag.name == "strong" and tag.find_parent(re.compile("^h[1-6]$"))
    ):
        tag.unwrap()
        return
    if not tag.get_text(strip=True) and not tag.find("img"):
        breaks = tag.find_all("br")
        tag.unwrap()
        for br in breaks:
            settle_break(br)
        return
    before = tag.previous_sibling
    while tag.name in MARKS and isinstance(before, Tag) and before.name == tag.name:
        for child in [*before.contents][::-1]:
            tag.insert(0, child)
        before.decompose()
        before = tag.previous_sibling
    if tag.find([*BLOCKS]):
        push_down(tag)
        return
    for edge, put in ((0, tag.insert_before), (-1, tag.insert_after)):
        inner = [child for child in tag.contents if not is_blank(child)]
        while inner and inner[edge].name == "br":
            br = inner.pop(edge).extract()
            put(br)
            settle_break(br)


def push_down(tag):
    """Instead of the tag, one of its name in each paragraph and around each text in it."""
    name, attributes, open_mark = tag.name, tag.attrs, None
    marks = []
    for child in [*tag.contents]:
        if isinstance(child, Tag) and (child.name in BLOCKS or child.find([*BLOCKS])):
            open_mark = None
            if child.name in PARAGRAPHS or child.name not in BLOCKS:
                mark = Tag(name=name, attrs=dict(attributes))
                mark.extend([*child.contents])
                child.append(mark)
                marks.append(mark)
        elif open_mark is not None:
            open_mark.append(child)
        elif not is_blank(child):
            open_mark = Tag(name=name, attrs=dict(attributes))
            marks.append(open_mark)
            child.insert_before(open_mark)
            open_mark.append(child)
    tag.unwrap()
    for mark in marks:
        settle_mark(mark)


def beside(tag, side):
    """The character before or after an element in its block, with -1 or 1; "" if there is none."""
    name = "next_sibling" if side > 0 else "previous_sibling"
    while tag is not None and tag.name not in BLOCKS:
        node = getattr(tag, name)
        while node is not None:
            if is_block(node) or node.name == "br":
                return ""
            if text := node.get_text() if isinstance(node, Tag) else str(node):
                return text[0 if side > 0 else -1]
            node = getattr(node, name)
        tag = tag.parent
    return ""


# Lists.


def inside_a_list(item):
    if item.parent.name not in _LISTS:
        before = neighbour(item, -1)
        if not isinstance(before, Tag) or before.name != "ul":
            before = Tag(name="ul")
            item.insert_before(before)
        before.append(item.extract())


def settle_levels(tag):
    """Quill has all items in one list, and says of each its level and of what list it is."""
    items = tag.find_all("li", recursive=False)
    if tag.find(_LISTS) or not any(item.get("data-list") in LISTS for item in items):
        return
    lists = []  # the last of each level
    for item in items:
        name = LISTS.get(item.get("data-list"), tag.name)
        indent = re.search(r"\bql-indent-(\d)", attribute(item, "class"))
        level = min(int(indent[1]) if indent else 0, len(lists))
        del lists[level + 1 :]
        if level == len(lists) or lists[level].name != name:
            new = Tag(name=name)
            if level < len(lists):
                lists.pop().insert_after(new)
            elif lists:
                lists[-1].contents[-1].append(new)
            else:
                tag.insert_before(new)
            lists.append(new)
        lists[level].append(item.extract())
    tag.unwrap()


def settle_list(tag):
    """Let all that stands directly in a list be of the item before it."""
    item = None
    for child in [*tag.contents]:
        if isinstance(child, Tag) and child.name == "li":
            item = child
        elif not is_blank(child):
            if item is None:
                item = Tag(name="li")
                child.insert_before(item)
            if not is_block(child):
                child = child.wrap(Tag(name="p"))
            item.append(child.extract())


def settle_task(item):
    """Let the box of a task be the first of its item, whatever says that it is done."""
    boxes = [box for box in item.find_all("task") if box.find_parent("li") is item]
    state = item.get("aria-checked") or item.get("data-checked") or item.parent.get("data-checked")
    said = [item.get("data-list"), *item.get("class", ())]
    if "inline-task-list" in item.parent.get("class", ()):  # Confluence's
        said.append("unchecked")
    if not state and (said := [each for each in said if each in ("checked", "unchecked")]):
        state = str(said[0] == "checked").lower()
    for mark in item.find_all(class_=re.compile("^checkbox-(?:on|off)$")):
        if mark.find_parent("li") is item:
            state = state or str("checkbox-on" in mark["class"]).lower()
    if boxes:
        state = state or str("checked" in boxes[0].attrs).lower()
    for box in boxes:
        box.decompose()
    if state and item.get_text(strip=True) and not is_within(item, _CELLS):
        item["data-task"] = "[x] " if state == "true" else "[ ] "


def number(tag):
    """Say here what stands before each item: markdownify would take the square of the time.

    A list counts on from its first number, so where the numbers do not, and beside another list,
    there begins another: the other sign says so.
    """
    before = neighbour(tag, -1)
    is_beside = isinstance(before, Tag) and before.name == tag.name
    sign = before.get("data-sign") if is_beside else None
    if tag.name == "ul":
        sign = "*" if sign == "-" else "-"
    items = tag.find_all("li", recursive=False)
    step = -1 if "reversed" in tag.attrs else 1
    now = whole(tag.attrs.pop("start", ""), len(items) if step < 0 else 1)
    due = None
    for item in items:
        now = whole(item.get("value"), now)
        if tag.name == "ol":
            if now != due:
                sign = ")" if sign == "." else "."
            item["data-mark"] = f"{now}{sign} "
            due = now + 1
            if item is items[0] and now != 1:
                tag["start"] = now
        else:
            item["data-mark"] = f"{sign} "
        now = max(0, now + step)
    if sign:
        tag["data-sign"] = sign


def settle_paragraph(item):
    """Let the text of an item that has one paragraph be just that."""
    paragraphs = item.find_all("p", recursive=False)
    if len(paragraphs) == 1 and neighbour(paragraphs[0], -1) is None:
        after = neighbour(paragraphs[0], 1)
        if after is None or is_edge(after):
            paragraphs[0].unwrap()


def whole(value, default):
    return int(value) if re.fullmatch("[0-9]{1,9}", value or "", re.ASCII) else default


# Tables.


def settle_code(tag):
    """GitHub and others show code as a table, with the number of each line."""
    lines = [line for line in tag.select(CODE_CELLS) if line.find_parent("table") is tag]
    if lines:
        pre = Tag(name="pre")
        pre.string = "\n".join(line.get_text().strip("\n") for line in lines)
        tag.replace_with(pre)


def settle_table(tag):
    """Let a table have rows and cells alone, or be paragraphs if it only lays things out."""
    for cell in tag.find_all(_CELLS) if is_grid(tag) else ():
        cell["data-align"] = alignment(cell)
    for part in tag.find_all(["thead", "tbody", "tfoot"]):
        if part.find_parent("table") is tag:
            part.unwrap()
    for caption in tag.find_all("caption"):
        if caption.find_parent("table") is tag:
            caption.name = "p"
            tag.insert_before(caption.extract())
    if is_grid(tag):
        return
    for part in tag.find_all(["tr", *_CELLS]):
        if part.find_parent("table") is tag:
            part.name = "div"
    tag.name = "div"


def alignment(cell):
    """A cell's alignment, or that of what is all there is in it, or else of its row; or ""."""
    text = cell.get_text().strip()
    inside = [
        tag for tag in cell.find_all(["p", "div", "center"]) if tag.get_text().strip() == text
    ]
    for tag in (cell, *inside, cell.parent, cell.parent.parent):
        if tag is None or tag.name == "table":
            break
        for name, pattern in _ALIGNMENT.items():
            if found := pattern.search(attribute(tag, name)):
                return found[1].lower()
        if tag.name == "center":
            return "center"
    return ""


def is_grid(tag):
    if tag.find("table") or tag.get("role") == "presentation" or is_within(tag, {"table"}):
        return False
    rows = [len(row.find_all(_CELLS)) for row in tag.find_all("tr")]
    return bool(tag.find("th")) or (len(rows) > 1 and max(rows) > 1)


def spread(rows):
    """A table's lines of cells, each an empty one more where a cell spans others.

    `rows` have cells as ((text, alignment), columns, rows). What is empty at its edges is left out.
    """
    lines, covered = [], {}  # the columns that a cell above covers, and in how many lines more
    for row in rows:
        line = []
        for content, wide, high in (*row, (None, 0, 0)):
            while covered.get(len(line)):
                covered[len(line)] -= 1
                line.append(_EMPTY)
            if content is not None:
                wide = max(1, min(wide, _WIDEST - len(line)))
                covered |= dict.fromkeys(range(len(line), len(line) + wide), high - 1)
                line += [content, *[_EMPTY] * (wide - 1)]
        while line and not line[-1][0]:
            line.pop()
        lines.append(line)
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return lines


def alignments(lines, width):
    """How each column is aligned: as most of its cells are, or else as its head is."""
    votes = [Counter({"": 0}) for _ in range(width)]
    for line in lines[1:]:
        for column, (text, align) in enumerate(line):
            if text:
                votes[column][align] += 1
    head = [align for _, align in lines[0]] + [""] * (width - len(lines[0]))
    return [ALIGNED[max(each, key=each.get) or own] for each, own in zip(votes, head, strict=True)]


def written(lines):
    """The Markdown of a table, whose first line is its head."""
    width = max(map(len, lines), default=0)
    if not width:
        return ""
    shown = [
        [*(text for text, _ in line), *[""] * ((min(width, 100) if at else width) - len(line))]
        for at, line in enumerate(lines)
    ]
    shown.insert(1, alignments(lines, width))
    return "\n".join("|" + "".join(f" {cell} |" for cell in line) for line in shown)


# Text.


def escape(text):
    """Put a backslash before what would be markup, and only there: people edit it by hand."""
    names = {parent.name for parent in text.parents}
    if names & {"code", "pre", "summary"} or not text.strip():
        return
    new = (_LINK if "a" in names else _TEXT).sub(escaped, re.sub("[ \\t]+", " ", text))
    if not names & {*_CELLS}:
        # Of a text in the middle of a line only the other lines begin with their first character.
        before = "" if begins_line(text) else "."
        for pattern in (_LINE, _NUMBER):
            new = pattern.sub(r"\1\\", before + new)[len(before) :]
    if new != text:
        text.replace_with(new)


def escaped(found):
    return "\\" + found[0] if any(found.groups()) else found[0]


def begins_line(text):
    before = neighbour(text, -1) or text.parent
    return is_edge(before) or before.name == "br"
