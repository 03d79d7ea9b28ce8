// The page: tabs with their panels, asked anew every few seconds.

import { adopt, address, chosen, listen, live, offer, place, range } from "./choices.js";
import { clock, el, number, quantity } from "./dom.js";
import { panel } from "./panels.js";
import { alerts, ask, questions, records } from "./questions.js";

const EVERY = 5_000;
const USERS_SHOWN = 12;
const REQUEST_ID = /^[0-9a-f]{32}$/;
const [tabs, strip, main, pulse] = ["tabs", "alerts", "main", "pulse"].map((id) => document.getElementById(id));

let all = [];
let shown = [];
let where = "";
let turn = 0;

const page = (tab) => tab.toLowerCase().replaceAll(" ", "-");
const pages = () => [...new Set(all.map(({ tab }) => tab))].filter((tab) => tab !== "Choices");

/** What belongs on the page that the address names. */
function belongs({ page: name, rest }) {
  if (name === "request") return all.filter(({ chart }) => chart === "timeline").map((question) => [question, { operation: rest[0] ?? "" }]);
  return all.filter(({ tab, chart }) => page(tab) === name && chart !== "timeline").map((question) => [question, {}]);
}

function layOut() {
  if (!all.length) return; // not yet known what there is; it is laid out then
  const here = place();
  const path = [here.page, ...here.rest].join("/");
  if (path !== where) {
    where = path;
    shown = belongs(here).map(([question, more]) => ({ question, more, panel: panel(question) }));
    const extra = here.page === "user-flow" ? [el("div", { id: "recent", class: "recent", "aria-label": "Recent users" })] : [];
    main.replaceChildren(...extra, el("div", { class: "panels" }, shown.map((each) => each.panel.root)));
    if (!shown.length) main.replaceChildren(el("p", { class: "nothing" }, "There is no such page."));
  }
  tabs.replaceChildren(
    ...pages().map((tab) => el("a", { href: address(page(tab)), "aria-current": page(tab) === here.page ? "page" : null }, tab)),
  );
  refresh();
}

/** Ask everything that is shown; an answer that comes after another place was chosen is left out. */
async function refresh() {
  const mine = ++turn;
  const [span, choices] = [range(), chosen()];
  const answers = shown.map(async ({ question, more, panel: target }) => {
    const wanted = { ...choices, ...more };
    try {
      const answer = await ask(question, more.operation ? ever(span) : span, wanted);
      if (mine === turn) target.show(answer, wanted);
      return true;
    } catch (error) {
      if (mine === turn) target.fail(error);
      return false;
    }
  });
  const told = await Promise.all([...answers, showAlerts(), showChoices(span)]);
  if (mine === turn) pulse.textContent = told.every(Boolean) ? `Asked at ${clock(new Date())}` : "Not everything was answered.";
}

/** A request is found whenever it was. */
const ever = ({ until }) => ({ since: new Date(0), until });

async function showAlerts() {
  try {
    strip.replaceChildren(...(await alerts()).map(alert));
    return true;
  } catch (error) {
    strip.replaceChildren(el("p", { class: "nothing failed" }, error.message));
    return false;
  }
}

const STATES = { firing: "firing", quiet: "quiet", idle: "too few samples" };

const alert = ({ title, about, state, value, threshold, unit, window_minutes: window, severity }) =>
  el(
    "div",
    { class: `alert ${state}`, title: `${about} Severity ${severity}, over ${window} minutes.` },
    el("span", { class: "light", "aria-hidden": "true" }),
    el("span", { class: "name" }, title),
    el("span", { class: "state" }, el("b", {}, STATES[state]), " · ", level(value, threshold, unit)),
  );

const level = (value, threshold, unit) =>
  value == null ? `fires at ${quantity(threshold, unit)}` : `${number(value)} of ${quantity(threshold, unit)}`;

async function showChoices(span) {
  const known = Object.fromEntries(all.map((question) => [question.name, question]));
  try {
    const [functions, users] = await Promise.all(
      ["functions", "users"].map(async (name) => (await ask(known[name], span, {})).rows.map(([value]) => value)),
    );
    offer(functions, users);
    const recent = document.getElementById("recent");
    recent?.replaceChildren(...users.slice(0, USERS_SHOWN).map((name) => el("button", { type: "button", click: () => read(name) }, name)));
    return true;
  } catch {
    return false;
  }
}

function read(user) {
  document.forms.choices.elements.user.value = user;
  location.hash = address("user-flow");
}

/** Where a choice leads: a user to their story, a request's id to its steps, the rest stays on the page. */
function next(name) {
  const { user } = chosen();
  if (name === "user" && REQUEST_ID.test(user)) return `#/request/${user}`;
  if (name === "user" && user) return address("user-flow");
  const { page: here } = place();
  return address(here === "request" ? "overview" : here);
}

listen((name) => {
  const to = next(name);
  if (to === location.hash) layOut();
  else location.hash = to;
});
window.addEventListener("hashchange", () => {
  adopt(place());
  layOut();
});
document.addEventListener("visibilitychange", () => live() && refresh());

adopt(place());
try {
  all = await questions();
  layOut();
  setInterval(() => live() && refresh(), EVERY);
} catch (error) {
  main.replaceChildren(el("p", { class: "nothing failed" }, error.message));
}
