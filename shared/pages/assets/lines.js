// The picture for a number feature: the curve over the training data, with the caller's point on it.

import { s } from "./dom.js";
import { behindLine, classBands, unknown } from "./layers.js";
import { cut, extent, linear, padded, path, ticks } from "./scale.js";
import { label, number, share, titleWithUnit } from "./words.js";

const TOP = 30;
const BOTTOM = 48;
const LINE = 14; // pixels between labels
const MOST_LABELLED = 6;
const MARGIN = 0.02; // of the values' range, left and right of it

/** The drawing, as wide as its place. `view` holds manifest, picture, feature, main, and curve, instance, outcome if asked. */
export function lines(view, width) {
  const height = Math.round(Math.min(400, Math.max(270, width * 0.52)));
  const frame = framed(view, width, height);
  return s(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": view.words },
    classBands(view, frame),
    grid(frame),
    behindLine(view, frame),
    unknown(view.feature, frame),
    view.curve && drawn(view, frame),
    axes(view, frame),
    point(view, frame),
    view.curve && readout(view, frame),
  );
}

/** Scales, ticks and edges of the plot. */
function framed(view, width, height) {
  const left = Math.min(view.kind === "labels" ? longest(view.classes) + 16 : 46, width * 0.28);
  const named = view.kind === "chances" || (view.kind === "values" && view.classes.length > 0);
  const right = width - (named ? Math.min(longest(view.classes) + 18, width * 0.28) : 10);
  const [low, high] = xExtent(view);
  const x = linear(...padded([low, high], MARGIN), left, right);
  const y = linear(...yExtent(view), height - BOTTOM, TOP);
  const margin = (high - low) * MARGIN;
  return { x, y, left, right, top: TOP, bottom: height - BOTTOM, width, margin, marks: yTicks(view, y) };
}

/** The room that the longest label takes, in pixels. */
function longest(labels) {
  return 7 * Math.min(14, Math.max(...labels.map((each) => label(each).length)));
}

function xExtent({ feature, curve, instance }) {
  return extent([...feature.range, ...(curve?.values || []), instance?.[feature.name]]);
}

function yExtent(view) {
  if (view.kind === "chances") return [0, 1];
  if (view.kind === "labels") return [-0.6, view.classes.length - 0.4];
  const { picture, feature, curve, outcome, manifest } = view;
  const bins = picture.features[feature.name];
  const behind = picture.points?.target || (bins?.quantiles || []).flatMap((each) => each || []);
  const fallback =
    behind.length || curve ? [] : manifest.statistics?.prediction_quantiles || manifest.output.edges || [];
  return padded(extent([...behind, ...fallback, ...(curve?.series[0].values || []), outcome?.value]), 0.05);
}

function yTicks(view, y) {
  if (view.kind === "chances") return [0, 0.25, 0.5, 0.75, 1].map((at) => [at, share(at)]);
  if (view.kind === "labels") return view.classes.map((each, i) => [i, cut(label(each), 14)]);
  return ticks(y.low, y.high, 4).map((at) => [at, number(at)]);
}

function grid({ y, left, right, marks }) {
  return s("path", {
    class: "grid",
    d: marks
      .map(([at]) =>
        path([
          [left, y(at)],
          [right, y(at)],
        ]),
      )
      .join(""),
  });
}

function axes(view, { x, left, right, bottom, marks: rows, y, width }) {
  const columns = ticks(x.low, x.high, Math.max(3, Math.min(8, (right - left) / 70)));
  const head = {
    regressor: titleWithUnit(view.manifest.output),
    classifier: view.kind === "labels" ? "class" : "probability",
  }[view.manifest.kind];
  return [
    s("path", { class: "axis", d: `M${left} ${bottom}H${right}` }),
    columns.map((at) => s("text", { class: "tick", x: x(at), y: bottom + 18, "text-anchor": "middle" }, number(at))),
    rows.map(([at, text]) => s("text", { class: "tick", x: left - 8, y: y(at) + 4, "text-anchor": "end" }, text)),
    s("text", { class: "axis-label", x: 0, y: 14 }, cut(head, width / 7.4)),
    s(
      "text",
      { class: "axis-label", x: width, y: bottom + 38, "text-anchor": "end" },
      cut(titleWithUnit(view.feature), width / 7.4),
    ),
  ];
}

