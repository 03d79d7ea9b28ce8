// The controls of features that are no numbers: a list, a text with suggestions, free text, or a checkbox.

import { el } from "./dom.js";
import { labelText, listedValues } from "./manifest.js";

/** Return the control for a category or a boolean. `emptyText` stands for a missing value; "" if there is none. */
export function createChoice(feature, id, emptyText) {
  const warning = el("p", { id: `${id}-warning`, class: "field-warning", hidden: true });
  return { warning, ...chooseControl(feature, emptyText)(feature, id, emptyText, warning) };
}

function chooseControl(feature, emptyText) {
  if (feature.kind === "text") return createTextArea;
  if (feature.open) return createSuggestions;
  return feature.kind === "boolean" && !emptyText ? createCheckbox : createList;
}

/** Return a text input that suggests the known values, and warns of another one. */
function createSuggestions(feature, id, emptyText, warning) {
  const input = el("input", { id, list: `${id}-values`, autocomplete: "off", placeholder: emptyText });
  const values = el("datalist", { id: `${id}-values` }, feature.values.map((value) => el("option", { value })));
  const read = () => (input.value === "" && emptyText ? { missing: true } : { value: input.value });
  const update = () => {
    const { missing, value } = read();
    const isNew = !missing && !feature.values.includes(value);
    warning.textContent = isNew ? "This value is new to the model." : "";
    warning.hidden = !isNew;
  };
  input.addEventListener("input", update);
  const write = (value) => {
    input.value = value ?? "";
    update();
  };
  return { input, values, read, write };
}

function createTextArea(feature, id, emptyText) {
  const input = el("textarea", { id, rows: "4", placeholder: emptyText });
  return {
    input,
    read: () => (input.value === "" && emptyText ? { missing: true } : { value: input.value }),
    write: (value) => (input.value = value ?? ""),
  };
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
