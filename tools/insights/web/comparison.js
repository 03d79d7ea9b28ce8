// A comparison: for each name one bar per number, such as the shares in training and now.

import { el } from "./dom.js";
import { formatQuantity, formatSeriesName } from "./format.js";
import { colourClass } from "./series.js";

const MIN_MAX = 1e-9; // so that a result of zeros is not divided by zero

/** Return the comparison of a result with a text column and number columns. */
export function createComparison({ columns, rows }, unit) {
  const names = columns.slice(1).map(([name]) => name);
  const max = Math.max(MIN_MAX, ...rows.flatMap((row) => row.slice(1)).filter(Number.isFinite));
  const createBar = (value, i) =>
    el(
      "div",
      { class: `meter ${colourClass(names[i], i)}`, "data-series": names[i] },
      el("span", { class: "fill", style: { "--share": Math.max(0, value ?? 0) / max } }),
      el("b", {}, formatQuantity(value, unit)),
    );
  const createRow = ([text, ...values]) =>
    el("div", { class: "comparison-row" }, el("span", { class: "name" }, text), el("div", {}, values.map(createBar)));
  return [el("div", {}, rows.map(createRow)), createLegend(names)];
}

function createLegend(names) {
  const createEntry = (name, i) =>
    el("li", { class: colourClass(name, i) }, el("span", { class: "swatch" }), formatSeriesName(name));
  return el("ul", { class: "legend" }, names.map(createEntry));
}
