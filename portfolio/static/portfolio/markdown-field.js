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

// A line: what it has of quotations and lists, spaces, the mark of a fence, the rest.
const LINE = /^((?: {0,3}(?:>|(?:[-+*]|\d{1,9}[.)])(?= |$)) ?)*)( *)(`{3,}|~{3,})?(.*)$/;

/* The mark of the fence that is open at a place in the text, if one is, and where the last ended. */
function fence(text, at) {
  let open = null; // of a fence its mark, whether it is quoted, and how far its item is indented
  let isInList = false;
  let [from, end] = [0, 0];
  for (const line of text.slice(0, at).split("\n")) {
    const [, before, spaces, mark = "", rest] = LINE.exec(line);
    const isQuoted = before.includes(">");
    const indent = before.length + spaces.length;
    const isLeft = open && (open.isQuoted > isQuoted || (line.trim() && indent < open.indent));
    const isEnd = open && !isLeft && mark.startsWith(open.mark) && !rest.trim();
    if (isLeft || isEnd) [open, end] = [null, isEnd ? from + line.length : from];
    if (!open && !isEnd) {
      const isItem = /[^> ]/.test(before);
      isInList = isItem || (isInList && (!line.trim() || indent > 0));
      const isMark = mark && (isInList || spaces.length < 4);
      if (isMark && !(mark[0] === "`" && rest.includes("`")))
        open = { mark, isQuoted, indent: isInList ? (isItem ? before.length : indent) : 0 };
    }
    from += line.length + 1;
  }
  return [open?.mark ?? "", end];
}

/* Whether a place in the text is between two fences, or after one that nothing closes. */
export const isInFence = (text, at) => Boolean(fence(text, at)[0]);

/* Whether a place in the text is code: between fences, indented, in a span of backticks or in
   an element for it, even if nothing closes that yet. */
export function isInCode(text, at) {
  const [open, end] = fence(text, at);
  return Boolean(open) || isIndented(text.slice(0, at)) || isInSpan(blockBefore(text.slice(end, at)));
}

const ITEM = /^ *(?:[-+*]|\d{1,9}[.)])(?: |$)/;

/* Whether a text ends in a block that is indented, and not as part of a list. */
function isIndented(text) {
  const lines = text.split("\n");
  const isCode = (line) => /^(?: {4}| {0,3}\t)/.test(line);
  if (!isCode(lines.at(-1))) return false;
  const above = lines.findLastIndex((line) => line.trim() && !isCode(line));
  // A paragraph goes on, however far its lines are indented.
  if (above >= 0 && lines[above + 1].trim()) return /^ {0,3}#{1,6} /.test(lines[above]);
  return above < 0 || !(ITEM.test(lines[above]) || lines[above].startsWith(" "));
}

/* The end of a text from where its paragraph, its item or its heading begins. */
function blockBefore(text) {
  const lines = text.split("\n");
  const start = lines.findLastIndex((line) => !line.trim() || ITEM.test(line) || isHeading(line));
  const isPassed = start >= 0 && isHeading(lines[start]) && start < lines.length - 1;
  return lines.slice(isPassed ? start + 1 : Math.max(0, start)).join("\n");
}

const isHeading = (line) => /^ {0,3}#{1,6}(?: |$)/.test(line);

/* Whether code is open at the end of a block: a run of backticks that no other of its length
   closes, an element, a comment. */
function isInSpan(block) {
  const next = /\\[^]|(`+)|<(code|kbd|pre|samp)\b[^>]*>|<!--/gi;
  for (let match = next.exec(block); match; match = next.exec(block)) {
    const [found, ticks, element] = match;
    if (found[0] === "\\") continue;
    const end = ticks ? `(?<!\`)${ticks}(?!\`)` : element ? `</${element}\\s*>` : "-->";
    const closing = RegExp(end, "gi");
    closing.lastIndex = next.lastIndex;
    if (!closing.test(block)) return true;
    next.lastIndex = closing.lastIndex;
  }
  return false;
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
