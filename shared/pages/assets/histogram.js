// The distribution of a batch's predictions: a histogram of values, and the count of each class.

import { bandClassName, classSpans, rectangle } from "./chart_layers.js";
import { fitText, textWidth } from "./chart_text.js";
import { el, svg } from "./dom.js";
import { formatCount, formatNumber, formatShare } from "./format.js";
import { displayNameWithUnit, labelText } from "./manifest.js";
import { extent, linearScale, padExtent, roundTicks } from "./scales.js";

const BINS = 32;
const HEIGHT = 190;
const TOP = 22;
const BOTTOM = HEIGHT - 26;
const MIN_BAND_WIDTH = 60; // pixels for a label
const LABEL_GAP = 5;

/** Return the classes with their counts, and their shares as bars, or null if the model has no classes. */
export function createClassCounts(manifest, predictions) {
  const classes = manifest.output.classes || [];
  if (classes.length === 0) return null;
  const counts = classes.map((label) => predictions.filter((prediction) => prediction.label === label).length);
  const createRow = (label, i) =>
    el(
      "li",
      {},
      el("span", { class: "name" }, labelText(label)),
      el("meter", { min: 0, max: 1, value: counts[i] / predictions.length, "aria-hidden": "true" }),
      el("span", { class: "value" }, `${formatCount(counts[i])} · ${formatShare(counts[i] / predictions.length)}`),
    );
  return el("ul", { class: "bar-list class-counts" }, classes.map(createRow));
}

/** Draw a regressor's predictions as a histogram on its class bands. Returns null for a classifier. */
export function drawHistogram(manifest, predictions, width) {
  if (manifest.kind !== "regressor") return null;
  const values = predictions.map(({ value }) => value);
  const [low, high] = extent(values);
  const x = linearScale(...padExtent([low, high], 0.04), 0, width);
  const range = `${formatNumber(low)} to ${formatNumber(high)}`;
  const title = displayNameWithUnit(manifest.output);
  const description = `Histogram of ${formatCount(values.length)} predictions from ${range}.`;
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": description },
    drawBands(manifest, x),
    drawBars(countPerBin(values, low, high), low, high, x),
    drawTicks(x, width),
    svg("text", { class: "axis-label", x: 0, y: 12 }, fitText(title, width)),
  );
}

function drawBars(counts, low, high, x) {
  const y = linearScale(0, Math.max(...counts), BOTTOM, TOP);
  const edge = (i) => x(low + ((high - low) / counts.length) * i);
  return counts.map((count, i) => {
    const right = Math.max(edge(i) + 2, edge(i + 1) - 0.5);
    return svg("rect", { class: "histogram-bar", ...rectangle(edge(i) + 0.5, right, y(count), y(0)) });
  });
}

function drawBands(manifest, x) {
  return classSpans({ manifest }, x.low, x.high).map((span) => {
    const band = rectangle(x(span.from), x(span.to), TOP, BOTTOM);
    const position = { x: x(span.to) - LABEL_GAP, y: TOP + 13, "text-anchor": "end" };
    const text = fitText(span.text, band.width - 2 * LABEL_GAP);
    return [
      svg("rect", { class: bandClassName(span), ...band }),
      band.width > MIN_BAND_WIDTH && svg("text", { class: "band-label", ...position }, text),
    ];
  });
}

/** Draw the axis. A number at its end is moved inwards, so that it is not cut off. */
function drawTicks(x, width) {
  return roundTicks(x.low, x.high, width / 90).map((value) => {
    const text = formatNumber(value);
    const half = textWidth(text) / 2;
    const position = Math.min(width - half, Math.max(half, x(value)));
    return svg("text", { class: "tick", x: position, y: HEIGHT - 8, "text-anchor": "middle" }, text);
  });
}

function countPerBin(values, low, high) {
  const counts = new Array(low === high ? 1 : BINS).fill(0);
  for (const value of values) {
    const bin = Math.floor(((value - low) / (high - low || 1)) * counts.length);
    counts[Math.min(counts.length - 1, bin)] += 1;
  }
  return counts;
}
