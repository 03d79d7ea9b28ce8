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

/**
 * Replace an element's children, but keep those that look the same: a page that is refreshed keeps its focus, its
 * selection and its scrolling. A child that changes keeps the focus too.
 */
export function update(element, children) {
  const old = [...element.children];
  children.forEach((child, i) => {
    if (!old[i]) element.append(child);
    else if (!old[i].isEqualNode(child)) replace(old[i], child);
  });
  for (const child of old.slice(children.length)) child.remove();
}

function replace(old, child) {
  const hadFocus = old === document.activeElement;
  old.replaceWith(child);
  if (hadFocus) child.focus({ preventScroll: true });
}
