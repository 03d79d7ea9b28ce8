// Charts, drawn as SVG: lines and stacked bars over time, and bars side by side.

import { clock, el, number, quantity, svg, words } from "./dom.js";
import { linear, moments, reach, ticks } from "./scales.js";
import { colour, runs, series, step } from "./series.js";

const HEIGHT = 190;
const EDGE = { top: 10, right: 10, bottom: 22, left: 46 };

/** A chart of an answer, which is drawn anew when its width changes. */
export function chart(kind, answer, unit, title) {
  const frame = el("div", { class: "chart" });
  const draw = kind === "compare" ? compare : overTime(kind);
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (Math.abs(entry.contentRect.width - width) < 1) return;
    width = entry.contentRect.width;
    frame.replaceChildren(...draw(answer, unit, title, width));
  }).observe(frame);
  return frame;
}

const overTime = (kind) => (answer, unit, title, width) => {
  const all = series(answer).map((each, place) => ({ ...each, ink: colour(each.name, place) }));
  const gap = step(all);
  const [since, until] = [answer.since.getTime(), answer.until.getTime()];
  const stacks = kind === "bars" ? stacked(all) : null;
  const values = (stacks ?? all).flatMap(({ points }) => points.map((each) => each.top ?? each.value));
  const levels = ticks(stacks ? Math.max(0, ...values) : reach(values));
  const scale = linear(since, until, EDGE.left, width - EDGE.right);
  const x = (at) => Math.max(EDGE.left, scale(at)); // the first point may begin before the range does
  const y = linear(0, levels.at(-1), HEIGHT - EDGE.bottom, EDGE.top);
  const marks = stacks ? bars(stacks, x, y, gap) : lines(all, x, y, gap, levels.at(-1), unit);
  const picture = svg(
    "svg",
    { width, height: HEIGHT, role: "img", "aria-label": summary(title, all, unit) },
    grid(levels, y, width),
    moments(since, until, Math.max(2, width / 90)).map(({ at, text }) => timeMark(x(at), text, width)),
    marks,
  );
  return [picture, ...pointer(picture, all, x, unit), legend(all, unit)];
};

/** Lines; the ground below the first is tinted, and a peak that is cut off says how high it was. */
function lines(all, x, y, gap, top, unit) {
  const place = ({ at, value }) => `${x(at).toFixed(1)},${y(Math.min(value, top)).toFixed(1)}`;
  const drawn = all.map(({ name, points, ink }, nth) => {
    const found = runs(points, gap || 1);
    const long = found.filter((run) => run.length > 1);
    const ground = nth ? [] : long.map((run) => svg("path", { class: "ground", d: `M${x(run[0].at)},${y(0)}L${run.map(place).join("L")}L${x(run.at(-1).at)},${y(0)}Z` }));
    const paths = long.map((run) => svg("path", { d: `M${run.map(place).join("L")}` }));
    const alone = found.filter((run) => run.length === 1).map(([{ at, value }]) => svg("circle", { cx: x(at), cy: y(Math.min(value, top)), r: 2.5 }));
    return svg("g", { class: `line ${ink}`, "data-series": name, "data-points": points.length }, ground, paths, alone);
  });
  return [...drawn.reverse(), ...peaks(all, x, y, top, unit)];
}

/** The highest value of every moment that goes beyond the axis. */
function peaks(all, x, y, top, unit) {
  const found = new Map();
  for (const { at, value } of all.flatMap(({ points }) => points)) {
    if (value > top) found.set(at, Math.max(value, found.get(at) ?? 0));
  }
  return [...found].map(([at, value]) =>
    svg(
      "g",
      { class: "peak" },
      svg("path", { d: `M${x(at) - 4},${y(top) + 2}l4,-6l4,6z` }),
      found.size > 3 ? null : svg("text", { x: x(at) + 8, y: y(top) + 4 }, quantity(value, unit)),
    ),
  );
}

/** Every point with the sum of those below it. */
function stacked(all) {
  const sums = new Map();
  return all.map((each) => ({
    ...each,
    points: each.points.map(({ at, value }) => {
      const base = sums.get(at) ?? 0;
      sums.set(at, base + value);
      return { at, base, top: base + value };
    }),
  }));
}

