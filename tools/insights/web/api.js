// HTTP client of the local Application Insights: the queries, their results, and the alerts.

import { parseDays } from "./format.js";

/** A failed request, with the message of the server. */
export class ApiError extends Error {}

async function get(path, parameters = {}) {
  let response;
  try {
    response = await fetch(`/api/${path}?${new URLSearchParams(parameters)}`);
  } catch {
    throw new ApiError("The local Application Insights does not respond. Is it still running?");
  }
  const body = await response.json();
  if (!response.ok) throw new ApiError(body.error);
  return body;
}

/** Return all queries of monitoring/queries. */
export function getQueries() {
  return get("questions");
}

/** Return the state of all alerts. */
export function getAlerts() {
  return get("alerts");
}

/** Return one alert: its state, its query with the result, and the chapter of the runbook. */
export function getAlert(name) {
  return get(`alerts/${encodeURIComponent(name)}`);
}

/** Run a query over a time range {since, until}. Only the parameters that the query declares are sent. */
export async function runQuery(query, range, filters) {
  const since = query.span ? new Date(range.until - parseDays(query.span)) : range.since;
  const parameters = Object.fromEntries(query.parameters.map((name) => [name, filters[name] ?? ""]));
  const times = { since: since.toISOString(), until: range.until.toISOString() };
  return { ...(await get(`questions/${query.name}`, { ...parameters, ...times })), since, until: range.until };
}

/** Return the rows of a result as objects, with times as Date. */
export function toRecords({ columns, rows }) {
  return rows.map((row) => Object.fromEntries(columns.map(([name, kind], i) => [name, parseValue(kind, row[i])])));
}

function parseValue(kind, value) {
  return kind === "time" && value ? new Date(value) : value;
}
