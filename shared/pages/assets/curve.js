// The curve: how the prediction moves as one feature runs over its range while the others stay.

import { whole } from "./field.js";
import { changed } from "./instance.js";
import { asked, outcomes } from "./outcome.js";

const STEPS = 60;
const MOST_CATEGORIES = 40;

/** Ask the service for the curve of `feature` around `instance`. Throws Refused. */
export async function curve(manifest, instance, feature) {
  const values = run(manifest, feature, instance[feature.name]);
  const { answer } = await asked(
    manifest,
    values.map((value) => changed(instance, feature.name, value)),
  );
  return { feature, values, series: series(manifest, outcomes(manifest, answer)) };
}

/** The values that the feature takes: evenly over its range, and to the caller's own where that lies outside. */
function run(manifest, feature, own) {
  if (feature.kind === "category") {
    const first = feature.values.slice(0, MOST_CATEGORIES);
    return (own ?? null) === null || first.includes(own) ? first : [...first.slice(1), own];
  }
  const given = Number.isFinite(own) ? [own] : [];
  const low = Math.min(...given, feature.range[0]);
  const high = Math.max(...given, feature.range[1]);
  const step = whole(feature, manifest) && high - low <= STEPS ? 1 : (high - low) / STEPS;
  const even = Array.from({ length: step ? Math.round((high - low) / step) + 1 : 1 }, (_, i) =>
    Math.min(high, low + i * step),
  );
  return [...new Set([...even, ...given])].sort((a, b) => a - b);
}

/** What is drawn as lines: a regressor's values, a classifier's probabilities by class, or the classes' positions. */
function series(manifest, found) {
  const classes = manifest.output.classes || [];
  if (manifest.kind === "regressor") return [{ label: null, values: found.map(({ value }) => value) }];
  if (!found[0].chances) return [{ label: null, values: found.map(({ label }) => classes.indexOf(label)) }];
  return classes.map((label, i) => ({ label, values: found.map(({ chances }) => chances[i]) }));
}
