/* Keys with Ctrl, on Apple's systems with ⌘. A button of a form names its own, and what it does, by
   `data-shortcut="S saves"` or `data-shortcut="Enter publishes"`; writing.js does it. */

const APPLE = /Mac|iPhone|iPad/.test(navigator.platform);

/* How the key with Ctrl or ⌘ is written: for people, or for `aria-keyshortcuts`. */
export function keys(key, to = "people") {
  if (to === "aria") return `${APPLE ? "Meta" : "Control"}+${key}`;
  return (APPLE ? "⌘" : "Ctrl+") + (key === "Enter" ? "↵" : key);
}

/* Whether a key is an input method's, which ends a word with Enter. Safari sends that one after the
   composition has ended, as 229. */
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

/* AltGr, which types characters, comes as Ctrl with Alt. */
export function isPressed(event, key) {
  const { ctrlKey, metaKey, altKey, shiftKey } = event;
  const held = APPLE ? metaKey && !ctrlKey : ctrlKey && !metaKey;
  if (!held || altKey || shiftKey || isComposing(event)) return false;
  // A keyboard of other letters has these at their usual places.
  const typed = /^[^\0-\x7f]$/.test(event.key) ? event.code.replace("Key", "") : event.key;
  return typed.toUpperCase() === key.toUpperCase();
}

/* The shortcuts that the form of a field has, in words. */
export function hints(form) {
  return [...form.querySelectorAll("[data-shortcut]")].map(({ dataset: { shortcut } }) => {
    const [key, ...does] = shortcut.split(" ");
    return `${keys(key)} ${does.join(" ")}`;
  });
}
