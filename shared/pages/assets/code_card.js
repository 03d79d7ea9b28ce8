// The card with the same request as code, in tabs. It follows the form.

import { curlSample, javascriptSample, pythonSample } from "./code_samples.js";
import { createCopyButton, el, getById } from "./dom.js";
import { predictionPath } from "./prediction.js";
import { startTabs } from "./tabs.js";

const LANGUAGES = [
  { id: "code-curl", name: "curl", format: curlSample },
  { id: "code-python", name: "Python", format: pythonSample },
  { id: "code-javascript", name: "JavaScript", format: javascriptSample },
];

/** Build the card. Returns `update(instance)`; without an instance the card keeps the last one. */
export function createCodeCard(manifest) {
  const { login } = document.body.dataset;
  const codes = LANGUAGES.map(() => el("code"));
  const note = el("p", { class: "muted", role: "status" });
  const tabList = el("div", { class: "tabs", role: "tablist", "aria-label": "Language" }, LANGUAGES.map(createTab));
  getById("code").replaceChildren(
    el(
      "div",
      { class: "card-head" },
      el("h2", { id: "code-title" }, "The same request in code"),
      createCopyButton("Copy", () => codes.find((code) => !code.closest("[role=tabpanel]").hidden).textContent),
    ),
    tabList,
    ...LANGUAGES.map((language, i) => createPanel(language, codes[i])),
    el("p", { class: "muted" }, describeLogin(document.body.dataset)),
    note,
  );
  startTabs(tabList, {});

  function update(instance) {
    note.textContent = instance ? "" : "The code has the last valid input.";
    if (!instance) return;
    LANGUAGES.forEach(({ format }, i) => (codes[i].textContent = format(predictionPath(manifest), instance, login)));
  }

  return { update };
}

function createTab({ id, name }) {
  return el("button", { role: "tab", id: `tab-${id}`, type: "button", "aria-controls": id }, name);
}

function createPanel({ id, name }, code) {
  return el(
    "div",
    { role: "tabpanel", id, "aria-labelledby": `tab-${id}` },
    el("pre", { tabindex: "0", role: "region", "aria-label": `Code for ${name}` }, code),
  );
}

function describeLogin({ login, demo }) {
  const code = (text) => el("code", {}, text);
  if (login === "token") return ["Set ", code("EGL_ML_TOKEN"), " to a token from your issuer."];
  const example = demo && [" For the demo login: ", code(`export EGL_ML_USER=${demo} EGL_ML_PASSWORD=password`)];
  return ["Set ", code("EGL_ML_USER"), " and ", code("EGL_ML_PASSWORD"), " first. No secret is in the code.", example];
}
