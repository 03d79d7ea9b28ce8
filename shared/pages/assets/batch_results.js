// The results of a batch: a summary, the distribution, the first rows as a table, and all rows as a file.

import { resultColumns } from "./batch_rows.js";
import { formatSpreadsheetCsv } from "./csv.js";
import { downloadFile, el } from "./dom.js";
import { formatCount, formatDuration, formatPlural } from "./format.js";
import { createClassCounts, drawHistogram } from "./histogram.js";
import { absoluteUrl } from "./service.js";

const PAGE_ROWS = 200; // rows added at once: a browser lays out so many without a pause
const MAX_COLUMNS = 40;
const MAX_PROBLEMS = 20;
const WIDE = 760; // pixels for the histogram beside the class counts

/** Return the results of one batch. */
export function createResults(manifest, { header, rows, result, hints }) {
  const predictions = rows.flatMap(({ prediction }) => (prediction ? [prediction] : []));
  const columns = resultColumns(manifest, header);
  const title = `${formatPlural(predictions.length, "prediction")} in ${formatDuration(result.milliseconds)}`;
  return [
    el(
      "div",
      { class: "card-head" },
      el("h2", { tabindex: "-1" }, title),
      el(
        "div",
        { class: "actions" },
        createCsvButton(manifest, header, rows, columns),
        createJsonButton(result),
      ),
    ),
    createRangeWarning(rows),
    createProblems(rows),
    hints.map((text) => el("p", { class: "note warning" }, text)),
    createDistribution(manifest, predictions),
    createTable(header, rows, columns),
  ];
}

/** Return the histogram and the class counts. They are drawn again when their width changes: a phone is turned. */
function createDistribution(manifest, predictions) {
  const element = el("div", { class: "distribution" });
  let drawnWidth = 0;
  new ResizeObserver(([{ contentRect: { width } }]) => {
    if (Math.abs(width - drawnWidth) < 1 || width === 0) return; // 0 is that of a closed tab
    drawnWidth = width;
    element.replaceChildren(...drawDistribution(manifest, predictions, width).filter(Boolean));
  }).observe(element);
  return element;
}

/** Draw the histogram and the class counts, side by side if there is room. */
function drawDistribution(manifest, predictions, width) {
  const sideBySide = manifest.kind === "regressor" && manifest.output.classes?.length > 0 && width > WIDE;
  return [
    drawHistogram(manifest, predictions, sideBySide ? width * 0.6 : width),
    createClassCounts(manifest, predictions),
  ];
}

function createRangeWarning(rows) {
  const count = rows.filter(({ outside }) => outside?.length).length;
  return (
    count > 0 &&
    el(
      "p",
      { class: "note warning" },
      el("strong", {}, formatPlural(count, "row")),
      " outside the training data. The predictions may be unreliable.",
    )
  );
}

function createProblems(rows) {
  const problems = rows.flatMap(({ problem }, i) => (problem ? [`Row ${formatCount(i + 1)}: ${problem}`] : []));
  const count = problems.length;
  return (
    count > 0 &&
    el(
      "details",
      { class: "note error" },
      el("summary", {}, el("strong", {}, formatPlural(count, "row")), " without a prediction"),
      el(
        "ul",
        {},
        problems.slice(0, MAX_PROBLEMS).map((text) => el("li", {}, text)),
        count > MAX_PROBLEMS && el("li", {}, `and ${formatCount(count - MAX_PROBLEMS)} more`),
      ),
    )
  );
}

function createCsvButton(manifest, header, rows, columns) {
  const formatRow = (row) => [...header.map((_, i) => row.cells[i] ?? ""), ...columns.map(({ cell }) => cell(row))];
  const onclick = () => {
    const names = [...header, ...columns.map(({ name }) => name)];
    const csv = formatSpreadsheetCsv(names, rows.map(formatRow));
    downloadFile(`${manifest.name}-predictions.csv`, csv, "text/csv;charset=utf-8");
  };
  return el("button", { type: "button", class: "primary", onclick }, "Download CSV");
}

function createJsonButton({ path, instances }) {
  const title = `curl -s ${absoluteUrl(path)} -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d @instances.json`;
  const onclick = () => downloadFile("instances.json", JSON.stringify({ instances }), "application/json");
  return el("button", { type: "button", class: "secondary", title, onclick }, "Request as JSON");
}

/** Return the table. A button adds the next rows. */
function createTable(header, rows, columns) {
  const shownHeader = header.slice(0, MAX_COLUMNS);
  const shownColumns = columns.filter(({ cell }) => rows.some((row) => cell(row) || cell(row) === 0));
  const body = el("tbody");
  const moreButton = el("button", { type: "button", class: "secondary", onclick: () => addRows() });
  const status = el("p", { class: "muted" });
  let count = 0;

  function addRows() {
    const next = rows.slice(count, count + PAGE_ROWS);
    body.append(...next.map((row, i) => createRow(row, count + i, shownColumns, shownHeader)));
    count += next.length;
    moreButton.hidden = count === rows.length;
    moreButton.textContent = `Show ${formatCount(Math.min(PAGE_ROWS, rows.length - count))} more`;
    const rest = count < rows.length ? ". The download contains all rows." : "";
    status.textContent = `${formatCount(count)} of ${formatPlural(rows.length, "row")}${rest}`;
  }

  addRows();
  const table = el("table", {}, createTableHead([...shownColumns.map(({ name }) => name), ...shownHeader]), body);
  return [
    el("div", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": "Rows" }, table),
    el("div", { class: "table-foot" }, status, moreButton),
  ];
}

/** Return the table head. The first column is the row number; a screen reader needs a name also where none is visible. */
function createTableHead(names) {
  const hiddenName = () => el("span", { class: "visually-hidden" }, "Row");
  const cells = ["", ...names].map((name) => el("th", { scope: "col" }, name || hiddenName()));
  return el("thead", {}, el("tr", {}, cells));
}

function createRow(row, index, columns, header) {
  const status = row.problem ? "error" : row.outside?.length ? "warning" : null;
  const formatCell = (value, format) => (typeof value === "number" ? format(value) : value);
  return el(
    "tr",
    { class: status },
    el("th", { scope: "row" }, formatCount(index + 1)),
    columns.map(({ cell, format }) => el("td", { class: "result" }, formatCell(cell(row), format))),
    header.map((_, i) => el("td", {}, row.cells[i] ?? "")),
  );
}
