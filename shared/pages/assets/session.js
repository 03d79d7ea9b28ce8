// Logging in, how long it lasts, and logging in again without losing anything.

import { byId, h, show } from "./dom.js";
import * as service from "./service.js";

const TICK = 1000;
const LAST_MINUTE = 60_000;
const FIRST = "Log in first, then it goes on.";
const EXPIRED = "Your login has expired. Log in again; all you filled in stays.";

let user = "";
let ended = FIRST;
let entered = () => {};
let timer = 0;

/** Show the way to log in. */
export function start() {
  ask("");
}

/** What `action` returns, done as the user who is logged in; where nobody is, once somebody has logged in. */
export async function asUser(action) {
  for (;;) {
    if (!service.loggedIn()) await login(service.left() < 0 ? EXPIRED : ended);
    try {
      return await action();
    } catch (refused) {
      if (refused.status !== 401) throw refused;
      end(EXPIRED);
    }
  }
}

/** Ask to log in, and wait for it. Whoever waited before waits no more: the newest wish is the one that counts. */
function login(reason) {
  ask(reason, true);
  return new Promise((resolve) => (entered = resolve));
}

function ask(reason, focus = false) {
  const place = byId("login");
  const inputs = document.body.dataset.login === "token" ? tokenInputs() : passwordInputs();
  const problem = h("p", { class: "note bad", role: "alert", hidden: true });
  const form = h(
    "form",
    { class: "login-form", onsubmit: (event) => submit(event, form, problem) },
    inputs,
    h("button", { class: "primary", type: "submit" }, "Log in"),
  );
  show(
    place,
    h("div", {}, h("h2", { id: "login-title" }, "Log in to ask the model"), h("p", { role: "status" }, reason), hint()),
    form,
    problem,
  );
  if (focus) (form.elements.username?.value ? form.elements.password : form.elements[0]).focus();
}

function passwordInputs() {
  return [
    field("Name", {
      name: "username",
      autocomplete: "username",
      autocapitalize: "none",
      value: user,
      spellcheck: "false",
    }),
    field("Password", { name: "password", type: "password", autocomplete: "current-password" }),
  ];
}

function tokenInputs() {
  return [field("Token from your issuer", { name: "token", autocomplete: "off", spellcheck: "false" })];
}

function field(text, attributes) {
  return h("label", {}, h("span", {}, text), h("input", { required: true, ...attributes }));
}

function hint() {
  const demo = document.body.dataset.demo;
  return (
    demo &&
    h("p", { class: "soft" }, "On this machine: ", h("code", {}, demo), " with ", h("code", {}, "password"), ".")
  );
}

async function submit(event, form, problem) {
  event.preventDefault();
  const given = new FormData(form);
  const button = form.querySelector("button");
  show(problem);
  button.setAttribute("aria-busy", "true");
  try {
    if (given.has("token")) service.take(given.get("token").trim());
    else await service.login(given.get("username"), given.get("password"));
    user = given.get("username") || "you";
    enter();
  } catch (refused) {
    show(problem, said(refused));
    form.elements.password?.select();
  }
  button.removeAttribute("aria-busy");
}

function said(refused) {
  const wait = refused.retryAfter ? ` Try again in ${refused.retryAfter} s.` : "";
  return `${refused.message}${/[.!?]$/.test(refused.message) ? "" : "."}${wait}`;
}

function enter() {
  show(byId("login"));
  const rest = h("span", { class: "soft" });
  const leave = h("button", { class: "quiet small", type: "button", onclick: () => end(FIRST) }, "Log out");
  show(byId("who"), h("span", {}, h("strong", {}, user), " · ", rest), leave);
  clearInterval(timer);
  timer = setInterval(() => tick(rest), TICK);
  tick(rest);
  byId("predict").focus();
  entered();
}

function tick(rest) {
  const left = service.left();
  if (left <= 0) end(EXPIRED);
  else
    rest.textContent =
      left > LAST_MINUTE ? `${Math.ceil(left / LAST_MINUTE)} min left` : `${Math.ceil(left / 1000)} s left`;
}

function end(reason) {
  clearInterval(timer);
  service.logout();
  ended = reason;
  show(byId("who"));
  ask(reason === FIRST ? "You are logged out." : reason);
}
