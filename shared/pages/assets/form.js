// The input form: one field per feature of the manifest, filled with an example.

import { el, getById } from "./dom.js";
import { createFeatureField } from "./feature_field.js";
import { createFeatureSearch, SEARCH_FROM } from "./feature_search.js";
import { buildInstance, hasFeatureStore } from "./instance.js";
import { getOwn } from "./manifest.js";

const COLUMNS_FROM = 8; // features: one column of more is longer than a screen

/** Build the form. Returns `read()`, `peek()`, `showErrors(errors)` and `showNextExample()`. */
export function createForm(manifest, chartData) {
  const fields = manifest.features.map((feature, i) =>
    createFeatureField(feature, i, manifest, getOwn(chartData.features, feature.name)),
  );
  const entityInput = hasFeatureStore() && el("input", { id: "entity", autocomplete: "off", spellcheck: "false" });
  getById("fields").replaceChildren(
    ...(entityInput ? [createEntityField(entityInput)] : []),
    ...fields.map((field) => field.element),
  );
  const search = fields.length >= SEARCH_FROM && createFeatureSearch(manifest.features, fields);
  if (search) getById("fields").before(search.element);
  getById("single").classList.toggle("many", fields.length >= COLUMNS_FROM);
  getById("single").classList.toggle("boxed", fields.length >= SEARCH_FROM);
  let example = -1;

  function build() {
    const inputs = fields.map((field) => field.read());
    return buildInstance(manifest.features, inputs, entityInput ? entityInput.value.trim() : "");
  }

  /** Return the instance of the form, or null if a field is wrong. Shows nothing. */
  function peek() {
    const { instance, problems } = build();
    return problems.some(Boolean) ? null : instance;
  }

  /** Return the instance of the form. If a field is wrong, show every problem, focus the first one and return null. */
  function read() {
    const { instance, problems } = build();
    fields.forEach((field, i) => field.showError(problems[i]));
    const first = problems.findIndex(Boolean);
    if (first < 0) return instance;
    showField(first);
    return null;
  }

  /** Focus a field; if the search has hidden it, clear the search. */
  function showField(index) {
    if (fields[index].element.hidden) search.clear();
    fields[index].input.focus();
  }

  /** Show the service's errors at their fields, and focus the first. Returns true if every error belongs to a field. */
  function showErrors(errors) {
    const indexes = errors.map(({ pointer }) =>
      manifest.features.findIndex(({ name }) => pointer === `/instances/0/${escapePointer(name)}`),
    );
    indexes.forEach((index, i) => fields[index]?.showError(errors[i].detail));
    const first = Math.min(...indexes.filter((index) => index >= 0));
    if (Number.isFinite(first)) showField(first);
    return indexes.length > 0 && !indexes.includes(-1);
  }

  function showNextExample() {
    example = (example + 1) % manifest.examples.length;
    const { instance } = manifest.examples[example];
    fields.forEach((field, i) => field.write(getOwn(instance, manifest.features[i].name)));
    fields.forEach((field) => field.showError(""));
  }

  showNextExample();
  return { read, peek, showErrors, showNextExample };
}

/** Return the field for the id of an entity in the feature store. */
function createEntityField(input) {
  const help = "Fields that are empty are read from the feature store for this id.";
  input.setAttribute("aria-describedby", "entity-help");
  return el(
    "div",
    { class: "field" },
    el("div", { class: "field-head" }, el("label", { for: "entity" }, "Entity id"), input),
    el("p", { id: "entity-help", class: "muted" }, help),
  );
}

/** Escape a name for a JSON pointer (RFC 6901 §3). */
function escapePointer(name) {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
