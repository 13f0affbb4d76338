// Searches a site of plain files: all words have to be there, and one in the title outweighs many
// in the text.

const MOST = 50;
const AROUND = 90; // characters of the text on either side of a word

const field = document.querySelector('.search [name="q"]');
const results = document.querySelector("[data-index]");
let documents;

// Without accents and case, character for character, so that places are those of the text, in which
// no accent is a character of its own.
function fold(text) {
  return Array.from(text, (character) => {
    const folded = character.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    return folded.length === character.length ? folded : character;
  }).join("");
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

function score({ foldedTitle, foldedText }, words) {
  let total = 0;
  for (const word of words) {
    if (foldedTitle.includes(word)) total += 10;
    else if (foldedText.includes(word)) total += 1;
    else return 0;
  }
  return total;
}

function element(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function excerpt({ text, foldedText }, words) {
  const places = words.map((word) => foldedText.indexOf(word)).filter((place) => place >= 0);
  if (!places.length) return text.slice(0, 2 * AROUND);
  const [word] = words.filter((each) => foldedText.startsWith(each, places[0]));
  const [start, end] = [places[0], places[0] + word.length];
  const head = text.slice(Math.max(0, start - AROUND), start);
  return [head, element("mark", {}, text.slice(start, end)), text.slice(end, end + AROUND)];
}

function shown(each, words) {
  const link = element("a", { href: each.address }, each.title);
  return element(
    "article",
    { className: "entry-line" },
    element("p", { className: "label" }, each.month || each.kind),
    element(
      "div",
      {},
      element("h2", { dir: "auto" }, link),
      element("p", { dir: "auto" }, ...[excerpt(each, words)].flat()),
    ),
  );
}

async function search() {
  const asked = new URLSearchParams(location.search).get("q")?.trim() ?? "";
  const words = fold(asked.normalize()).split(/\s+/).filter(Boolean);
  field.value = asked;
  if (!words.length) return;
  const said = element("p", { className: "found", role: "status" }, "searching…");
  results.replaceChildren(said);
  try {
    await load();
  } catch {
    said.textContent = "the index could not be loaded: reload the page to try again.";
    return;
  }
  const found = documents.map((each) => [score(each, words), each]).filter(([total]) => total);
  found.sort(([one], [other]) => other - one);
  said.textContent = `${found.length} found${found.length > MOST ? `, the best ${MOST}` : ""}.`;
  results.append(...found.slice(0, MOST).map(([, each]) => shown(each, words)));
}

search();
