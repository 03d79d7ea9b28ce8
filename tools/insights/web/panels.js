// Panels: a question with its answer, as a chart, as a table, and as the query to take to the portal.

import { chart } from "./charts.js";
import { el } from "./dom.js";
import { story } from "./story.js";
import { table } from "./tables.js";
import { timeline } from "./timeline.js";

const WIDE = ["table", "story", "timeline"]; // to be read: not touched while there is nothing new
const SIGNS = { table: "▤", query: "</>" };

/** A panel for a question. `show(answer, choices)` puts an answer into it, `fail(error)` says why there is none. */
export function panel(question) {
  const body = el("div", { class: "body" }, el("p", { class: "nothing" }, "…"));
  const views = Object.keys(SIGNS).map((name) => toggle(name, () => turn(name)));
  const root = el(
    "section",
    { class: `panel ${WIDE.includes(question.chart) ? "wide" : ""}`, id: `panel-${question.name}`, "aria-label": question.title },
    el("header", {}, el("h2", {}, question.title), el("div", { class: "views" }, WIDE.includes(question.chart) ? views[1] : views)),
    el("p", { class: "about" }, question.about),
    body,
  );
  let view = "answer";
  let said = null;

  function turn(name) {
    view = view === name ? "answer" : name;
    views.forEach((each) => each.setAttribute("aria-pressed", each.title === view));
    draw();
  }
  function draw() {
    if (view === "query") body.replaceChildren(query(question.text));
    else if (said) body.replaceChildren(view === "table" ? table(said.answer, question.title) : shown(question, said));
  }
  return {
    root,
    show(answer, choices) {
      const same = said && view !== "query" && JSON.stringify([said.answer.rows, said.choices]) === JSON.stringify([answer.rows, choices]);
      said = { answer, choices };
      root.dataset.rows = answer.rows.length;
      if (!(same && WIDE.includes(question.chart))) draw();
    },
    fail(error) {
      said = null;
      if (view !== "query") body.replaceChildren(el("p", { class: "nothing failed" }, error.message));
    },
  };
}

const toggle = (name, click) =>
  el("button", { type: "button", title: name, "aria-label": name, "aria-pressed": "false", click }, SIGNS[name]);

const query = (text) => el("pre", { class: "query", tabindex: "0" }, el("code", {}, text));

function shown(question, { answer, choices }) {
  if (question.chart === "story") return story(answer, choices.user);
  if (question.chart === "timeline") return timeline(answer, choices.operation);
  if (!answer.rows.length) return el("p", { class: "nothing" }, question.empty);
  if (question.chart === "table") return table(answer, question.title);
  return chart(question.chart, answer, question.unit, question.title);
}
