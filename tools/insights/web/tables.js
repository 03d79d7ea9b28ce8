// Tables: numbers on the right, short times, request ids as links.

import { el } from "./dom.js";
import { formatColumnName, formatDateTime, formatNumber } from "./format.js";

const SHORT_ID = 8;
const ERRORS = ["internal", "error", "critical", "failed", "unanswered", "exception"];

/** Return the table of a result. */
export function createTable({ columns, rows }, caption) {
  const head = columns.map(([name, kind]) => el("th", { scope: "col", class: kind }, formatColumnName(name)));
  const body = rows.map((row) => el("tr", {}, row.map((value, i) => createCell(...columns[i], value))));
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": `${caption}, as a table` },
    el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)),
  );
}

function createCell(name, kind, value) {
  if (name === "operation_Id" && value) return el("td", {}, createRequestLink(value));
  if (kind === "time" && value) return el("td", { class: "time", title: value }, formatDateTime(new Date(value)));
  if (kind === "number") return el("td", { class: "number" }, formatNumber(value));
  if (name === "outcome" || name === "level") return el("td", {}, createBadge(value));
  return el("td", {}, typeof value === "object" && value ? JSON.stringify(value) : String(value ?? ""));
}

/** Return a link to the timeline of a request. */
export function createRequestLink(id) {
  return el("a", { href: `#/request/${encodeURIComponent(id)}`, class: "id", title: id }, id.slice(0, SHORT_ID));
}

/** Return a result as a coloured badge: `200 ok`, `500 internal`, `warning`. */
export function createBadge(text) {
  const status = Number.parseInt(text, 10);
  const isError = status >= 500 || ERRORS.some((ending) => text.endsWith(ending));
  const isGood = !text || /(^| )ok$/.test(text) || text === "information" || (status >= 200 && status < 300);
  return el("span", { class: `badge ${isError ? "error" : isGood ? "good" : "warning"}` }, text);
}
