// The result card: the predicted number or class, the probabilities, and warnings.

import { el, getById, setContent } from "./dom.js";
import { formatNumber, formatPlural, formatShare } from "./format.js";
import { displayName, labelText } from "./manifest.js";

const MAX_PROBABILITIES = 5;
const LONG_LABEL = 24; // characters

/** Show the text before the first prediction. */
export function showNoPrediction() {
  setContent(
    getById("prediction"),
    el("p", { class: "empty" }, "No prediction yet"),
    el("p", { class: "muted" }, "Press Predict to see it here and in the chart."),
  );
}

/** Show one prediction with its warnings. */
export function showPrediction(manifest, { warnings, model }, prediction) {
  setContent(
    getById("prediction"),
    manifest.kind === "regressor" ? createValue(manifest, prediction) : createClass(manifest, prediction),
    warnings.map((warning) => createWarning(manifest, warning)),
    model.version !== manifest.version && el("p", { class: "note" }, `Predicted by model version ${model.version}.`),
  );
  setContent(getById("latest"), el("a", { href: "#result" }, formatPrediction(manifest, prediction)));
}

/** Return the prediction in one line, for the bar below a long form. */
function formatPrediction({ kind, output }, { value, label }) {
  if (kind !== "regressor") return labelText(label);
  return [formatNumber(value), output.unit, label !== null && `· ${labelText(label)}`].filter(Boolean).join(" ");
}

/** Fade the prediction if it does not belong to the values in the form. */
export function markStale(isStale) {
  for (const id of ["prediction", "latest"]) getById(id).classList.toggle("stale", isStale);
}

function createValue({ output }, { value, label }) {
  return el(
    "p",
    { class: "headline" },
    el("span", { class: "headline-value", title: String(value) }, formatNumber(value)),
    output.unit && el("span", { class: "unit" }, output.unit),
    label !== null && el("span", { class: "class-label" }, labelText(label)),
  );
}

function createClass({ output }, { label, probabilities }) {
  const text = labelText(label);
  const className = text.length > LONG_LABEL ? "headline-value long" : "headline-value";
  const headline = el("p", { class: "headline" }, el("span", { class: className }, text));
  if (!probabilities) return headline;
  const classes = output.classes
    .map((name, i) => ({ name, probability: probabilities[i] }))
    .sort((a, b) => b.probability - a.probability);
  const rest = classes.length - MAX_PROBABILITIES;
  return [
    headline,
    el("ul", { class: "bar-list" }, classes.slice(0, MAX_PROBABILITIES).map(createProbability)),
    rest > 0 && el("p", { class: "muted" }, `and ${formatPlural(rest, "class", "classes")} less likely`),
  ];
}

function createProbability({ name, probability }) {
  return el(
    "li",
    {},
    el("span", { class: "name" }, labelText(name)),
    el("meter", { min: 0, max: 1, value: probability, "aria-hidden": "true" }),
    el("span", { class: "value" }, formatShare(probability)),
  );
}

function createWarning({ features }, { feature: name, range }) {
  const feature = features.find((candidate) => candidate.name === name);
  const fault = range
    ? `is outside the training range ${range.map((end) => formatNumber(end)).join(" to ")}`
    : "has a value that is new to the model";
  const text = ` ${fault}. The prediction may be unreliable.`;
  return el("p", { class: "note warning" }, el("strong", {}, feature ? displayName(feature) : name), text);
}
