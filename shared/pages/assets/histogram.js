// How the predictions of a batch are distributed: over the classes, and a regressor's over its values.

import { h, s } from "./dom.js";
import { bandClass, box, classSpans } from "./layers.js";
import { extent, linear, padded, ticks } from "./scale.js";
import { count, label, number, share, titleWithUnit } from "./words.js";

const BINS = 32;
const HEIGHT = 190;
const BOTTOM = 26;
const TOP = 22;

/** Each class with how many have it, as bars. */
export function byClass(manifest, found) {
  const classes = manifest.output.classes || [];
  if (classes.length === 0) return null;
  const many = classes.map((each) => found.filter((one) => one.label === each).length);
  const most = Math.max(1, ...many);
  const row = (each, i) =>
    h(
      "li",
      {},
      h("span", { class: "name" }, label(each)),
      h("meter", { min: 0, max: most, value: many[i], "aria-hidden": "true" }),
      h("span", { class: "value" }, `${count(many[i])} · ${share(many[i] / found.length)}`),
    );
  return h("ul", { class: "chances by-class" }, classes.map(row));
}

/** A regressor's predictions as a histogram, its classes behind; null for a classifier. */
export function byValue(manifest, found, width) {
  if (manifest.kind !== "regressor") return null;
  const values = found.map(({ value }) => value);
  const [low, high] = extent(values);
  const x = linear(...padded([low, high], 0.04), 0, width);
  const bins = binned(values, low, high);
  const y = linear(0, Math.max(...bins), HEIGHT - BOTTOM, TOP);
  const left = (i) => x(low + ((high - low) / bins.length) * i);
  const bars = bins.map((many, i) =>
    s("rect", {
      class: "share bar-of",
      ...box(left(i) + 0.5, Math.max(left(i) + 2, left(i + 1) - 0.5), y(many), y(0)),
    }),
  );
  const spans = classSpans({ manifest }, x.low, x.high).map((each) => [
    s("rect", { class: bandClass(each), ...box(x(each.from), x(each.to), TOP, HEIGHT - BOTTOM) }),
    x(each.to) - x(each.from) > 60 &&
      s("text", { class: "band-label", x: x(each.to) - 5, y: TOP + 13, "text-anchor": "end" }, each.text),
  ]);
  const marks = ticks(x.low, x.high, width / 90).map((at) =>
    s("text", { class: "tick", x: x(at), y: HEIGHT - 8, "text-anchor": "middle" }, number(at)),
  );
  const words = `Histogram of ${count(values.length)} predictions from ${number(low)} to ${number(high)}.`;
  return s(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": words },
    spans,
    bars,
    marks,
    s("text", { class: "axis-label", x: 0, y: 12 }, titleWithUnit(manifest.output)),
  );
}

function binned(values, low, high) {
  const many = low === high ? 1 : BINS;
  const bins = new Array(many).fill(0);
  for (const value of values) bins[Math.min(many - 1, Math.floor(((value - low) / (high - low || 1)) * many))] += 1;
  return bins;
}
