// The box with the line for the shell, Python or JavaScript, and its copying.
// Must not know how such a line is made.
// Tabs as the ARIA practices have them: arrows move, one tab stop.
import { program } from "./code.js";
import { onLanguage, t } from "./texts.js";

const byId = (id) => document.getElementById(id);
const tabs = () => [...document.querySelectorAll("#tabs [role=tab]")];

let shown = null;
let language = "curl";

function write() {
  if (shown) byId("line").textContent = program(language, shown);
}

function choose(tab) {
  language = tab.id.slice("tab-".length);
  for (const other of tabs()) {
    other.setAttribute("aria-selected", String(other === tab));
    other.tabIndex = other === tab ? 0 : -1;
  }
  byId("code-panel").setAttribute("aria-labelledby", tab.id);
  write();
}

function move(event) {
  const all = tabs();
  const at = all.indexOf(event.target);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0,
    End: all.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const tab = all[(to + all.length) % all.length];
  tab.focus();
  choose(tab);
}

/** Without the clipboard, which only secure origins have, select the text. */
async function copy() {
  let word = "copied";
  try {
    await navigator.clipboard.writeText(byId("line").textContent);
  } catch {
    getSelection().selectAllChildren(byId("line"));
    if (!document.execCommand("copy")) word = "copy_failed";
  }
  byId("copy").textContent = byId("copy-status").textContent = t(word);
  setTimeout(() => {
    byId("copy").textContent = t("copy");
    byId("copy-status").textContent = "";
  }, 2000);
}

/** Wire it. */
export function startCode() {
  for (const tab of tabs()) tab.addEventListener("click", () => choose(tab));
  byId("tabs").addEventListener("keydown", move);
  byId("copy").addEventListener("click", copy);
  onLanguage(write);
}

/** Show the program for this: {source, options, accept}. */
export function showCode(what) {
  shown = what;
  write();
}
