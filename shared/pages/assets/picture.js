// The picture's place on the page: which feature runs, the drawing as wide as there is room, its legend and its table.

import { curve } from "./curve.js";
import { byId, h } from "./dom.js";
import { legend } from "./layers.js";
import { level, lines } from "./lines.js";
import { rows } from "./rows.js";
import { label, number, share, title, titleWithUnit } from "./words.js";

/** Start with what is known before anybody asks: the training data. Returns `ask(instance, outcome)`. */
export function picture(manifest, data) {
  const known = data.version === manifest.version ? data : {}; // another model's data would lie behind this one's curve
  const view = {
    manifest,
    picture: { features: known.features || {}, points: known.points },
    feature: manifest.features[0],
    classes: manifest.output.classes || [],
    kind: manifest.kind === "regressor" ? "values" : manifest.output.probabilities ? "chances" : "labels",
    main: 0,
  };
  view.tell = teller(view);
  const drawing = h("div", { class: "drawing" });
  const key = h("ul", { class: "legend" });
  const note = h("p", { class: "soft", role: "status", hidden: true });
  const table = h(
    "details",
    { class: "values", hidden: true, ontoggle: () => table.open && filled() },
    h("summary", {}, "The curve's values"),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "The curve's values" }),
  );
  byId("picture").replaceChildren(
    picker(view, () => again()),
    drawing,
    key,
    note,
    table,
  );

  let newest = 0;
  function draw() {
    view.words = words(view);
    const make = view.feature.kind === "category" ? rows : lines;
    drawing.replaceChildren(make(view, Math.max(280, drawing.clientWidth)));
    key.replaceChildren(...entries(view));
    table.hidden = !view.curve;
    if (table.open) filled();
  }
  function filled() {
    table.lastChild.replaceChildren(values(view));
  }
  async function again() {
    const mine = ++newest;
    view.curve = undefined;
    draw();
    if (!view.instance) return;
    try {
      const found = await curve(manifest, view.instance, view.feature);
      if (mine !== newest) return;
      view.curve = found;
      note.hidden = true;
    } catch (refused) {
      note.textContent = `The curve could not be asked for: ${refused.message}`;
      note.hidden = false;
    }
    draw();
  }
  new ResizeObserver(() => draw()).observe(drawing);
  return {
    /** Show the outcome of an instance, and how it would move. Resolves when the curve is drawn. */
    ask(instance, outcome) {
      Object.assign(view, { instance, outcome });
      if (view.kind === "chances") view.main = Math.max(0, view.classes.indexOf(outcome.label));
      return again();
    },
  };
}

function picker(view, changed) {
  const { features } = view.manifest;
  if (features.length === 1) return h("p", { class: "moving" }, "As ", h("strong", {}, title(features[0])), " moves");
  const select = h("select", {
    id: "moving",
    onchange: () => ((view.feature = features[Number(select.value)]), changed()),
  });
  select.append(...features.map((each, i) => h("option", { value: String(i) }, title(each))));
  return h(
    "p",
    { class: "moving" },
    h("label", { for: "moving" }, "As"),
    select,
    h("span", {}, "moves, all else as you set it"),
  );
}

function teller({ kind, classes }) {
  return { values: (at) => number(at), chances: share, labels: (at) => label(classes[Math.round(at)]) }[kind];
}

/** What the drawing shows, in a sentence. */
function words(view) {
  const what = {
    values: title(view.manifest.output),
    chances: `the probability of ${label(view.classes[view.main])}`,
    labels: "the class",
  }[view.kind];
  if (!view.curve) return `The training data along ${title(view.feature)}. Ask for a prediction to see how it moves.`;
  const { values: at, series } = view.curve;
  const found = series[view.main].values;
  const told = (value) => (typeof value === "number" ? number(value) : value);
  const mine = level(view);
  const yours =
    mine === null
      ? ""
      : ` Yours is ${view.tell(mine)} at ${told(view.instance[view.feature.name]) || "a missing value"}.`;
  return `As ${title(view.feature)} goes from ${told(at[0])} to ${told(at.at(-1))}, ${what} goes from ${view.tell(found[0])} to ${view.tell(found.at(-1))}.${yours}`;
}

function entries(view) {
  const marks = legend(view);
  const each = view.feature.kind === "category" ? ["other", "prediction for each"] : ["main", "prediction"];
  if (view.curve) marks.unshift(each, ["point", "yours"]);
  return marks.map(([mark, text]) => h("li", {}, h("span", { class: `mark ${mark}`, "aria-hidden": "true" }), text));
}

function values({ curve: { values: at, series }, feature, manifest, kind, classes }) {
  const heads =
    kind === "chances"
      ? series.map((each) => label(each.label))
      : [kind === "labels" ? "Class" : titleWithUnit(manifest.output)];
  const cell = (value) =>
    kind === "labels" ? label(classes[value]) : kind === "chances" ? share(value) : number(value, 6);
  return h(
    "table",
    {},
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        [titleWithUnit(feature), ...heads].map((text) => h("th", { scope: "col" }, text)),
      ),
    ),
    h(
      "tbody",
      {},
      at.map((value, i) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, typeof value === "number" ? number(value, 6) : value),
          series.map((each) => h("td", {}, cell(each.values[i]))),
        ),
      ),
    ),
  );
}
