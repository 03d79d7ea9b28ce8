// Elements and texts. Everything that comes from telemetry goes into the page as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element: `el("a", { href: "#/" }, "home")`. A property that is a function listens. */
export const el = (name, properties = {}, ...children) => build(document.createElement(name), properties, children);

/** The same for SVG. */
export const svg = (name, properties = {}, ...children) =>
  build(document.createElementNS(SVG, name), properties, children);

function build(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (name === "style") Object.entries(value).forEach(([key, each]) => element.style.setProperty(key, each));
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(2).filter((child) => child != null && child !== false));
  return element;
}

/** 1234.5 → "1,235"; 12.345 → "12.3"; 0.0123 → "0.012": three figures, as many as anybody reads. */
export function number(value) {
  if (value == null || !Number.isFinite(value)) return "–";
  if (Number.isInteger(value)) return value.toLocaleString("en");
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

/** A number with its unit; a thousand milliseconds and more as seconds. */
export function quantity(value, unit) {
  if (unit === "ms" && value >= 1000) return `${number(value / 1000)} s`;
  return unit ? `${number(value)} ${unit}` : number(value);
}

const two = (value) => String(value).padStart(2, "0");

/** The time of day here, to the second, or to the millisecond where that matters. */
export function clock(at, milliseconds = false) {
  const text = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return milliseconds ? `${text}.${String(at.getMilliseconds()).padStart(3, "0")}` : text;
}

/** Day and time, the day only when it is not today. */
export function moment(at) {
  const today = new Date().toDateString() === at.toDateString();
  return today ? clock(at) : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(at)}`;
}

const SHORT = { timestamp: "time", operation_Id: "request" };

/** A column's name for people: `model_p95_ms` → "model p95 ms". */
export const words = (name) => SHORT[name] ?? name.replaceAll("_", " ");
