// Build elements. Every text is set as text, so nothing in a manifest, a file or an input can run as code.

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/** Return an HTML element. An attribute `on…` adds a listener; false, null and undefined leave an attribute out. */
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
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** Return the element with this id. */
export function getById(id) {
  return document.getElementById(id);
}

/** Replace the children of an element. Without children the element is hidden. */
export function setContent(element, ...children) {
  const content = children.flat(Infinity).filter(Boolean);
  element.replaceChildren(...content);
  element.hidden = content.length === 0;
}

/** Return a button that copies the text which `getText` returns. */
export function createCopyButton(label, getText) {
  const button = el("button", { type: "button", class: "secondary small", "aria-live": "polite" }, label);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(getText());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Copying is not allowed here";
    }
    setTimeout(() => (button.textContent = label), 1600);
  });
  return button;
}

/** Let the user save `text` as a file. */
export function downloadFile(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
