/* The public page beside the form, as it would be if the form were published now. */

import { form, onChange, post, serialized } from "./writing.js";

const PAUSE = 120; // milliseconds
const DESKTOP = 960; // pixels
const PHONE = 375;
const pane = document.querySelector(".pane");
const frame = pane?.querySelector("iframe");
const room = pane?.querySelector(".pane-room");
const chosen = { width: "desktop", scheme: "light" };
let timer, running, again;

function paint(html) {
  const next = new DOMParser().parseFromString(html, "text/html");
  const { scrollX, scrollY } = frame.contentWindow;
  const page = frame.contentDocument;
  next.documentElement.dataset.theme = chosen.scheme;
  // They would not run in there, and the browser would complain.
  for (const script of next.querySelectorAll("script")) script.remove();
  for (const link of next.querySelectorAll("a[href]")) {
    if (!link.getAttribute("href").startsWith("#")) link.target = "_blank";
  }
  if (page.querySelector("main")) {
    page.body.replaceWith(page.adoptNode(next.body));
    page.title = next.title;
    frame.contentWindow.scrollTo(scrollX, scrollY);
  } else {
    frame.srcdoc = next.documentElement.outerHTML;
  }
}

async function refresh() {
  if (pane.hidden || !pane.offsetParent) return;
  if (running) { again = true; return; }
  running = true;
  const answer = await post("preview", serialized());
  running = false;
  const message = answer.page ? "" : answer.error || "The page cannot be shown at the moment.";
  pane.querySelector(".pane-message").textContent = message;
  if (answer.page) paint(answer.page);
  if (answer.findings !== undefined) form.querySelector(".found").innerHTML = answer.findings;
  if (again) { again = false; refresh(); }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(refresh, PAUSE);
}

/* A desktop is wider than the pane, so it is shown smaller. */
function fit() {
  const width = chosen.width === "phone" ? PHONE : DESKTOP;
  const scale = Math.min(1, room.clientWidth / width);
  frame.style.inlineSize = `${width}px`;
  frame.style.blockSize = `${room.clientHeight / scale}px`;
  frame.style.transform = `scale(${scale})`;
}

function choose({ target }) {
  if (!(target.name in chosen)) return;
  chosen[target.name] = target.value;
  for (const button of pane.querySelectorAll(`[name=${target.name}]`)) {
    button.ariaPressed = String(button === target);
  }
  const page = frame.contentDocument?.documentElement;
  if (page) page.dataset.theme = chosen.scheme;
  fit();
}

/* On a phone the two are tabs. */
function turn(event) {
  const side = event.target.value;
  document.body.dataset.side = side;
  for (const tab of document.querySelectorAll(".tabs button")) {
    tab.ariaPressed = String(tab.value === side);
  }
  fit();
  refresh();
}

if (form && pane) {
  pane.hidden = false;
  document.body.dataset.side = "form";
  const theme = document.documentElement.dataset.theme;
  const dark = theme === "dark"
    || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  pane.addEventListener("click", choose);
  if (dark) pane.querySelector("[value=dark]").click();
  if (innerWidth < 2 * PHONE) pane.querySelector("[value=phone]").click();
  document.querySelector(".tabs").hidden = false;
  for (const tab of document.querySelectorAll(".tabs button")) tab.addEventListener("click", turn);
  new ResizeObserver(fit).observe(room);
  onChange(soon);
  refresh();
}
