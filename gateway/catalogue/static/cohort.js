// Asks for the counts as soon as a choice changes. Without it the form's own button does the same.
const form = document.querySelector("form[data-cohort]");
const patients = document.querySelector("[data-patients]");
let asked = 0;

function show(found) {
  patients.textContent = found.patients[0].toUpperCase() + found.patients.slice(1);
  for (const each of document.querySelectorAll("[data-facet]")) {
    each.textContent = found.facets[each.dataset.facet]?.[each.dataset.value] ?? "";
  }
  for (const each of document.querySelectorAll("[data-dataset]")) {
    const held = found.datasets[each.dataset.dataset];
    if (!held) continue;
    each.querySelector("span").textContent = held.count;
    each.querySelector("input").checked = held.enough;
  }
}

async function count() {
  const mine = ++asked;
  const choice = new URLSearchParams(new FormData(form));
  const answer = await fetch(`${form.dataset.cohort}?${choice}`);
  if (!answer.ok) return form.submit();
  const found = await answer.json();
  if (mine !== asked) return;
  show(found);
  history.replaceState(null, "", `${form.action}?${choice}`);
}

if (form) {
  form.addEventListener("change", count);
  form.querySelector("[data-cohort-submit]").hidden = true;
}
