// Light or dark: the system's wish until somebody chooses.
// Must not know what a page is about.
// An attribute of the root element; base.css does the rest.
import { onLanguage, t } from "./texts.js";

const KEY = "silhouette-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** Is the page dark now? */
export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : system.matches;
}

/** Wire the button; changed() is called after each change. */
export function startTheme(changed = () => {}) {
  const button = document.getElementById("theme");
  const show = () => {
    button.textContent = t(isDark() ? "theme_light" : "theme_dark");
    changed();
  };
  const chosen = stored();
  if (chosen) document.documentElement.dataset.theme = chosen;
  button.addEventListener("click", () => {
    const next = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem(KEY, next);
    } catch { /* it holds for this page at least */ }
    show();
  });
  system.addEventListener("change", show);
  onLanguage(show);
  show();
}
