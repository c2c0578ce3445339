// The page to try it: what is chosen leads to requests, their answers to what
// is shown.
// Must not know how requests are made, nor how pixels are painted.
// One picture at a time: a newer one, or another option, ends what is under
// way for the older.
import { Failure, JSON_TYPE, MASK, RLE, analyze, readOffer, setApiKey }
  from "./api.js";
import { startCode, showCode } from "./codebox.js";
import { canvasOf, cutOut, greyOf, paintCutout, paintMask, paintOverlay,
  paintTile, workSize } from "./paint.js";
import { showPersons } from "./persons.js";
import { hideProblem, showProblem } from "./problem.js";
import { startChooser, startSources } from "./sources.js";
import { number, onLanguage, startTexts, t } from "./texts.js";
import { startTheme } from "./theme.js";
import { parseTiming, showTiming } from "./timing.js";

const byId = (id) => document.getElementById(id);
const chosen = (name) =>
  document.querySelector(`input[name="${name}"]:checked`)?.value;

let offer; // what the server offers
let source = null; // {key} or {file}; shown: a file to show beside a key
let photo = null; // canvas at the working size; null: can't be shown
let mask = null; // labels at the working size, boxes; null: none yet
let cutout = null; // bitmap or canvas
let answers = {}; // the API's own bytes, by the name of the download
let told = null; // {headers, ms} of the mask's answer
let backdrop = null; // bitmap of the background
let running = null; // AbortController of what is under way

/** The options as they are sent: only what differs from the server's own. */
function options() {
  const differs = (name) =>
    (chosen(name) === offer.standard(name) ? undefined : chosen(name));
  const threshold = byId("threshold").dataset.moved
    ? Number(byId("threshold").value) : undefined;
  return { quality: differs("quality"), people: differs("people"), threshold };
}

const isEach = () => options().people === "each";
const view = () => chosen("view");

/** The request whose answer is on the screen. */
function onScreen() {
  if (view() === "cutout" && offer.has("output", "cutout")) {
    return { accept: MASK, options: { ...options(), people: undefined,
      output: "cutout" } };
  }
  return { accept: view() === "photo" ? JSON_TYPE : MASK,
    options: options() };
}

// --- showing ----------------------------------------------------------------

function background() {
  const kind = chosen("background");
  if (kind === "color") return byId("color").value;
  return kind === "picture" ? backdrop : null;
}

/** Every tile, and the stage out of the chosen one. */
function paint() {
  if (!mask) return;
  const size = [mask.width, mask.height];
  const tiles = Object.fromEntries([...document.querySelectorAll(
    '#views input')].map((input) => [input.value, input.nextElementSibling]));
  const [whole] = canvasOf(...size);
  const look = { opacity: byId("opacity").value / 100,
    outline: byId("outline").checked, boxes: byId("boxes").checked };
  const painters = {
    photo: () => paintCutout(whole, photo, size, null),
    mask: () => paintMask(whole, mask),
    overlay: () => paintOverlay(whole, photo, mask, look),
    cutout: () => paintCutout(whole, cutout, size, background()),
  };
  for (const [name, painter] of Object.entries(painters)) {
    painter();
    paintTile(tiles[name], whole);
    if (name === view()) paintCutout(byId("found"), whole, size, null);
  }
}

function showView() {
  const isBlind = photo === null;
  byId("stage").dataset.view = view();
  byId("stage").classList.toggle("blind", isBlind);
  byId("tag").textContent = t("view_" + view());
  for (const element of document.querySelectorAll("[data-for]")) {
    element.toggleAttribute("data-off", element.dataset.for !== view());
  }
  byId("look").hidden = view() === "photo" || view() === "mask";
  byId("color").hidden = chosen("background") !== "color";
  byId("backdrop-choose").hidden = chosen("background") !== "picture";
  for (const name of ["photo", "overlay"]) {
    document.querySelector(`#views [value="${name}"]`).disabled = isBlind;
  }
}

function showPhoto() {
  const canvas = byId("photo");
  const [width, height] = photo ? [photo.width, photo.height] : [4, 3];
  byId("result").style.setProperty("--ratio", width / height);
  canvas.width = width;
  canvas.height = height;
  if (!photo) return;
  canvas.getContext("2d").drawImage(photo, 0, 0);
  if (mask) return;
  paintCutout(byId("found"), photo, [width, height], null);
  for (const tile of document.querySelectorAll("#views canvas")) {
    paintTile(tile, photo);
  }
}

