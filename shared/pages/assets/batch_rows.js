// The rows of a batch: their instances, their problems, and later their predictions.

import { missingColumnText } from "./batch_columns.js";
import { formatNumber, formatShare } from "./format.js";
import { buildInstance, ENTITY_ID, hasFeatureStore, parseBoolean, parseNumber } from "./instance.js";
import { labelText } from "./manifest.js";

/** Return {cells, instance} or {cells, problem} per row of a CSV file. Throws an Error if a needed column is missing. */
export function matchRows(manifest, { header, rows, separator }) {
  checkColumns(manifest, header);
  if (rows.length === 0) throw new Error("There are no rows below the header.");
  const columns = manifest.features.map(({ name }) => header.indexOf(name.trim()));
  const entityColumn = findEntityColumn(header);
  return rows.map((cells) => {
    if (cells.slice(header.length).some((cell) => cell.trim())) {
      return { cells, problem: "has more cells than the header" };
    }
    const readCell = (column) => (cells[column] ?? "").trim();
    const inputs = manifest.features.map((feature, i) => parseCell(feature, readCell(columns[i]), separator));
    const { instance, problems } = buildInstance(manifest.features, inputs, readCell(entityColumn));
    const texts = problems.flatMap((problem, i) => (problem ? [`${manifest.features[i].name} ${problem}`] : []));
    return texts.length > 0 ? { cells, problem: texts.join("; ") } : { cells, instance };
  });
}

/** Throw an Error for the user if a column is missing that neither may be empty nor is in the feature store. */
function checkColumns({ features }, header) {
  const hasEntities = findEntityColumn(header) >= 0;
  const missing = features.filter(
    ({ name, optional, stored }) => !header.includes(name.trim()) && !optional && (!hasEntities || stored === false),
  );
  if (missing.length > 0) throw new Error(missingColumnText(features, missing, header));
}

function findEntityColumn(header) {
  return hasFeatureStore() ? header.indexOf(ENTITY_ID) : -1;
}

function parseCell(feature, text, separator) {
  if (text === "") return { missing: true };
  if (feature.kind === "number") return parseNumber(separator === ";" ? text.replace(",", ".") : text);
  if (feature.kind === "text") return { value: text };
  if (feature.kind === "boolean") return parseBoolean(text);
  const value = feature.values.find((category) => category.trim() === text) ?? (feature.open ? text : undefined);
  return value === undefined ? { problem: "is not a known category" } : { value };
}

/** Add `prediction` and `outside` (features outside the training data) to the rows that were sent. */
export function addPredictions(rows, predictions, warnings) {
  rows.forEach((row, i) => Object.assign(row, { prediction: predictions[i], outside: [] }));
  for (const { feature, instances } of warnings) for (const i of instances) rows[i].outside.push(feature);
}

/** Return the columns that the predictions add: {name, cell(row), format(number)}. No name is in `header`. */
export function resultColumns(manifest, header) {
  const { classes = [], probabilities } = manifest.output;
  const isRegressor = manifest.kind === "regressor";
  const columns = [];
  const add = (name, cell, format = formatNumber) =>
    columns.push({ name: makeUnique(name, [...header, ...columns.map((column) => column.name)]), cell, format });
  if (isRegressor) add("prediction", ({ prediction }) => prediction?.value);
  if (classes.length > 0) {
    add(isRegressor ? "class" : "prediction", ({ prediction }) => prediction && labelText(prediction.label));
  }
  if (probabilities) {
    classes.forEach((label, i) =>
      add(`probability ${labelText(label)}`, ({ prediction }) => prediction?.probabilities[i], formatShare),
    );
  }
  add("outside_range", ({ outside }) => outside?.join("; "));
  add("problem", ({ problem }) => problem);
  return columns;
}

function makeUnique(name, names) {
  return names.includes(name) ? makeUnique(`${name}_`, names) : name;
}
