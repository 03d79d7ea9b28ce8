// Instances: one row as the service takes it, from what a form or a file says.

import { own } from "./words.js";

/** The member that names whose features a store has; only where the service has a feature source. */
export const ENTITY = "entity_id";

/** Whether the service can pull features that an instance leaves out. */
export function hasStore() {
  return document.body.dataset.store === "true";
}

/** An instance from one found value per feature ({value}, {missing} or {problem}), and each feature's problem if any. */
export function filled(features, found, entity = "") {
  const instance = Object.create(null); // a feature may be called __proto__
  if (entity) instance[ENTITY] = entity;
  const problems = features.map((feature, i) => {
    const { value, missing, problem } = found[i];
    if (!missing) instance[feature.name] = value;
    else if (entity && feature.stored !== false) return undefined;
    else if (feature.optional) instance[feature.name] = null;
    else return "is missing";
    return problem;
  });
  return { instance, problems };
}

/** A copy of an instance with another value of one feature. */
export function changed(instance, name, value) {
  const copy = Object.create(null);
  for (const each of Object.keys(instance)) copy[each] = own(instance, each);
  copy[name] = value;
  return copy;
}

/** A text as a number, or what is wrong with it; a comma may stand for the point. */
export function parsed(text) {
  const plain = text.trim().replace("−", "-");
  if (plain === "") return { missing: true };
  const value = Number(plain.includes(".") ? plain : plain.replace(",", "."));
  if (Number.isNaN(value) || /^[+-]?0[box]/i.test(plain)) return { problem: "must be a number" };
  return Number.isFinite(value) ? { value } : { problem: "is too large for a number" };
}
