"use strict";
// Better with it, the same without: it asks the page itself, and puts the parts of the answer in place.
const PAUSE = 350; // milliseconds after the last key
const FOLDS = "#answer details, #copies details";
const at = (id) => document.getElementById(id);
let timer = 0;
let asking = new AbortController();

// Until the plan as it stands is answered, what is shown is of another plan, and is dimmed.
function dim() {
  at("answer").setAttribute("aria-busy", "true");
}

async function asked(form, submitter) {
  dim();
  asking.abort();
  asking = new AbortController();
  const fields = [...new FormData(form, submitter)].filter(([name, text]) => text !== "" || name.startsWith("/"));
  const [address] = form.getAttribute("action").split("#");
  const response = await fetch(address, { method: "POST", body: new URLSearchParams(fields), signal: asking.signal });
  const text = await response.text();
  if (!response.ok) throw new Error(detailOf(text) ?? `HTTP ${response.status}`);
  return new DOMParser().parseFromString(text, "text/html");
}

function detailOf(text) {
  try {
    return JSON.parse(text).detail;
  } catch {
    return undefined; // no problem document: it is a proxy that answered
  }
}

// The line that is read aloud stays where it is; only its words change.
function put(fresh, ids) {
  for (const id of ids) at(id).replaceWith(fresh.getElementById(id));
  const said = fresh.getElementById("said").innerHTML;
  if (at("said").innerHTML !== said) at("said").innerHTML = said;
  offerCopies();
}

// While somebody types, the fields stay as they are, and what is folded open stays open.
function follow(fresh) {
  const opened = new Set([...document.querySelectorAll(FOLDS)].filter((fold) => fold.open).map(nameOf));
  const isCompared = fresh.getElementById("try").classList.contains("both");
  for (const old of document.querySelectorAll(".faults")) {
    old.replaceChildren(...(fresh.getElementById(old.id)?.childNodes ?? []));
    const field = at(old.id.slice("faults:".length));
    if (field?.matches("input, select")) field.setAttribute("aria-invalid", String(old.childElementCount > 0));
  }
  put(fresh, ["answer", "copies"]);
  for (const fold of document.querySelectorAll(FOLDS)) fold.open = opened.has(nameOf(fold));
  at("try").classList.toggle("both", isCompared);
}

function nameOf(fold) {
  const entry = fold.closest("li");
  return [entry?.id, entry?.dataset.rule, fold.querySelector("summary").textContent].join(" ");
}

function tell(failure) {
  if (failure.name !== "AbortError") at("said").textContent = `Not checked: ${failure.message}`;
}

// To a place of the page, whatever it is folded away in.
function go(id) {
  const found = at(id);
  if (!found) return false;
  for (let fold = found.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  found.scrollIntoView({ block: found.matches("input, select") ? "center" : "start" });
  found.focus({ preventScroll: true });
  return true;
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("#try");
  if (!form || !document.querySelector("#answer[data-checked]")) return;
  dim();
  clearTimeout(timer);
  timer = setTimeout(() => asked(form).then(follow).catch(tell), PAUSE);
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.id !== "try") return;
  event.preventDefault();
  clearTimeout(timer);
  const [, place] = (event.submitter?.getAttribute("formaction") ?? form.getAttribute("action")).split("#");
  try {
    put(await asked(form, event.submitter), ["try", "copies"]);
    go(place);
  } catch (failure) {
    tell(failure);
  }
});

document.addEventListener("click", (event) => {
  const link = event.target.closest('#answer a[href^="#"], #said a[href^="#"]');
  if (link && go(decodeURIComponent(link.getAttribute("href").slice(1)))) event.preventDefault();
});
