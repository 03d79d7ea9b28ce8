// The server's side of the page: which questions there are, and their answers.

/** A failed call, with what the server said. */
export class AskError extends Error {}

async function get(path, parameters = {}) {
  let answer;
  try {
    answer = await fetch(`/api/${path}?${new URLSearchParams(parameters)}`);
  } catch {
    throw new AskError("The local Application Insights does not answer. Is it still running?");
  }
  const body = await answer.json();
  if (!answer.ok) throw new AskError(body.error);
  return body;
}

/** All questions of monitoring/queries. */
export const questions = () => get("questions");

/** The state of all alerts. */
export const alerts = () => get("alerts");

/** The answer to a question about a time range, `{since, until}`, with the reader's other choices. */
export async function ask(question, range, choices) {
  const since = question.span ? new Date(range.until - days(question.span)) : range.since;
  const wanted = Object.fromEntries(question.parameters.map((name) => [name, choices[name] ?? ""]));
  const times = { since: since.toISOString(), until: range.until.toISOString() };
  return { ...(await get(`questions/${question.name}`, { ...wanted, ...times })), since, until: range.until };
}

/** Rows as objects, times as Date. */
export function records(answer) {
  return answer.rows.map((row) =>
    Object.fromEntries(answer.columns.map(([name, kind], place) => [name, value(kind, row[place])])),
  );
}

const value = (kind, given) => (kind === "time" && given ? new Date(given) : given);

/** Milliseconds of an ISO 8601 duration of days, such as P7D. */
const days = (span) => Number(/^P(\d+)D$/.exec(span)[1]) * 86_400_000;
