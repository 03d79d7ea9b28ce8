// The layers behind the curve: class bands, the training data, and ranges without training data.

import { fitText } from "./chart_text.js";
import { svg } from "./dom.js";
import { getOwn, labelText } from "./manifest.js";
import { linePath } from "./scales.js";

const MIN_BAND_HEIGHT = 15; // pixels for a label
const MIN_LABEL_WIDTH = 110;
const LABEL_GAP = 10; // between the curve and a label
const [LOW, LOWER, MEDIAN, UPPER, HIGH] = [0, 1, 2, 3, 4]; // positions of the 10, 25, 50, 75 and 90 % quantiles

/** Return a regressor's classes as spans between `low` and `high`. The class of the prediction `isCurrent`. */
export function classSpans({ manifest, prediction }, low, high) {
  const { edges = [], classes = [] } = manifest.output;
  if (manifest.kind !== "regressor" || edges.length === 0) return [];
  const clamp = (value) => Math.min(high, Math.max(low, value));
  const borders = [low, ...edges, high];
  return classes
    .map((label, i) => ({
      text: labelText(label),
      from: clamp(borders[i]),
      to: clamp(borders[i + 1]),
      isOdd: i % 2 === 1,
      isCurrent: prediction?.label === label,
    }))
    .filter(({ from, to }) => to > from);
}

/** Return the CSS classes of a class band. */
export function bandClassName({ isOdd, isCurrent }) {
  return `band${isOdd ? " odd" : ""}${isCurrent ? " current" : ""}`;
}

/** Draw the classes as horizontal bands, with their names on the right. */
export function drawClassBands(plot, { y, left, right, width }) {
  return classSpans(plot, y.low, y.high).map((span) => {
    const band = rectangle(left, width, y(span.to), y(span.from));
    const position = { x: right + LABEL_GAP, y: band.y + band.height / 2 + 4 };
    const text = fitText(span.text, width - right - LABEL_GAP);
    const label = svg("text", { class: `band-label${span.isCurrent ? " current" : ""}`, ...position }, text);
    return [svg("rect", { class: bandClassName(span), ...band }), band.height >= MIN_BAND_HEIGHT && label];
  });
}

/** Draw the training data of a number feature: its points if they are published, else its bins. */
export function drawTrainingData({ manifest, data, feature, mainClass }, { x, y }) {
  const points = getPoints(data, feature);
  if (points) return svg("g", { class: "points" }, drawPoints(points, data.points.target, x, y));
  const bins = getOwn(data.features, feature.name);
  if (!bins?.edges) return [];
  const spans = bins.counts.map((_, i) => [x(bins.edges[i]), x(bins.edges[i + 1])]);
  if (bins.quantiles) return drawQuantiles(bins.quantiles, spans, y);
  if (manifest.output.probabilities) return drawShares(bins.shares, spans, mainClass, y);
  return drawHeat(bins.shares, spans, y);
}

function getPoints({ points }, feature) {
  return feature.kind === "number" && points && getOwn(points.features, feature.name);
}

/** Draw all points as one path: hundreds of circles would be slow. */
function drawPoints(values, target, x, y) {
  const dots = values.map((value, i) => (value === null ? "" : `M${x(value).toFixed(1)} ${y(target[i]).toFixed(1)}h0`));
  return svg("path", { d: dots.join("") });
}

/** Draw the quantiles of the target per bin. A bin without rows has none. */
function drawQuantiles(quantiles, spans, y) {
  const drawBoxes = (from, to, className) =>
    quantiles.map(
      (values, i) => values && svg("rect", { class: className, ...rectangle(...spans[i], y(values[to]), y(values[from])) }),
    );
  const medians = quantiles.map((values, i) => values && linePath(spans[i].map((x) => [x, y(values[MEDIAN])])));
  return [
    drawBoxes(LOW, HIGH, "quantiles"),
    drawBoxes(LOWER, UPPER, "quantiles inner"),
    svg("path", { class: "median", d: medians.filter(Boolean).join("") }),
  ];
}

/** Draw the share of the main class per bin. */
function drawShares(shares, spans, mainClass, y) {
  return shares.map(
    (values, i) => values && svg("rect", { class: "share", ...rectangle(...spans[i], y(values[mainClass]), y(0)) }),
  );
}

/** Draw the share of every class per bin as shades, for classifiers without probabilities. */
function drawHeat(shares, spans, y) {
  const half = Math.abs(y(1) - y(0)) * 0.42;
  return shares.flatMap((values, i) =>
    (values || []).map((share, j) =>
      svg("rect", {
        class: "heat",
        "fill-opacity": (share * 0.5).toFixed(2),
        ...rectangle(...spans[i], y(j) - half, y(j) + half),
      }),
    ),
  );
}

/** Return the attributes of a rectangle between two columns and two rows of pixels. */
export function rectangle(left, right, top, bottom) {
  return { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
}

/** Mark the ranges without training data. The margin that every chart has does not count. */
export function drawUntrainedRanges(feature, { x, top, bottom, margin }) {
  const [low, high] = feature.range;
  const ranges = [
    [x.low, low],
    [high, x.high],
  ].filter(([from, to]) => to - from > margin * 1.01);
  return ranges.map(([from, to]) => {
    const area = rectangle(x(from), x(to), top, bottom);
    const position = { x: (x(from) + x(to)) / 2, y: bottom - 10, "text-anchor": "middle" };
    return [
      svg("rect", { class: "untrained", ...area }),
      area.width > MIN_LABEL_WIDTH && svg("text", { class: "untrained-label", ...position }, "no training data"),
    ];
  });
}

/** Return the legend of the training data: [CSS class, text]. */
export function describeLayers({ manifest, data, feature, mainClass }) {
  const bins = getOwn(data.features, feature.name);
  if (!bins) return [];
  if (getPoints(data, feature)) return [["points", `${data.points.target.length} rows of training data`]];
  const rows = bins.counts.reduce((sum, count) => sum + count, 0);
  if (bins.quantiles) {
    return [["quantiles", `${rows} rows of training data: median, middle 50 % and middle 80 %`]];
  }
  if (manifest.output.probabilities) {
    return [["share", `share of ${labelText(manifest.output.classes[mainClass])} in the training data`]];
  }
  return [["heat", "share of each class in the training data"]];
}
