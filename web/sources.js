// Where a picture comes from: dropped, pasted, chosen, photographed, a sample,
// or a key of the store.
// Must not know what is done with it: take({file} or {key}) is told.
// A sample is asked for by its key first, as the API is meant to be used; its
// file, embedded in the server, is for showing it and for other stores.
const byId = (id) => document.getElementById(id);

function firstPicture(transfer) {
  return [...(transfer?.files ?? [])][0] ?? null;
}

function startDrop(take) {
  let depth = 0; // enter and leave come for every element on the way
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  const veil = (isShown) => { byId("veil").hidden = !isShown; };
  addEventListener("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth++;
    veil(true);
  });
  addEventListener("dragleave", () => {
    depth = Math.max(0, depth - 1);
    if (depth === 0) veil(false);
  });
  addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth = 0;
    veil(false);
    const file = firstPicture(event.dataTransfer);
    if (file) take({ file });
  });
}

function startChooser(button, input, take) {
  byId(button).addEventListener("click", () => byId(input).click());
  byId(input).addEventListener("change", () => {
    const file = byId(input).files[0];
    byId(input).value = ""; // the same file may be chosen again
    if (file) take(file);
  });
}

/** A picture chosen for something else, with the same manners. */
export { startChooser };

function startSamples(take) {
  byId("samples").addEventListener("click", async (event) => {
    const name = event.target.closest("[data-sample]")?.dataset.sample;
    if (!name) return;
    const response = await fetch("web/" + name);
    const blob = await response.blob();
    take({ key: name, shown: new File([blob], name, { type: blob.type }) });
  });
}

/** Wire all of them. */
export function startSources(take) {
  startDrop(take);
  addEventListener("paste", (event) => {
    const file = firstPicture(event.clipboardData);
    if (file) take({ file });
  });
  startChooser("choose", "file", (file) => take({ file }));
  startChooser("photograph", "camera", (file) => take({ file }));
  startSamples(take);
  byId("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const key = byId("key").value;
    if (key) take({ key });
  });
}
