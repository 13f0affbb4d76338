/* Nothing that is written is lost. The form is kept as a working copy on the server two seconds
   after typing stops and on leaving. What has not got there stays in this browser, is sent again
   until it gets there, and is offered back if the page is closed before. Without this script the
   form is saved by its buttons. */

import { onePress } from "./one-press.js";
import { isPressed } from "./shortcuts.js";
import { token } from "./token.js";

export const form = document.querySelector("[name=_key]")?.form;
const PAUSE = 2000; // milliseconds
const AGAIN = 3000;
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
    const answer = await response.json().catch(() => null);
    // A page that something on the way puts in its place, such as a hotel's, is none of ours.
    return { ...answer, status: answer || !response.ok ? response.status : 0 };
  } catch {
    return { status: 0 };
  }
}

/* The browser's own copy. */

const backupName = () => BACKUP + input("_key").value;

function backUp(extra) {
  const backup = { at: new Date().toISOString(), data: serialized(extra).toString() };
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
let sequence = 0;
let unsent = false; // the last attempt failed, and another may not
let isLeaving = () => false; // whether the form itself is on its way
let pressed = ""; // the button whose press did not get through

function say(text) {
  const status = bar.querySelector(".saved");
  // A screen reader says again what is set again.
  if (status.textContent !== text) status.textContent = text;
}

function complain({ status, error }) {
  const reasons = {
    0: "There is no connection.",
    413: "The text is too large for the server.",
  };
  const reason = error || reasons[status] || "The server could not save it.";
  const next = mayPass({ status }) ? " and sent as soon as it can be" : "";
  say(`not saved. ${reason} The text is kept in this browser${next}.`);
  bar.querySelector(".saved").classList.add("failed");
}

/* What needs nobody: the connection, the server or the session may be back. A conflict, what was
   deleted and what is too large wait for the writer. */
const mayPass = ({ status }) => ![404, 409, 413].includes(status);

async function send(extra, options) {
  const sent = content();
  if (sent === kept && !extra) return { status: 200 };
  if (!unsent) say("saving…");
  input("_sequence").value = ++sequence;
  const answer = await post("keep", serialized(extra), options);
  if (answer.status !== 200) {
    complain(answer);
    unsent = mayPass(answer);
    if (unsent) keepIn(AGAIN);
    return answer;
  }
  unsent = false;
  kept = sent;
  input("_edition").value = answer.edition ? JSON.stringify(answer.edition) : "";
  input("_base").value = JSON.stringify(answer.base);
  bar.querySelector(".saved").classList.remove("failed");
  say(`saved ${answer.saved}${pressed && `: press “${pressed}” again`}`);
  if (answer.badge) bar.querySelector(".state").outerHTML = answer.badge;
  if (answer.address.includes("copy=")) history.replaceState(null, "", answer.address);
  if (content() === kept) forget();
  return answer;
}

/* One at a time, so that an older text never arrives after a newer one. */
function keep(extra) {
  clearTimeout(timer);
  running = running.catch(() => {}).then(() => send(extra));
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

function keepIn(pause) {
  clearTimeout(timer);
  timer = setTimeout(() => { if (!isLeaving()) keep(); }, pause);
}

function changed() {
  if (content() === kept) return;
  backUp();
  keepIn(PAUSE);
}

/* The network is back, or the writer is, who may have signed in again in another tab. */
function comeBack() {
  if (unsent && document.visibilityState === "visible") keepIn(0);
}

function leave() {
  if (document.visibilityState !== "hidden" || content() === kept || isLeaving()) return;
  backUp();
  const data = serialized();
  // More than this a browser does not send from a page that is gone.
  if (data.toString().length < 60_000) send(undefined, { keepalive: true });
}

async function keepBeforeSending(submitter) {
  backUp();
  const answer = await keep({});
  // What the form's page shows: a conflict, or that it was deleted meanwhile.
  const mayGo = [200, 404, 409].includes(answer.status);
  if (mayGo) input("_sequence").value = ++sequence;
  else pressed = submitter?.value ?? "";
  return mayGo;
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
  // After Back or a reload a browser puts into the form what was typed into it then, beside what
  // the form says that it has seen now: it would go over what is newer. Not every one listens.
  form.autocomplete = "off";
  const [{ type }] = performance.getEntriesByType("navigation");
  kept = received();
  if (type !== "navigate" && content() !== kept) {
    backUp({ _edition: "", _base: "" });
    form.reset();
  }
  if (document.querySelector(".errornote, .conflict")) kept = "";
  const backup = earlier();
  if (backup) offer(backup);
  onChange(changed);
  if (kept) changed();
  // Not in writing.css, since checkers of CSS do not know this yet.
  input("title").style.fieldSizing = "content";
  document.addEventListener("visibilitychange", leave);
  document.addEventListener("visibilitychange", comeBack);
  for (const type of ["online", "focus"]) addEventListener(type, comeBack);
  isLeaving = onePress(form, keepBeforeSending);
  document.addEventListener("keydown", shortcut);
}
