// The alerts at the top of the page.

import { getAlert, getAlerts } from "./api.js";
import { el, getById, update } from "./dom.js";
import { formatNumber, formatPlural, formatQuantity } from "./format.js";
import { createChapter } from "./runbook.js";
import { createTable } from "./tables.js";

const STATES = { firing: "firing", quiet: "ok", idle: "too few samples" };

/** Show the state of all alerts. Returns true if it is known. */
export async function showAlerts() {
  const place = getById("alerts");
  try {
    update(place, (await getAlerts()).map(createAlert));
    return true;
  } catch ({ message }) {
    update(place, [el("p", { class: "empty failed" }, message)]);
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

/**
 * Return the page of one alert: `element` and `refresh()`, which resolves to true if the alert is known. Only what has
 * changed is drawn anew, so that what people read keeps its focus and its selection.
 */
export function createAlertPage(name) {
  const element = el("div", { id: "alert-page" });
  const level = el("b");
  const rows = el("div");
  let isBuilt = false;

  function show({ alert, result, ...guide }) {
    if (!isBuilt) element.replaceChildren(createArticle(alert, guide, level, rows));
    isBuilt = true;
    level.textContent = `Now: ${STATES[alert.state]}, ${formatLevel(alert.value, alert.threshold, alert.unit)}.`;
    const empty = el("p", { class: "empty" }, "No rows: too few samples.");
    update(rows, [result.rows.length ? createTable(result, alert.title) : empty]);
  }
  async function refresh() {
    try {
      show(await getAlert(name));
      return true;
    } catch ({ message }) {
      isBuilt = false;
      element.replaceChildren(el("p", { class: "empty failed" }, message));
      return false;
    }
  }
  return { element, refresh };
}

function createArticle(alert, { query, chapter }, level, rows) {
  const { title, about, threshold, unit, window_minutes: minutes, severity, minimum, runbook } = alert;
  const rule = `Severity ${severity}. Fires at ${formatQuantity(threshold, unit)} over ${formatPlural(minutes, "minute")}, from ${formatPlural(minimum, "sample")} on.`;
  return el(
    "article",
    { class: "panel wide alert-page", "aria-label": title },
    el("header", {}, el("h2", {}, title)),
    el("p", { class: "about" }, about),
    el("p", {}, rule),
    el("p", {}, level),
    el("h3", {}, "What its query returns now"),
    rows,
    el("h3", {}, "The query, as the rule runs it"),
    el("pre", { class: "query", tabindex: "0" }, el("code", {}, query)),
    el("h3", {}, "What to do: ", el("code", {}, runbook)),
    createChapter(chapter),
  );
}

function formatLevel(value, threshold, unit) {
  if (value === null || value === undefined) return `fires at ${formatQuantity(threshold, unit)}`;
  return `${formatNumber(value)} of ${formatQuantity(threshold, unit)}`;
}
