/* The boxes that select2 puts in place of the admin's fields have no names that a screen reader
   could say: each part of one is called what its field is. */

const { jQuery: $ } = django;

const nameOf = (select) =>
  select.labels[0]?.textContent.replace(/:\s*$/, "").trim() || select.dataset.fieldName;

const chosen = (select) =>
  [...select.selectedOptions].map((option) => option.text).filter(Boolean).join(", ");

function name(select) {
  const box = $(select).data("select2")?.$container[0];
  const what = nameOf(select);
  const parts = box?.querySelectorAll("[role=combobox], [role=textbox], [type=search]") ?? [];
  for (const part of parts) {
    part.removeAttribute("aria-labelledby");
    part.ariaLabel = [what, part.role === "combobox" && chosen(select)].filter(Boolean).join(": ");
  }
}

function nameAll(part) {
  for (const select of part.querySelectorAll(".admin-autocomplete")) {
    if (!select.name.includes("__prefix__")) name(select);
  }
}

/* "No results found" is an alert, which a list of options may not hold. */
function say(list) {
  for (const message of list.querySelectorAll("[role=alert]")) {
    Object.assign(message, { role: "option", ariaDisabled: "true" });
  }
}

// After the script that makes the boxes, which waits for the document too.
$(() => setTimeout(nameAll, 0, document));
document.addEventListener("formset:added", (event) => setTimeout(nameAll, 0, event.target));
$(document).on("change", ".admin-autocomplete", (event) => setTimeout(name, 0, event.target));
$(document).on("select2:open", ({ target }) => {
  const { $selection, $results, $dropdown } = $(target).data("select2");
  const list = ($results ?? $dropdown.find("[role=listbox]"))[0];
  const search = $dropdown.find("[type=search]")[0];
  list.ariaLabel = nameOf(target);
  if (search) search.ariaLabel = nameOf(target);
  $selection.attr("aria-controls", list.id);
  new MutationObserver(() => say(list)).observe(list, { childList: true });
  say(list);
});
