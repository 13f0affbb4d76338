// Searches a site of plain files, with the words that portfolio/search/words.py has: all that is
// asked for has to be there, and what is in the title outweighs what is in the text. There are no
// stems, so that every word of two letters may go on.

const MOST = 50;
const AROUND = 90; // characters of the text on either side of a word
// Characters that are no letters of a word, beside those of Latin: points of Hebrew and Arabic.
const ACCENTS =
  /[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u0711\u0730-\u074a\u0898-\u089f\u08ca-\u08ff\u180b-\u180f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufb1e\ufe00-\ufe0f\ufe20-\ufe2f\u{e0100}-\u{e01ef}]/gu;
const JOINER = "\u2060";
const UNSAID = new RegExp(`['’׳״ʼـ\\u00ad\\u200c\\u200d${JOINER}]`, "u");
const OTHERS = { ß: "ss", ς: "σ", ø: "o", đ: "d", ð: "d", ł: "l", ı: "i", æ: "ae", œ: "oe" };
const CHARACTER = /[^\p{M}\uff9e\uff9f][\p{M}\uff9e\uff9f]*|[\p{M}\uff9e\uff9f]+/gu;
// Scripts that set no words apart: what is asked for may stand anywhere, but whole.
const UNSPACED = ["Han", "Hira", "Kana", "Bopo", "Thai", "Laoo", "Mymr", "Khmr", "Bali", "Java"]
  .map((script) => `\\p{scx=${script}}`)
  .join("");
