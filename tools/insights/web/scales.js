// Axes: where a value stands, and which values are written down.

/** A scale from values to pixels. */
export const linear = (from, to, low, high) => (value) => low + ((value - from) / (to - from || 1)) * (high - low);

/**
 * How high an axis goes: to the highest value, unless a few stand so far above the rest that nothing else could be seen.
 * What is higher is cut off, and marked.
 */
export function reach(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const most = sorted.at(-1) ?? 0;
  const usual = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
  return usual > 0 && most > 4 * usual ? 1.6 * usual : most;
}

/** Round values from 0 to at least `most`, about `count` of them. */
export function ticks(most, count = 3) {
  const rough = (most || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const unit = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999);
  const found = [];
  for (let value = 0; value < most + unit * 0.999 || found.length < 2; value += unit) found.push(value);
  return found;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [
  ...[5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7].map((count) => count * DAY),
];

/** Round moments between two, at most `count`, with their texts. */
export function moments(since, until, count) {
  const unit = STEPS.find((each) => (until - since) / each <= count) ?? STEPS.at(-1);
  const shift = new Date(since).getTimezoneOffset() * MINUTE; // round where the reader is
  const found = [];
  for (let at = Math.ceil((since - shift) / unit) * unit + shift; at <= until; at += unit) {
    found.push({ at, text: label(new Date(at), unit) });
  }
  return found;
}

function label(at, unit) {
  if (unit >= DAY) return at.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return at.toLocaleTimeString("en-GB", unit < MINUTE ? { ...time, second: "2-digit" } : time);
}
