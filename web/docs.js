// The API page: the server's own OpenAPI document in a viewer, and the table
// of errors with what to do about each.
// Must not know the API beyond that document.
// The document holds both languages: x-ko beside a description. The viewer
// knows one, so the page's is put into its place.
import { JSON_TYPE } from "./api.js";
import { showCode, startCode } from "./codebox.js";
import { language, number, onLanguage, rich, startTexts, t } from "./texts.js";
import { startTheme } from "./theme.js";

const KOREAN = ["x-ko", "x-ko-summary"];
const SHOWN_MAX = 4000; // characters of an answer

const byId = (id) => document.getElementById(id);

/** A copy in the page's language. */
function translated(node) {
  if (Array.isArray(node)) return node.map(translated);
  if (node === null || typeof node !== "object") return node;
  const copy = Object.fromEntries(Object.entries(node)
    .filter(([name]) => !KOREAN.includes(name) && name !== "x-errors")
    .map(([name, value]) => [name, translated(value)]));
  if (language === "ko" && typeof node["x-ko"] === "string") {
    copy["description" in node ? "description" : "summary"] = node["x-ko"];
  }
  if (language === "ko" && node["x-ko-summary"]) {
    copy.summary = node["x-ko-summary"];
  }
  return copy;
}

/** With a key as JSON the options are members of it: the query parameters,
 *  which the viewer has preset, are for pictures as the body. */
function plainer(request) {
  if (request.headers?.["Content-Type"] === JSON_TYPE) {
    request.url = request.url.split("?")[0];
  }
  return request;
}

function showViewer(document_) {
  byId("viewer").replaceChildren();
  window.SwaggerUIBundle({
    spec: translated(document_), domNode: byId("viewer"),
    docExpansion: "list", defaultModelsExpandDepth: 0, deepLinking: false,
    tryItOutEnabled: true, validatorUrl: null, supportedSubmitMethods:
      ["get", "post"],
    syntaxHighlight: false, showExtensions: false,
    requestInterceptor: plainer, responseInterceptor: shortened,
    onComplete: () => mend(byId("viewer")),
  });
}

/** A mask has millions of numbers, and the viewer would set each on a line of
 *  its own: the browser would stand still. */
function shortened(response) {
  if (typeof response.text !== "string" || response.text.length < SHOWN_MAX) {
    return response;
  }
  const text = t("docs_shortened", {
    shown: response.text.slice(0, SHOWN_MAX / 2),
    left: number(response.text.length - SHOWN_MAX / 2) });
  return Object.assign(response, { text, data: text });
}

/** What the viewer leaves out for those who listen instead of look. */
function mend(viewer) {
  const name = () => {
    for (const field of viewer.querySelectorAll(
      "textarea:not([aria-label]), input:not([aria-label]), "
      + "select:not([aria-label])")) {
      const row = field.closest("tr");
      field.setAttribute("aria-label",
        row?.dataset.paramName ?? field.title ?? field.placeholder ?? "");
      if (!field.getAttribute("aria-label")) {
        field.setAttribute("aria-label", t("docs_field"));
      }
    }
    for (const block of viewer.querySelectorAll(
      "pre:not([tabindex]), .microlight:not([tabindex])")) block.tabIndex = 0;
  };
  name();
  new MutationObserver(name).observe(viewer,
    { childList: true, subtree: true });
}

function cell(...parts) {
  const made = document.createElement("td");
  made.append(...parts);
  return made;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function showErrors(errors) {
  byId("error-rows").replaceChildren(...errors.map((error) => {
    const row = document.createElement("tr");
    row.id = error.code;
    row.append(cell(String(error.status)),
      cell(element("code", error.code), element("small",
        `state ${error.state} · ${error.message}`)),
      cell(language === "ko" ? error.when_ko : error.when),
      cell(...rich(t("do_" + error.code))));
    return row;
  }));
  filter();
}

function filter() {
  const wanted = byId("filter").value.trim().toLowerCase();
  for (const row of byId("error-rows").children) {
    row.hidden = !row.textContent.toLowerCase().includes(wanted);
  }
}

async function start() {
  const answer = fetch("openapi.json").then((response) => response.json());
  const [document_] = await Promise.all([answer, startTexts()]);
  const show = () => {
    showErrors(document_["x-errors"]);
    showViewer(document_);
  };
  startTheme();
  startCode();
  showCode({ source: { key: "astronaut.jpg" }, accept: JSON_TYPE,
    options: {} });
  byId("filter").addEventListener("input", filter);
  onLanguage(show);
  show();
  document.documentElement.dataset.ready = "yes";
  // The rows weren't there when the browser looked for them.
  if (location.hash) document.querySelector(location.hash)?.scrollIntoView();
}

start();
