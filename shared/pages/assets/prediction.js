// Request predictions, and bring the response to one shape for every kind of model.

import { getOwn, labelText } from "./manifest.js";
import { postInstances } from "./service.js";

/** Return the path of the endpoint with the most detailed response. */
export function predictionPath(manifest) {
  return manifest.output.classes?.length ? "predict_class" : "predict";
}

/** Request predictions from that endpoint. Throws ServiceError. */
export function requestPredictions(manifest, instances) {
  return postInstances(predictionPath(manifest), instances);
}

/** Return {value, label, probabilities} per instance. A member that the model does not have is null. */
export function toPredictions(manifest, response) {
  const classes = manifest.output.classes || [];
  return response.predictions.map((prediction, i) => ({
    value: manifest.kind === "regressor" ? (response.values ? response.values[i] : prediction) : null,
    label: classes.length ? prediction : null,
    probabilities: response.probabilities
      ? classes.map((label) => getProbability(response.probabilities[i], label))
      : null,
  }));
}

/** Return the probability of a class. JSON names the class by its text, and the float 1 by "1.0". */
function getProbability(probabilities, label) {
  const text = labelText(label);
  return getOwn(probabilities, text) ?? getOwn(probabilities, Number(label).toFixed(1)) ?? 0;
}
