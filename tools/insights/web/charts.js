// Charts as SVG: lines and stacked bars over time, or a comparison of bars.

import { createComparison } from "./comparison.js";
import { el, svg } from "./dom.js";
import { formatNumber, formatQuantity, formatSeriesName, formatTime } from "./format.js";
import { axisTop, linearScale, roundTicks, timeTicks } from "./scales.js";
import { colourClass, smallestStep, splitAtGaps, toSeries } from "./series.js";
import { createTooltip } from "./tooltip.js";
import { listenForRange } from "./zoom.js";

const HEIGHT = 190;
const MARGIN = { top: 10, right: 10, bottom: 22, left: 46 };
const BOTTOM = HEIGHT - MARGIN.bottom;
const MAX_PEAK_LABELS = 3;

/** Return the chart of a result. It is drawn again when its width changes. */
export function createChart(kind, result, unit, title) {
  if (kind === "compare") return el("div", { class: "chart" }, createComparison(result, unit));
  const frame = el("div", { class: "chart" });
  let width = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (Math.abs(contentRect.width - width) < 1) return;
    width = contentRect.width;
    frame.replaceChildren(...drawOverTime(kind, result, unit, title, width));
  }).observe(frame);
  return frame;
}

function drawOverTime(kind, result, unit, title, width) {
  const series = toSeries(result).map((line, i) => ({ ...line, colour: colourClass(line.name, i) }));
  const stacks = kind === "bars" ? stackSeries(series) : null;
  const layout = createLayout(result, series, stacks, width);
  const drawing = svg(
    "svg",
    { width, height: HEIGHT, role: "img", "aria-label": describe(title, series, unit) },
    drawGrid(layout),
    drawTimeTicks(result, layout, isLong(unit) ? 36 : 14),
    stacks ? drawBars(stacks, layout) : drawLines(series, layout, unit),
    drawUnit(unit),
    drawDeployments(result.deployments ?? [], layout),
  );
  const edges = { left: MARGIN.left, right: width - MARGIN.right, top: MARGIN.top, bottom: BOTTOM };
  listenForRange(drawing, result, edges);
  const tooltip = createTooltip(drawing, series, layout.x, unit, { top: MARGIN.top, bottom: BOTTOM });
  return [drawing, tooltip, createLegend(series, unit, layout.hasDeployments)];
}

/** Return the scales, the ticks and the width of the chart in pixels. */
function createLayout({ since, until, deployments }, series, stacks, width) {
  const max = stacks
    ? Math.max(0, ...stacks.flatMap(({ points }) => points.map(({ top }) => top)))
    : axisTop(series.flatMap(({ points }) => points.map(({ value }) => value)));
  const values = series.flatMap(({ points }) => points.map(({ value }) => value)).filter(Number.isFinite);
  const ticks = roundTicks(Math.min(0, ...values), max);
  const scale = linearScale(since.getTime(), until.getTime(), MARGIN.left, width - MARGIN.right);
  const x = (time) => Math.max(MARGIN.left, scale(time)); // the first point may lie before the range
  const y = linearScale(ticks[0], ticks.at(-1), BOTTOM, MARGIN.top);
  const isInside = (time) => time >= since.getTime() && time <= until.getTime();
  const hasDeployments = (deployments ?? []).some(({ timestamp }) => isInside(timestamp.getTime()));
  return { x, y, ticks, top: ticks.at(-1), step: smallestStep(series), width, isInside, hasDeployments };
}

/** Draw the lines. The area below the first line is tinted. A value above the axis is cut off and marked. */
function drawLines(series, layout, unit) {
  const lines = series.map((line, i) => drawLine(line, layout, i === 0));
  return [...lines.reverse(), ...drawPeaks(series, layout, unit)];
}

function drawLine({ name, points, colour }, { x, y, top, step }, hasArea) {
  const position = ({ time, value }) => `${x(time).toFixed(1)},${y(Math.min(value, top)).toFixed(1)}`;
  const toPath = (run) => run.map(position).join("L");
  const runs = splitAtGaps(points, step || 1);
  const lines = runs.filter((run) => run.length > 1);
  const dots = runs.filter((run) => run.length === 1).flat();
  const areaPath = (run) => `M${x(run[0].time)},${y(0)}L${toPath(run)}L${x(run.at(-1).time)},${y(0)}Z`;
  return svg(
    "g",
    { class: `line ${colour}`, "data-series": name, "data-points": points.length },
    hasArea && lines.map((run) => svg("path", { class: "area", d: areaPath(run) })),
    lines.map((run) => svg("path", { d: `M${toPath(run)}` })),
    dots.map(({ time, value }) => svg("circle", { cx: x(time), cy: y(Math.min(value, top)), r: 2.5 })),
  );
}

