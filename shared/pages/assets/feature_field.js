// The field of one feature: a number input with a slider, or the control of another kind.

import { createChoice } from "./choice_field.js";
import { el, svg } from "./dom.js";
import { formatNumber } from "./format.js";
import { hasFeatureStore, parseNumber } from "./instance.js";
import { displayName, hasWholeNumbers } from "./manifest.js";

const SLIDER_STEPS = 200;
const MAX_WHOLE_STEPS = 2000;
const LONG_NAME = 32; // characters: a longer name is above its control, not beside it

/** Return a field: `element`, `input`, `read()` → {value}, {missing} or {problem}, `write(value)`, `showError(text)`. */
export function createFeatureField(feature, index, manifest, bins) {
  const id = `field-${index}`;
  const createControl = feature.kind === "number" ? createNumber : createChoice;
  const control = createControl(feature, id, emptyText(feature), manifest);
  const error = el("p", { id: `${id}-error`, class: "field-error", hidden: true });
  const help = feature.help && el("p", { id: `${id}-help`, class: "muted" }, feature.help);
  control.input.setAttribute("aria-describedby", `${id}-error ${id}-warning${help ? ` ${id}-help` : ""}`);
  const head = displayName(feature).length > LONG_NAME ? "field-head long" : "field-head";
  const element = el(
    "div",
    { class: "field" },
    el("div", { class: head }, createLabel(feature, id), control.input),
    control.slider && el("div", { class: "slider" }, drawDistribution(bins), control.slider),
    control.sliderEnds,
    control.values,
    control.warning,
    help,
    error,
  );
  const showError = (text) => {
    error.textContent = text ? `This ${text}.` : "";
    error.hidden = !text;
    control.input.setAttribute("aria-invalid", String(Boolean(text)));
  };
  return { element, input: control.input, read: control.read, write: control.write, showError };
}

function createLabel(feature, id) {
  return el("label", { for: id }, displayName(feature), feature.unit && el("span", { class: "unit" }, feature.unit));
}

/** Return the text for an empty field, or "" if the field must not be empty. */
function emptyText(feature) {
  if (hasFeatureStore() && feature.stored !== false) return "from the feature store";
  return feature.optional ? "missing" : "";
}

function createNumber(feature, id, placeholder, manifest) {
  const [low, high] = feature.range;
  const input = el("input", {
    id,
    inputmode: "decimal",
    autocomplete: "off",
    spellcheck: "false",
    placeholder,
  });
  const warning = el("p", { id: `${id}-warning`, class: "field-warning", hidden: true });
  const slider = high > low && createSlider(feature, manifest);
  const read = () => parseNumber(input.value);
  const update = () => {
    const { value } = read();
    showRangeWarning(warning, value, feature.range);
    if (slider) moveSlider(slider, value, input.value);
  };
  input.addEventListener("input", update);
  if (slider) {
    slider.addEventListener("input", () => {
      input.value = String(roundToPixel(Number(slider.value), high - low));
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
  const write = (value) => {
    input.value = value === null || value === undefined ? "" : String(value);
    update();
  };
  return { input, slider, sliderEnds: slider && createSliderEnds(feature.range), warning, read, write };
}

function createSlider(feature, manifest) {
  const [low, high] = feature.range;
  const wholeNumbers = hasWholeNumbers(feature, manifest) && high - low <= MAX_WHOLE_STEPS;
  return el("input", {
    type: "range",
    min: low,
    max: high,
    step: wholeNumbers ? 1 : (high - low) / SLIDER_STEPS,
    "aria-label": `${displayName(feature)}, slider`,
  });
}

function createSliderEnds(range) {
  return el(
    "div",
    { class: "slider-ends", "aria-hidden": "true" },
    range.map((end) => el("span", {}, formatNumber(end))),
  );
}

function moveSlider(slider, value, text) {
  slider.classList.toggle("unset", !Number.isFinite(value));
  if (!Number.isFinite(value)) return;
  slider.value = String(value);
  slider.setAttribute("aria-valuetext", text);
}

function showRangeWarning(warning, value, [low, high]) {
  const outside = Number.isFinite(value) && (value < low || value > high);
  warning.textContent = outside ? `Outside the training range ${formatNumber(low)} to ${formatNumber(high)}.` : "";
  warning.hidden = !outside;
}

/** Round a slider's value to the digits that its pixels can show. */
function roundToPixel(value, span) {
  const digits = Math.min(12, Math.max(0, 3 - Math.floor(Math.log10(span))));
  return Number(value.toFixed(digits));
}

/** Draw the distribution of the training data above the slider. */
function drawDistribution(bins) {
  if (!bins?.edges || bins.counts.length < 3) return null;
  const { edges, counts } = bins;
  const [low, high] = [edges[0], edges.at(-1)];
  const densities = counts.map((count, i) => count / (edges[i + 1] - edges[i]));
  const top = Math.max(...densities);
  const x = (value) => (((value - low) / (high - low)) * 100).toFixed(1);
  const y = (density) => (20 - (density / top) * 18).toFixed(1);
  const bars = densities.map((density, i) => `L${x(edges[i])} ${y(density)}L${x(edges[i + 1])} ${y(density)}`);
  return svg(
    "svg",
    { class: "slider-distribution", viewBox: "0 0 100 20", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("path", { d: `M0 20${bars.join("")}L100 20Z` }),
  );
}
