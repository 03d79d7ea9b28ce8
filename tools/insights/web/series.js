// Series: results over time as names with points.

/**
 * Return the series of a result over time: one per number column, or, with a text column, one per text.
 * Colours belong to names, so that `ok` and `p95` have the same colour in every chart.
 */
export function toSeries({ columns, rows }) {
  const kinds = columns.map(([, kind]) => kind);
  const timeColumn = kinds.indexOf("time");
  const nameColumn = kinds.indexOf("text");
  if (nameColumn >= 0) return seriesByText(rows, timeColumn, nameColumn, kinds.indexOf("number"));
  return columns.flatMap(([name, kind], column) =>
    kind === "number" ? [{ name, points: toPoints(rows, timeColumn, column) }] : [],
  );
}

function seriesByText(rows, timeColumn, nameColumn, valueColumn) {
  const groups = Map.groupBy(rows, (row) => row[nameColumn] || "–");
  return [...groups]
    .sort(compareNames)
    .map(([name, group]) => ({ name, points: toPoints(group, timeColumn, valueColumn) }));
}

function toPoints(rows, timeColumn, valueColumn) {
  return rows
    .map((row) => ({ time: new Date(row[timeColumn]).getTime(), value: row[valueColumn] }))
    .filter(({ value }) => value !== null && value !== undefined);
}

const GOOD_FIRST = ["ok", "logged in"];

function compareNames([a], [b]) {
  return GOOD_FIRST.includes(b) - GOOD_FIRST.includes(a) || a.localeCompare(b);
}

const FAILURES = [
  ...["setting-invalid", "unavailable", "logins-busy", "store-unavailable", "users-unavailable"],
  ...["features-unavailable", "features-invalid", "model-missing", "model-integrity", "model-version"],
]; // outcomes with a status of 5xx
const COLOURS = {
  p50: "a",
  p95: "b",
  p99: "c",
  error_rate: "bad",
  outside_percent: "b",
  ok: "good",
  "logged in": "good",
  "wrong credentials": "b",
  throttled: "c",
  internal: "bad",
  failed: "bad",
  unanswered: "bad",
  "invalid-instances": "b",
  "invalid-token": "c",
  unauthorized: "d",
  "invalid-grant": "e",
  "too-many-logins": "f",
  "malformed-json": "a",
  ...Object.fromEntries(FAILURES.map((slug) => [slug, "bad"])),
  training_percent: "neutral",
  now_percent: "a",
};
const OTHER_COLOURS = ["b", "d", "e", "c", "f", "a"];

/** Return the CSS class with the colour of a series: the one of its name, or, for a chart's others, by their order. */
export function colourClass(name, index) {
  return `colour-${COLOURS[name] ?? OTHER_COLOURS[index % OTHER_COLOURS.length]}`;
}

/** Return the smallest distance between two points in time: the width of a bar. A longer distance is a gap. */
export function smallestStep(seriesList) {
  const times = [...new Set(seriesList.flatMap(({ points }) => points.map(({ time }) => time)))].sort((a, b) => a - b);
  const steps = times.slice(1).map((time, i) => time - times[i]);
  return steps.length ? Math.min(...steps) : 0;
}

/** Split points into runs without gaps. */
export function splitAtGaps(points, step) {
  const runs = [];
  for (const point of points) {
    const run = runs.at(-1);
    if (run && point.time - run.at(-1).time < step * 1.5) run.push(point);
    else runs.push([point]);
  }
  return runs;
}
