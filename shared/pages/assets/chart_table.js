// The values of the curve as a table, for everyone who prefers numbers to a drawing.

import { el } from "./dom.js";
import { formatNumber, formatShare } from "./format.js";
import { displayNameWithUnit, labelText } from "./manifest.js";

const DIGITS = 6;

/** Return the table's `element`, and `update()` for when the plot has changed. It is filled only while it is open. */
export function createValueTable(plot) {
  const content = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Values of the curve" });
  const element = el(
    "details",
    { class: "chart-values", hidden: true, ontoggle: () => update() },
    el("summary", {}, "Values of the curve"),
    content,
  );
  function update() {
    element.hidden = !plot.curve;
    if (element.open) content.replaceChildren(plot.curve ? createTable(plot) : "");
  }
  return { element, update };
}

function createTable(plot) {
  const { values, series } = plot.curve;
  const head = [displayNameWithUnit(plot.feature), ...seriesNames(plot)];
  const rows = values.map((value, i) => [
    typeof value === "number" ? formatNumber(value, DIGITS) : labelText(value),
    ...series.map((line) => formatCell(plot, line.values[i])),
  ]);
  return el(
    "table",
    {},
    el("thead", {}, el("tr", {}, head.map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, rows.map(createRow)),
  );
}

function createRow([value, ...levels]) {
  return el("tr", {}, el("th", { scope: "row" }, value), levels.map((level) => el("td", {}, level)));
}

function seriesNames({ kind, curve, manifest }) {
  if (kind === "probabilities") return curve.series.map(({ label }) => labelText(label));
  return [kind === "labels" ? "Class" : displayNameWithUnit(manifest.output)];
}

function formatCell({ kind, classes }, level) {
  if (kind === "labels") return labelText(classes[level]);
  return kind === "probabilities" ? formatShare(level) : formatNumber(level, DIGITS);
}
