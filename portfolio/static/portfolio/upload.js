/* Sends files, each with its progress. */

import { make } from "./elements.js";
import { token } from "./token.js";

export const LOST = "It did not get through: try again, or make it smaller.";

/* A row for a file that waits, and its bar of progress. */
export function makeRow(file) {
  const progress = make("progress", { value: 0, max: 1 });
  const name = make("bdi", {}, file.name);
  return { row: make("li", {}, make("label", {}, name, progress)), progress };
}

/* The JSON that a form is answered with; { error } if it is no JSON. */
export function send(address, body, progress) {
  body.set("csrfmiddlewaretoken", token());
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      // The server still has to write it anew, which takes as long as it takes.
      if (loaded < total) progress.value = loaded / total;
      else progress.removeAttribute("value");
    });
    request.addEventListener("loadend", () => {
      try {
        resolve(JSON.parse(request.responseText));
      } catch {
        resolve({ error: LOST });
      }
    });
    request.send(body);
  });
}
