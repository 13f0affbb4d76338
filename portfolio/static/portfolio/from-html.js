/* HTML of any origin as Markdown. It is parsed into a document in which nothing runs or loads; what
   programs say in ways of their own is said in one, as portfolio/exchange/foreign/html_tree.py does
   it for imports. */

import { BLOCKS, CELLS, rules, service } from "./markdown-rules.js";

// More would take seconds, of the browser's own parser too.
const MOST_CHARACTERS = 500_000;
const MOST_TAGS = 20_000;
const MOST_DEEP = 50; // elements inside each other
const MOST_CELLS = 4_000; // that a page shows as a table

const RUBBISH = `data-styles, script, title, meta, link, template, noscript, iframe, object, embed,
  svg, canvas, audio, video, button, select, textarea, input:not([type=checkbox]),
  [data-style*="display:none" i], [data-style*="display: none" i], [data-style*="mso-hide:all" i]`;
const HEADINGS = "h1, h2, h3, h4, h5, h6";
const LISTS = "ul, ol";
const MARKS = Object.keys(rules.marks).join();
const INLINE = rules.inline.join();
const EXPRESSIBLE = `a, code, li, dl, blockquote, hr, details, [data-grid], [data-note],
  ${HEADINGS}, ${MARKS}, ${INLINE}`;
const KNOWN = `a, code, br, img, input, details, summary, ${MARKS}, ${INLINE}, ${BLOCKS}`;
const SHEET = /google-sheets-html-origin|schemas-microsoft-com:office:excel|Excel\.Sheet/i;
// Each item of Notion's is a list of its own.
const NOTION = ["ul.to-do-list", "ul.bulleted-list", "ol.numbered-list"].map(
  (list) => `${list} + ${list}`,
).join();
const STYLES = {
  strong: /(?<!-)font-weight: ?(?:bold|[6-9]00)/i,
  em: /(?<!-)font-style: ?italic/i,
  del: /text-decoration[^;]*: ?[^;]*line-through/i,
  sup: /vertical-align: ?super/i,
  sub: /vertical-align: ?sub(?!\w)/i,
  u: /text-decoration(?:-line)?: ?[^;]*underline/i,
  mark: /mso-highlight: ?(?!none)/i,
};
const [HIDDEN, ALIGNMENT] = ["hidden", "alignment"].map((rule) => (
  Object.entries(rules[rule]).map(([name, expression]) => (
    [name === "style" ? "data-style" : name, RegExp(expression, "i")]
  ))
));
const [TEXT, LINK] = ["text", "link"].map((name) => RegExp(rules.escapes[name], "g"));
const [LINE, NUMBER] = ["line", "number"].map((name) => RegExp(rules.escapes[name]));

export class TooLarge extends Error {}

/* As {text, dropped}: the Markdown, null if the plain text is what is meant, and the number of
   pictures that could not come along. Footnotes get names that are not in `value`, the text into
   which it comes. Throws TooLarge. */
export function converted(html, value = "") {
  if (html.length > MOST_CHARACTERS || html.split("<").length > MOST_TAGS) throw new TooLarge();
  const { head, body } = new DOMParser().parseFromString(quiet(html), "text/html");
  if (depth(body) > MOST_DEEP) throw new TooLarge();
  const isSheet = isOfSheet(html, head, body);
  if (!isSheet && isPlain(body)) return { text: null, dropped: 0 };
  const { dropped, isEscaped } = clean(body, isSheet, value);
  const isCell = isSheet && body.querySelectorAll(CELLS).length < 2;
  if (isCell || !(isEscaped || body.querySelector(EXPRESSIBLE))) return { text: null, dropped };
  return { text: service.turndown(body), dropped };
}

