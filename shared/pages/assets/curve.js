// The curve of a feature: the predictions along its range, while the other features stay unchanged.

import { withValue } from "./instance.js";
import { hasWholeNumbers, listedValues } from "./manifest.js";
import { requestPredictions, toPredictions } from "./prediction.js";

const STEPS = 60;
const MAX_CATEGORIES = 40;

/** Request the curve of `feature` around `instance`. Throws ServiceError. */
export async function requestCurve(manifest, instance, feature) {
  const values = curveValues(manifest, feature, instance[feature.name]);
  const instances = values.map((value) => withValue(instance, feature.name, value));
  const { response } = await requestPredictions(manifest, instances);
  return { feature, values, series: toSeries(manifest, toPredictions(manifest, response)) };
}

/** Return the values of the feature on the curve. The user's value is always one of them. */
function curveValues(manifest, feature, userValue) {
  if (listedValues(feature)) return curveChoices(feature, userValue);
  const userValues = Number.isFinite(userValue) ? [userValue] : [];
  const low = Math.min(...userValues, feature.range[0]);
  const high = Math.max(...userValues, feature.range[1]);
  const step = hasWholeNumbers(feature, manifest) && high - low <= STEPS ? 1 : (high - low) / STEPS;
  const count = step ? Math.round((high - low) / step) + 1 : 1;
  const evenValues = Array.from({ length: count }, (_, i) => Math.min(high, low + i * step));
  return [...new Set([...evenValues, ...userValues])].sort((a, b) => a - b);
}

function curveChoices(feature, userValue) {
  const first = listedValues(feature).slice(0, MAX_CATEGORIES);
  return (userValue ?? null) === null || first.includes(userValue) ? first : [...first.slice(1), userValue];
}

/** Return one series per line: a regressor's values, the probabilities of each class, or the positions of classes. */
function toSeries(manifest, predictions) {
  const classes = manifest.output.classes || [];
  if (manifest.kind === "regressor") return [{ label: null, values: predictions.map(({ value }) => value) }];
  if (!predictions[0].probabilities) {
    return [{ label: null, values: predictions.map(({ label }) => classes.indexOf(label)) }];
  }
  return classes.map((label, i) => ({ label, values: predictions.map(({ probabilities }) => probabilities[i]) }));
}
