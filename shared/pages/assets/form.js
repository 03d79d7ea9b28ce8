// The input form: one field per feature of the manifest, filled with an example.

import { el, getById } from "./dom.js";
import { createFeatureField } from "./feature_field.js";
import { buildInstance, hasFeatureStore } from "./instance.js";
import { getOwn } from "./manifest.js";

/** Build the form. Returns `read()`, `showErrors(errors)` and `showNextExample()`. */
export function createForm(manifest, chartData) {
  const fields = manifest.features.map((feature, i) =>
    createFeatureField(feature, i, manifest, getOwn(chartData.features, feature.name)),
  );
  const entityInput = hasFeatureStore() && el("input", { id: "entity", autocomplete: "off", spellcheck: "false" });
  getById("fields").replaceChildren(
    ...(entityInput ? [createEntityField(entityInput)] : []),
    ...fields.map((field) => field.element),
  );
  let example = -1;

  /** Return the instance of the form. If a field is wrong, show every problem, focus the first one and return null. */
  function read() {
    const inputs = fields.map((field) => field.read());
    const { instance, problems } = buildInstance(manifest.features, inputs, entityInput ? entityInput.value.trim() : "");
    fields.forEach((field, i) => field.showError(problems[i]));
    const first = problems.findIndex(Boolean);
    if (first < 0) return instance;
    fields[first].input.focus();
    return null;
  }

  /** Show the service's errors at their fields. Returns true if every error belongs to a field. */
  function showErrors(errors) {
    const placed = errors.map(({ pointer, detail }) => {
      const index = manifest.features.findIndex(({ name }) => pointer === `/instances/0/${escapePointer(name)}`);
      fields[index]?.showError(detail);
      return index >= 0;
    });
    return placed.length > 0 && placed.every(Boolean);
  }

  function showNextExample() {
    example = (example + 1) % manifest.examples.length;
    const { instance } = manifest.examples[example];
    fields.forEach((field, i) => field.write(getOwn(instance, manifest.features[i].name)));
    fields.forEach((field) => field.showError(""));
  }

  showNextExample();
  return { read, showErrors, showNextExample };
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
