// Choose a time range on a chart: press, drag, release. Escape ends it. The fields of the header do the same.

import { svg } from "./dom.js";

const MIN_PIXELS = 8; // less is a click

/** Let a drawing over time send the event `zoom` with {since, until} when a range was drawn on it. */
export function listenForRange(drawing, { since, until }, { left, right, top, bottom }) {
  const area = svg("rect", { class: "zoom", y: top, height: bottom - top, hidden: true });
  drawing.append(area);
  let start = null;

  const place = ({ clientX }) => {
    const x = clientX - drawing.getBoundingClientRect().left;
    return Math.min(right, Math.max(left, x));
  };
  const toTime = (x) => new Date(since.getTime() + ((x - left) / (right - left)) * (until - since));
  const stop = () => {
    start = null;
    delete drawing.dataset.dragging;
    area.setAttribute("hidden", "");
    document.removeEventListener("keydown", onKey);
  };
  const onKey = ({ key }) => key === "Escape" && stop();

  drawing.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault(); // no text is selected, whose dragging would end this
    start = place(event);
    drawing.dataset.dragging = "true"; // a live page does not draw it again meanwhile
    drawing.setPointerCapture(event.pointerId);
    document.addEventListener("keydown", onKey);
  });
  drawing.addEventListener("pointermove", (event) => {
    if (start === null) return;
    const end = place(event);
    area.setAttribute("x", Math.min(start, end));
    area.setAttribute("width", Math.abs(end - start));
    area.removeAttribute("hidden");
  });
  drawing.addEventListener("pointerup", (event) => {
    if (start === null) return;
    const [low, high] = [start, place(event)].sort((a, b) => a - b);
    stop();
    if (high - low < MIN_PIXELS) return;
    const detail = { since: toTime(low), until: toTime(high) };
    drawing.dispatchEvent(new CustomEvent("zoom", { bubbles: true, detail }));
  });
  drawing.addEventListener("pointercancel", stop);
}
