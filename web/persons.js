// The people that were told apart, as a list with the colours of the picture.
// Must not know how they were found.
// Areas come in pixels of the whole picture; its size is in the header
// fields.
import { COLORS } from "./paint.js";
import { number, t } from "./texts.js";

/** boxes: [{box, area, score}, …], or null: not told apart. */
export function showPersons(boxes, headers) {
  const group = document.getElementById("persons");
  group.hidden = !boxes?.length;
  if (group.hidden) return;
  const pixels = Number(headers.get("X-Image-Width"))
    * Number(headers.get("X-Image-Height"));
  document.getElementById("person-list").replaceChildren(
    ...boxes.map(({ area }, index) => {
      const row = document.createElement("li");
      const patch = document.createElement("i");
      const name = document.createElement("span");
      const size = document.createElement("span");
      const color = COLORS[index % COLORS.length];
      patch.style.backgroundColor = `rgb(${color.join(" ")})`;
      name.textContent = t("person", { number: index + 1 });
      size.textContent = t("person_area",
        { percent: number(100 * area / pixels, 1) });
      row.append(patch, name, size);
      return row;
    }));
}
