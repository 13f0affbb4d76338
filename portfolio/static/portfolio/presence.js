/* Says while an item is open here, and shows who else has it open. */

import { token } from "./token.js";
import { address, form, post } from "./writing.js";

const INTERVAL = 15_000; // milliseconds

async function say() {
  if (document.visibilityState === "hidden") return;
  const { others = [] } = await post("present", new URLSearchParams({ _tab: form._tab.value }));
  const names = others.join(", ");
  document.querySelector(".others").textContent = names && `also being edited by ${names}`;
}

function leave() {
  const body = new URLSearchParams({ left: "1", _tab: form._tab.value });
  body.set("csrfmiddlewaretoken", token());
  navigator.sendBeacon(address("present"), body);
}

if (form) {
  say();
  setInterval(say, INTERVAL);
  document.addEventListener("visibilitychange", say);
  addEventListener("pagehide", leave);
}
