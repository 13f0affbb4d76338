/* What is where on the screen in a field, found by a copy of its text. */

// What decides where the lines of a text break.
const COPIED = [
  "fontFamily", "fontSize", "fontWeight", "fontVariantLigatures", "lineHeight", "letterSpacing",
  "padding", "boxSizing", "direction", "unicodeBidi",
];

/* An unseen element on the page, to be removed again, that breaks its text as the field does. */
export function copyOf(field) {
  const copy = document.createElement("div");
  const style = getComputedStyle(field);
  for (const name of COPIED) copy.style[name] = style[name];
  Object.assign(copy.style, {
    position: "absolute", top: 0, visibility: "hidden", inlineSize: `${field.clientWidth}px`,
    whiteSpace: "pre-wrap", overflowWrap: "break-word",
  });
  document.body.append(copy);
  return copy;
}

/* The place in the field's text at a point of the window. */
export function placeAt(field, x, y) {
  const caret = document.caretPositionFromPoint?.(x, y);
  return caret?.offsetNode === field ? caret.offset : endOfLineAt(field, y);
}

/* For browsers that do not say what is inside a field: the end of the line that is there. */
export function endOfLineAt(field, y) {
  const copy = copyOf(field);
  const parts = field.value.split("\n").map((line) => {
    const part = document.createElement("div");
    part.textContent = line || " ";
    return part;
  });
  copy.append(...parts);
  const inside = y - field.getBoundingClientRect().top - field.clientTop + field.scrollTop;
  const { top } = copy.getBoundingClientRect();
  const number = parts.filter((part) => part.getBoundingClientRect().top - top <= inside).length;
  copy.remove();
  return field.value.split("\n").slice(0, Math.max(1, number)).join("\n").length;
}
