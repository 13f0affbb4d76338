/* A press of a form's button is one press, however often it is hit while it is on its way. */

import { token } from "./token.js";

// After which it may be pressed again, if the browser has not left the page.
const ON_ITS_WAY = 10_000; // milliseconds

/* `mayGo(submitter)` does what comes first, and says whether the form is sent then. Gives a function
   that tells whether it is on its way. */
export function onePress(form, mayGo) {
  let passing = false; // the press that was let through
  let isOnItsWay = false;

  form.addEventListener("submit", async (event) => {
    if (passing) {
      passing = false;
      return;
    }
    event.preventDefault();
    if (isOnItsWay) return;
    isOnItsWay = true;
    try {
      passing = await mayGo(event.submitter);
    } finally {
      isOnItsWay = passing;
    }
    if (!passing) return;
    form.elements.csrfmiddlewaretoken.value = token();
    form.requestSubmit(event.submitter);
    setTimeout(() => { isOnItsWay = false; }, ON_ITS_WAY);
  });
  addEventListener("pageshow", () => { passing = isOnItsWay = false; });
  return () => isOnItsWay;
}
