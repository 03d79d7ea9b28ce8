// The alerts at the top of the page.

import { getAlerts } from "./api.js";
import { el, getById } from "./dom.js";
import { formatNumber, formatQuantity } from "./format.js";

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

function createAlert({ title, about, state, value, threshold, unit, window_minutes: minutes, severity }) {
  return el(
    "div",
    { class: `alert ${state}`, title: `${about} Severity ${severity}, over ${minutes} minutes.` },
    el("span", { class: "light", "aria-hidden": "true" }),
    el("span", { class: "name" }, title),
    el("span", { class: "state" }, el("b", {}, STATES[state]), " · ", formatLevel(value, threshold, unit)),
  );
}

function formatLevel(value, threshold, unit) {
  if (value === null || value === undefined) return `fires at ${formatQuantity(threshold, unit)}`;
  return `${formatNumber(value)} of ${formatQuantity(threshold, unit)}`;
}
