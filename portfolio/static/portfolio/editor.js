/* Makes django-markdownx's field safe to write in. Its script keeps the Tab key and other shortcuts,
   swallows every drag on the page, writes a failed upload into the text, and shows an error page as
   if it were the preview. Capturing on the document comes before all of its listeners. */

const editorOf = (event) => event.target.closest?.(".markdownx-editor");

/* Another tab may have signed in again since this form was made; the cookie has the newer token. */
function token() {
  const cookie = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  return cookie ? cookie[1] : document.querySelector("[name=csrfmiddlewaretoken]").value;
}

document.addEventListener("submit", (event) => {
  const field = event.target.querySelector("[name=csrfmiddlewaretoken]");
  if (field) field.value = token();
}, true);

/* Tab leaves the field. Ctrl+[ is also how AltGr types a bracket on some keyboards. */
document.addEventListener("keydown", (event) => {
  const shortcut = (event.ctrlKey || event.metaKey) && ["d", "[", "]"].includes(event.key);
  if ((shortcut || event.key === "Tab") && editorOf(event)) event.stopPropagation();
}, true);

/* Pictures. */

function tell(editor, text) {
  let message = editor.parentElement.querySelector(".markdownx-message");
  if (!message) {
    message = document.createElement("p");
    message.className = "markdownx-message";
    message.setAttribute("role", "status");
    editor.before(message);
  }
  message.textContent = text;
}

function insert(editor, text) {
  const active = document.activeElement;
  editor.focus({ preventScroll: true });
  // What was selected while the picture was on its way stays.
  editor.setSelectionRange(editor.selectionEnd, editor.selectionEnd);
  // Deprecated, and yet the one way that can be undone.
  if (!document.execCommand("insertText", false, text)) {
    editor.setRangeText(text);
    editor.dispatchEvent(new Event("input", { bubbles: true }));
  }
  if (active !== editor) active?.focus({ preventScroll: true });
}

async function send(editor, file) {
  const body = new FormData();
  body.append("csrfmiddlewaretoken", token());
  body.append("image", file);
  try {
    const response = await fetch(editor.dataset.markdownxUploadUrlsPath, { method: "POST", body });
    return await response.json();
  } catch {
    return { error: "It did not get through: try again, or make it smaller." };
  }
}

async function add(editor, files) {
  const refused = [];
  let added = 0;
  for (const file of files) {
    tell(editor, `Adding ${file.name}…`);
    const answer = await send(editor, file);
    if (answer.image_code) insert(editor, (added++ ? "\n" : "") + answer.image_code);
    else refused.push(`${file.name}: ${answer.error}`);
  }
  tell(editor, refused.join(" ") || "Added: describe it between the square brackets.");
}

let queue = Promise.resolve();
const enqueue = (editor, files) => { queue = queue.then(() => add(editor, files)); };

document.addEventListener("paste", (event) => {
  const editor = editorOf(event);
  if (!editor) return;
  event.stopPropagation();
  const { files, types } = event.clipboardData;
  // A spreadsheet offers its cells as text and as a picture of them; the text is meant.
  const isText = types.includes("text/plain") && types.includes("text/html");
  if (!files.length || isText) return;
  event.preventDefault();
  enqueue(editor, [...files]);
}, true);

/* Dragging. Rows that are being sorted are left to the script that sorts them. */

let sorting = false;
document.addEventListener("dragstart", (event) => {
  sorting = Boolean(event.target.closest?.("[draggable=true]"));
}, true);
document.addEventListener("dragend", () => { sorting = false; }, true);

function onDrag(event) {
  const { dataTransfer } = event;
  const field = event.target.closest?.("input, textarea");
  if (!dataTransfer.types.includes("Files")) {
    if (field && !sorting) event.stopPropagation();
  } else if (field?.type === "file") {
    event.stopPropagation();
  } else {
    // The browser would leave the form to show the file.
    event.preventDefault();
    dataTransfer.dropEffect = "copy";
    const editor = editorOf(event);
    if (!editor) return;
    event.stopPropagation();
    if (event.type === "drop") enqueue(editor, [...dataTransfer.files]);
  }
}
for (const type of ["dragenter", "dragover", "drop"]) document.addEventListener(type, onDrag, true);

/* The preview. Whatever came back is in it by now; a page or a refusal is no preview. */

function showInPreview(event, text) {
  const message = document.createElement("p");
  message.setAttribute("role", "status");
  message.textContent = text;
  event.target.querySelector(".markdownx-preview").replaceChildren(message);
}

const NO_PREVIEW = "There is no preview at the moment; your text is still here.";
document.addEventListener("markdownx.update", (event) => {
  const answer = event.detail[0].trimStart();
  if (answer.startsWith('{"error":')) showInPreview(event, JSON.parse(answer).error);
  else if (/^<(!doctype|html)\b/i.test(answer)) showInPreview(event, NO_PREVIEW);
}, true);
document.addEventListener("markdownx.updateError", (event) => showInPreview(event, NO_PREVIEW), true);
