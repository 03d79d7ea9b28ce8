// The controls of features that are no numbers: a list of categories, or a checkbox.

import { el } from "./dom.js";
import { labelText, listedValues } from "./manifest.js";

/** Return the control for a category or a boolean. `emptyText` stands for a missing value; "" if there is none. */
export function createChoice(feature, id, emptyText) {
  const warning = el("p", { id: `${id}-warning`, hidden: true });
  const createControl = feature.kind === "boolean" && !emptyText ? createCheckbox : createList;
  return { warning, ...createControl(feature, id, emptyText) };
}

function createCheckbox(feature, id) {
  const input = el("input", { id, type: "checkbox" });
  return {
    input,
    read: () => ({ value: input.checked }),
    write: (value) => (input.checked = Boolean(value)),
  };
}

function createList(feature, id, emptyText) {
  const values = listedValues(feature);
  const options = values.map((value, i) => el("option", { value: String(i) }, labelText(value)));
  const missing = emptyText && el("option", { value: "" }, `– ${emptyText} –`);
  const input = el("select", { id }, missing, options);
  return {
    input,
    read: () => (input.value === "" ? { missing: true } : { value: values[Number(input.value)] }),
    write: (value) => (input.value = value === null || value === undefined ? "" : String(values.indexOf(value))),
  };
}
