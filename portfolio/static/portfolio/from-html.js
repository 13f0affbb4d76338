/* HTML of any origin as Markdown. It is parsed into a document in which nothing runs or loads. */

import { service } from "./markdown-rules.js";

// More would take seconds, of the browser's own parser too.
const MOST_CHARACTERS = 500_000;
const MOST_TAGS = 20_000;
const MOST_DEEP = 50; // elements inside each other

const RUBBISH = `script, style, title, meta, link, template, noscript, iframe, object, embed, svg,
  canvas, audio, video, button, select, textarea, input:not([type=checkbox])`;
const EXPRESSIBLE = `a, b, strong, i, em, del, s, strike, code, h1, h2, h3, h4, h5, h6, li,
  blockquote, hr, [data-grid]`;
const HEADINGS = "h1, h2, h3, h4, h5, h6";
const BLOCKS = `${HEADINGS}, p, div, ul, ol, li, pre, table, td, th, blockquote, body`;
const SHEET = /google-sheets-html-origin|schemas-microsoft-com:office:excel|Excel\.Sheet/i;
const STYLES = {
  strong: /(?<!-)font-weight: ?(?:bold|[6-9]00)/i,
  em: /(?<!-)font-style: ?italic/i,
  del: /text-decoration[^;]*: ?[^;]*line-through/i,
};

export class TooLarge extends Error {}

/* As {text, dropped}: the Markdown, null if the plain text is what is meant, and the number of
   pictures that could not come along. Throws TooLarge. */
export function converted(html) {
  if (html.length > MOST_CHARACTERS || html.split("<").length > MOST_TAGS) throw new TooLarge();
  // The site's policy forbids style attributes; each would be a complaint in the console.
  const quiet = html.replace(/<[a-z][^<>]*>/gi, (tag) => tag.replace(/\sstyle=/gi, " data-style="));
  const { head, body } = new DOMParser().parseFromString(quiet, "text/html");
  if (depth(body) > MOST_DEEP) throw new TooLarge();
  if (isPlain(html, head, body)) return { text: null, dropped: 0 };
  const dropped = clean(body);
  if (!body.querySelector(EXPRESSIBLE)) return { text: null, dropped };
  return { text: service.turndown(body), dropped };
}

/* Whether it is the cells of a spreadsheet, or code in an editor's colours. */
function isPlain(html, head, body) {
  const only = body.children.length === 1 && body.firstElementChild;
  if (SHEET.test(html.slice(0, 5_000))) return true;
  if (!only) return false;
  if (only.matches("table") && head.querySelector('[content^="LibreOffice"]')) return true;
  if (only.matches("pre")) return !only.querySelector("code");
  return /white-space: ?pre(?:;|$)/i.test(only.dataset.style);
}

const depth = (element) => 1 + Math.max(0, ...Array.from(element.children, depth));
const unwrap = (element) => element.replaceWith(...element.childNodes);

function wrapInside(element, name) {
  const inner = element.ownerDocument.createElement(name);
  inner.append(...element.childNodes);
  element.append(inner);
}

function clean(body) {
  const all = (selector) => body.querySelectorAll(selector);
  for (const element of all(RUBBISH)) element.remove();
  for (const paragraph of all("p[data-style*='mso-list' i]")) listItem(paragraph);
  for (const element of all("[data-style]")) styled(element);
  for (const element of all(`:is(${HEADINGS}) :is(b, strong)`)) unwrap(element);
  for (const list of all(":is(ul, ol) > :is(ul, ol)")) list.previousElementSibling?.append(list);
  for (const list of all("ol")) {
    const first = Number(list.getAttribute("start")) || 1;
    [...list.children].forEach((item, at) => { item.dataset.number = first + at; });
  }
  for (const paragraph of all("li > p:only-of-type")) unwrap(paragraph);
  for (const pre of all("pre")) code(pre);
  for (const br of all("br")) lineBreak(br);
  for (const table of all("table")) grid(table);
  let dropped = 0;
  for (const image of all("img")) dropped += !picture(image);
  for (const link of all("a")) anchor(link);
  return dropped;
}

