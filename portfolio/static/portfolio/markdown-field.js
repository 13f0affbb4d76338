/* What the scripts of a Markdown field share: to find one, to change its text so that one undo
   takes the change back, and to know where in a text one is. */

export const editorOf = (event) => event.target.closest?.(".markdownx-editor");

/* Calls `attach` with each field that can be written in, and with those that come later. */
export function eachField(attach) {
  const within = (part) => {
    for (const field of part.querySelectorAll(".markdownx-editor")) {
      if (!field.closest(".empty-form") && !field.disabled && !field.readOnly) attach(field);
    }
  };
  within(document);
  document.addEventListener("formset:added", (event) => within(event.target));
}

/* Puts `text` in place of from…to; then selects what in it lies between the last two, its end if
   they are not given. */
export function replace(field, from, to, text, start = text.length, end = start) {
  field.focus({ preventScroll: true });
  field.setSelectionRange(from, to);
  if (from !== to || text) {
    // Deprecated, and yet the one way that can be undone.
    const done = document.execCommand(text ? "insertText" : "delete", false, text);
    if (!done) {
      field.setRangeText(text, from, to);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }
  field.setSelectionRange(from + start, from + end);
}

/* Where the lines begin and end that a part of the text touches. */
export function lines(text, from, to) {
  const end = text.indexOf("\n", to);
  return [text.lastIndexOf("\n", from - 1) + 1, end < 0 ? text.length : end];
}

/* Whether a place in the text is between two fences, or after one that nothing closes. */
export function isInFence(text, at) {
  let open = "";
  for (const [, mark, rest] of text.slice(0, at).matchAll(/^ {0,3}(`{3,}|~{3,})(.*)$/gm)) {
    if (!open) open = mark[0] === "`" && rest.includes("`") ? "" : mark;
    else if (mark.startsWith(open) && !rest.trim()) open = "";
  }
  return Boolean(open);
}

/* Says something beside the field, and to a screen reader. */
export function tell(field, text) {
  let message = field.parentElement.querySelector(".markdownx-message");
  if (!message) {
    message = document.createElement("p");
    message.className = "markdownx-message";
    message.setAttribute("role", "status");
    field.before(message);
  }
  message.textContent = text;
}
