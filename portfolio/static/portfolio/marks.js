/* Each change that a button or a shortcut makes to what is selected in a Markdown field, or else to
   the word that one is in. A second time takes it away. */

import { lines, replace, tell } from "./markdown-field.js";

const count = (text, pattern) => text.match(pattern)[0].length;

/* The ends of what is selected, without the space around it; else of the word around the cursor. */
function chosen({ value, selectionStart: from, selectionEnd: to }) {
  const letters = "[\\p{L}\\p{M}\\p{N}_'’-]*";
  if (from === to) {
    const before = count(value.slice(lines(value, from, to)[0], from), RegExp(`${letters}$`, "u"));
    return [from - before, to + count(value.slice(to), RegExp(`^${letters}`, "u"))];
  }
  const selected = value.slice(from, to);
  if (!selected.trim()) return [from, from];
  return [from + count(selected, /^\s*/), to - count(selected, /\s*$/)];
}

/* The marks on both sides of from…to, those that are selected too: the ends inside, how many. */
function inside(value, from, to, pattern) {
  const marks = `${pattern}*`;
  while (from < to && RegExp(pattern).test(value[from])) from++;
  while (to > from && RegExp(pattern).test(value[to - 1])) to--;
  const before = count(value.slice(Math.max(0, from - 9), from), RegExp(`${marks}$`));
  return [from, to, Math.min(before, count(value.slice(to, to + 9), RegExp(`^${marks}`)))];
}

function emphasise(field, mark) {
  const size = mark.length;
  const { value } = field;
  const [from, to, run] = inside(value, ...chosen(field), "[*_]");
  const text = value.slice(from, to);
  if (size === 2 ? run > 1 : run % 2) {
    replace(field, from - size, to + size, text, 0, text.length);
  } else if (/\n\s*\n/.test(text)) {
    // Emphasis ends with its paragraph.
    const marked = text.replace(/\S(?:.|\n(?!\s*\n))*/g, (part) => {
      const words = part.trimEnd();
      return mark + words + mark + part.slice(words.length);
    });
    replace(field, from, to, marked, 0, marked.length);
  } else {
    replace(field, from, to, mark + text + mark, size, size + text.length);
  }
}

export const bold = (field) => emphasise(field, "**");
export const italic = (field) => emphasise(field, "*");

export function code(field) {
  const { value } = field;
  if (value.slice(field.selectionStart, field.selectionEnd).trim().includes("\n")) {
    fence(field);
    return;
  }
  const [from, to, run] = inside(value, ...chosen(field), "`");
  const text = value.slice(from, to);
  if (run) {
    replace(field, from - run, to + run, text, 0, text.length);
    return;
  }
  const mark = "`".repeat(1 + longest(text));
  replace(field, from, to, mark + text + mark, mark.length, mark.length + text.length);
}

const longest = (text) => Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));

function fence(field) {
  const { value, selectionStart, selectionEnd } = field;
  const last = value[selectionEnd - 1] === "\n" ? selectionEnd - 1 : selectionEnd;
  const [from, to] = lines(value, selectionStart, last);
  const text = value.slice(from, to);
  const fenced = text.match(/^(`{3,})[^`\n]*\n([^]*)\n\1$/);
  if (fenced) {
    replace(field, from, to, fenced[2], 0, fenced[2].length);
    return;
  }
  const mark = "`".repeat(Math.max(3, 1 + longest(text)));
  replace(field, from, to, `${mark}\n${text}\n${mark}`, mark.length);
  tell(field, "Which language is it? Type it here, such as js, or nothing.");
  field.addEventListener("input", () => tell(field, ""), { once: true });
}

/* A heading, then a smaller one, then none; the page's title is the one above them. */
export function heading(field) {
  const { value, selectionStart: from, selectionEnd: to } = field;
  const start = lines(value, from, to)[0];
  const old = value.slice(start).match(/^(#{0,6}) */);
  const mark = { 0: "## ", 2: "### " }[old[1].length] ?? "";
  const gone = old[1] ? old[0].length : 0;
  const moved = (at) => Math.max(0, at - start - gone) + mark.length;
  replace(field, start, start + gone, mark, moved(from), moved(to));
}

const LINK = /(?<!!)\[((?:\\.|[^[\]\\\n])*)\]\((?:[^()\s]|\\[()])*(?: "[^"\n]*")?\)/g;
export const ADDRESS = /^(?:https?:\/\/|mailto:)[^\s<>]+$/i;

export function link(field) {
  const { value } = field;
  const [from, to] = chosen(field);
  const [start, end] = lines(value, from, to);
  for (const { 0: whole, 1: words, index } of value.slice(start, end).matchAll(LINK)) {
    const at = start + index;
    if (at <= from && to <= at + whole.length) {
      replace(field, at, at + whole.length, words, 0, words.length);
      return;
    }
  }
  const text = value.slice(from, to);
  if (ADDRESS.test(text)) replace(field, from, to, `[](${text})`, 1);
  else replace(field, from, to, `[${text}]()`, text.length + (text ? 3 : 1));
}

/* What the next line begins with if one goes on with a list or a quotation; an item with nothing in
   it ends the list. Whether it did anything. */
export function goOn(field) {
  const { value, selectionStart: at, selectionEnd } = field;
  if (at !== selectionEnd) return false;
  const [start, end] = lines(value, at, at);
  const line = value.slice(start, end);
  const item = line.match(/^(\s*(?:> ?)*)(?:([-+*]|\d{1,9}[.)])( +)(\[[ xX]\] +)?)?/);
  const isRule = /^\s*([-*])( *\1){2,}\s*$/.test(line);
  if (isRule || !item[0].trim() || at < start + item[0].length) return false;
  const [all, quoted, mark, space, task] = item;
  if (!line.slice(all.length).trim()) {
    replace(field, start, end, mark ? quoted : "");
    return true;
  }
  const next = mark && mark.replace(/^\d+/, (number) => Number(number) + 1);
  replace(field, at, at, `\n${quoted}${mark ? next + space : ""}${task ? "[ ] " : ""}`);
  return true;
}
