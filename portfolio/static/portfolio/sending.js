/* A form without a working copy is sent only when it would arrive: what a page of sign-in or of an
   error gets instead of the form is lost. Without this script Back usually brings the text again. */

import { make } from "./elements.js";
import { token } from "./token.js";

const form = document.querySelector(".change-form #content-main > form");

/* Why it would not arrive; empty if it would. */
async function obstacle() {
  try {
    const { type } = await fetch(location, { method: "HEAD", redirect: "manual" });
    if (type === "opaqueredirect") {
      return "You are signed out: sign in again in another tab, then save. Your text is still here.";
    }
    return "";
  } catch {
    return "There is no connection: save again when there is. Your text is still here.";
  }
}

if (form && !form.elements._key) {
  let clear = false;
  const message = make("p", { className: "errornote" });
  message.setAttribute("role", "alert");

  form.addEventListener("submit", async (event) => {
    if (clear) return;
    event.preventDefault();
    const { submitter } = event;
    const reason = await obstacle();
    if (clear) return; // pressed twice
    if (reason) {
      message.textContent = reason;
      (submitter?.closest(".submit-row") ?? form.lastElementChild).before(message);
      return;
    }
    form.elements.csrfmiddlewaretoken.value = token();
    clear = true;
    form.requestSubmit(submitter);
  });
  addEventListener("pageshow", () => { clear = false; });
}
