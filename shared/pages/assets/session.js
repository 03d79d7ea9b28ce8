// The login form, the time left of a login, and a new login without losing any input.

import { el, getById, setContent } from "./dom.js";
import * as service from "./service.js";

const TICK_MS = 1000;
const MINUTE_MS = 60_000;
const LOGIN_FIRST = "Log in to see the prediction.";
const EXPIRED = "Your login has expired. Log in again. Your input is kept.";

let userName = "";
let loginReason = LOGIN_FIRST;
let continueAction = () => {};
let lastFocused = null; // where the user was when the login was needed
let timer = 0;

/** Show the login form. */
export function startSession() {
  showLoginForm("");
}

/** Return the result of `action`. Shows the login form first if there is no valid login. */
export async function runAsUser(action) {
  for (;;) {
    if (!service.isLoggedIn()) await waitForLogin(service.millisecondsLeft() < 0 ? EXPIRED : loginReason);
    try {
      return await action();
    } catch (error) {
      if (error.status !== 401) throw error;
      endSession(EXPIRED);
    }
  }
}

/** Wait until the user has logged in. Only the newest action continues; an older one that waits is dropped. */
function waitForLogin(reason) {
  showLoginForm(reason, true);
  return new Promise((resolve) => (continueAction = resolve));
}

function showLoginForm(reason, focus = false) {
  const focused = document.activeElement;
  if (getById("predictions").contains(focused)) lastFocused = focused;
  const inputs = document.body.dataset.login === "token" ? createTokenInputs() : createPasswordInputs();
  const problem = el("p", { class: "note error", role: "alert", hidden: true });
  const form = el(
    "form",
    { class: "login-form", onsubmit: (event) => submitLogin(event, form, problem) },
    inputs,
    el("button", { class: "primary", type: "submit" }, "Log in"),
  );
  const heading = el("h2", { id: "login-title" }, "Log in to predict");
  setContent(
    getById("login"),
    el("div", {}, heading, el("p", { role: "status" }, reason), createDemoHint()),
    form,
    problem,
  );
  if (focus) (form.elements.username?.value ? form.elements.password : form.elements[0]).focus();
}

function createPasswordInputs() {
  return [
    createInput("Name", {
      name: "username",
      autocomplete: "username",
      autocapitalize: "none",
      value: userName,
      spellcheck: "false",
    }),
    createInput("Password", { name: "password", type: "password", autocomplete: "current-password" }),
  ];
}

function createTokenInputs() {
  return [createInput("Token from your issuer", { name: "token", autocomplete: "off", spellcheck: "false" })];
}

function createInput(label, attributes) {
  return el("label", {}, el("span", {}, label), el("input", { required: true, ...attributes }));
}

function createDemoHint() {
  const user = document.body.dataset.demo;
  return (
    user &&
    el("p", { class: "muted" }, "Demo login: ", el("code", {}, user), " with password ", el("code", {}, "password"), ".")
  );
}

async function submitLogin(event, form, problem) {
  event.preventDefault();
  const values = new FormData(form);
  const button = form.querySelector("button");
  setContent(problem);
  button.setAttribute("aria-busy", "true");
  try {
    if (values.has("token")) service.useToken(values.get("token").trim());
    else await service.login(values.get("username"), values.get("password"));
    userName = values.get("username") || "you";
    beginSession();
  } catch (error) {
    setContent(problem, formatError(error));
    form.elements.password?.select();
  }
  button.removeAttribute("aria-busy");
}

function formatError({ message, retryAfter }) {
  const wait = retryAfter ? ` Try again in ${retryAfter} s.` : "";
  return `${message}${/[.!?]$/.test(message) ? "" : "."}${wait}`;
}

function beginSession() {
  setContent(getById("login"));
  const timeLeft = el("span", { class: "muted" });
  const logout = { class: "secondary small", type: "button", onclick: () => endSession(LOGIN_FIRST) };
  setContent(
    getById("user"),
    el("span", {}, el("strong", {}, userName), " · ", timeLeft),
    el("button", logout, "Log out"),
  );
  clearInterval(timer);
  timer = setInterval(() => updateTimeLeft(timeLeft), TICK_MS);
  updateTimeLeft(timeLeft);
  (lastFocused?.isConnected ? lastFocused : findFirstField()).focus();
  lastFocused = null;
  continueAction();
}

/** Return the first field of the open tab. */
function findFirstField() {
  const panel = document.querySelector("#predictions > [role=tabpanel]:not([hidden])");
  return (panel.querySelector("#fields") ?? panel).querySelector("input, select, textarea");
}

function updateTimeLeft(element) {
  const left = service.millisecondsLeft();
  if (left <= 0) endSession(EXPIRED);
  else if (left > MINUTE_MS) element.textContent = `${Math.ceil(left / MINUTE_MS)} min left`;
  else element.textContent = `${Math.ceil(left / 1000)} s left`;
}

function endSession(reason) {
  clearInterval(timer);
  service.logout();
  loginReason = reason;
  setContent(getById("user"));
  showLoginForm(reason === LOGIN_FIRST ? "You are logged out." : reason);
}