/* The site's policy forbids styles and scripts; each would be a complaint in the console. */
function quiet(html) {
  const tags = /<[a-z](?:"[^"<]*"|"[^"<]{0,999}<[^"]{0,999}"|'[^'<]*'|[^"'<>])*>|<[a-z][^<>]*/gi;
  return html.replace(/<(\/?)style(?=[\s/>])/gi, "<$1data-styles").replace(tags, (tag) => (
    tag.replace(/"[^"]*"|'[^']*'|(?<=[\s/"'])(?:style|on[a-z]+)(?=\s*=)/gi, (part) => (
      /^["']/.test(part) ? part : `data-${part.toLowerCase()}`
    ))
  ));
}

function isOfSheet(html, head, body) {
  const isOnlyTable = body.children.length === 1 && body.firstElementChild.matches("table");
  return SHEET.test(html.slice(0, 5_000))
    || Boolean(isOnlyTable && head.querySelector('[content^="LibreOffice"]'));
}

/* Whether it is code in an editor's colours. */
function isPlain(body) {
  const only = body.children.length === 1 && body.firstElementChild;
  if (!only) return false;
  if (only.matches("pre")) return !only.querySelector("code");
  return /white-space: ?pre(?:;|$)/i.test(only.dataset.style);
}

const depth = (element) => 1 + Math.max(0, ...Array.from(element.children, depth));
const unwrap = (element) => element.replaceWith(...element.childNodes);
const isElement = (node) => node?.nodeType === Node.ELEMENT_NODE;
const isBlank = (node) => node.nodeType === Node.TEXT_NODE && !node.data.trim();
const has = (element, selector) => element.matches(selector) || element.querySelector(selector);

function make(near, name, attributes = []) {
  const element = near.ownerDocument.createElement(name);
  for (const attribute of attributes) element.setAttribute(attribute.name, attribute.value);
  return element;
}

function wrapInside(element, name, attributes) {
  const inner = make(element, name, attributes);
  inner.append(...element.childNodes);
  element.append(inner);
  return inner;
}

function rename(element, name) {
  const renamed = wrapInside(element, name, element.attributes);
  unwrap(element);
  return renamed;
}

/* The node before or after one, with "previous" or "next", past what is blank. */
function neighbour(node, side) {
  let other = node[`${side}Sibling`];
  while (other && isBlank(other)) other = other[`${side}Sibling`];
  return other;
}

function clean(body, isSheet, value) {
  const all = (selector) => [...body.querySelectorAll(selector)];
  const { dropped } = pictures(all);
  for (const element of all(RUBBISH)) element.remove();
  for (const element of all("[class], [data-style]")) if (isHidden(element)) element.remove();
  const comments = body.ownerDocument.createTreeWalker(body, NodeFilter.SHOW_COMMENT);
  const found = [];
  while (comments.nextNode()) found.push(comments.currentNode);
  for (const comment of found) comment.remove();
  for (const paragraph of all("p[data-style*='mso-list' i]")) listItem(paragraph);
  for (const element of all("[data-style]")) styled(element);
  notes(all, body, value);
  for (const [name, same] of Object.entries(rules.same)) {
    for (const element of all(name)) rename(element, same);
  }
  for (const element of all(`:not(${KNOWN}, .checkbox-on, .checkbox-off)`)) unwrap(element);
  for (const table of all("table")) codeOfTable(table);
  for (const pre of all("pre")) code(pre);
  for (const element of all("code")) codeInLine(element);
  for (const element of all("summary")) {
    if (!element.parentElement.matches("details")) rename(element, "div");
  }
  for (const table of all("table")) grid(table, isSheet);
  if (all("[data-grid] :is(td, th)").length > MOST_CELLS) throw new TooLarge();
  for (const element of all("[data-grid] :is(details, summary)")) rename(element, "div");
  for (const link of all("a")) anchor(link);
  for (const line of all(`a, ${HEADINGS}`)) {
    for (const block of line.querySelectorAll(`br, ${BLOCKS}`)) {
      block.append(" ");
      unwrap(block);
    }
  }
  for (const br of all("br")) lineBreak(br);
  body.normalize();
  // What is inside another comes before it.
  for (const element of all(`a, ${MARKS}, ${INLINE}`).reverse()) {
    if (element.isConnected) mark(element);
  }
  for (const br of all("br")) lineBreak(br);
  lists(all);
  body.normalize();
  return { dropped, isEscaped: escape(body) };
}