/* A list of Word's is paragraphs, each with its bullet or number as text. */
function listItem(paragraph) {
  if (!/mso-list: ?l\d/i.test(paragraph.dataset.style)) return;
  const mark = paragraph.querySelector("[data-style*='mso-list:' i][data-style*='ignore' i]");
  const kind = /\d|[a-z][.)]/i.test(mark?.textContent ?? "") ? "ol" : "ul";
  mark?.remove();
  let list = paragraph.previousElementSibling;
  if (!list?.matches(`${kind}[data-word]`)) {
    list = paragraph.ownerDocument.createElement(kind);
    list.dataset.word = "";
    paragraph.before(list);
  }
  wrapInside(paragraph, "li");
  list.append(paragraph.firstChild);
  paragraph.remove();
}

/* Google Docs and others say by style alone what is bold, and that a <b> is not. */
function styled(element) {
  const style = element.dataset.style;
  if (element.matches("b, strong") && /(?<!-)font-weight: ?(?:normal|[1-5]00)/i.test(style)) {
    unwrap(element);
  } else if (element.matches("i, em") && /(?<!-)font-style: ?normal/i.test(style)) {
    unwrap(element);
  } else if (element.matches("span, font") && element.textContent.trim()) {
    for (const [name, pattern] of Object.entries(STYLES)) {
      if (pattern.test(style) && !element.closest(name)) wrapInside(element, name);
    }
  }
}

function code(pre) {
  for (const br of pre.querySelectorAll("br")) br.replaceWith("\n");
  const names = [pre, pre.querySelector("code"), pre.parentElement];
  const language = names.map((each) => each?.className).join(" ")
    .match(/\b(?:language|lang|highlight-source)-([\w+#-]+)/)?.[1];
  const inner = pre.ownerDocument.createElement("code");
  inner.textContent = pre.textContent;
  if (language) inner.className = `language-${language}`;
  pre.replaceChildren(inner);
}

/* At the beginning or the end of a block one breaks nothing; two begin a paragraph. */
function lineBreak(br) {
  const isBlock = (node) => node.nodeType === Node.ELEMENT_NODE && node.matches(BLOCKS);
  const [before, after] = ["previousSibling", "nextSibling"].map((side) => {
    let node = br[side];
    while (node?.nodeType === Node.TEXT_NODE && !node.data.trim()) node = node[side];
    return node;
  });
  const isEdge = (node) => isBlock(node ?? br.parentElement);
  if (after?.nodeName === "BR") br.replaceWith(br.ownerDocument.createElement("p"));
  else if (isEdge(before) || isEdge(after)) br.remove();
}

/* Tables that only lay things out, as in mail, are left to be paragraphs. */
function grid(table) {
  const { rows, caption } = table;
  if (caption) table.before(caption.textContent);
  caption?.remove();
  const isGrid = rows.length > 1 && rows[0].cells.length > 1 && !table.querySelector("table");
  if (isGrid && !table.parentElement.closest("table")) table.dataset.grid = "";
}

function address(value, protocols) {
  try {
    const { protocol, href } = new URL(value.trim());
    return protocols.includes(protocol) ? href : null;
  } catch {
    return null;
  }
}

/* A picture elsewhere becomes a link to it. Whether it could. */
function picture(image) {
  const href = address(image.getAttribute("src") ?? "", ["http:", "https:"]);
  const words = image.getAttribute("alt")?.trim() || "picture";
  const link = image.ownerDocument.createElement("a");
  if (href) link.href = href;
  link.textContent = words;
  image.replaceWith(...(href ? [image.closest("a") ? words : link] : []));
  return Boolean(href);
}

function anchor(link) {
  const href = address(link.getAttribute("href") ?? "", ["http:", "https:", "mailto:"]);
  const blocks = link.querySelectorAll(BLOCKS);
  for (const block of blocks) block.append(" ");
  const words = link.textContent.replace(/\s+/g, " ").trim();
  if (!href || !words) {
    unwrap(link);
    return;
  }
  if (blocks.length) link.textContent = words;
  link.href = href;
  link.removeAttribute("title");
}