function showTold() {
  if (!told) return;
  const field = (name) => Number(told.headers.get(name));
  const count = field("X-Person-Count");
  const kind = count === 0 ? "found_none" : isEach() ? "found_each"
    : count === 1 ? "found_one" : "found_many";
  byId("status").textContent = t(kind, { count: number(count),
    percent: number(100 * field("X-Person-Area"), 1) });
  byId("facts").textContent = [t("size", {
    width: number(field("X-Image-Width")),
    height: number(field("X-Image-Height")) }),
  told.headers.get("X-Model"),
  photo ? "" : t("no_preview")].filter(Boolean).join(" · ");
  showTiming(parseTiming(told.headers.get("Server-Timing")), told.ms);
}

function show() {
  showView();
  showTold();
  showPersons(isEach() ? mask?.boxes : null, told?.headers);
  paint();
  showThreshold();
  byId("opacity-value").textContent = `${byId("opacity").value}%`;
  showDivider();
  if (source) showCode({ source, ...onScreen() });
}

let isShowing = false;

/** Show before the next frame, once: a slider tells every step. */
function showSoon() {
  if (isShowing) return;
  isShowing = true;
  requestAnimationFrame(() => {
    isShowing = false;
    show();
  });
}

function showThreshold() {
  const input = byId("threshold");
  byId("threshold-value").textContent = input.dataset.moved
    ? number(Number(input.value), 2) : t("threshold_auto");
  byId("threshold-reset").hidden = !input.dataset.moved;
}

function showDivider() {
  const percent = byId("divider").value;
  byId("stage").style.setProperty("--split", percent + "%");
  byId("divider").setAttribute("aria-valuetext",
    t("divider_value", { percent }));
}

function busy(isBusy) {
  byId("stage").setAttribute("aria-busy", String(isBusy));
  if (isBusy) byId("status").textContent = t("busy");
}

function showSection(isResult) {
  byId("start").hidden = isResult;
  byId("result").hidden = !isResult;
}

// --- asking -----------------------------------------------------------------

/** Ask; a sample that this store doesn't have goes along as a file. */
async function ask(wanted, accept, signal) {
  try {
    const answer = await analyze(source, wanted, accept, signal);
    checkSample(answer);
    return answer;
  } catch (failure) {
    const isElsewhere = source.shown && failure.stage === "fetch";
    if (!isElsewhere) throw failure;
    source = { file: source.shown };
    return analyze(source, wanted, accept, signal);
  }
}

/** Another picture may have a sample's name in this store. */
function checkSample({ headers }) {
  if (!source.shown || !source.size) return;
  const [width, height] = source.size;
  if (Number(headers.get("X-Image-Width")) === width
    && Number(headers.get("X-Image-Height")) === height) return;
  throw Object.assign(new Failure(0, { message: "" }), { stage: "fetch" });
}

/** The mask of an answer, at the working size. */
async function maskOf(answer) {
  const bitmap = await createImageBitmap(answer.blob,
    { colorSpaceConversion: "none" });
  const [width, height] = photo ? [photo.width, photo.height]
    : workSize(bitmap.width, bitmap.height);
  const made = { width, height, isEach: isEach(), boxes: null,
    scale: width / bitmap.width,
    grey: greyOf(bitmap, width, height, isEach()) };
  bitmap.close();
  return made;
}

async function askMask(signal) {
  told = await ask(options(), MASK, signal);
  answers = { mask: told.blob };
  mask = await maskOf(told);
  byId("result").style.setProperty("--ratio", mask.width / mask.height);
  cutout = photo ? cutOut(photo, mask) : null;
}

async function askMore(signal) {
  if (isEach() && offer.has("output", "boxes")) {
    const answer = await ask({ ...options(), output: "boxes" }, JSON_TYPE,
      signal);
    mask.boxes = JSON.parse(await answer.blob.text()).data;
  }
  if (offer.has("output", "cutout")) {
    const answer = await ask({ ...options(), people: undefined,
      output: "cutout" }, MASK, signal);
    answers.cutout = answer.blob;
    cutout = await createImageBitmap(answer.blob);
  }
}

/** All that the chosen picture and options ask for, shown as it comes. */
async function run() {
  running?.abort();
  const own = new AbortController();
  running = own;
  hideProblem();
  busy(true);
  try {
    await askMask(own.signal);
    if (own !== running) return;
    show();
    await askMore(own.signal);
  } catch (failure) {
    if (own === running && failure.name !== "AbortError") fail(failure);
    return;
  }
  if (own !== running) return;
  busy(false);
  show();
}

