/* How turndown writes what HTML says: the dialect of this site, with its tables and task lists. Its
   plugin for these leaves a pipe in a cell and a table without headings as they are. */

import Turndown from "./vendor/turndown.js";

export const service = new Turndown({
  headingStyle: "atx", hr: "---", codeBlockStyle: "fenced", emDelimiter: "*", br: "\\",
});
const inGrid = (...names) => (node) => names.includes(node.nodeName) && node.closest("[data-grid]");
const rules = {
  struck: { filter: ["del", "s", "strike"], replacement: (content) => `~~${content}~~` },
  box: { filter: "input", replacement: (_, { checked }) => (checked ? "[x] " : "[ ] ") },
  address: {
    filter: (node) => node.nodeName === "A" && node.textContent === node.getAttribute("href"),
    replacement: (_, node) => `<${node.getAttribute("href")}>`,
  },
  item: {
    filter: "li",
    replacement(content, { dataset: { number }, nextSibling }) {
      const mark = number ? `${number}. ` : "- ";
      const indent = `\n${" ".repeat(mark.length)}`;
      const text = content.replace(/^\n+|\s+$/g, "").replace(/\n(?!\n)/g, indent);
      return mark + text + (nextSibling ? "\n" : "");
    },
  },
  cell: {
    filter: inGrid("TD", "TH"),
    replacement(content) {
      const line = content.trim().replace(/\s*\\?\n\s*/g, " ");
      return ` ${line.replace(/\|/g, "\\|")} |`;
    },
  },
  row: {
    filter: inGrid("TR"),
    replacement(content, { cells, rowIndex }) {
      return `\n|${content}${rowIndex ? "" : `\n|${" --- |".repeat(cells.length)}`}`;
    },
  },
  part: { filter: inGrid("THEAD", "TBODY", "TFOOT"), replacement: (content) => `\n${content}` },
};
for (const [name, rule] of Object.entries(rules)) service.addRule(name, rule);
