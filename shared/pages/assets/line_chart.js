// The chart of a number feature: the curve on the training data, with the user's point.

import { drawClassBands, drawTrainingData, drawUntrainedRanges } from "./chart_layers.js";
import { drawReadout } from "./chart_readout.js";
import { fitText, textWidth } from "./chart_text.js";
import { svg } from "./dom.js";
import { formatNumber, formatShare } from "./format.js";
import { displayNameWithUnit, labelText } from "./manifest.js";
import { extent, linePath, linearScale, padExtent, roundTicks } from "./scales.js";

const TOP = 30;
const BOTTOM = 48;
const LABEL_HEIGHT = 14;
const LABEL_GAP = 8; // between the drawing and a label
const MAX_LABEL_WIDTH = 110;
const MAX_LINES = 6;
const X_MARGIN = 0.02; // of the values' range, on both sides

/** Draw the chart of a plot, which chart.js builds. */
export function drawLineChart(plot, width) {
  const height = Math.round(Math.min(400, Math.max(270, width * 0.52)));
  const layout = createLayout(plot, width, height);
  return svg(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": plot.description },
    drawClassBands(plot, layout),
    drawGrid(layout),
    drawTrainingData(plot, layout),
    drawUntrainedRanges(plot.feature, layout),
    plot.curve && drawCurve(plot, layout),
    drawAxes(plot, layout),
    drawPoint(plot, layout),
    plot.curve && drawReadout(plot, layout),
  );
}

/** Return the scales, the ticks and the edges of the chart in pixels. */
function createLayout(plot, width, height) {
  const left = Math.min(plot.kind === "labels" ? maxLabelWidth(plot.classes) + 2 * LABEL_GAP : 46, width * 0.28);
  const hasLabels = plot.kind === "probabilities" || (plot.kind === "values" && plot.classes.length > 0);
  const right = width - (hasLabels ? Math.min(maxLabelWidth(plot.classes) + 18, width * 0.28) : 10);
  const [low, high] = xExtent(plot);
  const x = linearScale(...padExtent([low, high], X_MARGIN), left, right);
  const y = linearScale(...yExtent(plot), height - BOTTOM, TOP);
  const margin = (high - low) * X_MARGIN;
  return { x, y, left, right, top: TOP, bottom: height - BOTTOM, width, margin, yTicks: yTicks(plot, y, left - LABEL_GAP) };
}

function maxLabelWidth(labels) {
  return Math.min(MAX_LABEL_WIDTH, Math.max(...labels.map((label) => textWidth(labelText(label)))));
}

function xExtent({ feature, curve, instance }) {
  return extent([...feature.range, ...(curve?.values || []), instance?.[feature.name]]);
}

function yExtent(plot) {
  if (plot.kind === "probabilities") return [0, 1];
  if (plot.kind === "labels") return [-0.6, plot.classes.length - 0.4];
  const { data, feature, curve, prediction, manifest } = plot;
  const quantiles = (data.features[feature.name]?.quantiles || []).flatMap((values) => values || []);
  const training = data.points?.target || quantiles;
  const fallback =
    training.length || curve ? [] : manifest.statistics?.prediction_quantiles || manifest.output.edges || [];
  return padExtent(extent([...training, ...fallback, ...(curve?.series[0].values || []), prediction?.value]), 0.05);
}

function yTicks(plot, y, width) {
  if (plot.kind === "probabilities") return [0, 0.25, 0.5, 0.75, 1].map((share) => [share, formatShare(share)]);
  if (plot.kind === "labels") {
    return plot.classes.map((label, i) => [i, fitText(labelText(label), width)]);
  }
  return roundTicks(y.low, y.high, 4).map((value) => [value, formatNumber(value)]);
}

function drawGrid({ y, left, right, yTicks: ticks }) {
  const lines = ticks.map(([value]) => `M${left.toFixed(1)} ${y(value).toFixed(1)}H${right.toFixed(1)}`);
  return svg("path", { class: "grid", d: lines.join("") });
}

function drawAxes(plot, { x, y, left, right, bottom, width, yTicks: ticks }) {
  const xTicks = roundTicks(x.low, x.high, Math.max(3, Math.min(8, (right - left) / 70)));
  const xTick = (value) => ({ class: "tick", x: x(value), y: bottom + 18, "text-anchor": "middle" });
  const yTick = (value) => ({ class: "tick", x: left - LABEL_GAP, y: y(value) + 4, "text-anchor": "end" });
  const xTitle = { class: "axis-label", x: width, y: bottom + 38, "text-anchor": "end" };
  return [
    svg("path", { class: "axis", d: `M${left} ${bottom}H${right}` }),
    xTicks.map((value) => svg("text", xTick(value), formatNumber(value))),
    ticks.map(([value, text]) => svg("text", yTick(value), text)),
    svg("text", { class: "axis-label", x: 0, y: 14 }, fitText(yTitle(plot), width)),
    svg("text", xTitle, fitText(displayNameWithUnit(plot.feature), width)),
  ];
}

function yTitle({ kind, manifest }) {
  if (kind === "values") return displayNameWithUnit(manifest.output);
  return kind === "labels" ? "class" : "probability";
}

/** Draw the line of the main series, and the highest of the other lines. */
function drawCurve(plot, { x, y, right, width }) {
  const { values, series } = plot.curve;
  const stepped = plot.kind === "labels";
  const lines = series.map((line, i) => ({ ...line, isMain: i === plot.mainClass, end: y(line.values.at(-1)) }));
  const others = lines.filter(({ isMain }) => !isMain).sort((a, b) => Math.max(...b.values) - Math.max(...a.values));
  const shown = [...others.slice(0, MAX_LINES - 1), lines[plot.mainClass]];
  const drawLine = (line) => {
    const points = values.map((value, i) => [x(value), y(line.values[i])]);
    return svg("path", { class: line.isMain ? "line main" : "line", d: linePath(points, stepped) });
  };
  return [shown.map(drawLine), plot.kind === "probabilities" && drawLineLabels(shown, right + LABEL_GAP, width)];
}

/** Write the lines' names at their ends, from the axis upwards, without overlap. */
function drawLineLabels(lines, left, width) {
  let lastY = Infinity;
  return [...lines]
    .sort((a, b) => b.end - a.end)
    .map(({ label, isMain, end }) => {
      lastY = Math.min(end, lastY - LABEL_HEIGHT);
      const position = { x: left, y: lastY + 4 };
      const text = fitText(labelText(label), width - left);
      return svg("text", { class: isMain ? "line-label main" : "line-label", ...position }, text);
    });
}

/** Draw the user's point. If the instance has no value of the feature, draw only the level of the prediction. */
function drawPoint(plot, { x, y, left, right, bottom }) {
  const level = predictionLevel(plot);
  if (level === null) return null;
  const value = plot.instance[plot.feature.name];
  if (!Number.isFinite(value)) return svg("path", { class: "guide", d: `M${left} ${y(level)}H${right}` });
  return [
    svg("path", { class: "guide", d: `M${left} ${y(level)}H${x(value)}V${bottom}` }),
    svg("circle", { class: "point", cx: x(value), cy: y(level), r: 7 }),
  ];
}

/** Return the prediction as a value of the vertical axis, or null before the first prediction. */
export function predictionLevel({ kind, prediction, mainClass, classes }) {
  if (!prediction) return null;
  if (kind === "values") return prediction.value;
  return kind === "labels" ? classes.indexOf(prediction.label) : prediction.probabilities?.[mainClass];
}
