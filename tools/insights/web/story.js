// A user's story: request after request, each with its steps in order.

import { clock, el, moment, quantity } from "./dom.js";
import { records } from "./questions.js";
import { badge, requestLink } from "./tables.js";

/** What an invocation does, one after the other. */
export const STEPS = ["auth", "decode", "features", "load", "model", "encode"];
const SHOWN = 100;
const opened = new Set(); // what the reader unfolded stays so when the page asks again

/** All requests of an answer to user-flow, the latest first unfolded; `user` is for the words only. */
export function story(answer, user) {
  if (!user) return nothing("Choose a user above, or one of these, and read what happened to them.");
  const requests = grouped(records(answer));
  if (!requests.length) return nothing(`Nothing is known of ${user} in this time range.`);
  const shown = requests.slice(-SHOWN);
  return el(
    "div",
    { class: "story" },
    el("p", { class: "told" }, summary(user, requests, answer.cut)),
    key(),
    shown.length < requests.length ? el("p", { class: "told" }, `The last ${SHOWN} of them, in order:`) : null,
    el("ol", { class: "requests" }, shown.map(request)),
  );
}

const key = () =>
  el("ul", { class: "legend key" }, STEPS.map((name) => el("li", { class: `step-${name}` }, el("span", { class: "swatch" }), name)));

const nothing = (text) => el("p", { class: "nothing" }, text);

/** The rows of each request, in the answer's order: the first of them is the request itself. */
function grouped(rows) {
  const found = new Map();
  for (const row of rows) {
    const key = `${row.operation_Id} ${row.invocation}`;
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(row);
  }
  return [...found.values()].filter(([first]) => first.part === "request");
}

function summary(user, requests, cut) {
  const [first, last] = [requests[0][0], requests.at(-1)[0]].map(({ timestamp }) => moment(timestamp));
  const failed = requests.filter(([{ result }]) => result.startsWith("5")).length;
  const refused = requests.filter(([{ result }]) => result.startsWith("4")).length;
  const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
  const told = [`${user} sent ${count(requests.length, "request")} from ${first} to ${last}`];
  if (refused) told.push(`${refused} were refused`);
  if (failed) told.push(`${failed} failed`);
  return `${told.join("; ")}.${cut ? " There is more: choose a shorter time range to read its end." : ""}`;
}

function request([head, ...parts], place, all) {
  const key = `${head.operation_Id} ${head.invocation}`;
  const open = opened.has(key) || (!opened.size && place === all.length - 1) || !head.result.startsWith("2");
  const remember = ({ target }) => (target.open ? opened.add(key) : opened.delete(key));
  return el(
    "li",
    { class: "asked" },
    el(
      "details",
      { open, toggle: remember },
      el(
        "summary",
        {},
        el("time", { datetime: head.timestamp.toISOString() }, clock(head.timestamp, true)),
        el("strong", {}, head.what),
        badge(head.result),
        strip(parts.filter(({ part }) => part === "step"), head.took_ms),
        el("span", { class: "took" }, quantity(head.took_ms, "ms")),
      ),
      el("ol", { class: "parts" }, parts.map(part)),
    ),
    requestLink(head.operation_Id),
  );
}

/** The steps as one bar: where the time went, at a glance. */
export const strip = (steps, total) =>
  el(
    "div",
    { class: "strip", "aria-hidden": "true" },
    steps.map(({ what, took_ms }) =>
      el("span", { class: `step-${what}`, style: { "--share": took_ms / (total || 1) }, title: `${what} ${quantity(took_ms, "ms")}` }),
    ),
  );

const part = ({ part: kind, what, at_ms, took_ms, result }) =>
  el(
    "li",
    { class: `part ${kind} ${kind === "step" ? `step-${what}` : ""}` },
    el("span", { class: "at" }, `+${quantity(Math.max(0, at_ms), "ms")}`),
    el("span", { class: "what" }, what),
    result ? badge(result) : null,
    took_ms == null ? null : el("span", { class: "took" }, quantity(took_ms, "ms")),
  );