function bars(stacks, x, y, gap) {
  const times = stacks.flatMap(({ points }) => points.map(({ at }) => at));
  const last = Math.max(...times);
  const width = gap ? Math.max(1.5, (x(last) - x(last - gap)) * 0.82) : 8;
  return stacks.map(({ name, points, ink }) =>
    svg(
      "g",
      { class: `bar ${ink}`, "data-series": name, "data-points": points.length },
      points.map(({ at, base, top }) =>
        svg("rect", { x: x(at), y: y(top), width, height: Math.max(0.5, y(base) - y(top)), rx: 1 }),
      ),
    ),
  );
}

const grid = (levels, y, width) =>
  levels.map((level) =>
    svg(
      "g",
      { class: "grid" },
      svg("line", { x1: EDGE.left, x2: width - EDGE.right, y1: y(level), y2: y(level) }),
      svg("text", { x: EDGE.left - 8, y: y(level) + 4, "text-anchor": "end" }, number(level)),
    ),
  );

const timeMark = (at, text, width) =>
  at < EDGE.left + 14 || at > width - 22
    ? null
    : svg("text", { class: "time", x: at, y: HEIGHT - 6, "text-anchor": "middle" }, text);

const legend = (all, unit) =>
  el(
    "ul",
    { class: "legend" },
    all.map(({ name, ink, points }) =>
      el(
        "li",
        { class: ink },
        el("span", { class: "swatch" }),
        words(name),
        el("b", {}, quantity(points.at(-1)?.value, unit.length < 3 ? unit : "")),
      ),
    ),
  );

const summary = (title, all, unit) =>
  [`${title}.`, ...all.map(({ name, points }) => `${words(name)}: latest ${quantity(points.at(-1)?.value, unit)}.`)].join(" ");

/** What the points under the mouse say. */
function pointer(picture, all, x, unit) {
  const rule = svg("line", { class: "rule", y1: EDGE.top, y2: HEIGHT - EDGE.bottom, hidden: true });
  const note = el("div", { class: "note", hidden: true });
  const times = [...new Set(all.flatMap(({ points }) => points.map(({ at }) => at)))];
  picture.append(rule);
  picture.addEventListener("pointerleave", () => [rule, note].forEach((each) => each.setAttribute("hidden", "")));
  picture.addEventListener("pointermove", (event) => {
    if (!times.length) return;
    const left = event.clientX - picture.getBoundingClientRect().left;
    const at = times.reduce((best, each) => (Math.abs(x(each) - left) < Math.abs(x(best) - left) ? each : best));
    rule.setAttribute("x1", x(at));
    rule.setAttribute("x2", x(at));
    note.replaceChildren(el("b", {}, clock(new Date(at))), ...all.flatMap((each) => said(each, at, unit)));
    note.style.setProperty("--at", `${x(at)}px`);
    note.classList.toggle("left", x(at) > picture.clientWidth / 2);
    [rule, note].forEach((each) => each.removeAttribute("hidden"));
  });
  return [note];
}

function said({ name, ink, points }, at, unit) {
  const found = points.find((each) => each.at === at);
  return found ? [el("span", { class: ink }, el("i", { class: "swatch" }), `${words(name)} ${quantity(found.value, unit)}`)] : [];
}

/** Bars side by side: a text and numbers to each. */
function compare(answer, unit) {
  const names = answer.columns.slice(1).map(([name]) => name);
  const most = Math.max(1e-9, ...answer.rows.flatMap((row) => row.slice(1)).filter(Number.isFinite));
  const bar = (value, name, place) =>
    el(
      "div",
      { class: `meter ${colour(name, place)}`, "data-series": name },
      el("span", { class: "fill", style: { "--share": Math.max(0, value ?? 0) / most } }),
      el("b", {}, quantity(value, unit)),
    );
  const rows = answer.rows.map(([text, ...values]) =>
    el("div", { class: "pair" }, el("span", { class: "band" }, text), el("div", {}, values.map((value, place) => bar(value, names[place], place)))),
  );
  const key = names.map((name, place) => el("li", { class: colour(name, place) }, el("span", { class: "swatch" }), words(name)));
  return [el("div", { class: "pairs" }, rows), el("ul", { class: "legend" }, key)];
}
