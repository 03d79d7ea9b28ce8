// What lies behind the curve: class bands, the training data, and where there was none.

import { s } from "./dom.js";
import { cut, path } from "./scale.js";
import { label, own } from "./words.js";

const LEAST_BAND = 15; // pixels for a label
const [LOW, LOWER, MEDIAN, UPPER, HIGH] = [0, 1, 2, 3, 4]; // the picture's quantiles: 10, 25, 50, 75 and 90 %

/** A regressor's classes as spans of its values from `low` to `high`; the one that holds the outcome is `mine`. */
export function classSpans({ manifest, outcome }, low, high) {
  const { edges = [], classes = [] } = manifest.output;
  if (manifest.kind !== "regressor" || edges.length === 0) return [];
  const inside = (value) => Math.min(high, Math.max(low, value));
  const borders = [low, ...edges, high];
  return classes
    .map((each, i) => ({
      text: label(each),
      from: inside(borders[i]),
      to: inside(borders[i + 1]),
      odd: i % 2,
      mine: outcome?.label === each,
    }))
    .filter(({ from, to }) => to > from);
}

/** The look of one of them. */
export function bandClass({ odd, mine }) {
  return `band${odd ? " odd" : ""}${mine ? " mine" : ""}`;
}

/** The classes as bands across the plot, with their names at its right. */
export function classBands(view, { y, left, right, width }) {
  return classSpans(view, y.low, y.high).map((each) => {
    const place = box(left, width, y(each.to), y(each.from));
    const at = { x: right + 10, y: place.y + place.height / 2 + 4 };
    const text = s("text", { class: `band-label${each.mine ? " mine" : ""}`, ...at }, cut(each.text, 14));
    return [s("rect", { class: bandClass(each), ...place }), place.height >= LEAST_BAND && text];
  });
}

/** The training data along a number feature: single points where they may be shown, else what its bins say. */
export function behindLine({ manifest, picture, feature, main }, { x, y }) {
  const points = picture.points && own(picture.points.features, feature.name);
  if (points) return [s("g", { class: "points" }, dots(points, picture.points.target, x, y))];
  const bins = own(picture.features, feature.name);
  if (!bins?.edges) return [];
  const centres = bins.counts.map((_, i) => [bins.edges[i], bins.edges[i + 1]]);
  if (bins.quantiles) return quantileSteps(bins.quantiles, centres, x, y);
  if (manifest.output.probabilities) return shareSteps(bins.shares, centres, main, x, y);
  return heat(bins.shares, centres, x, y);
}

/** One path for all points: hundreds of circles would be slow. */
function dots(values, target, x, y) {
  const each = values.map((value, i) => (value === null ? "" : `M${x(value).toFixed(1)} ${y(target[i]).toFixed(1)}h0`));
  return s("path", { d: each.join("") });
}

function quantileSteps(quantiles, spans, x, y) {
  const area = (from, to, name) =>
    quantiles.map(
      (each, i) =>
        each && s("rect", { class: name, ...box(x(spans[i][0]), x(spans[i][1]), y(each[to]), y(each[from])) }),
    );
  const medians = quantiles.map(
    (each, i) =>
      each &&
      path([
        [x(spans[i][0]), y(each[MEDIAN])],
        [x(spans[i][1]), y(each[MEDIAN])],
      ]),
  );
  return [
    area(LOW, HIGH, "spread"),
    area(LOWER, UPPER, "spread inner"),
    s("path", { class: "median", d: medians.filter(Boolean).join("") }),
  ];
}

function shareSteps(shares, spans, main, x, y) {
  return shares.map(
    (each, i) => each && s("rect", { class: "share", ...box(x(spans[i][0]), x(spans[i][1]), y(each[main]), y(0)) }),
  );
}

/** How many of each class are where, as shades: for classifiers that answer labels only. */
function heat(shares, spans, x, y) {
  const half = Math.abs(y(1) - y(0)) * 0.42;
  return shares.flatMap((each, i) =>
    (each || []).map((value, j) => {
      const place = box(x(spans[i][0]), x(spans[i][1]), y(j) - half, y(j) + half);
      return s("rect", { class: "heat", "fill-opacity": (value * 0.5).toFixed(2), ...place });
    }),
  );
}

/** A rectangle between two columns and two rows of pixels. */
export function box(left, right, top, bottom) {
  return { x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
}

/** The parts of the plot where no training data was; `margin` is what the plot shows beyond its values anyway. */
export function unknown(feature, { x, top, bottom, margin }) {
  const [low, high] = feature.range;
  const parts = [
    [x.low, low],
    [high, x.high],
  ].filter(([from, to]) => to - from > margin * 1.01);
  return parts.map(([from, to]) => [
    s("rect", { class: "unknown", ...box(x(from), x(to), top, bottom) }),
    x(to) - x(from) > 110 &&
      s(
        "text",
        { class: "unknown-label", x: (x(from) + x(to)) / 2, y: bottom - 10, "text-anchor": "middle" },
        "no training data",
      ),
  ]);
}

/** What the layers behind are, for the legend: a mark's class and its words. */
export function legend({ manifest, picture, feature, main }) {
  const bins = own(picture.features, feature.name);
  if (!bins) return [];
  const rows = bins.counts.reduce((sum, each) => sum + each, 0);
  if (feature.kind !== "category" && picture.points && own(picture.points.features, feature.name))
    return [["points", `${picture.points.target.length} rows of training data`]];
  if (bins.quantiles) return [["spread", `${rows} rows of training data: the middle half and 80 %, and their median`]];
  if (manifest.output.probabilities)
    return [["share", `share of ${label(manifest.output.classes[main])} in the training data`]];
  return [["heat", "share of each class in the training data"]];
}
