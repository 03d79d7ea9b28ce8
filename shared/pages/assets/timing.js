// The timing card: the steps of one request, from the Server-Timing header.

import { createCopyButton, el, getById, setContent, svg } from "./dom.js";
import { formatDuration } from "./format.js";

const COLOURS = 5; // see .step-0 to .step-4 in result.css
const MIN_SHARE = 0.012; // of the bar, so that every step is visible
const STEP_NAMES = {
  auth: "authentication",
  decode: "decoding",
  load: "model load (first request)",
  features: "features",
  model: "model",
  encode: "encoding",
};

/** Show the steps of one request and its request id. */
export function showTiming({ response, steps, milliseconds }) {
  const total = steps.reduce((sum, [, duration]) => sum + duration, 0);
  setContent(
    getById("timing"),
    el("h2", { id: "timing-title" }, "Timing"),
    createSummary(milliseconds, total),
    drawBar(steps, total),
    el("ul", { class: "steps" }, steps.map(createStep)),
    createRequestId(response.request_id),
  );
}

function createSummary(milliseconds, total) {
  return el(
    "p",
    {},
    el("strong", {}, formatDuration(milliseconds)),
    " in total, ",
    el("strong", {}, formatDuration(total)),
    " of it in the service:",
  );
}

function createStep([name, duration], i) {
  return el(
    "li",
    {},
    el("span", { class: `swatch step-${i % COLOURS}`, "aria-hidden": "true" }),
    el("span", {}, STEP_NAMES[name] || name),
    el("span", { class: "value" }, formatDuration(duration)),
  );
}

function drawBar(steps, total) {
  const shares = steps.map(([, duration]) => Math.max(MIN_SHARE, total ? duration / total : 0));
  const sum = shares.reduce((partial, share) => partial + share, 0);
  let x = 0;
  const parts = shares.map((share, i) => {
    const width = (share / sum) * 100;
    x += width;
    return svg("rect", { class: `step-${i % COLOURS}`, x: x - width, width: Math.max(0.3, width - 0.35), height: 10 });
  });
  const attributes = { class: "step-bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" };
  return svg("svg", attributes, parts);
}

function createRequestId(requestId) {
  return el(
    "p",
    { class: "request-id" },
    el("span", { class: "muted" }, "Request id"),
    createCopyButton("Copy", () => requestId),
    createTimelineLink(requestId),
    el("code", {}, requestId),
  );
}

/** Return a link to the request in the local dashboards, if the service sends its telemetry there. */
function createTimelineLink(requestId) {
  const { dashboard } = document.body.dataset;
  return dashboard && el("a", { href: `${dashboard}/#/request/${encodeURIComponent(requestId)}` }, "Timeline");
}
