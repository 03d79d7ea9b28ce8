// The chart of a category or boolean feature: one row per value, with its prediction on the training data.

import { bandClassName, classSpans, rectangle } from "./chart_layers.js";
import { fitText, textWidth } from "./chart_text.js";
import { svg } from "./dom.js";
import { formatNumber, formatShare } from "./format.js";
import { displayNameWithUnit, getOwn, labelText, listedValues } from "./manifest.js";
import { extent, linearScale, padExtent, roundTicks } from "./scales.js";

const ROW_HEIGHT = 34;
const TOP = 40;
const BOTTOM = 34;
const MAX_ROWS = 40;
const MAX_LABEL_WIDTH = 160;
const MAX_TICK_WIDTH = 80;
const LABEL_GAP = 12; // between a label and the drawing

/** Draw the chart of a plot, which chart.js builds. */
export function drawCategoryChart(plot, width) {
  const categories = plot.curve?.values || listedValues(plot.feature).slice(0, MAX_ROWS);
  const height = TOP + categories.length * ROW_HEIGHT + BOTTOM;
  const layout = createLayout(plot, categories, width, height);
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": plot.description },
    drawBands(plot, layout),
    drawAxis(plot, layout),
    categories.map((category, i) => drawRow(plot, layout, category, i)),
  );
}

function createLayout(plot, categories, width, height) {
  const longest = Math.max(...categories.map((category) => textWidth(labelText(category))));
  const left = Math.min(width * 0.36, 2 * LABEL_GAP + Math.min(MAX_LABEL_WIDTH, longest));
  const right = width - 24;
  const x = linearScale(...xExtent(plot), left, right);
  return { x, left, right, width, bottom: height - BOTTOM };
}

function xExtent(plot) {
  if (plot.kind === "probabilities") return [0, 1];
  if (plot.kind === "labels") return [-0.6, plot.classes.length - 0.4];
  const bins = getOwn(plot.data.features, plot.feature.name);
  const training = (bins?.quantiles || []).flatMap((values) => values || []);
  return padExtent(extent([...training, ...(plot.curve?.series[0].values || []), plot.prediction?.value]), 0.06);
}

/** Draw a regressor's classes as vertical bands, with their names on top if there is room. */
function drawBands(plot, { x, bottom }) {
  return classSpans(plot, x.low, x.high).map((span) => {
    const band = rectangle(x(span.from), x(span.to), TOP, bottom);
    const position = { x: band.x + band.width / 2, y: TOP - 6, "text-anchor": "middle" };
    const label = svg("text", { class: `band-label${span.isCurrent ? " current" : ""}`, ...position }, span.text);
    const hasRoom = band.width > textWidth(span.text);
    return [svg("rect", { class: bandClassName(span), ...band }), hasRoom && label];
  });
}

function drawAxis(plot, { x, left, right, width, bottom }) {
  const tickWidth = Math.min(MAX_TICK_WIDTH, (right - left) / plot.classes.length);
  const ticks = {
    values: () => roundTicks(x.low, x.high, Math.max(2, (right - left) / 80)).map((at) => [at, formatNumber(at)]),
    probabilities: () => [0, 0.5, 1].map((at) => [at, formatShare(at)]),
    labels: () => plot.classes.map((label, i) => [i, fitText(labelText(label), tickWidth)]),
  }[plot.kind]();
  const title = {
    values: displayNameWithUnit(plot.manifest.output),
    probabilities: `probability of ${labelText(plot.classes[plot.mainClass])}`,
    labels: "class",
  }[plot.kind];
  const lines = ticks.map(([at]) => `M${x(at).toFixed(1)} ${TOP}V${bottom}`);
  const tick = (at) => ({ class: "tick", x: x(at), y: bottom + 20, "text-anchor": "middle" });
  return [
    svg("path", { class: "grid", d: lines.join("") }),
    ticks.map(([at, text]) => svg("text", tick(at), text)),
    svg("text", { class: "axis-label", x: 0, y: 14 }, fitText(title, width)),
  ];
}

function drawRow(plot, { x, left, width }, category, i) {
  const middle = TOP + i * ROW_HEIGHT + ROW_HEIGHT / 2;
  const isCurrent = plot.instance && plot.instance[plot.feature.name] === category;
  const level = plot.curve?.series[plot.mainClass].values[i];
  const background = { x: 0, y: middle - ROW_HEIGHT / 2 + 2, width, height: ROW_HEIGHT - 4, rx: 6 };
  const position = { x: left - LABEL_GAP, y: middle + 4, "text-anchor": "end" };
  const label = { class: isCurrent ? "row-label main" : "row-label", ...position };
  const point = { class: isCurrent ? "point" : "point other", cx: x(level), cy: middle, r: isCurrent ? 7 : 5 };
  return [
    isCurrent && svg("rect", { class: "current-row", ...background }),
    svg("text", label, fitText(labelText(category), left - LABEL_GAP)),
    drawTrainingData(plot, x, category, middle),
    Number.isFinite(level) && svg("circle", point, svg("title", {}, `${category}: ${plot.formatLevel(level)}`)),
  ];
}

/** Draw the training data of one category: quantiles of the target, or shares of the classes. */
function drawTrainingData(plot, x, category, middle) {
  const bins = getOwn(plot.data.features, plot.feature.name);
  const i = bins?.values ? bins.values.indexOf(labelText(category)) : -1;
  const quantiles = bins?.quantiles?.[i];
  const shares = bins?.shares?.[i];
  if (quantiles) return drawQuantiles(quantiles.map((value) => x(value)), middle);
  if (shares && plot.kind === "probabilities") {
    return svg("rect", { class: "share", ...rectangle(x(0), x(shares[plot.mainClass]), middle - 6, middle + 6) });
  }
  return (shares || []).map((share, k) =>
    svg("rect", {
      class: "heat",
      "fill-opacity": (share * 0.5).toFixed(2),
      ...rectangle(x(k - 0.42), x(k + 0.42), middle - 8, middle + 8),
    }),
  );
}

function drawQuantiles([low, lower, median, upper, high], middle) {
  return [
    svg("rect", { class: "quantiles", ...rectangle(low, high, middle - 6, middle + 6) }),
    svg("rect", { class: "quantiles inner", ...rectangle(lower, upper, middle - 6, middle + 6) }),
    svg("path", { class: "median", d: `M${median} ${middle - 6}V${middle + 6}` }),
  ];
}
