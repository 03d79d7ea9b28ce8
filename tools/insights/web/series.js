// Answers as series: names with points over time.

/**
 * The series of an answer about time. Every number column is one; with a text column before the number, every text is.
 * Colours are given by name, so that `ok` and `p95` look the same in every chart.
 */
export function series(answer) {
  const kinds = answer.columns.map(([, kind]) => kind);
  const at = kinds.indexOf("time");
  const split = kinds.indexOf("text");
  return split < 0 ? columns(answer, at) : groups(answer, at, split, kinds.indexOf("number"));
}

function columns(answer, at) {
  return answer.columns.flatMap(([name, kind], place) =>
    kind === "number" ? [{ name, points: answer.rows.map((row) => point(row, at, place)).filter(known) }] : [],
  );
}

function groups(answer, at, split, value) {
  const found = new Map();
  for (const row of answer.rows) {
    const name = row[split] || "–";
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(point(row, at, value));
  }
  return [...found].sort(byName).map(([name, points]) => ({ name, points: points.filter(known) }));
}

const GOOD_FIRST = ["ok", "logged in"];
const byName = ([a], [b]) => GOOD_FIRST.includes(b) - GOOD_FIRST.includes(a) || a.localeCompare(b);

const point = (row, at, value) => ({ at: new Date(row[at]).getTime(), value: row[value] });
const known = ({ value }) => value != null;

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
  training_percent: "quiet",
  now_percent: "a",
};
const OTHERS = ["b", "d", "e", "c", "f", "a"];

/** The CSS class of a series' colour. */
export const colour = (name, place) => `ink-${COLOURS[name] ?? OTHERS[place % OTHERS.length]}`;

/** The distance between the points that are next to each other: the width of a bar, and what is a gap. */
export function step(all) {
  const times = [...new Set(all.flatMap(({ points }) => points.map(({ at }) => at)))].sort((a, b) => a - b);
  const distances = times.slice(1).map((at, place) => at - times[place]);
  return distances.length ? Math.min(...distances) : 0;
}

/** Points in runs without gaps. */
export function runs(points, width) {
  const found = [];
  for (const each of points) {
    const last = found.at(-1);
    if (last && each.at - last.at(-1).at < width * 1.5) last.push(each);
    else found.push([each]);
  }
  return found;
}
