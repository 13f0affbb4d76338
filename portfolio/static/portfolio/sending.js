/* A form without a working copy is sent only when it would arrive, and then by itself: what a page
   of sign-in or of an error gets instead of the form is lost. Without this script Back usually brings
   the text again. */

import { make } from "./elements.js";
import { onePress } from "./one-press.js";

const form = document.querySelector(".change-form #content-main > form");

/* Why it would not arrive; empty if it would. */
async function obstacle() {
  try {
    const { type, status, headers } = await fetch(location, { method: "HEAD", redirect: "manual" });
    // A page without our policy is one that something on the way puts in its place.
    const isOurs = type === "opaqueredirect" || headers.has("Content-Security-Policy");
    if (status >= 500 || !isOurs) throw new Error(status);
    if (type === "opaqueredirect") {
      return "You are signed out: sign in again in another tab. Your text is still here, "
        + "and is saved as soon as you are back.";
    }
    return "";
  } catch {
    return "The server cannot be reached. Your text is still here, and is saved as soon as it can.";
  }
}

const AGAIN = 3000; // milliseconds
const pause = () => new Promise((resolve) => { setTimeout(resolve, AGAIN); });

if (form && !form.elements._key) {
  const message = make("p", { className: "errornote" });
  message.setAttribute("role", "alert");

  onePress(form, async (submitter) => {
    for (let reason = await obstacle(); reason; reason = await obstacle()) {
      if (message.textContent !== reason) message.textContent = reason;
      (submitter?.closest(".submit-row") ?? form.lastElementChild).before(message);
      await pause();
    }
    return true;
  });
}
