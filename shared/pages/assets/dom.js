// Elements without markup: every text is set as text, so nothing that a manifest, a file or a person says becomes code.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. Attributes: `on…` are listeners; false, null and undefined leave one out. Children: nodes, texts. */
export function h(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** An SVG element, the same way. */
export function s(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
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

/** The element with this id, which is in the page. */
export function byId(id) {
  return document.getElementById(id);
}

/** Show `children` in an element in place of what it held; without any, hide it. */
export function show(element, ...children) {
  const kept = children.flat(Infinity).filter(Boolean);
  element.replaceChildren(...kept);
  element.hidden = kept.length === 0;
}

/** A button that copies what `text` returns, and says so. */
export function copyButton(label, text) {
  const button = h("button", { type: "button", class: "quiet small", "aria-live": "polite" }, label);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text());
      button.textContent = "Copied";
    } catch {
      button.textContent = "Copying is not allowed here";
    }
    setTimeout(() => (button.textContent = label), 1600);
  });
  return button;
}

/** Offer `text` to be saved as a file. */
export function download(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
