// The search of a long form: it hides the fields of all features but those that match.

import { el } from "./dom.js";
import { formatCount } from "./format.js";
import { displayName } from "./manifest.js";

export const SEARCH_FROM = 25; // features: more than a screen has room for

/** Return the search: its `element`, and `clear()`, which shows every field again. */
export function createFeatureSearch(features, fields) {
  const input = el("input", {
    type: "search",
    "aria-label": "Find a feature",
    placeholder: `Find one of ${formatCount(features.length)} features`,
    autocomplete: "off",
    spellcheck: "false",
  });
  const status = el("p", { class: "muted", role: "status" });
  const texts = features.map((feature) => `${displayName(feature)} ${feature.name}`.toLowerCase());

  function update() {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const matches = texts.map((text) => words.every((word) => text.includes(word)));
    fields.forEach(({ element }, i) => (element.hidden = !matches[i]));
    const count = matches.filter(Boolean).length;
    status.textContent = words.length > 0 ? `${formatCount(count)} of ${formatCount(features.length)} features` : "";
  }

  input.addEventListener("input", (event) => {
    event.stopPropagation(); // no value has changed
    update();
  });
  input.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault()); // no prediction
  const clear = () => {
    input.value = "";
    update();
  };
  return { element: el("div", { class: "search" }, input, status), clear };
}
