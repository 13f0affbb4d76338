/* Pictures into a text: dropped on its field, pasted or chosen. They go up one after the other, in
   order, each with its progress, and land where they were meant to, whatever is written meanwhile;
   what fails is said in a sentence and leaves the text alone. */

import { follow, roomFor } from "./blocks.js";
import { placeAt } from "./caret.js";
import { make } from "./elements.js";
import { eachField, editorOf, replace, tell } from "./markdown-field.js";
import { LOST, makeRow, send } from "./upload.js";

const TYPES = "image/jpeg,image/png,image/webp,image/avif";

/* Below a field: where its pictures are chosen, which the toolbar opens, and how they get on. */

const desks = new WeakMap();

eachField((editor) => {
  const input = make("input", { type: "file", accept: TYPES, multiple: true, hidden: true });
  input.dataset.pictureInput = "";
  const list = make("ul", { className: "uploads" });
  const desk = { editor, list, places: new Set(), waiting: 0, added: [], refused: [] };
  input.addEventListener("change", () => {
    enqueue(editor, [...input.files], desk.wasEntered ? editor.selectionEnd : editor.value.length);
    input.value = "";
  });
  editor.parentElement.append(input, list);
  editor.addEventListener("focus", () => { desk.wasEntered = true; }, { once: true });
  editor.addEventListener("input", () => keepPlaces(desk));
  desks.set(editor, desk);
});

/* Their places in the text. */

/* Lets the places of the pictures that are on their way move along with the text. */
function keepPlaces(desk) {
  const { value } = desk.editor;
  for (const place of desk.places) place.at = follow(place.at, desk.text, value);
  desk.text = value;
}

// What is written with an input method is not to be disturbed.
let compositionEnd = Promise.resolve();
document.addEventListener("compositionstart", () => {
  compositionEnd = new Promise((resolve) => {
    for (const type of ["compositionend", "focusout"]) {
      document.addEventListener(type, () => setTimeout(resolve), { once: true });
    }
  });
}, true);

/* Puts a picture where it was meant to be. Who writes stays where they are; on a free line of which
   the picture takes the place, they go on below it. */
function insert(desk, place, code) {
  keepPlaces(desk);
  const { editor, places } = desk;
  const { value, selectionStart, selectionEnd, selectionDirection, scrollTop } = editor;
  const active = document.activeElement;
  const room = roomFor(value, place.at);
  const { from, to, before, after, follows, isFree } = room;
  const isHere = isFree && active === editor && from <= selectionStart && selectionEnd <= to;
  const text = before + code + (isHere ? "\n\n" : "") + after;
  const end = from + before.length + code.length;
  const next = [...places].filter(({ at }) => roomFor(value, at).from === from);
  replace(editor, from, to, text);
  keepPlaces(desk);
  for (const each of next) each.at = end;
  const stays = (at) => at < from || (at === from && !follows);
  const moved = (at) => (stays(at) ? at : from + text.length + Math.max(0, at - to));
  if (isHere) editor.setSelectionRange(end + 2, end + 2);
  else editor.setSelectionRange(moved(selectionStart), moved(selectionEnd), selectionDirection);
  editor.scrollTop = scrollTop;
  if (active !== editor) active?.focus({ preventScroll: true });
}

/* On their way. */

function say(editor, text) {
  // The row of a field may have been removed.
  const rest = document.querySelector(".markdownx-editor, .submit-row");
  const near = editor.isConnected ? editor : rest;
  if (near) tell(near, text);
}

function summary({ added, refused }) {
  const good = added.length ? [`Added ${added.join(", ")}: say below what can be seen.`] : [];
  return [...good, ...refused].join(" ");
}

async function add(desk, place, file, { row, progress }) {
  const { editor } = desk;
  say(editor, `Adding ${file.name}…`);
  const body = new FormData();
  body.append("image", file);
  const answer = await send(editor.dataset.markdownxUploadUrlsPath, body, progress);
  await compositionEnd;
  const { image_code: code, image_path: path, error = LOST } = answer;
  row.remove();
  desk.waiting -= 1;
  if (!code) {
    desk.refused.push(`${file.name}: ${error}`);
  } else if (!editor.isConnected || editor.readOnly || editor.disabled) {
    desk.refused.push(`${file.name} is in the library at ${path}: its text cannot be changed now.`);
  } else {
    insert(desk, place, code);
    desk.added.push(file.name);
  }
  if (!desk.waiting) say(editor, summary(desk));
}

let queue = Promise.resolve();

function enqueue(editor, files, at) {
  const desk = desks.get(editor);
  if (!desk.waiting) Object.assign(desk, { added: [], refused: [] });
  if (!desk.places.size) desk.text = editor.value;
  const place = { at };
  desk.places.add(place);
  for (const file of files) {
    const row = makeRow(file);
    desk.list.append(row.row);
    desk.waiting += 1;
    queue = queue.then(() => add(desk, place, file, row));
  }
  queue = queue.then(() => desk.places.delete(place));
}

/* Where they come from. editor.js keeps the library and the browser from taking them. */

document.addEventListener("paste", (event) => {
  const editor = editorOf(event);
  if (!desks.has(editor)) return;
  event.stopPropagation();
  const { files, types } = event.clipboardData;
  // A spreadsheet offers its cells as text and as a picture of them; the text is meant.
  const isText = types.includes("text/plain") && types.includes("text/html");
  if (!files.length || isText) return;
  event.preventDefault();
  enqueue(editor, [...files], editor.selectionEnd);
}, true);

document.addEventListener("drop", (event) => {
  const editor = editorOf(event);
  if (desks.has(editor) && event.dataTransfer.types.includes("Files")) {
    const at = placeAt(editor, event.clientX, event.clientY);
    enqueue(editor, [...event.dataTransfer.files], at);
  }
}, true);
