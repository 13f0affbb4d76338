/* Ordering by dragging, which django-admin-sortable2's script does, and by keyboard. In a list each
   move is sent at once; in a form it sets the numbers that are saved with it. */

const status = document.createElement("p");
status.className = "moved";
status.setAttribute("role", "status");

function tell(text, isError = false) {
  status.classList.toggle("errornote", isError);
  status.textContent = text;
}

const beside = (row, up) => (up ? row.previousElementSibling : row.nextElementSibling);

/* A button at the end of the order cannot have the focus that it was pressed with. */
function keepFocus(button) {
  if (!button.disabled) button.focus();
  else button.parentElement.querySelector("button:enabled")?.focus();
}

/* A list. */

const movesOf = (row) => row.querySelector(".moves");
const keyOf = (row) => movesOf(row).dataset.pk;

function orderList(body) {
  const form = body.closest("form");
  let saved = [...body.rows];
  let queue = Promise.resolve();
  // What stands before and after the page that is shown.
  const buttons = [...body.querySelectorAll(".moves button")];
  const before = buttons.at(0).value.split(",")[1];
  const after = buttons.at(-1).value.split(",")[0];

  function settle() {
    const keys = [before, ...[...body.rows].map(keyOf), after];
    for (const [index, row] of [...body.rows].entries()) {
      const [up, down] = movesOf(row).querySelectorAll("button");
      up.value = keys[index] ? `${keys[index + 1]},${keys[index]}` : "";
      down.value = keys[index + 2] ? `${keys[index + 2]},${keys[index + 1]}` : "";
      up.disabled = !up.value;
      down.disabled = !down.value;
    }
  }

  async function send(order) {
    const body = new FormData();
    body.append("order", order.map(keyOf).join(","));
    for (const row of saved) body.append("seen", keyOf(row));
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    try {
      const response = await fetch("order/", { method: "POST", body });
      return await response.json();
    } catch {
      return { error: "The order did not get through: load the page again, then move it." };
    }
  }

  /* Sends the stretch of the list in which rows have changed places. */
  async function save(row) {
    const rows = [...body.rows];
    const first = rows.findIndex((other, index) => other !== saved[index]);
    if (first < 0) return;
    const last = rows.findLastIndex((other, index) => other !== saved[index]);
    const { error, order } = await send(rows.slice(first, last + 1));
    if (!error) {
      saved = rows;
      tell(`${movesOf(row).dataset.name} is now ${rows.indexOf(row) + 1} of ${rows.length}.`);
    } else {
      // As it is stored, if that is another order than was seen; rows that are gone stay last.
      const places = order?.map(String) ?? saved.map(keyOf);
      const place = (row) => (places.indexOf(keyOf(row)) + rows.length + 1) % (rows.length + 1);
      saved = saved.toSorted((one, other) => place(one) - place(other));
      body.append(...saved);
      settle();
      tell(error, true);
    }
  }

  function moved(row) {
    settle();
    queue = queue.then(() => save(row));
  }

  body.addEventListener("end", (event) => moved(event.item));
  body.addEventListener("click", (event) => {
    const button = event.target.closest(".moves button");
    if (!button) return;
    const row = button.closest("tr");
    const isUp = button === movesOf(row).querySelector("button");
    const other = beside(row, isUp);
    // One that leaves the page is sent by the form.
    if (!other) return;
    event.preventDefault();
    if (isUp) other.before(row);
    else other.after(row);
    moved(row);
    keepFocus(button);
  });
  form.before(status);
}

/* Rows of a form. New ones go to the end, in the order that they were added in. */

function orderRows(fieldset) {
  const rows = () => [...fieldset.querySelectorAll(".has_original")];
  const labelOf = (row) => row.querySelector(".inline_label, td.original p").textContent.trim();

  function settle() {
    for (const [index, row] of rows().entries()) {
      const number = row.querySelector("._reorder_");
      if (number.value === String(index + 1)) continue;
      number.value = index + 1;
      number.dispatchEvent(new Event("input", { bubbles: true }));
    }
    close();
  }

  /* Nothing moves beyond either end. */
  function close() {
    for (const [index, row] of rows().entries()) {
      const [up, down] = row.querySelectorAll(".moves button");
      up.disabled = index === 0;
      down.disabled = index === rows().length - 1;
    }
  }

  function addButton(row, moves, isUp) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = isUp ? "↑" : "↓";
    button.setAttribute("aria-label", `move ${labelOf(row)} ${isUp ? "up" : "down"}`);
    button.addEventListener("click", () => {
      const other = rows()[rows().indexOf(row) + (isUp ? -1 : 1)];
      if (isUp) other.before(row);
      else other.after(row);
      settle();
      keepFocus(button);
      tell(`${labelOf(row)} is now ${rows().indexOf(row) + 1} of ${rows().length}; not saved yet.`);
    });
    moves.append(button);
  }

  for (const number of fieldset.querySelectorAll("._reorder_")) number.type = "hidden";
  for (const row of rows()) {
    const moves = document.createElement("span");
    moves.className = "moves";
    row.querySelector("._reorder_").after(moves);
    addButton(row, moves, true);
    addButton(row, moves, false);
  }
  close();
  fieldset.addEventListener("end", settle);
  fieldset.after(status);
}

const list = document.querySelector("#result_list tbody:has(.moves)");
if (list) orderList(list);
document.querySelectorAll("fieldset.sortable").forEach(orderRows);
