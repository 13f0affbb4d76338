// Suggests titles while one types: the combobox of the ARIA Authoring Practices, with a list that
// is only a shortcut. Without this, or without a network, the form works as it is.

const form = document.querySelector("[data-suggestions]");
const input = form.elements.q;
const list = document.createElement("ul");
const said = document.createElement("p");
let active = -1;
let timer;
let request;

Object.assign(list, { id: "suggestions", role: "listbox", ariaLabel: "suggestions", hidden: true });
Object.assign(said, { role: "status", className: "unseen" });
Object.assign(input, { role: "combobox", ariaAutoComplete: "list", ariaExpanded: "false" });
input.setAttribute("aria-controls", list.id);
form.append(list, said);

function choose(index) {
  active = index;
  [...list.children].forEach((option, at) => {
    option.ariaSelected = String(at === index);
  });
  if (index < 0) {
    input.removeAttribute("aria-activedescendant");
  } else {
    input.setAttribute("aria-activedescendant", list.children[index].id);
  }
}

function show(suggestions) {
  list.replaceChildren(
    ...suggestions.map(({ title, kind, address }, at) => {
      const option = document.createElement("li");
      const name = document.createElement("span");
      const label = document.createElement("span");
      Object.assign(option, { id: `suggestion-${at}`, role: "option" });
      Object.assign(name, { dir: "auto", textContent: title });
      Object.assign(label, { className: "label", textContent: kind });
      option.dataset.address = address;
      option.append(name, " ", label);
      return option;
    }),
  );
  list.hidden = !suggestions.length;
  input.ariaExpanded = String(!list.hidden);
  choose(-1);
}

function close() {
  clearTimeout(timer);
  request?.abort();
  show([]);
  said.textContent = "";
}

async function suggest() {
  request?.abort();
  request = new AbortController();
  const { signal } = request;
  try {
    const address = `${form.dataset.suggestions}?${new URLSearchParams({ q: input.value })}`;
    const response = await fetch(address, { signal });
    const { suggestions } = await response.json();
    if (!signal.aborted) {
      show(suggestions);
      const { length } = suggestions;
      said.textContent = length === 1 ? "1 suggestion" : `${length || "no"} suggestions`;
    }
  } catch {
    if (!signal.aborted) close();
  }
}

input.addEventListener("input", () => {
  clearTimeout(timer);
  if (input.value.trim()) timer = setTimeout(suggest, 150);
  else close();
});

input.addEventListener("keydown", (event) => {
  const { length } = list.children;
  // An input method's Enter comes as 229, in Safari when the composition has ended.
  if (!length || event.isComposing || event.keyCode === 229) return;
  if (event.key === "ArrowDown") choose(active + 1 < length ? active + 1 : -1);
  else if (event.key === "ArrowUp") choose(active < 0 ? length - 1 : active - 1);
  else if (event.key === "Escape") close();
  else if (event.key === "Enter" && active >= 0) list.children[active].click();
  else return;
  event.preventDefault();
});

// Before the field loses the focus, which would close the list.
list.addEventListener("mousedown", (event) => event.preventDefault());
list.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]");
  if (option) location.assign(option.dataset.address);
});
input.addEventListener("blur", close);
form.addEventListener("submit", close);