/* What only screen readers say, but for the box of a task. */
const isHidden = (element) => !has(element, "input")
  && HIDDEN.some(([name, expression]) => expression.test(element.getAttribute(name) ?? ""));

/* Marks. */

/* Google Docs and others say by style alone what is bold, and that a <b> is not. */
function styled(element) {
  const style = element.dataset.style;
  if (element.matches("b, strong") && /(?<!-)font-weight: ?(?:normal|[1-5]00)/i.test(style)) {
    unwrap(element);
  } else if (element.matches("i, em") && /(?<!-)font-style: ?normal/i.test(style)) {
    unwrap(element);
  } else if (element.matches("span, font") && element.textContent.trim()) {
    for (const [name, pattern] of Object.entries(STYLES)) {
      const isLink = name === "u" && (element.closest("a") || element.querySelector("a"));
      if (pattern.test(style) && !element.closest(name) && !isLink) wrapInside(element, name);
    }
  }
}

/* Lets a mark stand in one paragraph, once, around what it marks. */
function mark(element) {
  const name = element.localName;
  const above = element.parentElement;
  if ("note" in element.dataset) return;
  if (above.closest(name) || (name === "strong" && above.closest(HEADINGS))) {
    unwrap(element);
    return;
  }
  if (!element.textContent.trim()) {
    const breaks = element.querySelectorAll("br");
    unwrap(element);
    breaks.forEach(lineBreak);
    return;
  }
  while (name in rules.marks && element.previousSibling?.localName === name) {
    const before = element.previousSibling;
    element.prepend(...before.childNodes);
    before.remove();
  }
  if (element.querySelector(BLOCKS)) {
    pushDown(element);
    return;
  }
  for (const [edge, put] of [["firstChild", "before"], ["lastChild", "after"]]) {
    for (;;) {
      while (element[edge] && isBlank(element[edge]) && element[edge] !== element.lastElementChild
        && neighbour(element[edge], put === "before" ? "next" : "previous")?.nodeName === "BR") {
        element[put](element[edge]);
      }
      if (element[edge]?.nodeName !== "BR") break;
      const br = element[edge];
      element[put](br);
      lineBreak(br);
    }
  }
}

/* Instead of the element, one of its name in each paragraph and around each text in it. */
function pushDown(element) {
  const marks = [];
  let open = null;
  for (const child of [...element.childNodes]) {
    if (isElement(child) && has(child, BLOCKS)) {
      open = null;
      if (rules.paragraphs.includes(child.localName) || !child.matches(BLOCKS)) {
        marks.push(wrapInside(child, element.localName, element.attributes));
      }
    } else if (open) {
      open.append(child);
    } else if (!isBlank(child)) {
      open = make(element, element.localName, element.attributes);
      child.before(open);
      open.append(child);
      marks.push(open);
    }
  }
  unwrap(element);
  marks.forEach(mark);
}

/* Lists. */

/* A list of Word's is paragraphs, each with its bullet or number as text. */
function listItem(paragraph) {
  const [, level] = paragraph.dataset.style.match(/mso-list: ?l\d+ level(\d+)/i) ?? [];
  if (!level) return;
  const bullet = paragraph.querySelector("[data-style*='mso-list:' i][data-style*='ignore' i]");
  const sign = bullet?.textContent.trim() ?? "";
  bullet?.remove();
  const isOrdered = /\d|[a-z][.)]/i.test(sign);
  const list = make(paragraph, isOrdered ? "ol" : "ul");
  const item = make(paragraph, "li");
  Object.assign(list.dataset, { level });
  Object.assign(item.dataset, isOrdered ? { sign } : {});
  if (/^[☐☑☒]/.test(sign)) item.dataset.checked = String(sign !== "☐");
  item.append(...paragraph.childNodes);
  list.append(item);
  paragraph.replaceWith(list);
  nest(list);
}

