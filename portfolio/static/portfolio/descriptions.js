/* The pictures of a text, below its field: each asks for what it says to someone who cannot see it.
   That is kept with the picture, at once and apart from the form; so its inputs have no names. */

import { make } from "./elements.js";
import { eachField } from "./markdown-field.js";

const NAME = /[0-9a-f]{20}\.(?:jpg|png|webp|avif)/;
const LOST = { error: "It could not be kept: change it again to try once more." };

async function post(address, fields, options = {}) {
  const body = new URLSearchParams({ csrfmiddlewaretoken: token(), ...fields });  // editor.js's
  try {
    const response = await fetch(address, { method: "POST", body, ...options });
    const answer = await response.json();
    return response.ok || answer.error ? answer : LOST;
  } catch {
    return LOST;
  }
}

/* One picture. */

function makeRow(picture, save) {
  const alt = make("textarea", { rows: 2, maxLength: 500 });
  const caption = make("textarea", { rows: 1, maxLength: 500 });
  const decorative = make("input", { type: "checkbox" });
  const missing = make("strong", { className: "missing" });
  const message = make("span", {});
  message.setAttribute("role", "status");
  const name = make("bdi", { className: "file-name" }, picture.original_name);
  const words = make(
    "div", {},
    name,
    make("label", {}, "alternative text", alt),
    make("label", { className: "tick" },
      decorative, "decorative: it says nothing that the text does not"),
    make("label", {}, "caption", caption),
    make("p", {}, missing, message),
  );
  words.setAttribute("role", "group");
  const thumbnail = make("img", { alt: "", loading: "lazy", src: picture.thumbnail });
  const element = make("li", {}, thumbnail, words);

  function show(now, number) {
    words.setAttribute("aria-label", `picture ${number} ${now.original_name}`.trim());
    missing.textContent = now.undescribed ? "Say what can be seen, or tick decorative." : "";
    if (!element.contains(document.activeElement)) {
      // What was written stays until the box is unticked again, or the page is left.
      if (!now.decorative) alt.value = now.alt;
      caption.value = now.caption;
      decorative.checked = now.decorative;
    }
    for (const input of [alt, caption, decorative]) input.disabled = !now.may_change;
    alt.disabled ||= decorative.checked;
  }

  // Only what was changed is sent: of two on their way at once, either may arrive first.
  element.addEventListener("change", async ({ target }) => {
    alt.disabled = decorative.checked;
    const changed = target === caption
      ? { caption: caption.value }
      : { alt: decorative.checked ? "" : alt.value, decorative: decorative.checked ? "on" : "" };
    const { error } = await save({ name: picture.name, ...changed });
    message.textContent = error ?? "Kept.";
  });
  return { element, show };
}

/* All of a text. */

const editors = new Set();

function makeList(editor) {
  const title = make("summary", {});
  const list = make("ul", {});
  const section = make("details", { className: "descriptions", hidden: true }, title, list);
  editor.parentElement.append(section);
  const rows = new Map();
  let asked = 0;
  let later;

  async function save(fields) {
    // It arrives even if the form is sent right after.
    const answer = await post(editor.dataset.describe, fields, { keepalive: true });
    if (!answer.error) {
      // The previews and the lists of all texts that show it follow.
      const showing = [...editors].filter(({ value }) => value.includes(fields.name));
      for (const other of showing) other.dispatchEvent(new Event("input", { bubbles: true }));
    }
    return answer;
  }

  async function refresh() {
    const mine = ++asked;
    const answer = NAME.test(editor.value)
      ? await post(editor.dataset.pictures, { content: editor.value })
      : { pictures: [] };
    // A newer question is on its way, or there is no answer: what is shown stays.
    if (mine === asked && answer.pictures) show(answer);
  }

  function show({ pictures }) {
    const names = new Set(pictures.map((picture) => picture.name));
    for (const [name, { element }] of rows) {
      if (!names.has(name)) {
        element.remove();
        rows.delete(name);
      }
    }
    pictures.forEach((picture, index) => {
      if (!rows.has(picture.name)) rows.set(picture.name, makeRow(picture, save));
      const { element, show } = rows.get(picture.name);
      if (list.children[index] !== element) list.insertBefore(element, list.children[index]);
      show(picture, index + 1);
    });
    const number = pictures.filter((picture) => picture.undescribed).length;
    const missing = make("strong", { className: "missing" });
    if (number) missing.textContent = ` · ${number} without alternative text`;
    title.replaceChildren(`pictures in this text: ${pictures.length}`, missing);
    if (number && section.hidden) section.open = true;
    section.hidden = !pictures.length;
  }

  editor.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(refresh, 500);
  });
  refresh();
}

eachField((editor) => {
  editors.add(editor);
  makeList(editor);
});
