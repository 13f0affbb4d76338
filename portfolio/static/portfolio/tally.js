/* Below each Markdown field: how many words it has, how long they take to read, which keys help. */

import { eachField } from "./markdown-field.js";
import { hints } from "./shortcuts.js";

/* Words of English that one reads silently in a minute: 228 ± 30, by the texts of IReST
   (Trauzettel-Klosinski and Dietz 2012, doi:10.1167/iovs.11-8284). */
const A_MINUTE = 228;

const segmenter = Intl.Segmenter && new Intl.Segmenter(undefined, { granularity: "word" });

/* How many words a reader sees: not the addresses of links, nor what stands beside a fence. */
export function words(text) {
  const seen = text
    .replace(/^ {0,3}(?:`{3,}|~{3,}).*$/gm, "")
    .replace(/\]\([^()\s]*(?: "[^"\n]*")?\)/g, "] ")
    .replace(/https?:\/\/\S+/g, "address")
    // One word, such as well-known.
    .replace(/(\p{L})[-‐](?=\p{L})/gu, "$1");
  if (!segmenter) return seen.match(/[\p{L}\p{N}]+(?:['’.,][\p{L}\p{N}]+)*/gu)?.length ?? 0;
  let number = 0;
  for (const { isWordLike } of segmenter.segment(seen)) number += isWordLike;
  return number;
}

export function reading(number) {
  if (!number) return "0 words";
  const minutes = Math.round(number / A_MINUTE);
  const time = minutes < 1 ? "under a minute" : `${minutes} minute${minutes === 1 ? "" : "s"}`;
  return `${number.toLocaleString("en")} word${number === 1 ? "" : "s"} · ${time}`;
}

eachField((field) => {
  const tally = document.createElement("p");
  const counted = document.createElement("span");
  const help = document.createElement("span");
  let timer;
  const show = () => {
    counted.textContent = reading(words(field.value));
    help.textContent = ["Markdown", ...hints(field.form)].join(" · ");
  };
  tally.className = "markdown-tally";
  tally.append(counted, " ", help);
  field.after(tally);
  show();
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(show, 200);
  });
});
