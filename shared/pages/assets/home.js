// The home page: input form, prediction, chart, timing and batch. Everything is built from the manifest.

import { createChart } from "./chart.js";
import { createCodeCard } from "./code_card.js";
import { el, getById, setContent } from "./dom.js";
import { createForm } from "./form.js";
import { requestPredictions, toPredictions } from "./prediction.js";
import { markStale, showNoPrediction, showPrediction } from "./result.js";
import { getJson } from "./service.js";
import { runAsUser, startSession } from "./session.js";
import { startTabs } from "./tabs.js";
import { showTiming } from "./timing.js";

try {
  const [manifest, chartData] = await Promise.all([
    getJson("model"),
    getJson("assets/picture.json").catch(() => ({})),
  ]);
  startSession();
  getById("predictions").hidden = false;
  startSinglePrediction(manifest, chartData);
  startTabs(document.querySelector("[role=tablist]"), { batch: () => loadBatch(manifest) });
} catch ({ message }) {
  const link = el("a", { href: "health/ready" }, "Show the reason");
  setContent(getById("description"), `${message}${message.endsWith(".") ? "" : "."} `, link);
}

/** Connect the form with the result, the chart, the timing and the code. */
function startSinglePrediction(manifest, chartData) {
  const form = createForm(manifest, chartData);
  const chart = createChart(manifest, chartData);
  const code = createCodeCard(manifest);
  const followForm = () => {
    markStale(true);
    code.update(form.peek());
  };
  showNoPrediction();
  code.update(form.peek());
  getById("form").addEventListener("input", followForm);
  getById("example").addEventListener("click", () => {
    form.showNextExample();
    followForm();
  });
  getById("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const instance = form.read();
    if (instance) runAsUser(() => predict(instance)).catch((error) => showError(error, form));
  });

  async function predict(instance) {
    const button = getById("predict");
    button.setAttribute("aria-busy", "true");
    try {
      const result = await requestPredictions(manifest, [instance]);
      const [prediction] = toPredictions(manifest, result.response);
      setContent(getById("form-error"));
      showPrediction(manifest, result.response, prediction);
      markStale(false);
      showTiming(result);
      chart.show(instance, prediction);
    } finally {
      button.removeAttribute("aria-busy");
    }
  }
}

/** Show an error at the fields it belongs to, or above the button. */
function showError({ message, errors = [], requestId }, form) {
  const place = getById("form-error");
  if (form.showErrors(errors)) setContent(place);
  else setContent(place, message, requestId && el("span", { class: "muted" }, ` Request id: ${requestId}`));
}

/** Load the script of the batch tab when the tab is first opened. */
async function loadBatch(manifest) {
  const { createBatch } = await import("./batch.js");
  createBatch(manifest);
}
