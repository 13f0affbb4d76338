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
    if (editorOf(event)) event.stopPropagation();
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
