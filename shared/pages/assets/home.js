// The front page: what the model is, a form, an answer. Everything comes from the manifest.

import { answer, nothing, stale } from "./answer.js";
import { curl } from "./curl.js";
import { byId, h, show } from "./dom.js";
import { form } from "./form.js";
import { asked, outcomes } from "./outcome.js";
import { picture } from "./picture.js";
import { get } from "./service.js";
import * as session from "./session.js";
import { story } from "./story.js";
import * as tabs from "./tabs.js";

try {
  const [manifest, data] = await Promise.all([get("/model"), get("/assets/picture.json").catch(() => ({}))]);
  session.start();
  byId("ask").hidden = false;
  one(manifest, data);
  tabs.start(document.querySelector("[role=tablist]"), { batch: () => many(manifest) });
} catch (refused) {
  show(byId("description"), `${refused.message}${refused.message.endsWith(".") ? "" : "."} `, whyNot());
}

/** The form, and what follows from it. */
function one(manifest, data) {
  const filled = form(manifest, data);
  const drawn = picture(manifest, data);
  nothing();
  byId("form").addEventListener("input", () => stale(true));
  byId("example").addEventListener("click", () => {
    filled.next();
    stale(true);
  });
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const instance = filled.read();
    if (instance) session.asUser(() => predict(instance)).catch((refused) => failed(refused, filled));
  });

  async function predict(instance) {
    const button = byId("predict");
    button.setAttribute("aria-busy", "true");
    try {
      const told = await asked(manifest, [instance]);
      const [outcome] = outcomes(manifest, told.answer);
      show(byId("form-problem"));
      answer(manifest, told, outcome);
      stale(false);
      story(told);
      curl(told);
      drawn.ask(instance, outcome);
    } finally {
      button.removeAttribute("aria-busy");
    }
  }
}

/** Why there is no answer: at the fields it is about, else above the button. */
function failed(refused, filled) {
  if (filled.faults(refused.errors || [])) show(byId("form-problem"));
  else
    show(
      byId("form-problem"),
      refused.message,
      refused.requestId && h("span", { class: "soft" }, ` Operation ${refused.requestId}`),
    );
}

/** The batch's tab, loaded when it is first wanted. */
async function many(manifest) {
  const { batch } = await import("./batch.js");
  batch(manifest);
}

function whyNot() {
  return h("a", { href: "/health/ready" }, "See why");
}
