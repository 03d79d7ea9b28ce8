// The chart card: the choice of the feature, the drawing, its legend and its values as a table.

import { drawCategoryChart } from "./category_chart.js";
import { createValueTable } from "./chart_table.js";
import { describeLayers } from "./chart_layers.js";
import { requestCurve } from "./curve.js";
import { el, getById } from "./dom.js";
import { formatNumber, formatShare } from "./format.js";
import { drawLineChart, predictionLevel } from "./line_chart.js";
import { displayName, labelText, listedValues, predictionKind } from "./manifest.js";

const MIN_WIDTH = 280;

/** Build the chart with the training data. Returns `show(instance, prediction)`. Free text has no chart. */
export function createChart(manifest, data) {
  if (chartedFeatures(manifest).length === 0) return { show: async () => {} };
  const plot = createPlot(manifest, data);
  const drawing = el("div", { class: "drawing" });
  const legend = el("ul", { class: "legend" });
  const status = el("p", { class: "muted", role: "status", hidden: true });
  const valueTable = createValueTable(plot);
  getById("chart").replaceChildren(
    createFeaturePicker(plot, () => updateCurve()),
    drawing,
    legend,
    status,
    valueTable.element,
  );
  let newestUpdate = 0;

  function draw() {
    const description = describe(plot);
    const drawChart = listedValues(plot.feature) ? drawCategoryChart : drawLineChart;
    drawing.replaceChildren(drawChart({ ...plot, description }, Math.max(MIN_WIDTH, drawing.clientWidth)));
    legend.replaceChildren(...createLegendEntries(plot));
    valueTable.update();
  }

  /** Draw without a curve at once, and again when the curve is there. */
  async function updateCurve() {
    const update = ++newestUpdate;
    plot.curve = undefined;
    draw();
    if (!plot.instance) return;
    try {
      const curve = await requestCurve(manifest, plot.instance, plot.feature);
      if (update !== newestUpdate) return;
      plot.curve = curve;
      status.hidden = true;
    } catch ({ message }) {
      status.textContent = `The curve is not available: ${message}`;
      status.hidden = false;
    }
    draw();
  }

  new ResizeObserver(() => draw()).observe(drawing);
  return {
    /** Show a prediction and the curve around its instance. Resolves when the curve is drawn. */
    show(instance, prediction) {
      Object.assign(plot, { instance, prediction });
      if (plot.kind === "probabilities") plot.mainClass = Math.max(0, plot.classes.indexOf(prediction.label));
      return updateCurve();
    },
  };
}

function chartedFeatures({ features }) {
  return features.filter(({ kind }) => kind !== "text");
}

/** Return what is drawn. `curve`, `instance` and `prediction` come with the first prediction. */
function createPlot(manifest, data) {
  const ownData = data.version === manifest.version ? data : {}; // never the training data of another model version
  const kind = predictionKind(manifest);
  const classes = manifest.output.classes || [];
  return {
    manifest,
    kind,
    classes,
    mainClass: 0,
    feature: chartedFeatures(manifest)[0],
    data: { features: ownData.features || {}, points: ownData.points },
    formatLevel: {
      values: (value) => formatNumber(value),
      probabilities: formatShare,
      labels: (position) => labelText(classes[Math.round(position)]),
    }[kind],
  };
}

function createFeaturePicker(plot, onChange) {
  const features = chartedFeatures(plot.manifest);
  if (features.length === 1) {
    return el("p", { class: "feature-picker" }, "Effect of ", el("strong", {}, displayName(features[0])));
  }
  const options = features.map((feature, i) => el("option", { value: String(i) }, displayName(feature)));
  const onchange = (event) => {
    plot.feature = features[Number(event.target.value)];
    onChange();
  };
  return el(
    "p",
    { class: "feature-picker" },
    el("label", { for: "varied-feature" }, "Effect of"),
    el("select", { id: "varied-feature", onchange }, options),
    el("span", {}, "with the other features unchanged"),
  );
}

/** Describe the drawing in sentences, for screen readers. */
function describe(plot) {
  const name = displayName(plot.feature);
  if (!plot.curve) return `The training data by ${name}. Press Predict to see the effect of ${name}.`;
  const output = {
    values: displayName(plot.manifest.output),
    probabilities: `the probability of ${labelText(plot.classes[plot.mainClass])}`,
    labels: "the class",
  }[plot.kind];
  const { values, series } = plot.curve;
  const levels = series[plot.mainClass].values.map(plot.formatLevel);
  const [first, last] = [values[0], values.at(-1)].map(formatValue);
  return `For ${name} from ${first} to ${last}, ${output} goes from ${levels[0]} to ${levels.at(-1)}.${describePoint(plot)}`;
}

function describePoint(plot) {
  const level = predictionLevel(plot);
  if (level === null) return "";
  const value = formatValue(plot.instance[plot.feature.name]);
  return ` Your prediction is ${plot.formatLevel(level)} at ${value}.`;
}

function formatValue(value) {
  if (value === null || value === undefined) return "a missing value";
  return typeof value === "number" ? formatNumber(value) : labelText(value);
}

function createLegendEntries(plot) {
  const layers = describeLayers(plot);
  const curve = listedValues(plot.feature) ? ["other", "prediction per value"] : ["main", "prediction"];
  if (plot.curve) layers.unshift(curve, ["point", "your prediction"]);
  return layers.map(([className, text]) =>
    el("li", {}, el("span", { class: `swatch ${className}`, "aria-hidden": "true" }), text),
  );
}
