// What the service answered, in one form for every kind of model.

import { ask } from "./service.js";
import { probability } from "./words.js";

/** Ask about instances at the endpoint that tells most of this model. Throws Refused. */
export function asked(manifest, instances) {
  return ask(manifest.output.classes?.length ? "/predict_class" : "/predict", instances);
}

/** One outcome per instance: `value` of a regressor, `label` where there are classes, `chances` where there are any. */
export function outcomes(manifest, answer) {
  return answer.predictions.map((prediction, i) => ({
    value: manifest.kind === "regressor" ? (answer.values ? answer.values[i] : prediction) : null,
    label: manifest.output.classes?.length ? prediction : null,
    chances: answer.probabilities
      ? manifest.output.classes.map((each) => probability(answer.probabilities[i], each))
      : null,
  }));
}

/** The class of a regressor's value by the manifest's edges: its position. */
export function band(output, value) {
  return output.edges.filter((edge) => value >= edge).length;
}
