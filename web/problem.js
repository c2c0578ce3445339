// A failure, in the API's own words, and what the table of errors says of it.
// Must not know what was tried.
// The texts are shown as they come, the row of the table in the page's
// language.
import { language, rich, t } from "./texts.js";

const byId = (id) => document.getElementById(id);

function fact(name, value) {
  const row = document.createElement("div");
  const term = document.createElement("dt");
  const told = document.createElement("dd");
  term.textContent = t(name);
  told.textContent = value;
  row.append(term, told);
  return row;
}

/** Show it; errors: the rows of the offer. */
export function showProblem(failure, errors) {
  const row = errors.find(({ code }) => code === failure.code);
  const facts = [["error_status", failure.status || ""],
    ["error_code", failure.code], ["error_stage", failure.stage],
    ["error_request", failure.requestId]];
  byId("problem").hidden = false;
  byId("problem-message").textContent =
    failure.message || t("error_offline");
  byId("problem-errors").textContent = failure.errors;
  byId("problem-when").textContent =
    row ? (language === "ko" ? row.when_ko : row.when) : "";
  const next = t("do_" + failure.code);
  byId("problem-next").replaceChildren(
    ...(row ? rich(next) : []));
  byId("problem-facts").replaceChildren(...facts
    .filter(([, value]) => value !== "")
    .map(([name, value]) => fact(name, String(value))));
  byId("api-key-form").hidden = failure.code !== "unauthorized";
  byId("problem").scrollIntoView({ block: "nearest" });
}

/** Take it away. */
export function hideProblem() {
  byId("problem").hidden = true;
}
