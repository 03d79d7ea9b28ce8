// The tooltip of a chart over time: the values of all series at the time under the pointer.

import { el, svg } from "./dom.js";
import { formatQuantity, formatSeriesName, formatTime } from "./format.js";

/** Return the tooltip of a drawing, and let it follow the pointer. */
export function createTooltip(drawing, series, x, unit, { top, bottom }) {
  const line = svg("line", { class: "cursor-line", y1: top, y2: bottom, hidden: true });
  const tooltip = el("div", { class: "tooltip", hidden: true });
  const times = [...new Set(series.flatMap(({ points }) => points.map(({ time }) => time)))];
  drawing.append(line);

  function move(event) {
    if (!times.length) return;
    const pointer = event.clientX - drawing.getBoundingClientRect().left;
    const time = times.reduce((best, other) =>
      Math.abs(x(other) - pointer) < Math.abs(x(best) - pointer) ? other : best,
    );
    line.setAttribute("x1", x(time));
    line.setAttribute("x2", x(time));
    const values = series.flatMap((entry) => createValue(entry, time, unit));
    tooltip.replaceChildren(el("b", {}, formatTime(new Date(time))), ...values);
    tooltip.style.setProperty("--x", `${x(time)}px`);
    tooltip.classList.toggle("left", x(time) > drawing.clientWidth / 2);
    for (const element of [line, tooltip]) element.removeAttribute("hidden");
  }

  drawing.addEventListener("pointermove", move);
  drawing.addEventListener("pointerleave", () => {
    for (const element of [line, tooltip]) element.setAttribute("hidden", "");
  });
  return tooltip;
}

/** Return the value of a series at a time, or nothing if it has none. */
function createValue({ name, colour, points }, time, unit) {
  const point = points.find((candidate) => candidate.time === time);
  if (!point) return [];
  const text = `${formatSeriesName(name)} ${formatQuantity(point.value, unit)}`;
  return [el("span", { class: colour }, el("i", { class: "swatch" }), text)];
}
