// What came out: the number with its unit, the class, and warnings in plain words.

import { byId, h, show } from "./dom.js";
import { label, number, plural, share, title } from "./words.js";

const MOST_CHANCES = 5;

/** Before anything was asked. */
export function nothing() {
  show(
    byId("number"),
    h("p", { class: "empty" }, "Nothing asked yet"),
    h("p", { class: "soft" }, "Below is what the model was trained on. Press Predict, and your point joins it."),
  );
}

/** One outcome. */
export function answer(manifest, { answer: { warnings, model } }, outcome) {
  show(
    byId("number"),
    manifest.kind === "regressor" ? value(manifest, outcome) : classified(manifest, outcome),
    warnings.map((each) => warning(manifest, each)),
    model.version !== manifest.version && h("p", { class: "note" }, `Answered by version ${model.version}.`),
  );
}

function value({ output }, { value: found, label: named }) {
  return h(
    "p",
    { class: "headline" },
    h("span", { class: "big", title: String(found) }, number(found)),
    output.unit && h("span", { class: "unit" }, output.unit),
    named !== null && h("span", { class: "pill" }, label(named)),
  );
}

function classified({ output }, { label: named, chances }) {
  const headline = h("p", { class: "headline" }, h("span", { class: "big" }, label(named)));
  if (!chances) return headline;
  const sorted = output.classes.map((each, i) => [each, chances[i]]).sort((a, b) => b[1] - a[1]);
  const rest = sorted.length - MOST_CHANCES;
  return [
    headline,
    h(
      "ul",
      { class: "chances" },
      sorted.slice(0, MOST_CHANCES).map(([each, chance]) => bar(label(each), chance)),
    ),
    rest > 0 && h("p", { class: "soft" }, `and ${plural(rest, "class", "classes")} less likely`),
  ];
}

function bar(text, chance) {
  return h(
    "li",
    {},
    h("span", { class: "name" }, text),
    h("meter", { min: 0, max: 1, value: chance, "aria-hidden": "true" }),
    h("span", { class: "value" }, share(chance)),
  );
}

/** A warning of the service: a value that the model saw nothing like. */
function warning({ features }, { feature: name, range }) {
  const feature = features.find((each) => each.name === name);
  const text = ` is outside ${number(range[0])} to ${number(range[1])}, where the model was trained. It is answered all the same; take it with care.`;
  return h("p", { class: "note warn" }, h("strong", {}, feature ? title(feature) : name), text);
}

/** What was answered is not about what the form says now. */
export function stale(is) {
  byId("number").classList.toggle("stale", is);
}
