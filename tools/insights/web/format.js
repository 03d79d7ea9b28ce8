// Format numbers, times and column names as text.

const DAYS_MS = 86_400_000;
const COLUMN_NAMES = {
  timestamp: "time",
  operation_Id: "request",
  difference_mean: "mean difference",
  difference_abs_mean: "mean absolute difference",
  difference_abs_max: "largest absolute difference",
  scikit_learn: "scikit-learn",
};
const UNITS = { _ms: "ms", _percent: "%" }; // endings of the names of columns
const ENDING = new RegExp(`(${Object.keys(UNITS).join("|")})$`);

/** Format a number with three digits: 1234.5 → "1,235", 12.345 → "12.3", 0.0123 → "0.012". */
export function formatNumber(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return value.toLocaleString("en", { maximumFractionDigits: digits }).replace("-", "−");
}

/** Format a number with its unit. A thousand milliseconds and more become seconds. */
export function formatQuantity(value, unit) {
  if (unit === "ms" && value >= 1000) return `${formatNumber(value / 1000)} s`;
  return unit ? `${formatNumber(value)} ${unit}` : formatNumber(value);
}

/** Format a count with its noun: "1 request", "2 requests". */
export function formatPlural(count, singular) {
  return `${count} ${singular}${count === 1 ? "" : "s"}`;
}

/** Format the local time of day, with milliseconds if needed. */
export function formatTime(date, milliseconds = false) {
  const text = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
  return milliseconds ? `${text}.${String(date.getMilliseconds()).padStart(3, "0")}` : text;
}

/** Format a date and time, without the date if it is today. */
export function formatDateTime(date) {
  if (new Date().toDateString() === date.toDateString()) return formatTime(date);
  const day = [date.getFullYear(), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())].join("-");
  return `${day} ${formatTime(date)}`;
}

/** Format the name of a column, with its unit: `model_p95_ms` → "model p95, ms", `failed_percent` → "failed, %". */
export function formatColumnName(name) {
  const [ending] = ENDING.exec(name) ?? [];
  return ending ? `${formatSeriesName(name)}, ${UNITS[ending]}` : formatSeriesName(name);
}

/** Format the name of a column without its unit, for a chart that has the unit beside each value. */
export function formatSeriesName(name) {
  return COLUMN_NAMES[name] ?? name.replace(ENDING, "").replaceAll("_", " ");
}

/** Return the milliseconds of an ISO 8601 duration in days, such as P7D. */
export function parseDays(duration) {
  return Number(/^P(\d+)D$/.exec(duration)[1]) * DAYS_MS;
}

function twoDigits(value) {
  return String(value).padStart(2, "0");
}
