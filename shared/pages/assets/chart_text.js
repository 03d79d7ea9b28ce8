// Texts in charts, measured in pixels: an SVG text does not wrap, and is cut off at the edge of its chart.

const LARGEST_FONT = "650 12px"; // of the texts in chart.css

const context = document.createElement("canvas").getContext("2d");

/** Return the width of a text in pixels. */
export function textWidth(text) {
  context.font = `${LARGEST_FONT} ${getComputedStyle(document.body).fontFamily}`;
  return context.measureText(text).width;
}

/** Return a text that is shortened to at most `width` pixels. */
export function fitText(text, width) {
  const total = textWidth(text);
  if (total <= width) return text;
  let length = Math.min(text.length - 1, Math.ceil((2 * text.length * width) / total));
  while (length > 1 && textWidth(`${text.slice(0, length)}…`) > width) length -= 1;
  return `${text.slice(0, Math.max(1, length))}…`;
}