// The mark of Hebrew's short forms as keyboards have it, as in צה"ל.
const GERSHAYIM = '(?<=[א-ת])"(?=[א-ת])';
const IN_WORD = new RegExp(`${GERSHAYIM}|(?<=[${UNSPACED}]\\p{M}*)\\u200b`, "gu");
// What French and Italian write together with the next word: l'école, dell'arte.
const ELIDED =
  /(?<![\p{L}\p{M}\p{N}])([cdjlmnst]|(?:jus|lors|puis|quoi)?qu|(?:a|co|da|de|ne|que|su)ll)['’](?=[aeiouhà-öø-ÿœ])/giu;
const JOINED = `(?=[\\p{L}\\p{N}])[${UNSPACED}]\\p{M}*`;
const LETTER = `(?![${UNSPACED}\\p{scx=Hang}])[\\p{L}\\p{M}\\p{N}]`;
const SIGNS = "(?:\\+{2,}|\\+(?![\\p{L}\\p{N}+])|#+(?!\\p{L}))";
const WORD = new RegExp(`(?:${JOINED})+|\\p{scx=Hang}+|(?:${LETTER})+(?:(?<=\\p{L})${SIGNS})?`, "gu");
const MARKS = "“”„‟«»‹›「」『』｢｣〝〞〟❝❞";
const QUOTED = new RegExp(
  `(?:(?<![\\p{L}\\p{N}_])["＂]|[${MARKS}])((?:[^"＂${MARKS}]|${GERSHAYIM})*)["＂${MARKS}]`,
  "gu",
);

const field = document.querySelector('.search [name="q"]');
const results = document.querySelector("[data-index]");
const stopWords = new Set(results.dataset.stopWords.split(" "));
const folded = new Map();
let documents;

function foldCharacter(character) {
  if (!folded.has(character)) {
    const plain = character.normalize("NFKD").replace(ACCENTS, "").toLowerCase();
    const said = UNSAID.test(character) ? "" : plain.replace(/./gu, (one) => OTHERS[one] ?? one);
    folded.set(character, said.normalize());
  }
  return folded.get(character);
}

// Without accents and case; `starts` gets where in the text each unit of what it returns is from.
function fold(typed, starts) {
  const text = typed.replace(ELIDED, "$1 ").replace(IN_WORD, JOINER);
  if (!starts && /^[\0-\x7f]*$/.test(text)) return text.toLowerCase().replaceAll("'", "");
  return text.replace(CHARACTER, (character, at) => {
    const plain = foldCharacter(character);
    starts?.push(...Array(plain.length).fill(at));
    return plain;
  });
}

const escaped = (word) => word.replaceAll("+", "\\+");
const isOf = (script, word) => new RegExp(`^[${script}]`, "u").test(word);

function beginning(word) {
  if (isOf(UNSPACED, word)) return "";
  return isOf("\\p{scx=Hang}", word) ? "(?<!\\p{scx=Hang})" : `(?<!${LETTER})`;
}

function ending(word) {
  if (isOf(UNSPACED, word)) return "(?!\\p{M})";
  if (isOf("\\p{scx=Hang}", word)) return "(?!\\p{scx=Hang})";
  return /[+#]$/.test(word) ? "(?![+#])" : `(?!${LETTER}|${SIGNS})`;
}

// What a single word is looked for with; one of Korean, or of two letters, may go on.
function loosely(word) {
  const goesOn = isOf("\\p{scx=Hang}", word) || (word.length > 1 && !/[+#]$/.test(word));
  const end = goesOn && !isOf(UNSPACED, word) ? "" : ending(word);
  return beginning(word) + escaped(word) + end;
}

// What words in a row are looked for with, just as they are.
function inARow(words) {
  const each = words.map((word) => beginning(word) + escaped(word) + ending(word));
  return each.join("[^\\p{L}\\p{N}]*");
}

// Of what was typed an expression for each thing that is asked for, without stop words that stand
// alone, unless there is nothing else.
function expressions(typed) {
  const asked = [];
  const words = (text) => fold(text.replace(ELIDED, "")).match(WORD) ?? [];
  const loose = typed.replace(QUOTED, (_, quoted) => {
    const row = words(quoted);
    if (row.length) asked.push(inARow(row));
    return " ";
  });
  const alone = words(loose);
  const telling = alone.filter((word) => !stopWords.has(word));
  asked.push(...(asked.length || telling.length ? telling : alone).map(loosely));
  return asked.map((each) => new RegExp(each, "u"));
}

async function load() {
  const response = await fetch(results.dataset.index);
  if (!response.ok) throw new Error(response.statusText);
  documents = await response.json();
  for (const each of documents) {
    each.title = each.title.normalize();
    each.text = each.text.normalize();
    each.foldedTitle = fold(each.title);
    each.foldedText = fold(each.text);
  }
}

function score({ foldedTitle, foldedText }, asked) {
  let total = 0;
  for (const expression of asked) {
    if (expression.test(foldedTitle)) total += 10;
    else if (expression.test(foldedText)) total += 1;
    else return 0;
  }
  return total;
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// The beginning and the end of the word that is at a place, of a character if that is too long.
function around(text, place) {
  const from = Math.max(0, place - AROUND);
  const part = text.slice(from, place + AROUND);
  for (const granularity of ["word", "grapheme"]) {
    const segments = new Intl.Segmenter(undefined, { granularity }).segment(part);
    const { index, segment } = segments.containing(place - from);
    if (segment.length < AROUND / 3 || granularity === "grapheme")
      return [from + index, from + index + segment.length];
  }
}

const before = (text, place) => (place < text.length ? around(text, place)[0] : text.length);
const after = (text, place) => (place > 0 ? around(text, place - 1)[1] : 0);

function excerpt({ text }, asked) {
  const starts = [];
  const plain = fold(text, starts);
  const found = asked.map((expression) => expression.exec(plain)).filter(Boolean);
  const [first] = found.sort((one, other) => one.index - other.index);
  if (!first) {
    const end = before(text, 2 * AROUND);
    return [text.slice(0, end).trim(), end < text.length ? " …" : ""];
  }
  const last = starts[first.index + first[0].length - 1];
  const [start, end] = [starts[first.index], starts.find((at) => at > last) ?? text.length];
  const from = Math.min(after(text, start - AROUND), start);
  const to = Math.max(before(text, end + AROUND), end);
  return [
    (from ? "… " : "") + text.slice(from, start).trimStart(),
    element("mark", {}, text.slice(start, end)),
    text.slice(end, to).trimEnd() + (to < text.length ? " …" : ""),
  ];
}

function shown(each, asked) {
  const link = element("a", { href: each.address }, each.title);
  return element(
    "article",
    { className: "entry-line" },
    element("p", { className: "label" }, each.month || each.kind),
    element(
      "div",
      {},
      element("h2", { dir: "auto" }, link),
      element("p", { dir: "auto" }, ...excerpt(each, asked)),
    ),
  );
}

async function search() {
  const typed = new URLSearchParams(location.search).get("q")?.trim() ?? "";
  const asked = expressions(typed.normalize());
  field.value = typed;
  if (!asked.length) return;
  const said = element("p", { className: "found", role: "status" }, "searching…");
  results.replaceChildren(said);
  try {
    await load();
  } catch {
    said.textContent = "the index could not be loaded: reload the page to try again.";
    return;
  }
  const found = documents.map((each) => [score(each, asked), each]).filter(([total]) => total);
  found.sort(([one], [other]) => other - one);
  said.textContent = `${found.length} found${found.length > MOST ? `, the best ${MOST}` : ""}.`;
  results.append(...found.slice(0, MOST).map(([, each]) => shown(each, asked)));
}

search();
