// One operation as a timeline: the host's request, our invocation with its steps, calls, and what was logged.

import { clock, el, quantity, words } from "./dom.js";
import { records } from "./questions.js";
import { STEPS } from "./story.js";
import { badge } from "./tables.js";

const TOKEN_STEPS = ["decode", "auth"]; // a login reads its form first

/** The timeline of an answer to request-flow. */
export function timeline(answer, operation) {
  const items = records(answer);
  if (!items.length) return el("p", { class: "nothing" }, `Nothing is known of request ${operation}, or not yet: it takes a second.`);
  const end = Math.max(...items.map(({ at_ms, took_ms }) => at_ms + (took_ms ?? 0)), 0.001);
  const user = items.find((each) => each.user)?.user;
  return el(
    "div",
    { class: "timeline" },
    el(
      "p",
      { class: "told" },
      `Request ${operation} began at ${clock(items[0].timestamp, true)} and took ${quantity(end, "ms")}`,
      user ? [" for ", el("a", { href: `#/user-flow?user=${encodeURIComponent(user)}` }, user)] : null,
      ".",
    ),
    el("ol", { class: "rows" }, items.flatMap((item) => [row(item, end), ...steps(item, end)])),
    items.filter(({ part }) => part === "invocation").map(facts),
  );
}

function row({ part, what, at_ms, took_ms, result, failed }, end) {
  const bar = took_ms == null ? mark(at_ms, end, failed) : span(at_ms, took_ms, end, part, failed);
  return line(part, what, bar, took_ms, result);
}

/** The steps of an invocation. They follow one another, so each begins where the one before it ended. */
function steps({ part, what, at_ms, steps: told }, end) {
  if (part !== "invocation") return [];
  const took = JSON.parse(told);
  let at = at_ms;
  return (what === "token" ? TOKEN_STEPS : STEPS)
    .filter((name) => took[`${name}_ms`] != null)
    .map((name) => {
      const began = at;
      at += took[`${name}_ms`];
      return line(`step step-${name}`, name, span(began, took[`${name}_ms`], end, `step-${name}`, false), took[`${name}_ms`], "");
    });
}

const line = (kind, what, bar, took_ms, result) =>
  el(
    "li",
    { class: `row ${kind}` },
    el("span", { class: "what" }, what),
    el("span", { class: "track" }, bar),
    el("span", { class: "took" }, took_ms == null ? "" : quantity(took_ms, "ms")),
    el("span", { class: "result" }, result ? badge(result) : null),
  );

const span = (at, took, end, kind, failed) =>
  el("span", { class: `span ${kind} ${failed ? "failed" : ""}`, style: { "--from": at / end, "--share": took / end } });

const mark = (at, end, failed) => el("span", { class: `mark ${failed ? "failed" : ""}`, style: { "--from": at / end } });

/** What the wide event says besides its times. */
function facts({ what, facts: told }) {
  const known = Object.entries(JSON.parse(told)).filter(([name]) => name !== "sequence");
  return el(
    "section",
    { class: "facts", "aria-label": `What is told of ${what}` },
    el("h3", {}, what),
    el("dl", {}, known.map(([name, value]) => el("div", {}, el("dt", {}, words(name)), el("dd", {}, value)))),
  );
}