function fail(failure) {
  busy(false);
  showSection(false);
  showProblem(failure instanceof Failure ? failure
    : new Failure(0, { message: String(failure.message ?? failure) }),
  offer.errors);
  byId("status").textContent = "";
}

async function take(from) {
  source = from;
  photo = mask = cutout = told = null;
  answers = {};
  const file = from.file ?? from.shown;
  try {
    const bitmap = file ? await createImageBitmap(file) : null;
    if (source !== from) return;
    if (bitmap) {
      source.size = [bitmap.width, bitmap.height];
      const size = workSize(bitmap.width, bitmap.height);
      photo = canvasOf(...size)[0];
      paintCutout(photo, bitmap, size, null);
      bitmap.close();
    }
  } catch { /* HEIC, or no picture at all: the server will tell */ }
  if (!photo && (view() === "photo" || view() === "overlay")) {
    document.querySelector('#views [value="mask"]').checked = true;
  }
  showSection(true);
  showPhoto();
  showView();
  byId("result-title").focus();
  scrollTo({ top: 0 });
  await run();
}

async function download(button) {
  const name = button.dataset.download;
  const wants = { mask: [options(), MASK, "mask.png"],
    cutout: [{ ...options(), people: undefined, output: "cutout" }, MASK,
      "cutout.png"],
    json: [options(), JSON_TYPE, "mask.json"],
    rle: [options(), RLE, "mask.rle.json"] }[name];
  button.setAttribute("aria-busy", "true");
  try {
    answers[name] ??= (await ask(wants[0], wants[1])).blob;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(answers[name]);
    link.download = wants[2];
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  } catch (failure) {
    fail(failure);
  }
  button.removeAttribute("aria-busy");
}

// --- wiring -----------------------------------------------------------------

/** Show of each option only what this server offers. */
function showOffer() {
  for (const name of ["quality", "people"]) {
    const inputs = [...document.querySelectorAll(`input[name="${name}"]`)];
    for (const input of inputs) {
      input.parentElement.hidden = !offer.has(name, input.value);
      input.checked = input.value === offer.standard(name);
    }
    byId(name + "-choice").hidden =
      inputs.filter((input) => !input.parentElement.hidden).length < 2;
  }
  document.querySelector('[data-download="cutout"]').hidden =
    !offer.has("output", "cutout");
  document.querySelector('[data-download="rle"]').hidden = !offer.takes(RLE);
  byId("boxes-label").hidden = !offer.has("output", "boxes");
}

function startOptions() {
  for (const name of ["quality-choice", "people-choice"]) {
    byId(name).addEventListener("change", run);
  }
  const threshold = byId("threshold");
  threshold.addEventListener("input", () => {
    threshold.dataset.moved = "yes";
    showThreshold();
  });
  threshold.addEventListener("change", run);
  byId("threshold-reset").addEventListener("click", () => {
    delete threshold.dataset.moved;
    threshold.value = "0.5";
    threshold.focus();
    run();
  });
  for (const name of ["views", "look"]) {
    byId(name).addEventListener("input", (event) => {
      if (event.target.type !== "file") showSoon();
    });
  }
  byId("divider").addEventListener("input", showDivider);
  startChooser("backdrop-choose", "backdrop", async (file) => {
    backdrop = await createImageBitmap(file).catch(() => null);
    show();
  });
}

function startButtons() {
  byId("another").addEventListener("click", () => {
    running?.abort();
    showSection(false);
    byId("choose").focus();
  });
  byId("again").addEventListener("click", () => take(source));
  byId("downloads").addEventListener("click", (event) => {
    const button = event.target.closest("[data-download]");
    if (button) download(button);
  });
  byId("api-key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    setApiKey(byId("api-key").value);
    take(source);
  });
}

async function start() {
  [offer] = await Promise.all([readOffer(), startTexts()]);
  showOffer();
  startTheme();
  startCode();
  startSources(take);
  startOptions();
  startButtons();
  onLanguage(show);
  for (const element of document.querySelectorAll("[data-t-version]")) {
    element.textContent = t("footer", { version: offer.version });
  }
  showCode({ source: { key: "astronaut.jpg" }, accept: JSON_TYPE,
    options: {} });
  document.documentElement.dataset.ready = "yes";
}

start();
