/* Nothing that is written is lost. The form is kept as a working copy on the server two seconds
   after typing stops and on leaving; what has not got there stays in this browser, and is offered
   back. Without this script the form is saved by its buttons. */

import { isPressed } from "./shortcuts.js";
import { token } from "./token.js";

export const form = document.querySelector("[name=_key]")?.form;
const PAUSE = 2000; // milliseconds
const BACKUP = "unsaved:";
const input = (name) => form.elements[name];
const bar = document.querySelector(".bar");

/* What the form holds, as a browser would send it. */
export function serialized(extra = {}, from = form) {
  const data = new FormData(from);
  for (const [name, value] of Object.entries(extra)) data.set(name, value);
  return new URLSearchParams([...data].filter(([, value]) => typeof value === "string"));
}

/* Without what says something about the form. */
function content(data = serialized()) {
  for (const name of [...data.keys()]) {
    if (name.startsWith("_") || name === "csrfmiddlewaretoken") data.delete(name);
  }
  return data.toString();
}

/* What it held before anything was typed, which may be before this script started. */
function received() {
  const untouched = form.cloneNode(true);
  untouched.reset();
  return content(serialized({}, untouched));
}

export const address = (name) =>
  new URL(`../../${input("_key").value}/${name}/`, new URL(input("_key").dataset.keep, location));

/* Answers {status, …what the server said}; status 0 when it was not reached. */
export async function post(name, body, options = {}) {
  try {
    body.set("csrfmiddlewaretoken", token());
    const response = await fetch(address(name), { method: "POST", body, ...options });
    const answer = await response.json().catch(() => ({}));
    return { ...answer, status: response.status };
  } catch {
    return { status: 0 };
  }
}

/* The browser's own copy. */

const backupName = () => BACKUP + input("_key").value;

function backUp() {
  const backup = { at: new Date().toISOString(), data: serialized().toString() };
  try {
    localStorage.setItem(backupName(), JSON.stringify(backup));
  } catch {} // full, or forbidden: the server has it within seconds
}

function forget(name = backupName()) {
  try { localStorage.removeItem(name); } catch {}
}

/* What an earlier window could not send: of this item, or on a new form of any new one. */
function earlier() {
  const kind = input("_key").value.split(":")[0];
  const isNew = !/:\d+$/.test(input("_key").value) && !location.search.includes("copy=");
  const names = Object.keys(localStorage).filter((name) =>
    name === backupName() || (isNew && name.startsWith(`${BACKUP}${kind}:`) && !/:\d+$/.test(name)));
  const backups = names.map((name) => ({ name, ...JSON.parse(localStorage[name]) }))
    .filter(({ data }) => content(new URLSearchParams(data)) !== content());
  return backups.sort((a, b) => a.at.localeCompare(b.at)).pop();
}

function offer(backup) {
  const box = form.querySelector(".unsaved");
  const when = new Date(backup.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  box.querySelector("p").textContent =
    `This browser has text from ${when} that did not reach the server.`;
  box.hidden = false;
  box.querySelector("[name=forget]").onclick = () => { forget(backup.name); box.hidden = true; };
  box.querySelector("[name=put-back]").onclick = () => putBack(backup);
}

async function putBack(backup) {
  const data = new URLSearchParams(backup.data);
  input("_key").value = data.get("_key");
  const answer = await post("keep", data);
  if (answer.status === 200) {
    forget(backup.name);
    kept = content();
    location.assign(answer.address);
  } else if (answer.status === 409) {
    // The form's own page shows both texts.
    const again = document.createElement("form");
    again.method = "post";
    data.set("csrfmiddlewaretoken", token());
    for (const [name, value] of data) {
      const field = document.createElement("textarea");
      Object.assign(field, { name, value, hidden: true });
      again.append(field);
    }
    document.body.append(again);
    forget(backup.name);
    again.submit();
  } else {
    complain(answer);
  }
}

/* Keeping it on the server. */

let kept = "";
let timer;
let running = Promise.resolve();
let waiting = false;

function say(text) {
  bar.querySelector(".saved").textContent = text;
}

function complain({ status, error }) {
  const reasons = {
    0: "There is no connection.",
    413: "The text is too large for the server.",
  };
  const reason = error || reasons[status] || "The server could not save it.";
  say(`not saved. ${reason} The text is kept in this browser.`);
  bar.querySelector(".saved").classList.add("failed");
}

async function send(extra, options) {
  const sent = content();
  if (sent === kept && !extra) return { status: 200 };
  say("saving…");
  const answer = await post("keep", serialized(extra), options);
  if (answer.status !== 200) {
    complain(answer);
    return answer;
  }
  kept = sent;
  input("_edition").value = answer.edition ? JSON.stringify(answer.edition) : "";
  input("_base").value = JSON.stringify(answer.base);
  bar.querySelector(".saved").classList.remove("failed");
  say(`saved ${answer.saved}`);
  if (answer.badge) bar.querySelector(".state").outerHTML = answer.badge;
  if (answer.address.includes("copy=")) history.replaceState(null, "", answer.address);
  if (content() === kept) forget();
  return answer;
}

/* One at a time, so that an older text never arrives after a newer one. */
function keep(extra) {
  clearTimeout(timer);
  running = running.then(() => send(extra));
  return running;
}

export function onChange(callback) {
  for (const type of ["input", "change"]) form.addEventListener(type, callback);
  for (const type of ["formset:added", "formset:removed"]) {
    document.addEventListener(type, callback);
  }
  // select2 tells jQuery alone.
  globalThis.django?.jQuery(form).on("change", "select", callback);
}

function changed() {
  if (content() === kept) return;
  backUp();
  clearTimeout(timer);
  timer = setTimeout(() => { if (!waiting) keep(); }, PAUSE);
}

function leave() {
  if (document.visibilityState !== "hidden" || content() === kept || waiting) return;
  backUp();
  const data = serialized();
  // More than this a browser does not send from a page that is gone.
  if (data.toString().length < 60_000) send(undefined, { keepalive: true });
}

async function submit(event) {
  const { submitter } = event;
  if (waiting) return; // this is the one that was let through
  event.preventDefault();
  backUp();
  const answer = await keep({});
  // A conflict is shown by the form's page.
  if (answer.status !== 200 && answer.status !== 409 && answer.status !== 404) return;
  input("csrfmiddlewaretoken").value = token();
  waiting = true;
  form.requestSubmit(submitter);
}

function shortcut(event) {
  if (isPressed(event, "s")) {
    event.preventDefault();
    keep({ asked: "1" });
  } else if (isPressed(event, "Enter")) {
    event.preventDefault();
    form.requestSubmit(form.elements._publish?.[0] || form.elements._save[0]);
  }
}

if (form) {
  input("_tab").value = Math.random().toString(36).slice(2) + Date.now().toString(36);
  // After Back or a reload the browser itself has put into the form what was typed into it then.
  const [{ type }] = performance.getEntriesByType("navigation");
  kept = type === "navigate" ? received() : content();
  if (document.querySelector(".errornote, .conflict")) kept = "";
  const backup = earlier();
  if (backup) offer(backup);
  onChange(changed);
  if (kept) changed();
  // Not in writing.css, since checkers of CSS do not know this yet.
  input("title").style.fieldSizing = "content";
  document.addEventListener("visibilitychange", leave);
  form.addEventListener("submit", submit);
  document.addEventListener("keydown", shortcut);
  addEventListener("pageshow", () => { waiting = false; });
}
