// The alerts at the top of the page.

import { getAlerts } from "./api.js";
import { el, getById } from "./dom.js";
import { formatNumber, formatPlural, formatQuantity } from "./format.js";
import { createTable } from "./tables.js";

const STATES = { firing: "firing", quiet: "ok", idle: "too few samples" };

/** Show the state of all alerts. Returns true if it is known. */
export async function showAlerts() {
  const place = getById("alerts");
  try {
    place.replaceChildren(...(await getAlerts()).map(createAlert));
    return true;
  } catch ({ message }) {
    place.replaceChildren(el("p", { class: "empty failed" }, message));
    return false;
  }
}

function createAlert({ name, title, about, state, value, threshold, unit, window_minutes: minutes, severity }) {
  return el(
    "a",
    { href: `#/alert/${name}`, class: `alert ${state}`, title: `${about} Severity ${severity}, over ${minutes} minutes.` },
    el("span", { class: "light", "aria-hidden": "true" }),
    el("span", { class: "name" }, title),
    el("span", { class: "state" }, el("b", {}, STATES[state]), " · ", formatLevel(value, threshold, unit)),
  );
}

/** Return the page of one alert: the rule, what its query returns now, the query, and what to do. */
export function createAlertPage({ alert, query, result, chapter }) {
  const { title, about, state, value, threshold, unit, window_minutes: minutes, severity, minimum, runbook } = alert;
  const rule = `Severity ${severity}. Fires at ${formatQuantity(threshold, unit)} over ${formatPlural(minutes, "minute")}, from ${formatPlural(minimum, "sample")} on.`;
  const now = `Now: ${STATES[state]}, ${formatLevel(value, threshold, unit)}.`;
  return el(
    "article",
    { class: "panel wide alert-page", "aria-label": title },
    el("header", {}, el("h2", {}, title)),
    el("p", { class: "about" }, about),
    el("p", {}, rule),
    el("p", {}, el("b", {}, now)),
    el("h3", {}, "What its query returns now"),
    result.rows.length ? createTable(result, title) : el("p", { class: "empty" }, "No rows: too few samples."),
    el("h3", {}, "The query, as the rule runs it"),
    el("pre", { class: "query", tabindex: "0" }, el("code", {}, query)),
    el("h3", {}, "What to do: ", el("code", {}, runbook)),
    el("pre", { class: "chapter", tabindex: "0" }, chapter),
  );
}

function formatLevel(value, threshold, unit) {
  if (value === null || value === undefined) return `fires at ${formatQuantity(threshold, unit)}`;
  return `${formatNumber(value)} of ${formatQuantity(threshold, unit)}`;
}
