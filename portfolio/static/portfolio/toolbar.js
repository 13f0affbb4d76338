/* A row of buttons above each Markdown field, and the same by keys. */

import { editorOf, eachField, isInFence } from "./markdown-field.js";
import * as marks from "./marks.js";
import { isComposing, isPressed, keys } from "./shortcuts.js";

const BUTTONS = [
  { name: "bold", label: "B", key: "B", act: marks.bold },
  { name: "italic", label: "i", key: "I", act: marks.italic },
  { name: "link", key: "K", act: marks.link },
  { name: "code", key: "E", act: marks.code },
  { name: "picture", act: (field) => pictureInput(field)?.click() },
  { name: "heading", act: marks.heading },
  // The picker of pages listens to it.
  { name: "page", label: "[[ page", act: (field) => field.dispatchEvent(new Event("pick-page")) },
];

const pictureInput = (field) =>
  field.closest(".form-row, .markdownx").querySelector("input[type=file][data-picture-input]");

function button({ name, label = name, key, act }, field) {
  const element = document.createElement("button");
  Object.assign(element, { type: "button", textContent: label, tabIndex: -1 });
  element.dataset.mark = name;
  element.ariaLabel = name === "page" ? "[[ page: link to one of this site" : name;
  element.title = key ? `${name} (${keys(key)})` : name;
  if (key) element.setAttribute("aria-keyshortcuts", keys(key, "aria"));
  element.addEventListener("click", () => act(field));
  return element;
}

eachField((field) => {
  const bar = document.createElement("div");
  Object.assign(bar, { className: "markdown-tools", role: "toolbar", ariaLabel: "Markdown" });
  bar.setAttribute("aria-controls", field.id);
  bar.append(...BUTTONS.map((each) => button(each, field)));
  bar.firstChild.tabIndex = 0;
  // The field keeps the focus, and a phone its keyboard.
  bar.addEventListener("mousedown", (event) => event.preventDefault());
  bar.addEventListener("keydown", move);
  bar.addEventListener("focusin", ({ target }) => {
    for (const each of bar.children) each.tabIndex = each === target ? 0 : -1;
  });
  field.before(bar);
});

/* One stop for Tab; arrows go from button to button. */
function move(event) {
  const shown = [...event.currentTarget.children].filter((each) => each.checkVisibility());
  const isRtl = getComputedStyle(event.currentTarget).direction === "rtl";
  const step = { ArrowRight: isRtl ? -1 : 1, ArrowLeft: isRtl ? 1 : -1 }[event.key];
  const at = shown.indexOf(event.target);
  const next = { Home: 0, End: shown.length - 1 }[event.key] ?? at + step;
  if (Number.isNaN(next)) return;
  event.preventDefault();
  shown.at(next % shown.length).focus();
}

document.addEventListener("keydown", (event) => {
  const field = editorOf(event);
  if (!field || field.readOnly) return;
  const wanted = BUTTONS.find(({ key }) => key && isPressed(event, key));
  if (!wanted) return;
  event.preventDefault();
  wanted.act(field);
});

/* Before the line breaks rather than when the key goes down: phones do not always say which key. */
document.addEventListener("beforeinput", (event) => {
  const field = editorOf(event);
  if (!field || event.inputType !== "insertLineBreak" || isComposing(event)) return;
  if (isInFence(field.value, field.selectionStart)) return;
  if (marks.goOn(field)) event.preventDefault();
});

/* In a field of one line, such as the title, Enter goes on to the text. */
document.addEventListener("beforeinput", (event) => {
  const { target, inputType } = event;
  if (!target.matches?.("[data-one-line]") || isComposing(event)) return;
  if (inputType !== "insertLineBreak" && inputType !== "insertParagraph") return;
  event.preventDefault();
  const fields = [...target.form.querySelectorAll(".markdownx-editor")];
  fields.find((field) => field.checkVisibility())?.focus();
});
