// The page: tabs with panels. A live page runs its queries again every few seconds.

import { createAlertPage, showAlerts } from "./alerts.js";
import { getQueries, runQuery, toRecords } from "./api.js";
import { el, getById, update } from "./dom.js";
import {
  formatAddress,
  isLive,
  offerValues,
  parseAddress,
  readFilters,
  readParameters,
  readRange,
  showFlowFilters,
  watchFilters,
  writeFilters,
  writeRange,
  writeUser,
} from "./filters.js";
import { formatTime } from "./format.js";
import { createPanel } from "./panels.js";

const REFRESH_MS = 5_000;
const MAX_RECENT_USERS = 12;
const FILTERS_TAB = "Choices"; // its queries return the values of the filters
const REQUEST_ID = /^[0-9a-f]{32}$/;
const FAILED = false;
const main = getById("main");

let queries = [];
let panels = [];
let alertPage = null;
let shownPath = "";
let newestRefresh = 0;

const pageName = (tab) => tab.toLowerCase().replaceAll(" ", "-");

/** Show the page that the address names, and run its queries. */
function showPage() {
  if (!queries.length) return; // they are still on their way, and then this page is shown
  const address = parseAddress();
  const path = `${address.page}/${address.argument}`;
  if (path !== shownPath) {
    shownPath = path;
    panels = findQueries(address.page).map(createPanel);
    alertPage = address.page === "alert" ? createAlertPage(address.argument) : null;
    main.replaceChildren(...createContent(address.page));
  }
  showTabs(address.page);
  showFlowFilters(address.page === "user-flow");
  refresh();
}

/** Return the queries of a page. The page of one request shows the timelines. */
function findQueries(page) {
  if (page === "request") return queries.filter(({ chart }) => chart === "timeline");
  return queries.filter(({ tab, chart }) => pageName(tab) === page && chart !== "timeline");
}

function createContent(page) {
  if (alertPage) return [alertPage.element];
  if (!panels.length) return [el("p", { class: "empty" }, "Page not found.")];
  const content = [el("div", { class: "panels" }, panels.map((panel) => panel.element))];
  if (page === "user-flow") {
    content.unshift(el("div", { id: "recent-users", class: "recent-users", "aria-label": "Recent users" }));
  }
  return content;
}

function showTabs(page) {
  const tabs = [...new Set(queries.map(({ tab }) => tab))].filter((tab) => tab !== FILTERS_TAB);
  const createLink = (tab) => {
    const name = pageName(tab);
    return el("a", { href: formatAddress(name), "aria-current": name === page ? "page" : null }, tab);
  };
  getById("tabs").replaceChildren(...tabs.map(createLink));
}

/** Run the queries of all panels. Results that arrive after a newer refresh are dropped. */
async function refresh() {
  const id = ++newestRefresh;
  const isNewest = () => id === newestRefresh;
  const { page, argument } = parseAddress();
  const range = readRange();
  const filters = { ...readParameters(), ...(page === "request" ? { operation: argument } : {}) };
  const panelRange = page === "request" ? { since: new Date(0), until: range.until } : range; // a request of any time
  const deployments = readDeployments(range);
  const results = await Promise.all([
    ...panels.map((panel) => refreshPanel(panel, panelRange, filters, isNewest, deployments)),
    ...(alertPage ? [alertPage.refresh()] : []),
    showAlerts(),
    showFilterValues(range),
  ]);
  if (!isNewest()) return;
  getById("status").textContent = results.every((result) => result !== FAILED)
    ? `Updated at ${formatTime(new Date())}`
    : "Some queries failed.";
}

async function refreshPanel(panel, range, filters, isNewest, deployments) {
  try {
    const result = { ...(await runQuery(panel.query, range, filters)), deployments: await deployments };
    if (isNewest()) panel.show(result, filters);
    return true;
  } catch (error) {
    if (isNewest()) panel.showError(error);
    return FAILED;
  }
}

/** Return the deployments of a time range; none when they are not known. */
async function readDeployments(range) {
  const query = queries.find(({ name }) => name === "deployments");
  return runQuery(query, range, {}).then(toRecords, () => []);
}

/** Offer the functions and users of the time range. Returns true if they are known. */
async function showFilterValues(range) {
  try {
    const [functions, users] = await Promise.all(["functions", "users"].map((name) => runFilterQuery(name, range)));
    offerValues(functions, users);
    const createButton = (name) => el("button", { type: "button", onclick: () => openUser(name) }, name);
    const recent = getById("recent-users");
    if (recent) update(recent, users.slice(0, MAX_RECENT_USERS).map(createButton));
    return true;
  } catch {
    return FAILED;
  }
}

async function runFilterQuery(name, range) {
  const query = queries.find((candidate) => candidate.name === name);
  const { rows } = await runQuery(query, range, {});
  return rows.map(([value]) => value);
}

function openUser(name) {
  writeUser(name);
  location.hash = formatAddress("user-flow");
}

/** Return the address after a filter has changed: a user's flow, the request with this id, or the same page. */
function nextAddress(changedFilter) {
  const { user } = readFilters();
  if (changedFilter === "user" && REQUEST_ID.test(user)) return `#/request/${user}`;
  if (changedFilter === "user" && user) return formatAddress("user-flow");
  const { page } = parseAddress();
  return formatAddress(page === "request" ? "overview" : page);
}

watchFilters((name) => {
  const address = nextAddress(name);
  if (address === location.hash) showPage();
  else location.hash = address;
});
window.addEventListener("hashchange", () => {
  writeFilters(parseAddress().filters);
  showPage();
});
main.addEventListener("zoom", ({ detail }) => {
  writeRange(detail.since, detail.until);
  location.hash = formatAddress(parseAddress().page);
});
document.addEventListener("visibilitychange", () => isLive() && refresh());

writeFilters(parseAddress().filters);
try {
  queries = await getQueries();
  showPage();
  setInterval(() => isLive() && refresh(), REFRESH_MS);
} catch ({ message }) {
  main.replaceChildren(el("p", { class: "empty failed" }, message));
}
