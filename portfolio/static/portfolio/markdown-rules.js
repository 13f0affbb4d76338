/* How turndown writes what HTML says: the dialect of this site. What stays an element and which
   characters get a backslash is said in portfolio/html_rules.py, for imports too. Each element
   stands as from-html.js leaves it. */

import Turndown from "./vendor/turndown.js";

export const rules = JSON.parse(document.querySelector("script[data-rules]").dataset.rules);
export const BLOCKS = rules.blocks.join();
export const CELLS = "td, th";
const WIDEST = 1_000; // columns

export const service = new Turndown({ headingStyle: "atx", hr: "---", codeBlockStyle: "fenced" });
service.escape = (text) => text; // from-html.js has done it

const escaped = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const asHtml = (text) => text.replace(/\s+/g, " ").trim().replace(/[&<>"]/g, (sign) => escaped[sign]);
const isInCell = (node) => Boolean(node.parentElement?.closest("[data-grid]"));
const isIn = (...names) => (node) => names.includes(node.localName);

/* The character before or after an element in its block, with "previous" or "next". */
function beside(node, side) {
  for (; node && !node.matches(BLOCKS); node = node.parentElement) {
    for (let other = node[`${side}Sibling`]; other; other = other[`${side}Sibling`]) {
      if (other.nodeType === Node.ELEMENT_NODE && other.matches(`br, ${BLOCKS}`)) return "";
      const text = [...other.textContent];
      if (text.length) return text.at(side === "next" ? 0 : -1);
    }
  }
  return "";
}

/* Whether a mark between the two characters would be no markup, as CommonMark has it. */
function isStuck(sign, neighbour) {
  if (/[\p{L}\p{N}]/u.test(sign) || !neighbour?.trim()) return false;
  return !/\p{P}/u.test(neighbour);
}

function marked(content, node) {
  const [, before, inner, after] = content.match(/^(\s*)([^]*?)(\s*)$/);
  if (!inner) return content;
  const name = node.localName;
  const sign = rules.marks[name];
  const letters = [...inner];
  const isPlain = sign && !(node.previousSibling?.localName in rules.marks)
    && (/^\s/.test(node.textContent) || !isStuck(letters[0], beside(node, "previous")))
    && (/\s$/.test(node.textContent) || !isStuck(letters.at(-1), beside(node, "next")));
  if (isPlain) return before + sign + inner + sign + after;
  const attributes = sign ? [] : rules.attributes.filter((each) => node.getAttribute(each));
  const given = attributes.map((each) => ` ${each}="${asHtml(node.getAttribute(each))}"`).join("");
  return `${before}<${name}${given}>${inner}</${name}>${after}`;
}

export function coded(code) {
  const runs = code.match(/`+/g) ?? [];
  let fence = "`";
  while (runs.includes(fence)) fence += "`";
  const space = /^`|`$/.test(code) ? " " : "";
  return fence + space + code.replace(/\n/g, " ") + space + fence;
}

/* The Markdown of a cell's blocks as that of a line. */
const inALine = (text) => text.trim()
  .replace(/(?:(?:<br>)?\s*\n\s*\n\s*)+|\n/g, (found) => (found === "\n" ? " " : "<br>"));

const EMPTY = { text: "", align: "" };

/* A table's lines of cells, each an empty one more where a cell spans others. What is empty at its
   edges is left out. */
function spread(rows, contents) {
  const covered = []; // for each column, in how many lines more a cell above covers it
  const lines = [...rows].map((row) => {
    const line = [];
    for (const cell of [...row.cells, null]) {
      for (; covered[line.length]; line.push(EMPTY)) covered[line.length] -= 1;
      if (!cell) continue;
      const wide = Math.max(1, Math.min(cell.colSpan, WIDEST - line.length));
      covered.length = Math.max(covered.length, line.length + wide);
      covered.fill(Math.min(cell.rowSpan, rows.length) - 1, line.length, line.length + wide);
      line.push(contents.get(cell) ?? EMPTY, ...Array(wide - 1).fill(EMPTY));
    }
    while (line.length && !line.at(-1).text) line.pop();
    return line;
  });
  while (lines.length && !lines.at(-1).length) lines.pop();
  while (lines.length && !lines[0].length) lines.shift();
  return lines;
}

/* A column is aligned as most of its cells are, or else as its head is. */
function rule([head, ...rows], column) {
  const votes = new Map([["", 0]]);
  for (const row of rows) {
    const { text, align } = row[column] ?? EMPTY;
    if (text) votes.set(align, (votes.get(align) ?? 0) + 1);
  }
  const [align] = [...votes].reduce((most, each) => (each[1] > most[1] ? each : most));
  return rules.aligned[align || (head[column] ?? EMPTY).align];
}

function written(lines) {
  const width = Math.max(0, ...lines.map((line) => line.length));
  if (!width) return "";
  const all = lines.map((line, at) => (
    [...line.map(({ text }) => text), ...Array(Math.max(0, (at ? Math.min(width, 100) : width) - line.length)).fill("")]
  ));
  all.splice(1, 0, Array.from({ length: width }, (_, column) => rule(lines, column)));
  return all.map((line) => `|${line.map((cell) => ` ${cell} |`).join("")}`).join("\n");
}

function isNamed(definition) {
  let term = definition.previousElementSibling;
  while (term?.nodeName === "DD") term = term.previousElementSibling;
  return Boolean(term?.textContent.trim());
}

const cells = new WeakMap();
const paragraph = (content) => `\n\n${content.trim()}\n\n`;
const indented = (text, width) => text.replace(/\n(?!\n)/g, `\n${" ".repeat(width)}`);

const RULES = {
  note: {
    filter: (node) => "note" in node.dataset,
    replacement(content, node) {
      const name = `[^${node.dataset.note}]`;
      if (node.nodeName === "SUP") return name;
      return `\n\n${name}: ${indented(content.trim(), 4)}\n\n`;
    },
  },
  mark: {
    filter: isIn(...rules.inline, ...Object.keys(rules.marks)),
    replacement: marked,
  },
  address: {
    filter: (node) => "bare" in node.dataset,
    replacement: (_, node) => `<${node.getAttribute("href")}>`,
  },
  break: { filter: "br", replacement: (_, node) => (isInCell(node) ? "<br>" : "\\\n") },
  code: {
    filter: (node) => node.nodeName === "CODE" && !node.closest("pre"),
    replacement: (_, node) => coded(node.textContent.trim()),
  },
  codeInCell: {
    filter: (node) => node.nodeName === "PRE" && isInCell(node),
    replacement: (_, node) => paragraph(
      node.textContent.split("\n").filter((line) => line.trim()).map(coded).join("<br>"),
    ),
  },
  block: {
    filter: (node) => node.matches(BLOCKS) && isInCell(node) && !node.matches(`ul, ol, li, tr, ${CELLS}`),
    replacement: paragraph,
  },
  rule: { filter: "hr", replacement: (_, node) => (isInCell(node) ? " " : "\n\n---\n\n") },
  heading: {
    filter: (node) => /^H[1-6]$/.test(node.nodeName) && !isInCell(node),
    replacement(content, { nodeName }) {
      // At its end they would belong to the heading's own.
      const words = content.replace(/\s+/g, " ").trim().replace(/(^|\s)(#+)$/, "$1\\$2");
      return `\n\n${"#".repeat(nodeName[1])} ${words}\n\n`;
    },
  },
  quotation: {
    filter: (node) => node.nodeName === "BLOCKQUOTE" && !isInCell(node),
    replacement: (content) => paragraph(content.trim().replace(/^/gm, "> ").replace(/^> $/gm, ">")),
  },
  list: {
    filter: ["ul", "ol"],
    replacement(content, node) {
      if (isInCell(node)) {
        const start = node.getAttribute("start");
        return `<${node.localName}${start ? ` start="${Number(start)}"` : ""}>${content}</${node.localName}>`;
      }
      if (!node.parentElement?.closest("li")) return paragraph(content);
      // A list that begins with another number than 1 does not end a paragraph.
      const isFirst = /^(?:[-*]|1[.)]) /.test(node.querySelector("li")?.dataset.mark ?? "- ");
      return `${isFirst ? "\n" : "\n\n"}${content.trim()}\n\n`;
    },
  },
  item: {
    filter: "li",
    replacement(content, node) {
      const { mark = "- ", task = "" } = node.dataset;
      if (isInCell(node)) return `<li>${inALine(content)}</li>`;
      return `${mark}${task}${indented(content.trim(), mark.length)}\n`;
    },
  },
  term: { filter: "dt", replacement: (content) => `\n\n${content.trim().replace(/\s+/g, " ")}\n` },
  definition: {
    filter: (node) => node.nodeName === "DD" && isNamed(node) && !isInCell(node),
    replacement: (content) => `:   ${indented(content.trim(), 4)}\n`,
  },
  details: {
    filter: "details",
    replacement(content, node) {
      const words = asHtml(node.querySelector(":scope > summary")?.textContent ?? "");
      const opening = node.open ? "<details open>" : "<details>";
      return `\n\n${opening}\n<summary>${words}</summary>\n\n${content.trim()}\n\n</details>\n\n`;
    },
  },
  summary: { filter: "summary", replacement: () => "" },
  cell: {
    filter: (node) => node.matches(CELLS) && isInCell(node),
    replacement(content, node) {
      const text = inALine(content).replace(/\|/g, "\\|");
      cells.set(node, { text, align: node.dataset.align });
      return "";
    },
  },
  row: { filter: (node) => node.matches("tr, tbody, thead, tfoot") && isInCell(node), replacement: () => "" },
  table: {
    filter: (node) => "grid" in node.dataset,
    replacement: (_, node) => paragraph(written(spread(node.rows, cells))),
  },
};
// The last is asked first.
for (const [name, rule] of Object.entries(RULES).reverse()) service.addRule(name, rule);
