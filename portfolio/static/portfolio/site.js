// What a page does besides being read. Nothing here is needed to read it.

const root = document.documentElement;
const themes = document.querySelectorAll('.preferences [name="theme"]');
const slash = document.querySelector('.preferences [name="slash"]');

// The theme: `auto`, `light` or `dark`, under the name that the admin keeps it by.

function showTheme() {
  const theme = root.dataset.theme;
  for (const choice of themes) choice.checked = choice.value === theme;
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) {
    meta.dataset.scheme ??= meta.media.includes("dark") ? "dark" : "light";
    const system = `(prefers-color-scheme: ${meta.dataset.scheme})`;
    meta.media = theme === "auto" ? system : theme === meta.dataset.scheme ? "all" : "not all";
  }
}

// `/` leads to search, unless the reader types or has switched the key off.

function goToSearch(event) {
  const modified = event.ctrlKey || event.metaKey || event.altKey;
  if (event.key !== "/" || modified || !slash.checked) return;
  if (event.target.matches(":read-write")) return;
  const field = document.querySelector('.search [name="q"]');
  const link = document.querySelector('.masthead a[href$="/search/"]');
  if (!field && !link) return;
  event.preventDefault();
  if (field) field.select();
  else link.click();
}

if (root.dataset.theme) {
  slash.checked = localStorage.slash !== "off";
  showTheme();
  for (const choice of themes) {
    choice.addEventListener("change", () => {
      root.dataset.theme = localStorage.theme = choice.value;
      showTheme();
    });
  }
  slash.addEventListener("change", () => {
    localStorage.slash = slash.checked ? "on" : "off";
  });
  addEventListener("storage", ({ key, newValue }) => {
    if (key === "theme") root.dataset.theme = newValue || "auto";
    if (key === "slash") slash.checked = newValue !== "off";
    showTheme();
  });
  addEventListener("keydown", goToSearch);
}

// Each block of code can be copied, and it is said aloud that it was.

const announcement = document.createElement("p");
announcement.className = "unseen";
announcement.role = "status";

async function copy(button, code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = announcement.textContent = "copied";
  } catch {
    button.textContent = announcement.textContent = "not copied";
  }
  setTimeout(() => {
    button.textContent = "copy";
    announcement.textContent = "";
  }, 2000);
}

const blocks = navigator.clipboard ? document.querySelectorAll(".code > pre") : [];
if (blocks.length) document.body.append(announcement);
for (const pre of blocks) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "copy";
  button.addEventListener("click", () => copy(button, pre));
  pre.after(button);
}