const ROMAN = { i: 1, v: 5, x: 10, l: 50, c: 100, d: 500, m: 1000 };

/* The number that a list's mark such as "3.", "b)", "iv." or "1.2." says, after the one before. */
function numbered(sign, before) {
  const [, digits, letters] = sign.toLowerCase().match(/(?:(\d+)|([a-z]+))[^\da-z]*$/) ?? [];
  if (digits) return Number(digits);
  if (!letters) return NaN;
  const values = [...letters].map((letter) => ROMAN[letter]);
  const roman = values.reduce((sum, each, at) => sum + (each < values[at + 1] ? -each : each), 0);
  const alphabetic = letters.charCodeAt(0) - 96 + 26 * (letters.length - 1);
  const isRoman = roman && (letters.length > 1 || (before ? roman === before + 1 : roman === 1));
  return isRoman && alphabetic !== before + 1 ? roman : alphabetic;
}

const levelOf = (item) => {
  const given = item.getAttribute("aria-level") ?? item.dataset.ariaLevel;
  const indent = item.className.match(/\bql-indent-(\d)/)?.[1] ?? item.parentElement.dataset.indent;
  return Number(given) || Number(indent ?? 0) + 1;
};

/* Puts a list of a deeper level into the last item of the list before it, and joins it with one of
   its own level and kind. */
function nest(list) {
  const level = Number(list.dataset.level);
  let host = neighbour(list, "previous");
  if (!isElement(host) || !host.matches("[data-level]")) return;
  for (;;) {
    const inner = host.lastElementChild?.lastElementChild;
    if (Number(host.dataset.level) >= level) break;
    if (!inner?.matches("[data-level]")) {
      host.lastElementChild.append(list);
      return;
    }
    host = inner;
  }
  if (Number(host.dataset.level) !== level) return;
  if (host.localName === list.localName) {
    host.append(...list.children);
    list.remove();
  } else {
    host.after(list);
  }
}

/* Word in a browser, Slack and others write lists one after the other, and the level of each. */
function levelled(list) {
  if ("level" in list.dataset || list.parentElement.closest(LISTS)) return;
  const items = [...list.children];
  const says = (item) => item.dataset.ariaLevel || list.dataset.indent || levelOf(item) > 1
    || item.dataset.list in rules.lists;
  const isFlat = items.every((item) => item.matches("li") && !item.querySelector(LISTS));
  if (!isFlat || !items.some(says)) return;
  const levels = items.map(levelOf);
  const first = Number(list.getAttribute("start"));
  if (first && items.length === 1) items[0].value ||= first;
  const all = items.map((item, at) => {
    const own = make(list, rules.lists[item.dataset.list] ?? list.localName);
    own.dataset.level = levels[at];
    own.append(item);
    return own;
  });
  let wrapper = list;
  while (wrapper.parentElement.matches("div") && wrapper.parentElement.children.length === 1) {
    wrapper = wrapper.parentElement;
  }
  wrapper.replaceWith(...all);
  all.forEach(nest);
}

function lists(all) {
  for (const item of all("li")) {
    if (!item.parentElement.matches(LISTS)) inList(item);
  }
  for (const list of all(NOTION)) {
    list.previousElementSibling.append(...list.children);
    list.remove();
  }
  for (const list of all(LISTS)) levelled(list);
  for (const list of all(LISTS)) settled(list);
  for (const item of all("li")) task(item);
  for (const list of all(LISTS)) number(list);
  for (const paragraph of all("li > p:only-of-type")) {
    const after = neighbour(paragraph, "next");
    if (!neighbour(paragraph, "previous") && (!after || isEdge(after))) unwrap(paragraph);
  }
}

function inList(item) {
  const before = neighbour(item, "previous");
  if (before?.nodeName === "UL") {
    before.append(item);
  } else {
    const list = make(item, "ul");
    item.before(list);
    list.append(item);
  }
}

