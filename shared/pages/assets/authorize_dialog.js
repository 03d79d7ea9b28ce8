// The dialog of Authorize, which Swagger UI draws: it opens on the user name, Enter logs in, Tab stays inside, and
// Escape closes it.

import { el } from "./dom.js";

const USER_NAME = "#oauth_username";
const FOCUSABLE = "a[href], button, input, select, textarea";

let dialog = null;
let opener = null;

/** Remember the button that opens the dialog: Swagger UI moves the focus before anybody sees the dialog. */
export function rememberOpener({ target }) {
  if (!target.closest(".modal-ux")) opener = target;
}

/** Follow the dialog after each change of the page. */
export function followDialog(root) {
  const found = root.querySelector(".modal-ux");
  if (found && found !== dialog) open(found);
  else if (!found && dialog) close();
  else if (found && !found.contains(document.activeElement)) focusFirst(found); // a login replaces the focused field
}

function open(found) {
  dialog = found;
  dialog.setAttribute("aria-modal", "true");
  dialog.addEventListener("keydown", handleKey);
  addDemoHint();
  focusFirst(dialog);
}

function close() {
  dialog = null;
  opener?.focus();
}

/** Focus the user name; after a login there is none, and the button that closes the dialog comes next. */
function focusFirst(container) {
  (container.querySelector(USER_NAME) ?? container.querySelector(".btn-done") ?? container.querySelector("input"))?.focus();
}

function handleKey(event) {
  if (event.key === "Escape") dialog.querySelector(".close-modal").click();
  if (event.key === "Enter" && event.target.matches("#oauth_username, #oauth_password")) {
    event.preventDefault();
    event.target.closest(".auth-container").querySelector(".auth-btn-wrapper .authorize").click();
  }
  if (event.key === "Tab") keepInside(event);
}

function keepInside(event) {
  const places = [...dialog.querySelectorAll(FOCUSABLE)].filter((place) => place.getClientRects().length && !place.disabled);
  const [from, to] = event.shiftKey ? [places[0], places.at(-1)] : [places.at(-1), places[0]];
  if (document.activeElement !== from) return;
  event.preventDefault();
  to.focus();
}

/** Name the demo login, where there is one: on a laptop only. */
function addDemoHint() {
  const { demo } = document.body.dataset;
  const label = dialog.querySelector("label[for=oauth_username]");
  if (!demo || !label) return;
  const hint = ["Demo login: ", el("code", {}, demo), " with password ", el("code", {}, "password"), "."];
  label.before(el("p", { class: "demo-hint" }, hint));
}
