// Build elements. Everything from telemetry is set as text, never as markup.

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/**
 * Return an HTML element. An attribute `on…` adds a listener, `style` sets CSS properties; false, null and undefined
 * leave an attribute out.
 */
export function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** Return an SVG element, with attributes and children as in `el`. */
export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG_NAMESPACE, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") setStyle(element, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** Set CSS properties one by one: the Content-Security-Policy allows no style attributes. */
function setStyle(element, properties) {
  for (const [name, value] of Object.entries(properties)) element.style.setProperty(name, value);
}

/** Return the element with this id. */
export function getById(id) {
  return document.getElementById(id);
}
