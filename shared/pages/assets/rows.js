// The picture for a category feature: one row per category, with what is predicted there and the training data behind.

import { s } from "./dom.js";
import { bandClass, box, classSpans } from "./layers.js";
import { cut, extent, linear, padded, path, ticks } from "./scale.js";
import { label, number, own, share, titleWithUnit } from "./words.js";

const ROW = 34;
const TOP = 40;
const BOTTOM = 34;

/** The drawing, as wide as its place; `view` as in lines.js. */
export function rows(view, width) {
  const shown = view.curve?.values || view.feature.values.slice(0, 40);
  const height = TOP + shown.length * ROW + BOTTOM;
  const frame = { ...framed(view, shown, width), width, bottom: height - BOTTOM };
  return s(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": view.words },
    bands(view, frame),
    axis(view, frame),
    shown.map((value, i) => row(view, frame, value, i)),
  );
}

function framed(view, shown, width) {
  const left = Math.min(width * 0.36, 24 + 7.2 * Math.max(...shown.map((value) => Math.min(value.length, 22))));
  const right = width - 24;
  const [low, high] = xExtent(view);
  return { x: linear(low, high, left, right), left, right, most: Math.floor((left - 16) / 7) };
}

function xExtent(view) {
  if (view.kind !== "values") return view.kind === "chances" ? [0, 1] : [-0.6, view.classes.length - 0.4];
  const bins = own(view.picture.features, view.feature.name);
  const behind = (bins?.quantiles || []).flatMap((each) => each || []);
  return padded(extent([...behind, ...(view.curve?.series[0].values || []), view.outcome?.value]), 0.06);
}

/** A regressor's classes: the bands of lines.js, standing upright, their names on top where there is room. */
function bands(view, { x, bottom }) {
  return classSpans(view, x.low, x.high).map((each) => {
    const place = box(x(each.from), x(each.to), TOP, bottom);
    const at = { x: place.x + place.width / 2, y: TOP - 6, "text-anchor": "middle" };
    const text = s("text", { class: `band-label${each.mine ? " mine" : ""}`, ...at }, each.text);
    return [s("rect", { class: bandClass(each), ...place }), place.width > each.text.length * 7 && text];
  });
}

function axis(view, { x, left, right, bottom }) {
  const marks = {
    values: () => ticks(x.low, x.high, Math.max(2, (right - left) / 80)).map((at) => [at, number(at)]),
    chances: () => [0, 0.5, 1].map((at) => [at, share(at)]),
    labels: () => view.classes.map((each, i) => [i, cut(label(each), 10)]),
  }[view.kind]();
  const head = {
    values: titleWithUnit(view.manifest.output),
    chances: `probability of ${label(view.classes[view.main])}`,
    labels: "class",
  }[view.kind];
  return [
    s("path", {
      class: "grid",
      d: marks
        .map(([at]) =>
          path([
            [x(at), TOP],
            [x(at), bottom],
          ]),
        )
        .join(""),
    }),
    marks.map(([at, text]) => s("text", { class: "tick", x: x(at), y: bottom + 20, "text-anchor": "middle" }, text)),
    s("text", { class: "axis-label", x: 0, y: 14 }, cut(head, right / 7)),
  ];
}

function row(view, { x, left, most, width }, value, i) {
  const middle = TOP + i * ROW + ROW / 2;
  const mine = view.instance && view.instance[view.feature.name] === value;
  const at = view.curve?.series[view.main].values[i];
  return [
    mine && s("rect", { class: "row-mine", x: 0, y: middle - ROW / 2 + 2, width, height: ROW - 4, rx: 6 }),
    s(
      "text",
      { class: mine ? "row-label main" : "row-label", x: left - 12, y: middle + 4, "text-anchor": "end" },
      cut(value, most),
    ),
    behind(view, x, value, middle),
    Number.isFinite(at) &&
      s(
        "circle",
        { class: mine ? "point" : "point other", cx: x(at), cy: middle, r: mine ? 7 : 5 },
        s("title", {}, `${value}: ${view.tell(at)}`),
      ),
  ];
}

/** What the training data says of one category: the target's spread, or the main class's share, or all shares. */
function behind(view, x, value, middle) {
  const bins = own(view.picture.features, view.feature.name);
  const i = bins?.values ? bins.values.indexOf(value) : -1;
  const quantiles = bins?.quantiles?.[i];
  const shares = bins?.shares?.[i];
  if (quantiles) {
    const [low, lower, median, upper, high] = quantiles.map((each) => x(each));
    return [
      s("rect", { class: "spread", ...box(low, high, middle - 6, middle + 6) }),
      s("rect", { class: "spread inner", ...box(lower, upper, middle - 6, middle + 6) }),
      s("path", { class: "median", d: `M${median} ${middle - 6}V${middle + 6}` }),
    ];
  }
  if (shares && view.kind === "chances")
    return s("rect", { class: "share", ...box(x(0), x(shares[view.main]), middle - 6, middle + 6) });
  return (shares || []).map((each, k) =>
    s("rect", {
      class: "heat",
      "fill-opacity": (each * 0.5).toFixed(2),
      ...box(x(k - 0.42), x(k + 0.42), middle - 8, middle + 8),
    }),
  );
}
