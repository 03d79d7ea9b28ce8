// What the reader chose, kept in the address: a look at the page can be sent to somebody.

import { el } from "./dom.js";

const MINUTE = 60_000;
const RANGES = { "5 minutes": 5, "15 minutes": 15, "1 hour": 60, "6 hours": 360, "24 hours": 1440, "7 days": 10_080 };
const CUSTOM = "custom";
const FIRST = "15";
const form = document.getElementById("choices");
const field = (name) => form.elements[name];

field("range").append(
  ...Object.entries(RANGES).map(([text, minutes]) => el("option", { value: minutes }, `last ${text}`)),
  el("option", { value: CUSTOM }, "from … to …"),
);
field("function").append(el("option", { value: "" }, "all"));

/** Where the address leads: `{page, rest, choices}` of `#/page/rest?choices`. */
export function place() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [page, ...rest] = path.split("/");
  return { page: page || "overview", rest: rest.map(decodeURIComponent), choices: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a page with the choices as they are. */
export function address(page) {
  const query = new URLSearchParams(Object.entries(chosen()).filter(([, value]) => value)).toString();
  return query ? `#/${page}?${query}` : `#/${page}`;
}

/** Put the address' choices into the form. */
export function adopt({ choices }) {
  option(field("function"), choices.function ?? "");
  option(field("range"), choices.range ?? FIRST);
  for (const name of ["user", "since", "until"]) field(name).value = choices[name] ?? "";
  document.getElementById("custom").hidden = field("range").value !== CUSTOM;
}

/** Call with the name of what was chosen. */
export function listen(changed) {
  form.addEventListener("change", ({ target }) => changed(target.name));
  form.addEventListener("submit", (event) => event.preventDefault());
}

/** The values for queries and for the address. */
export function chosen() {
  const custom = field("range").value === CUSTOM;
  return {
    range: field("range").value === FIRST ? "" : field("range").value,
    since: custom ? field("since").value : "",
    until: custom ? field("until").value : "",
    function: field("function").value,
    user: field("user").value.trim(),
  };
}

/** The time range, `{since, until}`; one that is not complete yet ends now. */
export function range() {
  if (field("range").value !== CUSTOM) {
    const until = new Date();
    return { since: new Date(until - Number(field("range").value) * MINUTE), until };
  }
  const until = field("until").value ? new Date(field("until").value) : new Date();
  return { since: field("since").value ? new Date(field("since").value) : new Date(until - 60 * MINUTE), until };
}

/** Whether the page should keep asking. */
export const live = () => field("live").checked && !document.hidden && field("range").value !== CUSTOM;

/** Offer values that occur in the telemetry. */
export function offer(functions, users) {
  const current = field("function").value;
  field("function").replaceChildren(
    el("option", { value: "" }, "all"),
    ...[...new Set([...functions, current])].filter(Boolean).map((name) => el("option", { value: name }, name)),
  );
  field("function").value = current;
  document.getElementById("users").replaceChildren(...users.map((name) => el("option", { value: name })));
}

function option(select, value) {
  if (![...select.options].some((each) => each.value === value)) select.append(el("option", { value }, value));
  select.value = value;
}
