// Instances: one row of features as the service expects it, from a form or from a file.

import { getOwn } from "./manifest.js";

/** The member with the id of an entity in the feature store. Only a service with a feature source accepts it. */
export const ENTITY_ID = "entity_id";

/** Return true if the service can read missing features from a feature store. */
export function hasFeatureStore() {
  return document.body.dataset.store === "true";
}

/** Return an instance and a problem (or undefined) per feature. An input is {value}, {missing} or {problem}. */
export function buildInstance(features, inputs, entityId = "") {
  const instance = Object.create(null); // a feature may have the name __proto__
  if (entityId) instance[ENTITY_ID] = entityId;
  const problems = features.map((feature, i) => {
    const { value, missing, problem } = inputs[i];
    if (!missing) instance[feature.name] = value;
    else if (entityId && feature.stored !== false) return undefined;
    else if (feature.optional) instance[feature.name] = null;
    else return "is missing";
    return problem;
  });
  return { instance, problems };
}

/** Return a copy of an instance with another value of one feature. */
export function withValue(instance, name, value) {
  const copy = Object.create(null);
  for (const key of Object.keys(instance)) copy[key] = getOwn(instance, key);
  copy[name] = value;
  return copy;
}

/** Return the boolean in a text as {value}, or {problem}: programs write true, True, TRUE or 1. */
export function parseBoolean(text) {
  const plain = text.toLowerCase();
  if (plain === "true" || plain === "1") return { value: true };
  return plain === "false" || plain === "0" ? { value: false } : { problem: "must be true or false" };
}

/** Return the number in a text as {value}, or {missing} or {problem}. A comma may be the decimal separator. */
export function parseNumber(text) {
  const plain = text.trim().replace("−", "-");
  if (plain === "") return { missing: true };
  const value = Number(plain.includes(".") ? plain : plain.replace(",", "."));
  if (Number.isNaN(value) || /^[+-]?0[box]/i.test(plain)) return { problem: "must be a number" };
  return Number.isFinite(value) ? { value } : { problem: "is too large for a number" };
}
