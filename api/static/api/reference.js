// The reference reads without this. With it: a search, the language of samples kept, and samples to copy.
"use strict";
const MOST_SHOWN = 40;
const LANGUAGE = "language of samples";

/** The entries that have every word, those first whose name begins with the first word. */
function find(entries, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries.filter((entry) => {
    const all = entry.join(" ").toLowerCase();
    return words.every((word) => all.includes(word));
  });
  const rank = ([name]) => (name.toLowerCase() === words[0] ? 0 : name.toLowerCase().startsWith(words[0]) ? 1 : 2);
  return words.length ? found.sort((one, other) => rank(one) - rank(other)) : [];
}

/** An entry as a line of the list. */
function line([name, what, href, text]) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = href;
  link.textContent = name;
  item.append(link, ` ${what}`);
  if (text) item.append(`: ${text}`);
  return item;
}

function search(form) {
  const field = form.querySelector("input");
  const status = form.querySelector("[role=status]");
  const list = form.querySelector("ol");
  let entries;
  const load = async () => {
    if (entries) return entries;
    const response = await fetch("/docs/search.json");
    return response.ok ? (entries = await response.json()) : [];
  };
  const show = async () => {
    const text = field.value;
    const found = find(await load(), text);
    if (text !== field.value) return;
    list.replaceChildren(...found.slice(0, MOST_SHOWN).map(line));
    const more = found.length > MOST_SHOWN ? `, the first ${MOST_SHOWN} shown` : "";
    status.textContent = text.trim() ? `${found.length} found${more}` : "";
  };
  field.addEventListener("focus", load);
  field.addEventListener("input", show);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("a")?.click();
  });
  form.hidden = false;
}

function keepLanguage() {
  let kept = null;
  try {
    kept = localStorage.getItem(LANGUAGE);
  } catch {
    return; // a browser that keeps nothing
  }
  for (const choice of document.querySelectorAll("[name=language]")) {
    if (choice.id === kept) choice.checked = true;
    choice.addEventListener("change", () => localStorage.setItem(LANGUAGE, choice.id));
  }
}

// Links to Swagger UI as it was at this address lead to where it is.
if (location.hash.startsWith("#/")) location.replace(`/docs/console${location.hash}`);
document.querySelectorAll("form.search").forEach(search);
keepLanguage();