/* Lets all that stands directly in a list be of the item before it. */
function settled(list) {
  let item;
  for (const child of [...list.childNodes]) {
    if (child.nodeName === "LI") {
      item = child;
    } else if (!isBlank(child)) {
      if (!item) {
        item = make(list, "li");
        child.before(item);
      }
      const isBlock = isElement(child) && child.matches(BLOCKS);
      item.append(child);
      if (!isBlock) {
        const paragraph = make(list, "p");
        child.before(paragraph);
        paragraph.append(child);
      }
    }
  }
}

/* Lets the box of a task be the first of its item, whatever says that it is done. */
function task(item) {
  const own = (selector) => (
    [...item.querySelectorAll(selector)].filter((each) => each.closest("li") === item)
  );
  const boxes = own("input");
  const list = item.parentElement;
  const said = [item.dataset.list, ...item.classList].find((each) => /^(?:un)?checked$/.test(each))
    ?? (list.matches(".inline-task-list") ? "unchecked" : undefined); // Confluence's
  const state = item.getAttribute("aria-checked") ?? item.dataset.checked ?? list.dataset.checked
    ?? (said && String(said === "checked"))
    ?? own(".checkbox-on, .checkbox-off").map((each) => String(each.matches(".checkbox-on")))[0]
    ?? boxes.map((box) => String(box.checked))[0];
  for (const box of boxes) box.remove();
  if (state && item.textContent.trim() && !item.closest("[data-grid]")) {
    item.dataset.task = state === "true" ? "[x] " : "[ ] ";
  }
}

/* A list counts on from its first number, so where the numbers do not, and beside another list,
   there begins another: the other sign says so. */
function number(list) {
  const before = neighbour(list, "previous");
  let sign = before?.nodeName === list.nodeName ? before.dataset.mark : undefined;
  if (list.matches("ul")) sign = sign === "-" ? "*" : "-";
  const items = [...list.children];
  const step = list.reversed ? -1 : 1;
  const whole = (text, other) => (/^\d{1,9}$/.test(text ?? "") ? Number(text) : other);
  let now = whole(list.getAttribute("start"), step < 0 ? items.length : 1);
  let last = 0;
  let due;
  for (const item of items) {
    if (item.dataset.sign) now = whole(String(numbered(item.dataset.sign, last)), now);
    now = whole(item.getAttribute("value"), now);
    if (list.matches("ol")) {
      if (now !== due) sign = sign === "." ? ")" : ".";
      due = now + 1;
      last = now;
      if (item === items[0] && now !== 1) list.setAttribute("start", now);
    }
    item.dataset.mark = list.matches("ol") ? `${now}${sign} ` : `${sign} `;
    now = Math.max(0, now + step);
  }
  if (sign) list.dataset.mark = sign;
}

/* Code, lines and tables. */

/* GitHub and others show code as a table, with the number of each line. */
function codeOfTable(table) {
  const lines = [...table.querySelectorAll(rules.code)].filter((line) => line.closest("table") === table);
  if (!lines.length) return;
  const pre = make(table, "pre");
  pre.textContent = lines.map((line) => line.textContent.replace(/^\n+|\n+$/g, "")).join("\n");
  table.replaceWith(pre);
}