function drawn(view, { x, y, right }) {
  const { values, series } = view.curve;
  const stepped = view.kind === "labels";
  const shown = series.map((each, i) => ({ ...each, i, end: y(each.values.at(-1)) }));
  const others = shown.filter(({ i }) => i !== view.main).sort((a, b) => Math.max(...b.values) - Math.max(...a.values));
  const kept = [...others.slice(0, MOST_LABELLED - 1), shown[view.main]];
  const line = (each) =>
    s("path", {
      class: each.i === view.main ? "line main" : "line",
      d: path(
        values.map((value, k) => [x(value), y(each.values[k])]),
        stepped,
      ),
    });
  return [kept.map(line), view.kind === "chances" && labels(view, kept, right)];
}

/** The lines' names at their ends, moved apart where they would lie on each other. */
function labels(view, kept, right) {
  const sorted = [...kept].sort((a, b) => b.end - a.end);
  let last = Infinity;
  return sorted.map(({ label: text, i, end }) => {
    last = Math.min(end, last - LINE); // from the axis upwards
    const place = { x: right + 8, y: last + 4 };
    return s("text", { class: i === view.main ? "line-label main" : "line-label", ...place }, cut(label(text), 14));
  });
}

/** The caller's point: where the instance is, and what it got. Without a value of this feature, only how high. */
function point(view, { x, y, left, right, bottom }) {
  const at = level(view);
  if (at === null) return null;
  const own = view.instance[view.feature.name];
  const known = Number.isFinite(own);
  const [px, py] = [known ? x(own) : right, y(at)];
  return [
    s("path", { class: "guide", d: known ? `M${left} ${py}H${px}V${bottom}` : `M${left} ${py}H${right}` }),
    known && s("circle", { class: "point", cx: px, cy: py, r: 7 }),
  ];
}

/** The outcome on the vertical scale, or null before there is one. */
export function level({ kind, outcome, main, classes }) {
  if (!outcome) return null;
  return { values: outcome.value, chances: outcome.chances?.[main], labels: classes.indexOf(outcome.label) }[kind];
}

/** Under the pointer: the nearest value that was asked for, and its prediction. */
function readout(view, { x, y, left, right, top, bottom }) {
  const { values, series } = view.curve;
  const hair = s("path", { class: "hair" });
  const dot = s("circle", { class: "hair-dot", r: 4 });
  const text = s("text", { class: "hair-label", y: top - 8 });
  const group = s("g", { class: "readout", visibility: "hidden" }, hair, dot, text);
  const move = (event) => {
    const { left: from, width } = event.currentTarget.ownerSVGElement.getBoundingClientRect();
    const wanted = x.inverse(
      ((event.clientX - from) / width) * event.currentTarget.ownerSVGElement.viewBox.baseVal.width,
    );
    const i = values.reduce(
      (best, value, k) => (Math.abs(value - wanted) < Math.abs(values[best] - wanted) ? k : best),
      0,
    );
    const [px, at] = [x(values[i]), series[view.main].values[i]];
    hair.setAttribute("d", `M${px} ${top}V${bottom}`);
    dot.setAttribute("cx", px);
    dot.setAttribute("cy", y(at));
    text.textContent = `${number(values[i])} → ${view.tell(at)}`;
    text.setAttribute("x", Math.min(right, Math.max(left, px)));
    text.setAttribute("text-anchor", px > (left + right) / 2 ? "end" : "start");
    group.setAttribute("visibility", "visible");
  };
  const leave = () => group.setAttribute("visibility", "hidden");
  const cover = s("rect", {
    class: "cover",
    x: left,
    y: top,
    width: right - left,
    height: bottom - top,
    onpointermove: move,
    onpointerdown: move,
    onpointerleave: leave,
  });
  return [group, cover];
}
