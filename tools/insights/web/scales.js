// Scales and ticks: convert values to pixels, and choose the values on an axis.

/** Return a linear scale from [low, high] to [from, to]. */
export function linearScale(low, high, from, to) {
  return (value) => from + ((value - low) / (high - low || 1)) * (to - from);
}

/**
 * Return the top of an axis: the highest value, unless a few values are so high that the others could not be seen.
 * Values above the top are cut off and marked.
 */
export function axisTop(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const max = sorted.at(-1) ?? 0;
  const usual = sorted[Math.floor(sorted.length * 0.95)] ?? 0;
  return usual > 0 && max > 4 * usual ? 1.6 * usual : max;
}

/** Return about `count` round numbers with 0 among them, from at most `min` to at least `max`. */
export function roundTicks(min, max, count = 3) {
  const [low, high] = [Math.min(0, min), Math.max(0, max)];
  const roughStep = (high - low || 1) / count;
  const power = 10 ** Math.floor(Math.log10(roughStep));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= roughStep * 0.999);
  const ticks = [];
  for (let i = Math.floor(low / step) || 0; i * step < high + step * 0.999 || ticks.length < 2; i++) ticks.push(i * step);
  return ticks;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TIME_STEPS = [
  ...[5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7].map((count) => count * DAY),
];

/** Return at most `maxCount` round times as {time, text}. They are round in the time zone of the browser. */
export function timeTicks(since, until, maxCount) {
  const step = TIME_STEPS.find((candidate) => (until - since) / candidate <= maxCount) ?? TIME_STEPS.at(-1);
  const shift = new Date(since).getTimezoneOffset() * MINUTE;
  const ticks = [];
  for (let time = Math.ceil((since - shift) / step) * step + shift; time <= until; time += step) {
    ticks.push({ time, text: formatTick(new Date(time), step) });
  }
  return ticks;
}

function formatTick(date, step) {
  if (step >= DAY) return date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return date.toLocaleTimeString("en-GB", step < MINUTE ? { ...options, second: "2-digit" } : options);
}
