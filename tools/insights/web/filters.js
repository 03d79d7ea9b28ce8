// The filters of the page. They are part of the address, so that a view of the page can be shared as a link.

import { el, getById } from "./dom.js";

const MINUTE_MS = 60_000;
const RANGES = { "5 minutes": 5, "15 minutes": 15, "1 hour": 60, "6 hours": 360, "24 hours": 1440, "7 days": 10_080 };
const CUSTOM = "custom";
const DEFAULT_RANGE = "15";
const FLOW_FILTERS = ["only", "around"];
const form = getById("filters");
const { range, since, until, function: functionSelect, user, only, around, live } = form.elements;

range.append(
  ...Object.entries(RANGES).map(([text, minutes]) => el("option", { value: minutes }, `last ${text}`)),
  el("option", { value: CUSTOM }, "from … to …"),
);
functionSelect.append(el("option", { value: "" }, "all"));

/** Parse the address `#/page/argument?filters`. */
export function parseAddress() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [page, argument = ""] = path.split("/").map(decodeURIComponent);
  return { page: page || "overview", argument, filters: Object.fromEntries(new URLSearchParams(query)) };
}

/** Return the address of a page with the current filters. */
export function formatAddress(page) {
  const isOfPage = ([name, value]) => value && (page === "user-flow" || !FLOW_FILTERS.includes(name));
  const filters = Object.entries(readFilters()).filter(isOfPage);
  const query = new URLSearchParams(filters).toString();
  return query ? `#/${page}?${query}` : `#/${page}`;
}

/** Write the filters of the address into the form. */
export function writeFilters(filters) {
  selectOption(functionSelect, filters.function ?? "");
  selectOption(range, filters.range ?? DEFAULT_RANGE);
  user.value = filters.user ?? "";
  since.value = filters.since ?? "";
  until.value = filters.until ?? "";
  only.checked = filters.only === only.value;
  around.value = filters.around ?? "";
  getById("custom-range").hidden = range.value !== CUSTOM;
}

/** Write the name of a user into the form. */
export function writeUser(name) {
  user.value = name;
}

/** Show the filters of one user's requests, or hide them. */
export function showFlowFilters(shown) {
  getById("flow-filters").hidden = !shown;
}

/** Choose a time range, for example the one that was drawn on a chart. */
export function writeRange(start, end) {
  selectOption(range, CUSTOM);
  [since.value, until.value] = [start, end].map(toLocalText);
}

function toLocalText(date) {
  return new Date(date - date.getTimezoneOffset() * MINUTE_MS).toISOString().slice(0, 19);
}

/** Call `onChange` with the name of each filter that the user changes. */
export function watchFilters(onChange) {
  form.addEventListener("change", ({ target }) => onChange(target.name));
  form.addEventListener("submit", (event) => event.preventDefault());
}

/** Return the filters for queries and for the address. */
export function readFilters() {
  const isCustom = range.value === CUSTOM;
  return {
    range: range.value === DEFAULT_RANGE ? "" : range.value,
    since: isCustom ? since.value : "",
    until: isCustom ? until.value : "",
    function: functionSelect.value,
    user: user.value.trim(),
    only: only.checked ? only.value : "",
    around: around.value,
  };
}

/** Return the filters as the values of the queries' parameters: times in UTC. */
export function readParameters() {
  const filters = readFilters();
  return { ...filters, around: filters.around && new Date(filters.around).toISOString() };
}

/** Return the time range {since, until}. A custom range without an end ends now. */
export function readRange() {
  const isCustom = range.value === CUSTOM;
  const end = isCustom && until.value ? new Date(until.value) : new Date();
  if (isCustom && since.value) return { since: new Date(since.value), until: end };
  const minutes = isCustom ? RANGES["1 hour"] : Number(range.value);
  return { since: new Date(end - minutes * MINUTE_MS), until: end };
}

/** Return true if the page refreshes itself. */
export function isLive() {
  return live.checked && !document.hidden && range.value !== CUSTOM;
}

/** Offer the functions and users that occur in the telemetry. The current function stays selected. */
export function offerValues(functions, users) {
  const current = functionSelect.value;
  const names = [...new Set([...functions, current])].filter(Boolean);
  functionSelect.replaceChildren(
    el("option", { value: "" }, "all"),
    ...names.map((name) => el("option", { value: name }, name)),
  );
  functionSelect.value = current;
  getById("users").replaceChildren(...users.map((name) => el("option", { value: name })));
}

function selectOption(select, value) {
  if (![...select.options].some((option) => option.value === value)) select.append(el("option", { value }, value));
  select.value = value;
}
