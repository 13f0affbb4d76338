/* Several files for the library of pictures go up one after the other, each with its progress. The
   list says what became of each; without this, the form takes them all at once. */

import { make } from "./elements.js";
import { LOST, makeRow, send } from "./upload.js";

const form = document.querySelector("#image_form");
const input = form?.querySelector("input[type=file][multiple]");

async function sendAll(files) {
  const list = make("ul", { className: "uploads", ariaLive: "polite" });
  const rows = files.map(makeRow);
  list.append(...rows.map(({ row }) => row));
  input.closest(".form-row").append(list);
  for (const button of form.querySelectorAll("[type=submit]")) button.disabled = true;
  const body = new FormData(form);
  let added = 0;
  for (const [index, file] of files.entries()) {
    const { row, progress } = rows[index];
    row.scrollIntoView({ block: "nearest" });
    body.set(input.name, file);
    const { outcome, error } = await send(form.action, body, progress);
    if (outcome) added++;
    progress.replaceWith(outcome ?? error ?? LOST);
  }
  for (const button of form.querySelectorAll("[type=submit]")) button.disabled = false;
  // What did not get through can be tried again; the list has been told the rest.
  if (added === files.length) location.assign(input.dataset.list);
}

form?.addEventListener("submit", (event) => {
  if (input?.files.length > 1) {
    event.preventDefault();
    sendAll([...input.files]);
  }
});
