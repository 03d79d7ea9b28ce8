// The timeline of one request: the host's request, the invocation with its steps, its calls and its log lines.

import { toRecords } from "./api.js";
import { el } from "./dom.js";
import { formatColumnName, formatQuantity, formatTime } from "./format.js";
import { createBadge } from "./tables.js";
import { STEPS } from "./user_flow.js";

const LOGIN_STEPS = ["decode", "auth"]; // a login decodes its form before it checks the password
const MIN_LENGTH_MS = 0.001;

/** Return the timeline of a result of request-flow. */
export function createTimeline(result, operationId) {
  const items = toRecords(result);
  if (!items.length) {
    const text = `No telemetry of request ${operationId} yet. It arrives about a second after the request.`;
    return el("p", { class: "empty" }, text);
  }
  const length = Math.max(...items.map(({ at_ms, took_ms }) => at_ms + (took_ms ?? 0)), MIN_LENGTH_MS);
  return el(
    "div",
    { class: "timeline" },
    createSummary(items, operationId, length),
    el("ol", { class: "rows" }, items.flatMap((item) => [createItem(item, length), ...createSteps(item, length)])),
    items.filter(({ part }) => part === "invocation").map(createProperties),
  );
}

function createSummary(items, operationId, length) {
  const user = items.find((item) => item.user)?.user;
  const link = user && el("a", { href: `#/user-flow?user=${encodeURIComponent(user)}` }, user);
  const text = `Request ${operationId} started at ${formatTime(items[0].timestamp, true)} and took ${formatQuantity(length, "ms")}`;
  return el("p", { class: "summary" }, text, user ? [" for ", link] : null, ".");
}

function createItem({ part, what, at_ms, took_ms, result, failed }, length) {
  const hasDuration = took_ms !== null;
  const mark = hasDuration ? createBar(at_ms, took_ms, length, part, failed) : createMarker(at_ms, length, failed);
  return createRow(part, what, mark, took_ms, result);
}

/** Return the steps of an invocation. Each step begins at the end of the step before. */
function createSteps({ part, what, at_ms, steps }, length) {
  if (part !== "invocation") return [];
  const durations = JSON.parse(steps);
  let start = at_ms;
  return (what === "token" ? LOGIN_STEPS : STEPS)
    .map((name) => ({ name, duration: durations[`${name}_ms`] }))
    .filter(({ duration }) => duration !== null && duration !== undefined)
    .map(({ name, duration }) => {
      const bar = createBar(start, duration, length, `step-${name}`, false);
      start += duration;
      return createRow(`step step-${name}`, name, bar, duration, "");
    });
}

function createRow(className, name, mark, duration, result) {
  return el(
    "li",
    { class: `row ${className}` },
    el("span", { class: "name" }, name),
    el("span", { class: "track" }, mark),
    el("span", { class: "duration" }, duration === null ? "" : formatQuantity(duration, "ms")),
    el("span", { class: "result" }, result ? createBadge(result) : null),
  );
}

function createBar(start, duration, length, className, failed) {
  const style = { "--start": start / length, "--share": duration / length };
  return el("span", { class: `span ${className} ${failed ? "failed" : ""}`, style });
}

function createMarker(start, length, failed) {
  return el("span", { class: `marker ${failed ? "failed" : ""}`, style: { "--start": start / length } });
}

/** Format the reasons of a refused body: "bmi: not a number (3); a member that the model does not have: unknown field (1)". */
function formatReasons(text) {
  const subject = (feature) => feature || "a member that the model does not have";
  return JSON.parse(text)
    .map(({ feature, reason, count }) => `${subject(feature)}: ${reason.replaceAll("-", " ")} (${count})`)
    .join("; ");
}

/** Return the properties of an invocation: who, which model, which result. */
function createProperties({ what, facts }) {
  const properties = Object.entries(JSON.parse(facts)).filter(([name]) => name !== "sequence");
  const createProperty = ([name, value]) =>
    el("div", {}, el("dt", {}, formatColumnName(name)), el("dd", {}, name === "bad_reasons" ? formatReasons(value) : value));
  return el(
    "section",
    { class: "properties", "aria-label": `Properties of ${what}` },
    el("h3", {}, what),
    el("dl", {}, properties.map(createProperty)),
  );
}
