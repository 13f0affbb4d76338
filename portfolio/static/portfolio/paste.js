/* What is pasted into a Markdown field with its markup becomes Markdown, and an address pasted over
   words makes them a link. Everything else is left to the browser. */

import { TooLarge, converted } from "./from-html.js";
import { editorOf, isInCode, lines, replace, tell } from "./markdown-field.js";
import { ADDRESS } from "./marks.js";

// More than a field takes.
const MOST = 100_000; // characters
const BLOCK = /^(?:#{1,6} |[-*+] |\d+[.)] |> |```|\||---|<details|\[\^\d+\]:)|\n\n/;

/* A note about a paste is true until the next one, or until something else is typed. */
const notes = new WeakMap();

function note(field, text) {
  notes.set(field, text);
  tell(field, text);
  // The input of the paste itself comes before this.
  setTimeout(() => field.addEventListener("input", () => forget(field), { once: true }));
}

function forget(field) {
  const message = field.parentElement.querySelector(".markdownx-message");
  // Others may have said something since.
  if (message && message.textContent === notes.get(field)) tell(field, "");
  notes.delete(field);
}

function asMarkdown(field, html) {
  try {
    const { text, dropped } = converted(html, field.value);
    if (dropped) note(field, `Pictures that did not come along: ${dropped}. Add them as files.`);
    return text?.length > MOST ? null : text;
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    note(field, "That is too large to become Markdown, so its plain text is pasted.");
    return null;
  }
}

/* A list or a table begins on a line of its own, and so does what follows it. */
function apart(text, value, from, to) {
  if (!BLOCK.test(text)) return text;
  const [start, end] = lines(value, from, to);
  const before = value.slice(start, from).trim() ? "\n\n" : "";
  const after = value.slice(to, end).trim() ? "\n\n" : "";
  return before + text + after;
}

document.addEventListener("paste", (event) => {
  const field = editorOf(event);
  if (!field || field.readOnly || event.defaultPrevented) return;
  const { value, selectionStart: from, selectionEnd: to } = field;
  const { clipboardData } = event;
  forget(field);
  if (isInCode(value, from)) return;
  const plain = clipboardData.getData("text/plain");
  // A spreadsheet offers its cells as a picture too; the text is meant, as in pictures.js.
  if (clipboardData.files.length && !plain) return;
  const address = plain.trim();
  const selected = value.slice(from, to);
  let text;
  if (ADDRESS.test(address)) {
    const isWords = /\S/.test(selected) && !/\n\s*\n|[[\]]/.test(selected);
    if (!isWords || ADDRESS.test(selected) || value.slice(0, from).endsWith("](")) return;
    text = `[${selected}](${address.replace(/[()]/g, "\\$&")})`;
  } else {
    const html = clipboardData.getData("text/html");
    const markdown = html && asMarkdown(field, html);
    if (!markdown) return;
    text = apart(plain.match(/^ */)[0] + markdown, value, from, to);
  }
  event.preventDefault();
  replace(field, from, to, text);
}, true);
