// The batch's form: a CSV file that the user drops or chooses, or rows that the user pastes.

import { formatCsv } from "./csv.js";
import { el, setContent } from "./dom.js";
import { formatPlural } from "./format.js";
import { ENTITY_ID, hasFeatureStore } from "./instance.js";
import { getOwn } from "./manifest.js";

export const MAX_ROWS = 10_000; // instances that the service accepts in one request
const MAX_BYTES = 20_000_000;
const MAX_LISTED_COLUMNS = 24; // more are in a list that opens
const MAX_SHOWN_CHARACTERS = 20_000; // longer texts stay out of the text box: browsers need seconds for many lines
const HINT = `A header and up to ${formatPlural(MAX_ROWS, "row")}.`;

/** Return the form: `element`, `button`, `problem` (the place for errors), and `read()` for the CSV text.
 *
 * `onEdit` is called when the rows change.
 */
export function createBatchForm(manifest, submit, onEdit) {
  const problem = el("p", { class: "note error", role: "alert", hidden: true });
  const button = el("button", { class: "primary", type: "submit" }, "Predict all");
  const status = el("span", { class: "muted", role: "status" }, HINT);
  const textBox = createTextBox(manifest);
  let hiddenText = null;

  function load(name, text) {
    hiddenText = text.length > MAX_SHOWN_CHARACTERS ? text : null;
    textBox.value = hiddenText ? "" : text;
    const rows = Math.max(0, text.trimEnd().split("\n").length - 1);
    status.textContent = `${name} is ready: ${formatPlural(rows, "row")}.`;
    onEdit();
  }

  async function loadFile(file) {
    if (!file) return;
    setContent(problem);
    if (file.size <= MAX_BYTES) load(file.name, await file.text());
    else setContent(problem, `${file.name} is too large. The limit is ${formatPlural(MAX_ROWS, "row")}.`);
  }

  textBox.addEventListener("input", () => {
    hiddenText = null;
    status.textContent = HINT;
    onEdit();
  });
  textBox.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text/plain");
    if (text.length <= MAX_SHOWN_CHARACTERS) return;
    event.preventDefault();
    load("The pasted text", text);
  });

  const useExamples = () => load("Example data", formatExamples(manifest));
  const dropZone = createDropZone(status);
  const element = el(
    "form",
    { class: "card batch", "aria-label": "Rows to predict", onsubmit: submit },
    el("h2", {}, "Rows to predict"),
    createFileInput(loadFile),
    dropZone,
    el("label", { for: "csv" }, "Or paste rows"),
    textBox,
    createColumnHelp(manifest),
    problem,
    el(
      "div",
      { class: "actions" },
      button,
      el("button", { class: "secondary", type: "button", onclick: useExamples }, "Use the examples"),
    ),
  );
  acceptDrops(element, dropZone, loadFile);
  return { element, button, problem, read: () => hiddenText ?? textBox.value };
}

function createTextBox(manifest) {
  return el("textarea", {
    id: "csv",
    rows: "9",
    spellcheck: "false",
    wrap: "off",
    placeholder: formatExamples(manifest).split("\n").slice(0, 3).join("\n"),
    "aria-describedby": "csv-help",
  });
}

/** Return the label of the file input: a click on it opens the file dialog. */
function createDropZone(status) {
  return el(
    "label",
    { class: "drop-zone", for: "file" },
    el("strong", {}, "Drop a CSV file here, or choose one"),
    status,
  );
}

function createFileInput(loadFile) {
  const onchange = (event) => {
    loadFile(event.target.files[0]);
    event.target.value = ""; // so that the user can choose the same file again
  };
  return el("input", { type: "file", id: "file", accept: ".csv,.tsv,.txt,text/csv", class: "visually-hidden", onchange });
}

/** Load files that are dropped anywhere on `element`, and mark the drop zone during a drag. */
function acceptDrops(element, dropZone, loadFile) {
  const setDragging = (dragging) => (event) => {
    event.preventDefault();
    dropZone.classList.toggle("dragging", dragging);
  };
  element.addEventListener("dragover", setDragging(true));
  element.addEventListener("dragleave", setDragging(false));
  element.addEventListener("drop", setDragging(false));
  element.addEventListener("drop", (event) => loadFile(event.dataTransfer.files[0]));
}

function createColumnHelp({ features }) {
  const column = (name, note) => [el("code", {}, name), note && ` (${note})`];
  const columns = features.map(({ name, optional }) => column(name, optional && "may be empty"));
  if (hasFeatureStore()) columns.unshift(column(ENTITY_ID, "id in the feature store"));
  const list = columns.flatMap((parts, i) => [i > 0 && ", ", ...parts]);
  const rest = "Other columns are kept but not sent.";
  if (columns.length <= MAX_LISTED_COLUMNS) {
    return el("p", { id: "csv-help", class: "muted" }, "Columns: ", list, `. ${rest}`);
  }
  const help = `The ${formatPlural(columns.length, "column")} of the model, in any order. ${rest}`;
  return [
    el("p", { id: "csv-help", class: "muted" }, help),
    el("details", { class: "muted" }, el("summary", {}, "Show the names of the columns"), el("p", {}, list)),
  ];
}

/** Return the manifest's examples as CSV. */
function formatExamples(manifest) {
  const names = manifest.features.map(({ name }) => name);
  const rows = manifest.examples.map(({ instance }) => names.map((name) => getOwn(instance, name)));
  return formatCsv(names, rows).trimEnd();
}
