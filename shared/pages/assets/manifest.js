// Read the manifest: names of features and outputs, labels of classes, the kind of prediction.

/** Return an object's own property. A feature may have any name, also `constructor`. */
export function getOwn(object, name) {
  return object && Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Return the display name of a feature or of the output. */
export function displayName(variable) {
  return variable.label || variable.name;
}

/** Return the display name with the unit, without the unit if it would repeat a word of the name. */
export function displayNameWithUnit(variable) {
  const name = displayName(variable);
  const nameWords = splitWords(name);
  const repeats = splitWords(variable.unit || "").some((word) => nameWords.includes(word));
  return variable.unit && !repeats ? `${name} · ${variable.unit}` : name;
}

function splitWords(text) {
  return text.toLowerCase().match(/\p{L}{2,}/gu) || [];
}

/** Return a class label, or a listed value, as text. It may be a number or a boolean. */
export function labelText(label) {
  return String(label);
}

/** Return the values of a category or a boolean; undefined for a feature whose values no list can have. */
export function listedValues(feature) {
  return feature.kind === "boolean" ? [false, true] : feature.values;
}

/** Return what the charts show of a prediction: "values", "probabilities" or "labels". */
export function predictionKind(manifest) {
  if (manifest.kind === "regressor") return "values";
  return manifest.output.probabilities ? "probabilities" : "labels";
}

/** Return true if all known values of a number feature are whole numbers. */
export function hasWholeNumbers(feature, manifest) {
  const quantiles = getOwn(manifest.statistics?.quantiles, feature.name) || [];
  const examples = manifest.examples
    .map(({ instance }) => getOwn(instance, feature.name))
    .filter((value) => typeof value === "number");
  return [...feature.range, ...quantiles, ...examples].every(Number.isInteger);
}
