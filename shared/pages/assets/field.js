// One feature as a field of the form: a slider with a number box, or a list of categories.

import { h, s } from "./dom.js";
import { hasStore, parsed } from "./instance.js";
import { number, own, title } from "./words.js";

const STEPS = 200;
const MOST_WHOLE_STEPS = 2000;

/** A field: its element, `read()` → {value}, {missing} or {problem}, `write(value)`, and `fault(text)` to show what is wrong. */
export function field(feature, index, manifest, bins) {
  const made = feature.kind === "category" ? category(feature, index) : numeric(feature, index, manifest);
  const id = `field-${index}`;
  const fault = h("p", { id: `${id}-fault`, class: "fault", hidden: true });
  const help = feature.help && h("p", { id: `${id}-help`, class: "soft" }, feature.help);
  made.box.setAttribute("aria-describedby", `${id}-fault ${id}-note${help ? ` ${id}-help` : ""}`);
  const element = h(
    "div",
    { class: "field" },
    h(
      "div",
      { class: "field-head" },
      h("label", { for: id }, title(feature), feature.unit && h("span", { class: "unit" }, feature.unit)),
      made.box,
    ),
    made.slider && h("div", { class: "slider" }, silhouette(bins), made.slider),
    made.ends,
    made.note,
    help,
    fault,
  );
  return {
    ...made,
    element,
    fault(text) {
      fault.textContent = text ? `This ${text}.` : "";
      fault.hidden = !text;
      made.box.setAttribute("aria-invalid", String(Boolean(text)));
    },
  };
}

/** What an empty field stands for, where it may be empty. */
function mayBeEmpty(feature) {
  if (hasStore() && feature.stored !== false) return "from the store";
  return feature.optional ? "missing" : "";
}

function category(feature, index) {
  const options = feature.values.map((value, i) => h("option", { value: String(i) }, value));
  const missing = mayBeEmpty(feature) && h("option", { value: "" }, `– ${mayBeEmpty(feature)} –`);
  const box = h("select", { id: `field-${index}` }, missing, options);
  return {
    box,
    note: h("p", { id: `field-${index}-note`, hidden: true }),
    read: () => (box.value === "" ? { missing: true } : { value: feature.values[Number(box.value)] }),
    write: (value) => (box.value = value === null || value === undefined ? "" : String(feature.values.indexOf(value))),
  };
}

function numeric(feature, index, manifest) {
  const [low, high] = feature.range;
  const box = h("input", {
    id: `field-${index}`,
    inputmode: "decimal",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: mayBeEmpty(feature),
  });
  const note = h("p", { id: `field-${index}-note`, class: "hint", hidden: true });
  const slider =
    high > low &&
    h("input", {
      type: "range",
      min: low,
      max: high,
      step: step(feature, manifest),
      "aria-label": `${title(feature)}, slider`,
    });
  const read = () => parsed(box.value);
  const changed = () => {
    const { value } = read();
    const outside = Number.isFinite(value) && (value < low || value > high);
    note.textContent = outside ? `Outside ${number(low)} to ${number(high)}, where the model was trained.` : "";
    note.hidden = !outside;
    if (slider && Number.isFinite(value)) {
      slider.value = String(value);
      slider.setAttribute("aria-valuetext", box.value);
    }
    slider?.classList.toggle("off", !Number.isFinite(value));
  };
  box.addEventListener("input", changed);
  slider?.addEventListener("input", () => {
    box.value = String(rounded(Number(slider.value), high - low));
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
  return {
    box,
    slider,
    note,
    ends:
      slider &&
      h("div", { class: "ends", "aria-hidden": "true" }, h("span", {}, number(low)), h("span", {}, number(high))),
    read,
    write(value) {
      box.value = value === null || value === undefined ? "" : String(value);
      changed();
    },
  };
}

/** Whether a number feature seems to take whole numbers only, as far as the manifest tells. */
export function whole(feature, manifest) {
  const quantiles = own(manifest.statistics?.quantiles, feature.name) || [];
  const given = manifest.examples
    .map((each) => own(each.instance, feature.name))
    .filter((value) => typeof value === "number");
  return [...feature.range, ...quantiles, ...given].every(Number.isInteger);
}

function step(feature, manifest) {
  const span = feature.range[1] - feature.range[0];
  return whole(feature, manifest) && span <= MOST_WHOLE_STEPS ? 1 : span / STEPS;
}

/** A slider's value without the digits that no pixel stands for. */
function rounded(value, span) {
  const places = Math.min(12, Math.max(0, 3 - Math.floor(Math.log10(span))));
  return Number(value.toFixed(places));
}

/** Where the training data lies, as a shape above the slider. */
function silhouette(bins) {
  if (!bins?.edges || bins.counts.length < 3) return null;
  const { edges, counts } = bins;
  const [low, high] = [edges[0], edges.at(-1)];
  const density = counts.map((many, i) => many / (edges[i + 1] - edges[i]));
  const top = Math.max(...density);
  const x = (value) => ((value - low) / (high - low)) * 100;
  const y = (value) => 20 - (value / top) * 18;
  const path = density
    .map(
      (value, i) =>
        `L${x(edges[i]).toFixed(1)} ${y(value).toFixed(1)}L${x(edges[i + 1]).toFixed(1)} ${y(value).toFixed(1)}`,
    )
    .join("");
  return s(
    "svg",
    { class: "silhouette", viewBox: "0 0 100 20", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("path", { d: `M0 20${path}L100 20Z` }),
  );
}
