// Panels: a query with its result, as a chart, as a table, or as the text to paste into the portal.

import { createChart } from "./charts.js";
import { download, toCsv } from "./csv.js";
import { el, update } from "./dom.js";
import { createTable } from "./tables.js";
import { createTimeline } from "./timeline.js";
import { createUserFlow } from "./user_flow.js";

const READING_CHARTS = ["table", "story", "timeline"]; // wide, and not redrawn without a new result: people read them
const BUTTONS = { table: "▤", query: "</>" };
const SAVE = "save as CSV";

/** Return the panel of a query: `query`, `element`, `show(result, filters)` and `showError(error)`. */
export function createPanel(query) {
  const isReading = READING_CHARTS.includes(query.chart);
  const body = el("div", { class: "panel-body" }, createNote("…"));
  const buttons = Object.entries(BUTTONS).map(([name, sign]) => createButton(name, sign, () => toggleView(name)));
  let view = "chart";
  let shown = null;

  function toggleView(name) {
    view = view === name ? "chart" : name;
    for (const button of buttons) button.setAttribute("aria-pressed", button.title === view);
    draw();
  }
  function draw() {
    if (body.querySelector("[data-dragging]")) return;
    if (view === "query") body.replaceChildren(createQueryText(query));
    else if (shown && view === "table") update(body, [createTable(shown.result, query.title)]);
    else if (shown) body.replaceChildren(createContent(query, shown));
  }
  function show(result, filters) {
    const isSame = shown && view !== "query" && toKey(shown.result, shown.filters) === toKey(result, filters);
    shown = { result, filters };
    if (!(isSame && isReading)) draw();
  }
  function showError({ message }) {
    shown = null;
    if (view !== "query") body.replaceChildren(createNote(message, "failed"));
  }

  const save = () => shown && download(`${query.name} ${formatFileTime(shown.result.until)}.csv`, toCsv(shown.result));
  const saveButton = el("button", { type: "button", title: SAVE, "aria-label": SAVE, onclick: save }, "⤓");
  const views = el("div", { class: "views" }, isReading ? buttons[1] : buttons, saveButton);
  const head = el("header", {}, el("h2", {}, query.title), views);
  const element = el(
    "section",
    { class: `panel ${isReading ? "wide" : ""}`, id: `panel-${query.name}`, "aria-label": query.title },
    head,
    el("p", { class: "about" }, query.about),
    body,
  );
  return { query, element, show, showError };
}

function createButton(name, sign, onclick) {
  return el("button", { type: "button", title: name, "aria-label": name, "aria-pressed": "false", onclick }, sign);
}

function createQueryText({ text }) {
  return el("pre", { class: "query", tabindex: "0" }, el("code", {}, text));
}

function createNote(text, state = "") {
  return el("p", { class: `empty ${state}` }, text);
}

function createContent(query, { result, filters }) {
  if (query.chart === "story") return createUserFlow(result, filters.user);
  if (query.chart === "timeline") return createTimeline(result, filters.operation);
  if (!result.rows.length) return createNote(query.empty);
  if (query.chart === "table") return createTable(result, query.title);
  return createChart(query.chart, result, query.unit, query.title);
}

/** Format a time for the name of a file: 2026-11-26 14.05.09. */
function formatFileTime(date) {
  return date.toISOString().slice(0, 19).replace("T", " ").replaceAll(":", ".");
}

function toKey({ rows }, filters) {
  return JSON.stringify([rows, filters]);
}
