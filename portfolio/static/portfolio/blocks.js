/* The blocks of a Markdown text, and where between them a paragraph of its own can stand. */

const FENCE = /^ {0,3}(`{3,}(?!.*`)|~{3,})/;
const HEADING = /^ {0,3}#{1,6}(?:[ \t]|$)/;
const RULE = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
const NOTE = /^ {0,3}\[\^[^\]]+\]:/;
const QUOTE = /^ {0,3}>/;
const ITEM = /^ {0,3}(?:[-+*]|\d{1,9}[.)])(?:[ \t]|$)/;
const FIRST_ITEM = /^ {0,3}(?:[-+*]|1[.)])[ \t]+\S/;
const DEFINITION = /^ {0,3}[:~][ \t]/;
const TAG = /^ {0,3}<\/?[a-z][\w-]*(?:[\s/>]|$)/i;
const CODE = /^(?: {4}| {0,3}\t)/;
const INDENTED = /^(?: {2}| ?\t)/;
// HTML that a blank line does not end, as [its beginning, its end].
const HTML = [
  [/^ {0,3}<(?:script|pre|style|textarea)(?:[\s>]|$)/i, /<\/(?:script|pre|style|textarea)>/i],
  [/^ {0,3}<!--/, /-->/],
  [/^ {0,3}<\?/, /\?>/],
  [/^ {0,3}<!\[CDATA\[/, /\]\]>/],
  [/^ {0,3}<![a-z]/i, />/],
];

const isOne = (line, ...patterns) => patterns.some((pattern) => pattern.test(line));
const endsParagraph = (line) =>
  isOne(line, FENCE, HEADING, NOTE, QUOTE, TAG, ...HTML.map(([begins]) => begins));

/* Whether a line goes on with a block of a kind, after blank lines or right away. */
const GOES_ON = {
  paragraph: (line, after) =>
    (after ? DEFINITION.test(line) : !endsParagraph(line) && !FIRST_ITEM.test(line)),
  definition: (line, after) => isOne(line, DEFINITION, INDENTED) || (!after && !endsParagraph(line)),
  list: (line, after) => isOne(line, ITEM, INDENTED) || (!after && !endsParagraph(line)),
  note: (line, after) => CODE.test(line) || (!after && !endsParagraph(line)),
  quote: (line, after) => !after && (QUOTE.test(line) || !endsParagraph(line)),
  code: (line) => CODE.test(line),
  tag: (line, after) => !after,
  whole: () => false,
};

/* The kind of the block that a line begins, and what is at the end of its last line, if it goes on
   until there. */
function begin(line) {
  const fence = line.match(FENCE)?.[1];
  if (fence) {
    return { kind: "whole", until: RegExp(`^ {0,3}${fence[0]}{${fence.length},}[ \\t]*$`) };
  }
  const html = HTML.find(([begins]) => begins.test(line));
  if (html) return { kind: "whole", until: html[1].test(line) ? null : html[1] };
  if (isOne(line, HEADING, RULE)) return { kind: "whole" };
  const kinds = { note: NOTE, quote: QUOTE, list: ITEM, tag: TAG, code: CODE };
  return { kind: Object.keys(kinds).find((kind) => kinds[kind].test(line)) ?? "paragraph" };
}

/* The blocks of a text, none of them in another, as { start, end, until }; one whose `until` is
   still missing at the end of the text keeps it. */
export function blocks(text) {
  const found = [];
  let block = { kind: "whole" };
  let start = 0;
  let afterBlank = true;
  for (const line of text.split("\n")) {
    const end = start + line.length;
    if (block.until) {
      block.end = end;
      if (block.until.test(line)) block.until = null;
    } else if (line.trim()) {
      if (GOES_ON[block.kind](line, afterBlank)) {
        block.end = end;
        if (block.kind === "paragraph" && DEFINITION.test(line)) block.kind = "definition";
      } else {
        block = { ...begin(line), start, end };
        found.push(block);
      }
      afterBlank = false;
    } else {
      afterBlank = true;
    }
    start = end + 1;
  }
  return found;
}

const breaks = (space) => space.split("\n").length - 1;
const apart = (text, space) => (text.trim() ? "\n".repeat(Math.max(0, 2 - breaks(space))) : "");

/* Where the paragraph for a place in the text goes: it replaces from…to, with `before` and `after`
   around it. `follows` is the block that it stands before; `isFree`: the place is in no block. */
export function roomFor(text, at) {
  const block = blocks(text).find(({ start, end }) => start <= at && at <= end);
  let from = text.lastIndexOf("\n", at - 1) + 1;
  let to = text.indexOf("\n", at);
  if (to < 0) to = text.length;
  const follows = block && (at === block.start || block.until) ? block : null;
  if (block) from = to = follows ? block.start : block.end;
  const [above, below] = [text.slice(0, from), text.slice(to)];
  return {
    from,
    to,
    before: apart(above, above.match(/\s*$/)[0]),
    after: apart(below, below.match(/^\s*/)[0]),
    follows,
    isFree: !block,
  };
}

/* Where a place in a text is when the text has become another. */
export function follow(at, text, now) {
  let same = 0;
  const length = Math.min(text.length, now.length);
  while (same < length && text[same] === now[same]) same++;
  if (at <= same) return at;
  let rest = 0;
  while (rest < length - same && text.at(-1 - rest) === now.at(-1 - rest)) rest++;
  if (at >= text.length - rest) return at + now.length - text.length;
  // What was around it is gone.
  return Math.min(at, now.length - rest);
}
