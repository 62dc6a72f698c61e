// Saves a draft while somebody types. Without it the form's own buttons do the same.
const PAUSE = 1500;
const form = document.querySelector("form[data-autosave]");
const said = document.querySelector("[data-autosave-said]");
const reads = document.querySelector("[data-reads]");
let timer = 0;
let running = null;

async function save() {
  const body = new FormData(form);
  for (const input of form.querySelectorAll("input[type=file]")) body.delete(input.name);
  try {
    const answer = await fetch(form.dataset.autosave, { method: "POST", body, headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(answer.statusText);
    const told = await answer.json();
    form.elements.version.value = told.version;
    if (reads && told.reads) reads.textContent = told.reads;
    said.textContent = `Saved at ${new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`;
  } catch {
    said.textContent = "Not saved by itself. Press “Save draft”.";
  }
}

async function start() {
  await running;
  running = save();
  await running;
  running = null;
}

form?.addEventListener("input", (event) => {
  if (event.target.type === "file") return;
  clearTimeout(timer);
  timer = setTimeout(start, PAUSE);
});
form?.addEventListener("submit", async (event) => {
  clearTimeout(timer);
  if (!running) return;
  event.preventDefault(); // the page would send the version before the one that is being saved
  await running;
  running = null;
  form.requestSubmit(event.submitter);
});