function code(pre) {
  for (const br of pre.querySelectorAll("br")) br.replaceWith("\n");
  const names = [pre, pre.querySelector("code"), pre.parentElement];
  const language = names.map((each) => each?.className).join(" ")
    .match(/\b(?:language|lang|highlight-source)-([\w+#-]+)/)?.[1];
  const inner = make(pre, "code");
  inner.textContent = pre.textContent.replace(/^\n+|\n+$/g, "");
  if (language) inner.className = `language-${language}`;
  pre.replaceChildren(inner);
}

function codeInLine(element) {
  if (element.closest("pre")) return;
  for (const br of element.querySelectorAll("br")) br.replaceWith(" ");
  const words = element.textContent;
  const before = element.previousSibling;
  if (!words.trim()) {
    element.replaceWith(words);
  } else if (before?.nodeName === "CODE") {
    element.textContent = before.textContent + words;
    before.remove();
  } else {
    element.textContent = words;
  }
}

/* Whether a line begins or ends at a node, which is beside a place or around it. */
const isEdge = (node) => isElement(node) && Boolean(has(node, BLOCKS));

/* At the beginning or the end of a block one breaks nothing; two begin a paragraph. */
function lineBreak(br) {
  const after = neighbour(br, "next");
  if (after?.nodeName === "BR") br.replaceWith(make(br, "p"));
  else if (isEdge(neighbour(br, "previous") ?? br.parentElement) || isEdge(after ?? br.parentElement)) {
    br.remove();
  }
}

/* Tables that only lay things out, as in mail, are left to be paragraphs. */
function grid(table, isSheet) {
  const { rows, caption } = table;
  if (caption) table.before(rename(caption, "p"));
  const widths = [...rows].map((row) => row.cells.length);
  const isData = isSheet || table.querySelector("th")
    || (rows.length > 1 && Math.max(...widths) > 1);
  const isOne = !table.querySelector("table") && !table.parentElement.closest("table");
  if (isData && isOne && table.getAttribute("role") !== "presentation") table.dataset.grid = "";
  for (const cell of table.querySelectorAll("[data-grid] :is(td, th)")) cell.dataset.align = alignment(cell);
}

/* A cell's alignment, or that of what is all there is in it, or else of its row. */
function alignment(cell) {
  const around = [cell.parentElement, cell.parentElement.parentElement];
  const words = cell.textContent.trim();
  const inside = [...cell.querySelectorAll("p, div, center")].filter(
    (each) => each.textContent.trim() === words,
  );
  for (const element of [cell, ...inside, ...around]) {
    if (element.matches("table")) break;
    for (const [name, expression] of ALIGNMENT) {
      const found = element.getAttribute(name)?.match(expression);
      if (found) return found[1].toLowerCase();
    }
    if (element.matches("center")) return "center";
  }
  return "";
}

function address(value, protocols) {
  try {
    const { protocol, href } = new URL(value.trim());
    return protocols.includes(protocol) ? href : null;
  } catch {
    return null;
  }
}

/* A picture elsewhere becomes a link to it; how many could not, without those that show nothing. */
function pictures(all) {
  let dropped = 0;
  for (const image of all("img")) {
    const source = image.getAttribute("src") ?? "";
    const alt = image.getAttribute("alt")?.trim() ?? "";
    const href = address(source, ["http:", "https:"]);
    if (/^[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\u200d\ufe0f]+$/u.test(alt)) {
      image.replaceWith(alt);
    } else if (isDecoration(image, source, alt)) {
      image.remove();
    } else if (href) {
      const link = make(image, "a");
      link.href = href;
      link.textContent = alt || "picture";
      image.replaceWith(image.closest("a") ? link.textContent : link);
    } else {
      image.remove();
      dropped += 1;
    }
  }
  return { dropped };
}

/* A task's box, a dot that counts readers, what keeps a place. */
function isDecoration(image, source, alt) {
  const sizes = ["width", "height"].map((name) => (
    image.getAttribute(name) ?? image.dataset.style?.match(RegExp(`(?<![-\\w])${name}: ?([\\d.]+)px`))?.[1]
  ));
  const isDot = sizes.some((size) => size !== undefined && parseFloat(size) <= 2);
  const isSmall = /^data:/i.test(source) && (source.length < 200 || /^data:image\/svg/i.test(source));
  return isDot || (isSmall && !alt) || image.getAttribute("aria-hidden") === "true"
    || image.matches("[role=presentation], [role=none], li[role=checkbox] > img")
    || Boolean(image.closest("[aria-hidden=true]"));
}

function anchor(link) {
  const href = address(link.getAttribute("href") ?? "", ["http:", "https:", "mailto:", "tel:"]);
  const words = link.textContent.trim();
  if (!href || !words) {
    unwrap(link);
    return;
  }
  link.href = href;
  link.removeAttribute("title");
  if (words === href) link.dataset.bare = "";
}

/* The outermost element of a line that has no more text than a link in it. */
function alone(link) {
  let element = link;
  const words = link.textContent.trim();
  while (!element.parentElement.matches(BLOCKS) && element.parentElement.textContent.trim() === words) {
    element = element.parentElement;
  }
  return element;
}

/* The rule that stands directly before a note or the notes. */
function ruleBefore(block, body) {
  for (let node = block; node !== body; node = node.parentElement) {
    let before = neighbour(node, "previous");
    while (before?.nodeName === "BR") before = neighbour(before, "previous");
    if (before) return before.nodeName === "HR" ? before : null;
  }
  return null;
}

/* Notes: a link to a place that has a link back to it. */
function notes(all, body, value) {
  const places = new Map();
  for (const element of all("[id], a[name]")) {
    for (const name of [element.id, element.getAttribute("name")]) if (name) places.set(name, element);
  }
  const target = (link) => link.getAttribute("href").match(/#(.+)$/)?.[1];
  const blocks = new Map(); // each note, and its name
  let next = 1;
  for (const link of all("a[href*='#']")) {
    const place = places.get(target(link));
    if (!link.isConnected) continue; // it was beside another that says nothing
    const outermost = alone(link);
    const mine = [outermost.parentElement, outermost, ...outermost.querySelectorAll("*")].flatMap(
      (each) => [each.id, each.getAttribute("name")],
    ).filter(Boolean);
    const block = place && place !== body && (place.closest("li")
      ?? place.closest("[data-style*='mso-element']") ?? place.closest("p, dd, div"));
    const back = block && [...block.querySelectorAll("a[href*='#']")].find(
      (each) => mine.includes(target(each)),
    );
    // Of the two that lead to each other the first is the reference.
    const isFirst = back && link.compareDocumentPosition(back) & Node.DOCUMENT_POSITION_FOLLOWING;
    if (!isFirst || block.contains(link)) continue;
    if (!blocks.has(block)) {
      while (value.includes(`[^${next}]`)) next += 1;
      blocks.set(block, next);
      next += 1;
    }
    const reference = make(link, "sup");
    reference.dataset.note = blocks.get(block);
    reference.textContent = blocks.get(block);
    outermost.replaceWith(reference);
    if (!("back" in back.dataset)) back.dataset.back = "";
  }
  for (const back of all("[data-back]")) {
    if (back.isConnected) alone(back).remove();
  }
  for (const [block] of blocks) ruleBefore(block, body)?.remove();
  for (const [block, name] of blocks) {
    const note = make(block, "div");
    note.dataset.note = name;
    note.append(...block.childNodes);
    const list = block.parentElement;
    block.remove();
    if (list?.matches(LISTS) && !list.children.length) list.remove();
    body.append(note);
  }
}

/* Text. */

/* Puts a backslash before what would be markup. Whether there was such. */
function escape(body) {
  const walker = body.ownerDocument.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  let isEscaped = false;
  while (walker.nextNode()) {
    const text = walker.currentNode;
    const element = text.parentElement;
    if (element.closest("code, pre, summary") || isBlank(text)) continue;
    const words = text.data.replace(/[ \t\r\n\f]+/g, " ");
    const backslash = (found, ...groups) => (
      groups.slice(0, -2).some(Boolean) ? `\\${found}` : found
    );
    let escaped = words.replace(element.closest("a") ? LINK : TEXT, backslash);
    const before = neighbour(text, "previous") ?? element;
    if (!element.closest("[data-grid]") && (isEdge(before) || before.nodeName === "BR")) {
      escaped = escaped.replace(LINE, "$1\\").replace(NUMBER, "$1\\");
    }
    isEscaped ||= escaped !== words;
    text.data = escaped;
  }
  return isEscaped;
}
