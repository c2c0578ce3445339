// Texts in the page's language, and the switch between the two.
// Must not know what a page is about.
// The server wrote the page in the language that Accept-Language asks for;
// only a switch, or one made earlier, loads the other texts.
const KEY = "silhouette-language";
const listeners = [];
let texts = {};

export let language = document.documentElement.lang;

/** The text of a key, {name} replaced by values[name]. */
export function t(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g,
    (all, name) => values[name] ?? all);
}

/** A text whose `words` are code, as nodes. */
export function rich(text) {
  return text.split("`").map((part, index) => {
    if (index % 2 === 0) return document.createTextNode(part);
    const code = document.createElement("code");
    code.textContent = part;
    return code;
  });
}

/** A number with so many digits after the point, as the language writes it. */
export function number(value, digits = 0) {
  return value.toLocaleString(language, {
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  });
}

/** Call back after each change of language. */
export function onLanguage(listener) {
  listeners.push(listener);
}

const places = [["t", (e, text) => { e.textContent = text; }],
  ["tLabel", (e, text) => e.setAttribute("aria-label", text)],
  ["tTitle", (e, text) => e.setAttribute("title", text)],
  ["tPlaceholder", (e, text) => e.setAttribute("placeholder", text)]];

function write() {
  for (const [name, put] of places) {
    const attribute = name.replace(/[A-Z]/g, (c) => "-" + c.toLowerCase());
    for (const element of document.querySelectorAll(`[data-${attribute}]`)) {
      put(element, t(element.dataset[name],
        { version: element.dataset.tVersion }));
    }
  }
}

async function load(wanted) {
  const response = await fetch(`web/texts.${wanted}.json`);
  texts = await response.json();
  language = wanted;
}

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage is off: the server's choice stands
  }
}

/** Load the texts and wire the switch; resolves when t() can be used. */
export async function startTexts() {
  const wanted = remembered() === "ko" || remembered() === "en"
    ? remembered() : language;
  const isOther = wanted !== document.documentElement.lang;
  await load(wanted);
  document.documentElement.lang = language;
  if (isOther) write();
  document.getElementById("language").addEventListener("click", async () => {
    await load(language === "ko" ? "en" : "ko");
    document.documentElement.lang = language;
    try {
      localStorage.setItem(KEY, language);
    } catch { /* it holds for this page at least */ }
    write();
    for (const listener of listeners) listener();
  });
}
