// This request's own story: the steps that Server-Timing tells, as a bar, and where the rest can be read.

import { byId, copyButton, h, s, show } from "./dom.js";
import { duration } from "./words.js";

const LEAST_SHARE = 0.012; // of the bar, so that every step can be seen
const WORDS = {
  auth: "who you are",
  decode: "read and check",
  load: "load the model, once",
  features: "fetch features",
  model: "predict",
  encode: "write the answer",
};

/** Show what one request took. */
export function story({ answer, steps, millis }) {
  const total = steps.reduce((sum, [, took]) => sum + took, 0);
  show(
    byId("story"),
    h("h2", { id: "story-title" }, "This request’s story"),
    h(
      "p",
      {},
      h("strong", {}, duration(millis)),
      " from here to the answer, ",
      h("strong", {}, duration(total)),
      " of it in these steps:",
    ),
    bar(steps, total),
    h(
      "ul",
      { class: "steps" },
      steps.map(([name, took], i) =>
        h(
          "li",
          {},
          h("span", { class: `mark step-${i % 5}`, "aria-hidden": "true" }),
          h("span", {}, WORDS[name] || name),
          h("span", { class: "value" }, duration(took)),
        ),
      ),
    ),
    h(
      "p",
      { class: "operation" },
      h("span", { class: "soft" }, "Operation"),
      copyButton("Copy", () => answer.request_id),
      timeline(answer.request_id),
      h("code", {}, answer.request_id),
    ),
  );
}

function bar(steps, total) {
  const shares = steps.map(([, took]) => Math.max(LEAST_SHARE, total ? took / total : 0));
  const sum = shares.reduce((all, each) => all + each, 0);
  let from = 0;
  const parts = shares.map((each, i) => {
    const width = (each / sum) * 100;
    from += width;
    return s("rect", { class: `step-${i % 5}`, x: from - width, width: Math.max(0.3, width - 0.35), height: 10 });
  });
  return s("svg", { class: "bar", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, parts);
}

/** A link to the request in the local dashboard, where telemetry goes to one. */
function timeline(requestId) {
  const { dashboard } = document.body.dataset;
  return dashboard && h("a", { href: `${dashboard}/#/request/${encodeURIComponent(requestId)}` }, "Its timeline");
}
