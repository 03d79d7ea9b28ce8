// The requests of one user in order, each with its steps.

import { toRecords } from "./api.js";
import { el } from "./dom.js";
import { formatDateTime, formatNumber, formatQuantity, formatTime } from "./format.js";
import { createBadge, createRequestLink } from "./tables.js";

/** The steps of an invocation in their order. */
export const STEPS = ["auth", "decode", "features", "load", "model", "encode"];
const openedRequests = new Set(); // they stay open when the page refreshes

/** Return the requests of a result of user-flow, the newest first. The newest is open at first. */
export function createUserFlow(result, user) {
  if (!user) return createNote("Choose a user above to see their requests.");
  const requests = groupByRequest(toRecords(result));
  if (!requests.length) return createNote(`No requests of ${user} in this time range.`);
  return el(
    "div",
    { class: "user-flow" },
    el("p", { class: "summary" }, summarize(user, requests)),
    createLegend(),
    el("ol", { class: "requests" }, requests.map((rows, i) => createRequest(rows, i === 0))),
  );
}

function createLegend() {
  const createEntry = (name) => el("li", { class: `step-${name}` }, el("span", { class: "swatch" }), name);
  return el("ul", { class: "legend step-legend" }, STEPS.map(createEntry));
}

function createNote(text) {
  return el("p", { class: "empty" }, text);
}

/** Group rows by request, in the result's order. The first row of each group is the request itself. */
function groupByRequest(rows) {
  const groups = Map.groupBy(rows, requestKey);
  return [...groups.values()].filter(([first]) => first.part === "request");
}

function requestKey({ operation_Id: operationId, invocation }) {
  return `${operationId} ${invocation}`;
}

function summarize(user, requests) {
  const all = requests[0][0].requests_in_all;
  const times = [requests.at(-1), requests[0]].map(([first]) => formatDateTime(first.timestamp));
  const countResults = (digit) => requests.filter(([{ result }]) => result.startsWith(digit)).length;
  const range = `from ${times[0]} to ${times[1]}`;
  const isCut = all > requests.length;
  const count = `${formatNumber(all)} request${all === 1 ? "" : "s"}`;
  const shown = `the newest ${requests.length} of ${count}, ${range}`;
  const parts = [isCut ? `${user}: ${shown}` : `${user} sent ${count} ${range}`];
  if (countResults("4")) parts.push(`${countResults("4")} were refused`);
  if (countResults("5")) parts.push(`${countResults("5")} failed`);
  return `${parts.join("; ")}.${isCut ? " Earlier ones: choose an earlier time, or “around”." : ""}`;
}

function createRequest([request, ...parts], isNewest) {
  const key = requestKey(request);
  const open = openedRequests.has(key) || (!openedRequests.size && isNewest) || !request.result.startsWith("2");
  const ontoggle = ({ target }) => (target.open ? openedRequests.add(key) : openedRequests.delete(key));
  return el(
    "li",
    { class: "flow-request" },
    el(
      "details",
      { open, ontoggle },
      createRequestSummary(request, parts),
      el("ol", { class: "parts" }, parts.map(createPart)),
    ),
    createRequestLink(request.operation_Id),
  );
}

function createRequestSummary({ timestamp, what, result, took_ms }, parts) {
  return el(
    "summary",
    {},
    el("time", { datetime: timestamp.toISOString() }, formatTime(timestamp, true)),
    el("strong", {}, what),
    createBadge(result),
    createStepStrip(parts.filter(({ part }) => part === "step"), took_ms),
    el("span", { class: "duration" }, formatQuantity(took_ms, "ms")),
  );
}

/** Return the steps as one bar. */
function createStepStrip(steps, total) {
  const createStep = ({ what, took_ms }) => {
    const style = { "--share": took_ms / (total || 1) };
    return el("span", { class: `step-${what}`, style, title: `${what} ${formatQuantity(took_ms, "ms")}` });
  };
  return el("div", { class: "step-strip", "aria-hidden": "true" }, steps.map(createStep));
}

function createPart({ part, what, at_ms, took_ms, result }) {
  return el(
    "li",
    { class: `part ${part} ${part === "step" ? `step-${what}` : ""}` },
    el("span", { class: "offset" }, `+${formatQuantity(Math.max(0, at_ms), "ms")}`),
    el("span", { class: "name" }, what),
    result ? createBadge(result) : null,
    took_ms === null ? null : el("span", { class: "duration" }, formatQuantity(took_ms, "ms")),
  );
}