/** Mark the highest value of every time at which a value is above the axis. */
function drawPeaks(series, { x, y, top }, unit) {
  const peaks = new Map();
  for (const { time, value } of series.flatMap(({ points }) => points)) {
    if (value > top) peaks.set(time, Math.max(value, peaks.get(time) ?? 0));
  }
  const hasLabels = peaks.size <= MAX_PEAK_LABELS;
  return [...peaks].map(([time, value]) =>
    svg(
      "g",
      { class: "peak" },
      svg("path", { d: `M${x(time) - 4},${y(top) + 2}l4,-6l4,6z` }),
      hasLabels && svg("text", { x: x(time) + 8, y: y(top) + 4 }, formatQuantity(value, unit)),
    ),
  );
}

/** Return the series with the sum of the series below each point. */
function stackSeries(series) {
  const sums = new Map();
  return series.map((line) => ({
    ...line,
    points: line.points.map(({ time, value }) => {
      const base = sums.get(time) ?? 0;
      sums.set(time, base + value);
      return { time, base, top: base + value };
    }),
  }));
}

function drawBars(stacks, { x, y, step }) {
  const last = Math.max(...stacks.flatMap(({ points }) => points.map(({ time }) => time)));
  const width = step ? Math.max(1.5, (x(last) - x(last - step)) * 0.82) : 8;
  const drawBar = ({ time, base, top }) =>
    svg("rect", { x: x(time), y: y(top), width, height: Math.max(0.5, y(base) - y(top)), rx: 1 });
  return stacks.map(({ name, points, colour }) =>
    svg("g", { class: `bar ${colour}`, "data-series": name, "data-points": points.length }, points.map(drawBar)),
  );
}

function drawGrid({ ticks, y, width }) {
  return ticks.map((value) =>
    svg(
      "g",
      { class: "grid" },
      svg("line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) }),
      svg("text", { x: MARGIN.left - 8, y: y(value) + 4, "text-anchor": "end" }, formatNumber(value)),
    ),
  );
}

function drawUnit(unit) {
  if (!unit) return null;
  const place = isLong(unit) ? { x: 0, "text-anchor": "start" } : { x: MARGIN.left - 8, "text-anchor": "end" };
  return svg("text", { class: "unit", y: HEIGHT - 6, ...place }, unit);
}

/** Draw a line for each deployment in the time range. */
function drawDeployments(deployments, { x, isInside }) {
  return deployments
    .filter(({ timestamp }) => isInside(timestamp.getTime()))
    .map(({ timestamp, build, model }) => {
      const text = `${formatTime(timestamp)} deployed: build ${build}, model ${model || "–"}`;
      const place = x(timestamp.getTime());
      const mark = svg("path", { d: `M${place - 4},${MARGIN.top - 8}h8l-4,7z` });
      const line = svg("line", { x1: place, x2: place, y1: MARGIN.top, y2: BOTTOM });
      return svg("g", { class: "deployment" }, svg("title", {}, text), line, mark);
    });
}

function drawTimeTicks({ since, until }, { x, width }, afterUnit) {
  return timeTicks(since.getTime(), until.getTime(), Math.max(2, width / 90))
    .map(({ time, text }) => ({ position: x(time), text }))
    .filter(({ position }) => position >= MARGIN.left + afterUnit && position <= width - 22)
    .map(({ position, text }) =>
      svg("text", { class: "time", x: position, y: HEIGHT - 6, "text-anchor": "middle" }, text),
    );
}

/** Return true for a unit that is wider than the numbers of the axis. */
function isLong(unit) {
  return unit.length > 3;
}

function createLegend(series, unit, hasDeployments) {
  const shortUnit = isLong(unit) ? "" : unit;
  const createEntry = ({ name, colour, points }) =>
    el(
      "li",
      { class: colour },
      el("span", { class: "swatch" }),
      formatSeriesName(name),
      el("b", { title: "the last value" }, `last ${formatQuantity(points.at(-1)?.value, shortUnit)}`),
    );
  const deployment = el("li", { class: "deployment" }, el("span", { class: "swatch" }), "deployment");
  return el("ul", { class: "legend" }, series.map(createEntry), hasDeployments && deployment);
}

/** Describe the chart for screen readers: the latest value of each series. */
function describe(title, series, unit) {
  const latest = ({ name, points }) => `${formatSeriesName(name)}: latest ${formatQuantity(points.at(-1)?.value, unit)}.`;
  return [`${title}.`, ...series.map(latest)].join(" ");
}
