/* Pictures into a text: dropped on its field, pasted or chosen. They go up one after the other, in
   order, each with its progress; what fails is said in a sentence and leaves the text alone. */

import { make } from "./elements.js";
import { eachField, editorOf, replace, tell } from "./markdown-field.js";

const TYPES = "image/jpeg,image/png,image/webp,image/avif";
const LOST = { error: "It did not get through: try again, or make it smaller." };

/* Below a field: where its pictures are chosen, which the toolbar opens, and how they get on. */

const desks = new WeakMap();

eachField((editor) => {
  const input = make("input", { type: "file", accept: TYPES, multiple: true, hidden: true });
  input.dataset.pictureInput = "";
  input.addEventListener("change", () => {
    enqueue(editor, [...input.files]);
    input.value = "";
  });
  const list = make("ul", { className: "uploads" });
  editor.parentElement.append(input, list);
  desks.set(editor, { editor, list, waiting: 0, added: 0, refused: [] });
});

/* On their way. */

function send(editor, file, progress) {
  const body = new FormData();
  body.append("csrfmiddlewaretoken", token());  // editor.js has it
  body.append("image", file);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", editor.dataset.markdownxUploadUrlsPath);
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      // The server still has to write it anew, which takes as long as it takes.
      if (loaded < total) progress.value = loaded / total;
      else progress.removeAttribute("value");
    });
    request.addEventListener("loadend", () => {
      try {
        const { image_code, error } = JSON.parse(request.responseText);
        resolve(image_code ? { image_code } : { error: error ?? LOST.error });
      } catch {
        resolve(LOST);
      }
    });
    request.send(body);
  });
}

function insert(editor, text) {
  const active = document.activeElement;
  // What was selected while the picture was on its way stays.
  replace(editor, editor.selectionEnd, editor.selectionEnd, text);
  if (active !== editor) active?.focus({ preventScroll: true });
}

function summary({ added, refused }) {
  const number = added === 1 ? "a picture" : `${added} pictures`;
  const good = added ? [`Added ${number}: say below what can be seen.`] : [];
  return [...good, ...refused].join(" ");
}

async function add(desk, file, row, progress) {
  tell(desk.editor, `Adding ${file.name}…`);
  const answer = await send(desk.editor, file, progress);
  row.remove();
  desk.waiting -= 1;
  // Each in a paragraph of its own, which makes a figure of it.
  if (answer.image_code) insert(desk.editor, (desk.added++ ? "\n\n" : "") + answer.image_code);
  else desk.refused.push(`${file.name}: ${answer.error}`);
  if (!desk.waiting) tell(desk.editor, summary(desk));
}

let queue = Promise.resolve();

function enqueue(editor, files) {
  const desk = desks.get(editor);
  if (!desk.waiting) Object.assign(desk, { added: 0, refused: [] });
  for (const file of files) {
    const progress = make("progress", { value: 0, max: 1 });
    const row = make("li", {}, make("label", {}, file.name, progress));
    desk.list.append(row);
    desk.waiting += 1;
    queue = queue.then(() => add(desk, file, row, progress));
  }
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
  enqueue(editor, [...files]);
}, true);

document.addEventListener("drop", (event) => {
  const editor = editorOf(event);
  if (desks.has(editor) && event.dataTransfer.types.includes("Files")) {
    enqueue(editor, [...event.dataTransfer.files]);
  }
}, true);
