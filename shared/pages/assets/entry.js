// The batch's way in: a CSV file that is dropped or chosen, or rows that are pasted.

import { write } from "./csv.js";
import { h, show } from "./dom.js";
import { ENTITY, hasStore } from "./instance.js";
import { count, own, plural } from "./words.js";

export const MOST_ROWS = 10_000; // instances that the service takes in one request
const MOST_BYTES = 20_000_000;
const LONG = 20_000; // characters that are not put into the text box: browsers take seconds over many lines

/** The form: its element, its button, its place for problems, and `read()` for the CSV text. */
export function entry(manifest, submit) {
  const problem = h("p", { class: "note bad", role: "alert", hidden: true });
  const button = h("button", { class: "primary", type: "submit" }, "Predict all");
  const told = h("span", { class: "soft", role: "status" }, `A header, then up to ${count(MOST_ROWS)} rows.`);
  const drop = h("label", { class: "drop", for: "file" }, h("strong", {}, "Drop a CSV file here, or choose one"), told);
  const text = h("textarea", {
    id: "csv",
    rows: "9",
    spellcheck: "false",
    wrap: "off",
    placeholder: examples(manifest).split("\n").slice(0, 3).join("\n"),
    "aria-describedby": "csv-help",
  });
  let long = null;

  function ready(name, content) {
    long = content.length > LONG ? content : null;
    text.value = long ? "" : content;
    told.textContent = `${name} is ready: ${plural(Math.max(0, content.trimEnd().split("\n").length - 1), "row")}.`;
  }

  async function take(chosen) {
    if (!chosen) return;
    show(problem);
    if (chosen.size <= MOST_BYTES) ready(chosen.name, await chosen.text());
    else show(problem, `${chosen.name} is too large: one request takes ${plural(MOST_ROWS, "row")}.`);
  }

  text.addEventListener("input", () => (long = null));
  text.addEventListener("paste", (event) => {
    const pasted = event.clipboardData.getData("text/plain");
    if (pasted.length <= LONG) return;
    event.preventDefault();
    ready("What you pasted", pasted);
  });

  const element = h(
    "form",
    { class: "card batch", "aria-label": "Rows to predict", onsubmit: submit },
    h("h2", {}, "Rows to predict"),
    chooser(take),
    drop,
    h("label", { for: "csv" }, "Or paste them"),
    text,
    h("p", { id: "csv-help", class: "soft" }, "Columns: ", columns(manifest), ". Others are kept and not sent."),
    problem,
    h(
      "div",
      { class: "actions" },
      button,
      h(
        "button",
        { class: "quiet", type: "button", onclick: () => ready("The example", examples(manifest)) },
        "Use the examples",
      ),
    ),
  );
  droppable(element, drop, take);
  return { element, button, problem, read: () => long ?? text.value };
}

/** The file input that the drop zone is the label of. */
function chooser(take) {
  const choose = (event) => {
    take(event.target.files[0]);
    event.target.value = ""; // the same file can be chosen again
  };
  return h("input", { type: "file", id: "file", accept: ".csv,.tsv,.txt,text/csv", class: "sr", onchange: choose });
}

/** Take files that are dropped anywhere on `place`; `mark` shows that they may be. */
function droppable(place, mark, take) {
  const over = (is) => (event) => {
    event.preventDefault();
    mark.classList.toggle("over", is);
  };
  place.addEventListener("dragover", over(true));
  place.addEventListener("dragleave", over(false));
  place.addEventListener("drop", over(false));
  place.addEventListener("drop", (event) => take(event.dataTransfer.files[0]));
}

function columns({ features }) {
  const named = (name, note) => [h("code", {}, name), note && ` (${note})`];
  const stored = hasStore() ? [named(ENTITY, "whose features the store has")] : [];
  const every = features.map((each) => named(each.name, each.optional && "may be empty"));
  return [...stored, ...every].flatMap((each, i) => [i > 0 && ", ", ...each]);
}

/** The golden examples as CSV. */
function examples(manifest) {
  const names = manifest.features.map(({ name }) => name);
  const rows = manifest.examples.map(({ instance }) => names.map((name) => own(instance, name)));
  return write(names, rows).trimEnd();
}
