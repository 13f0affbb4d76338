/* Where tools are chosen, one that does not exist yet is made by typing its name. Without this the
   "+" beside the field does it, and it is also what says that the person may. */

import { token } from "./token.js";

const { jQuery: $ } = django;
const { newTool } = document.querySelector("script[data-new-tool]").dataset;

const wrapperOf = (select) => select.closest(".related-widget-wrapper[data-model-ref=tool]");

for (const select of document.querySelectorAll("select.admin-autocomplete")) {
  // Read by select2 when the box is made, which is later.
  if (wrapperOf(select)?.querySelector(".add-related")) select.dataset.tags = "true";
}
$.fn.select2?.defaults.set("createTag", ({ term }) => {
  const name = term.trim();
  return name ? { id: `new ${name}`, text: `create “${name}”`, name } : null;
});
$.fn.select2?.defaults.set("insertTag", (results, tag) => {
  const exists = results.some(({ text }) => text.toLowerCase() === tag.name.toLowerCase());
  if (!exists) results.push(tag);
});

function tell(select, text) {
  const wrapper = wrapperOf(select);
  let message = wrapper.parentElement.querySelector(".new-tool-message");
  if (!message) {
    message = document.createElement("p");
    message.className = "new-tool-message";
    message.setAttribute("role", "status");
    wrapper.after(message);
  }
  message.textContent = text;
}

async function create(name) {
  const body = new URLSearchParams({ csrfmiddlewaretoken: token(), name });
  try {
    return await (await fetch(newTool, { method: "POST", body })).json();
  } catch {
    return { error: `“${name}” did not get through: try again.` };
  }
}

$(document).on("select2:selecting", "select[data-tags]", async (event) => {
  const { data } = event.params.args;
  if (data.name === undefined) return;
  event.preventDefault();
  const select = event.target;
  // Typed on since the list came.
  const name = $(select).data("select2").$container.find("[type=search]").val().trim() || data.name;
  $(select).select2("close");
  tell(select, `Creating “${name}”…`);
  const tool = await create(name);
  if (tool.error) {
    tell(select, tool.error);
    return;
  }
  const id = String(tool.id);
  const option = [...select.options].find(({ value }) => value === id);
  if (option) option.selected = true;
  else select.add(new Option(tool.name, id, false, true));
  $(select).trigger("change");
  tell(select, `“${tool.name}” is created and chosen.`);
});
