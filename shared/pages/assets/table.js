// A batch's rows: which of them can be asked about, and what came of each.

import { ENTITY, filled, hasStore, parsed } from "./instance.js";
import { label } from "./words.js";

/** Match a CSV file's columns with the features. Throws with a sentence when one that is needed is not there. */
export function matched(manifest, { header, rows, separator }) {
  const { features } = manifest;
  const entity = hasStore() ? header.indexOf(ENTITY) : -1;
  const places = features.map(({ name }) => header.indexOf(name.trim()));
  const missing = features.filter(
    (each, i) => places[i] < 0 && !each.optional && (entity < 0 || each.stored === false),
  );
  if (missing.length > 0) {
    const lacking = missing.map(({ name }) => `“${name}”`).join(", ");
    throw new Error(`The first line must name the columns; there is none called ${lacking}.`);
  }
  if (rows.length === 0) throw new Error("There is a header and no row below it.");
  return rows.map((cells) => {
    if (cells.slice(header.length).some((cell) => cell.trim()))
      return { cells, problem: "has more cells than the header" };
    const found = features.map((feature, i) => valueOf(feature, (cells[places[i]] ?? "").trim(), separator));
    const { instance, problems } = filled(features, found, (cells[entity] ?? "").trim());
    const told = problems.flatMap((problem, i) => (problem ? [`${features[i].name} ${problem}`] : []));
    return told.length > 0 ? { cells, problem: told.join("; ") } : { cells, instance };
  });
}

function valueOf(feature, text, separator) {
  if (text === "") return { missing: true };
  if (feature.kind === "number") return parsed(separator === ";" ? text.replace(",", ".") : text);
  const value = feature.values.find((each) => each.trim() === text);
  return value === undefined ? { problem: "is none of its categories" } : { value };
}

/** The rows with their outcomes: `outcome`, and the features that lie outside the training range as `outside`. */
export function joined(rows, asked, found, warnings) {
  asked.forEach((row, i) => Object.assign(row, { outcome: found[i], outside: [] }));
  for (const { feature, instances } of warnings) for (const i of instances) asked[i].outside.push(feature);
  return rows;
}

/** The columns that a batch's answer adds, and each row's cells in them. */
export function columns(manifest, taken = []) {
  const classes = manifest.output.classes || [];
  const made = [];
  const add = (name, cell) => made.push({ name: free(name, [...taken, ...made.map((each) => each.name)]), cell });
  if (manifest.kind === "regressor") add("prediction", ({ outcome }) => outcome?.value);
  if (classes.length > 0)
    add(manifest.kind === "regressor" ? "class" : "prediction", ({ outcome }) => outcome && label(outcome.label));
  if (manifest.output.probabilities)
    classes.forEach((each, i) => add(`probability ${label(each)}`, ({ outcome }) => outcome?.chances[i]));
  add("outside_range", ({ outside }) => outside?.join("; "));
  add("problem", ({ problem }) => problem);
  return made;
}

function free(name, taken) {
  return taken.includes(name) ? free(`${name}_`, taken) : name;
}
