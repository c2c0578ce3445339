// Server-Timing as a bar and a list.
// Must not know the page.
// Widths are set one by one from here: the page allows no inline styles.
import { number, t } from "./texts.js";

/** [[stage, milliseconds], …] of a Server-Timing field. */
export function parseTiming(field) {
  return (field ?? "").split(",").map((entry) => {
    const [name, ...rest] = entry.trim().split(";");
    const duration = rest.find((part) => part.startsWith("dur="));
    return [name, Number(duration?.slice(4) ?? NaN)];
  }).filter(([name, ms]) => name && ms >= 0);
}

const digits = (ms) => (ms < 10 ? 1 : 0);

/** Show the stages; trip: milliseconds as the client saw them. */
export function showTiming(stages, trip) {
  const total = stages.reduce((sum, [, ms]) => sum + ms, 0);
  const bar = document.getElementById("times");
  const list = document.getElementById("time-list");
  bar.replaceChildren(...stages.map(([stage, ms]) => {
    const part = document.createElement("i");
    part.dataset.stage = stage;
    part.style.width = `${total > 0 ? 100 * ms / total : 0}%`;
    return part;
  }));
  list.replaceChildren(...stages.map(([stage, ms]) => {
    const row = document.createElement("div");
    const name = document.createElement("dt");
    const value = document.createElement("dd");
    const patch = document.createElement("i");
    patch.dataset.stage = stage;
    name.append(patch, t("stage_" + stage));
    value.textContent = t("timing_total", { ms: number(ms, digits(ms)) });
    row.append(name, value);
    return row;
  }));
  document.getElementById("timing-total").textContent =
    t("timing_total", { ms: number(total, digits(total)) });
  document.getElementById("timing-trip").textContent =
    t("timing_trip", { ms: number(trip, digits(trip)) });
}
