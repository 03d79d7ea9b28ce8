// Format numbers, counts, durations and shares as text.

const formats = new Map();

/** Format a number with a few digits: 210.8, 0.0617, 1.2e-9. */
export function formatNumber(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return withMinusSign(value.toExponential(digits - 1));
  // The integer part is never rounded away: 12,345 stays 12,345.
  const integerDigits = Math.floor(Math.log10(size || 1)) + 1;
  if (integerDigits > digits) return withMinusSign(formatCount(Math.round(value)));
  return withMinusSign(significantFormat(digits).format(value));
}

function significantFormat(digits) {
  if (!formats.has(digits)) {
    formats.set(digits, new Intl.NumberFormat("en", { maximumSignificantDigits: digits, useGrouping: "min2" }));
  }
  return formats.get(digits);
}

/** Format a whole number with thousands separators. */
export function formatCount(value) {
  return new Intl.NumberFormat("en").format(value);
}

/** Format milliseconds: 0.41 ms, 12 ms, 1.3 s. */
export function formatDuration(milliseconds) {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)}\u00a0s`;
  const digits = milliseconds >= 0.995 ? 1 : 2;
  return `${milliseconds >= 9.95 ? Math.round(milliseconds) : milliseconds.toFixed(digits)}\u00a0ms`;
}

/** Format a share between 0 and 1: 62 %, <1 %. */
export function formatShare(share) {
  if (share > 0 && share < 0.005) return "<1 %";
  if (share < 1 && share > 0.995) return ">99 %";
  return `${Math.round(share * 100)} %`;
}

/** Format a count with its noun: "1 row", "2 rows". */
export function formatPlural(count, singular, plural = `${singular}s`) {
  return `${formatCount(count)} ${count === 1 ? singular : plural}`;
}

function withMinusSign(text) {
  return text.replace("-", "−");
}
