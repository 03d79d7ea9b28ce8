// Tables: numbers to the right, times short, ids as links to their request.

import { el, moment, number, words } from "./dom.js";

const SHORT_ID = 8;

/** A table of an answer. */
export function table(answer, caption) {
  const head = answer.columns.map(([name, kind]) => el("th", { scope: "col", class: kind }, words(name)));
  const rows = answer.rows.map((row) => el("tr", {}, row.map((value, place) => cell(...answer.columns[place], value))));
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": `${caption}, as a table` },
    el("table", {}, el("thead", {}, el("tr", {}, head)), el("tbody", {}, rows)),
  );
}

function cell(name, kind, value) {
  if (name === "operation_Id" && value) return el("td", {}, requestLink(value));
  if (kind === "time" && value) return el("td", { class: "time", title: value }, moment(new Date(value)));
  if (kind === "number") return el("td", { class: "number" }, number(value));
  if (name === "outcome" || name === "level") return el("td", {}, badge(value));
  return el("td", {}, typeof value === "object" && value ? JSON.stringify(value) : String(value ?? ""));
}

/** A link to a request's steps. */
export const requestLink = (id) =>
  el("a", { href: `#/request/${encodeURIComponent(id)}`, class: "id", title: id }, id.slice(0, SHORT_ID));

const GRAVE = ["internal", "error", "critical", "failed", "unanswered", "exception"];

/** A result as a coloured word: `200 ok`, `500 internal`, `warning`. */
export function badge(text) {
  const status = Number.parseInt(text, 10);
  const grave = status >= 500 || GRAVE.some((each) => text.endsWith(each));
  const good = !text || /(^| )ok$/.test(text) || text === "information" || (status >= 200 && status < 300);
  return el("span", { class: `badge ${grave ? "grave" : good ? "good" : "odd"}` }, text);
}
