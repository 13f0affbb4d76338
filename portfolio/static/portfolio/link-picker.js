/* `[[` in a Markdown field opens a list of this site's pages, drafts too, and the chosen one becomes
   a link. Without this, or without a network, a link is typed by hand. */

import { copyOf } from "./caret.js";
import { editorOf, eachField, isInCode, lines, replace, tell } from "./markdown-field.js";
import { isComposing } from "./shortcuts.js";

const { links } = document.querySelector("script[data-links]").dataset;
const TYPED = /\[\[([^[\]\n]{0,100})$/;

const list = document.createElement("ul");
const said = document.createElement("p");
Object.assign(list, { id: "pages", role: "listbox", ariaLabel: "pages", hidden: true });
Object.assign(said, { className: "visually-hidden", role: "status" });
document.body.append(list, said);

let field; // the one that the list is open for
let active;
let label; // what was selected when the list was asked for: the link keeps it
let closedAt; // the place of the `[[` that Escape has let be text
let failed = false;
let timer;
let request;

/* The `[[` that the cursor stands behind, as [its place, what is typed after it]. */
function typed({ value, selectionStart: at, selectionEnd }) {
  const match = at === selectionEnd && value.slice(lines(value, at, at)[0], at).match(TYPED);
  return match && !isInCode(value, at) ? [at - match[0].length, match[1]] : null;
}

function choose(index) {
  active = index;
  [...list.children].forEach((option, at) => { option.ariaSelected = String(at === index); });
  const option = list.children[index];
  if (option) field.setAttribute("aria-activedescendant", option.id);
  else field?.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

function close() {
  clearTimeout(timer);
  request?.abort();
  list.hidden = true;
  list.replaceChildren();
  choose(-1);
  field = undefined;
}

function option({ title, kind, state, address }, at) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  const about = document.createElement("span");
  Object.assign(item, { id: `page-${at}`, role: "option" });
  Object.assign(name, { dir: "auto", textContent: title });
  Object.assign(about, { className: `about ${state}`, textContent: `${kind} · ${state}` });
  Object.assign(item.dataset, { title, address });
  item.append(name, " ", about);
  return item;
}

async function look(asking, query) {
  request?.abort();
  request = new AbortController();
  const { signal } = request;
  try {
    const response = await fetch(`${links}?${new URLSearchParams({ q: query })}`, { signal });
    const answer = await response.json();
    if (signal.aborted || document.activeElement !== asking) return;
    field = asking;
    list.replaceChildren(...(answer.links ?? []).map(option));
    list.hidden = !list.children.length;
    const { length } = list.children;
    said.textContent = `${length || "no"} page${length === 1 ? "" : "s"}`;
    if (answer.error || failed) tell(asking, answer.error ?? "");
    failed = Boolean(answer.error);
    choose(length ? 0 : -1);
    if (length) place();
    else field = undefined;
  } catch {
    if (signal.aborted) return;
    close();
    failed = true;
    tell(asking, "The list of pages did not get through: write the link by hand.");
  }
}

/* Below the line that one writes in, found by a copy of the text up to there. */
function place() {
  const copy = copyOf(field);
  const [at] = typed(field) ?? [field.selectionStart];
  const cursor = document.createElement("span");
  cursor.textContent = "[[";
  copy.append(field.value.slice(0, at), cursor);
  const [box, from, to] = [field, copy, cursor].map((each) => each.getBoundingClientRect());
  copy.remove();
  const below = Math.min(to.bottom - from.top - field.scrollTop + 4, box.height);
  const inset = Math.min(to.left - from.left, box.width - list.offsetWidth);
  list.style.top = `${box.top + scrollY + below}px`;
  list.style.left = `${box.left + scrollX + Math.max(0, inset)}px`;
  list.scrollIntoView({ block: "nearest" });
}

function leave() {
  closedAt = typed(field)?.[0];
  close();
}

function use({ dataset: { title, address } }) {
  const [at, query] = typed(field);
  const words = query === label ? label : title.replace(/[\\`*_[\]<>&~|$^]/g, "\\$&");
  // After an exclamation mark it would be a picture.
  const excited = field.value[at - 1] === "!" ? 1 : 0;
  const text = `${excited ? "\\!" : ""}[${words}](${address})`;
  replace(field, at - excited, field.selectionStart, text);
  close();
}

document.addEventListener("input", (event) => {
  const asking = editorOf(event);
  if (!asking) return;
  const [at, query] = typed(asking) ?? [];
  if (at === undefined) label = closedAt = undefined;
  if (at === undefined || at === closedAt) {
    close();
  } else {
    clearTimeout(timer);
    timer = setTimeout(look, 120, asking, query);
  }
});

document.addEventListener("keydown", (event) => {
  const { length } = list.children;
  if (list.hidden || event.target !== field || isComposing(event)) return;
  if (event.key === "ArrowDown") choose((active + 1) % length);
  else if (event.key === "ArrowUp") choose((active + length - 1) % length);
  else if (event.key === "Escape") leave();
  else if (event.key === "Enter" && typed(field)) use(list.children[active]);
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);

document.addEventListener("selectionchange", () => {
  if (field && (document.activeElement !== field || !typed(field))) close();
});

// Before the field loses the focus, which would close the list.
list.addEventListener("mousedown", (event) => event.preventDefault());
list.addEventListener("click", (event) => {
  const chosen = event.target.closest("[role=option]");
  if (chosen && field && typed(field)) use(chosen);
});

eachField((each) => {
  each.ariaAutoComplete = "list";
  each.setAttribute("aria-controls", list.id);
  each.setAttribute("aria-haspopup", "listbox");
  each.addEventListener("blur", close);
  each.addEventListener("pick-page", () => {
    const { value, selectionStart: from, selectionEnd: to } = each;
    const selected = value.slice(from, to);
    label = /[[\]\n]/.test(selected) ? undefined : selected || undefined;
    closedAt = undefined;
    replace(each, label ? from : to, to, `[[${label ?? ""}`);
  });
});
