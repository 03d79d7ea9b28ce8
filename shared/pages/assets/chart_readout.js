// The readout of a line chart: under the pointer, the nearest value of the curve and its prediction.

import { svg } from "./dom.js";
import { formatNumber } from "./format.js";

/** Draw the readout and the area that listens to the pointer. */
export function drawReadout(plot, layout) {
  const { left, right, top, bottom } = layout;
  const crosshair = svg("path", { class: "crosshair" });
  const dot = svg("circle", { class: "crosshair-dot", r: 4 });
  const text = svg("text", { class: "crosshair-label", y: top - 8 });
  const group = svg("g", { class: "readout", visibility: "hidden" }, crosshair, dot, text);
  const { values, series } = plot.curve;

  function move(event) {
    const i = nearestIndex(values, layout.x.inverse(pointerX(event)));
    const level = series[plot.mainClass].values[i];
    const x = layout.x(values[i]);
    crosshair.setAttribute("d", `M${x} ${top}V${bottom}`);
    dot.setAttribute("cx", x);
    dot.setAttribute("cy", layout.y(level));
    text.textContent = `${formatNumber(values[i])} → ${plot.formatLevel(level)}`;
    text.setAttribute("x", Math.min(right, Math.max(left, x)));
    text.setAttribute("text-anchor", x > (left + right) / 2 ? "end" : "start");
    group.setAttribute("visibility", "visible");
  }

  const area = svg("rect", {
    class: "pointer-area",
    x: left,
    y: top,
    width: right - left,
    height: bottom - top,
    onpointermove: move,
    onpointerdown: move,
    onpointerleave: () => group.setAttribute("visibility", "hidden"),
  });
  return [group, area];
}

/** Return the pointer's position in the coordinates of the drawing. */
function pointerX({ currentTarget, clientX }) {
  const drawing = currentTarget.ownerSVGElement;
  const { left, width } = drawing.getBoundingClientRect();
  return ((clientX - left) / width) * drawing.viewBox.baseVal.width;
}

function nearestIndex(values, target) {
  const distance = (i) => Math.abs(values[i] - target);
  return values.reduce((best, _, i) => (distance(i) < distance(best) ? i : best), 0);
}
