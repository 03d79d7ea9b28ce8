// How numbers, labels and counts read.

const formats = new Map();

/** A number in a few digits, for people: 210.8, 0.0617, 1.2e-9. */
export function number(value, digits = 4) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return minus(value.toExponential(digits - 1));
  if (!formats.has(digits)) {
    formats.set(digits, new Intl.NumberFormat("en", { maximumSignificantDigits: digits, useGrouping: "min2" }));
  }
  // Whole parts are never rounded away: 12,345 stays so.
  const whole = Math.floor(Math.log10(size || 1)) + 1;
  return minus((whole > digits ? count : formats.get(digits).format)(whole > digits ? Math.round(value) : value));
}

/** A count, with separators. */
export function count(value) {
  return new Intl.NumberFormat("en").format(value);
}

/** Milliseconds: 0.41 ms, 12 ms, 1.3 s. */
export function duration(millis) {
  if (millis >= 1000) return `${(millis / 1000).toFixed(1)}\u00a0s`;
  return `${millis >= 9.95 ? Math.round(millis) : millis.toFixed(millis >= 0.995 ? 1 : 2)}\u00a0ms`;
}

/** A share between 0 and 1: 62 %, <1 %. */
export function share(value) {
  if (value > 0 && value < 0.005) return "<1 %";
  if (value < 1 && value > 0.995) return ">99 %";
  return `${Math.round(value * 100)} %`;
}

/** "1 row", "2 rows". */
export function plural(many, one, more = `${one}s`) {
  return `${count(many)} ${many === 1 ? one : more}`;
}

/** What people call a feature or the output. */
export function title(of) {
  return of.label || of.name;
}

/** The title with its unit. */
export function titleWithUnit(of) {
  return of.unit ? `${title(of)} · ${of.unit}` : title(of);
}

/** A class's label as text; labels may be numbers or booleans. */
export function label(of) {
  return String(of);
}

/** The probability of a class: JSON names it by its text, and writes the float 1.0 so. */
export function probability(probabilities, of) {
  const name = Object.hasOwn(probabilities, label(of)) ? label(of) : Number(of).toFixed(1);
  return Object.hasOwn(probabilities, name) ? probabilities[name] : 0;
}

/** An object's own member, whatever its name; names of features may be any text, `constructor` too. */
export function own(object, name) {
  return object && Object.hasOwn(object, name) ? object[name] : undefined;
}

function minus(text) {
  return text.replace("-", "−");
}
