// A batch's results: what came of it in a line, the distribution, the first rows as a table, and all of them as a file.

import { writeSafely } from "./csv.js";
import { download, h } from "./dom.js";
import { byClass, byValue } from "./histogram.js";
import { columns } from "./table.js";
import { count, duration, number, plural } from "./words.js";

const FIRST = 200; // rows in the page: a browser lays out so many at once without a pause
const MOST_COLUMNS = 40;
const WIDE = 760;

/** The results of one batch, as an element as wide as `width`. */
export function results(manifest, { header, rows, told }, width) {
  const found = rows.flatMap(({ outcome }) => (outcome ? [outcome] : []));
  const added = columns(manifest, header);
  return [
    h(
      "div",
      { class: "card-head" },
      h("h2", { tabindex: "-1" }, summary(found, told)),
      h("div", { class: "actions" }, downloads(manifest, header, rows, added, told)),
    ),
    problems(rows),
    h("div", { class: "distribution" }, distribution(manifest, found, width)),
    table(header, rows, added),
  ];
}

/** Beside each other where there is room. */
function distribution(manifest, found, width) {
  const both = manifest.kind === "regressor" && manifest.output.classes?.length > 0 && width > WIDE;
  return [byValue(manifest, found, both ? width * 0.6 : width), byClass(manifest, found)];
}

function summary(found, { millis }) {
  return `${plural(found.length, "row")} answered in ${duration(millis)}`;
}

/** In plain words: how many rows lie outside the training data, and which could not be asked about. */
function problems(rows) {
  const outside = rows.filter((row) => row.outside?.length).length;
  const bad = rows.flatMap(({ problem }, i) => (problem ? [`Row ${count(i + 1)}: ${problem}`] : []));
  return [
    outside > 0 &&
      h(
        "p",
        { class: "note warn" },
        h("strong", {}, plural(outside, "row")),
        outside === 1 ? " is" : " are",
        " outside the range the model was trained on; take the answer with care.",
      ),
    bad.length > 0 &&
      h(
        "details",
        { class: "note bad" },
        h("summary", {}, h("strong", {}, plural(bad.length, "row")), bad.length === 1 ? " has" : " have", " no answer"),
        h(
          "ul",
          {},
          bad.slice(0, 20).map((text) => h("li", {}, text)),
          bad.length > 20 && h("li", {}, `and ${count(bad.length - 20)} more`),
        ),
      ),
  ];
}

function downloads(manifest, header, rows, added, { path, instances }) {
  const all = () =>
    writeSafely(
      [...header, ...added.map(({ name }) => name)],
      rows.map((row) => [...header.map((_, i) => row.cells[i] ?? ""), ...added.map(({ cell }) => cell(row))]),
    );
  const command = `curl -s ${location.origin}${path} -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d @instances.json`;
  return [
    h(
      "button",
      {
        type: "button",
        class: "primary",
        onclick: () => download(`${manifest.name}-predictions.csv`, all(), "text/csv;charset=utf-8"),
      },
      "Download CSV",
    ),
    h(
      "button",
      {
        type: "button",
        class: "quiet",
        title: command,
        onclick: () => download("instances.json", JSON.stringify({ instances }), "application/json"),
      },
      "Request as JSON",
    ),
  ];
}

function table(header, rows, added) {
  const shown = header.slice(0, MOST_COLUMNS);
  const said = added.filter(({ cell }) => rows.some((row) => cell(row) || cell(row) === 0));
  const body = h("tbody");
  const more = h("button", { type: "button", class: "quiet", onclick: () => extend() });
  const told = h("p", { class: "soft" });
  let at = 0;
  function extend() {
    body.append(...rows.slice(at, at + FIRST).map((row, i) => line(shown, said, row, at + i)));
    at = Math.min(rows.length, at + FIRST);
    more.hidden = at === rows.length;
    more.textContent = `Show ${count(Math.min(FIRST, rows.length - at))} more`;
    told.textContent = `${count(at)} of ${plural(rows.length, "row")}${at < rows.length ? "; the download has all" : ""}`;
  }
  extend();
  const heads = ["", ...said.map(({ name }) => name), ...shown];
  return [
    h(
      "div",
      { class: "scroll tall", tabindex: "0", role: "region", "aria-label": "Rows" },
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            heads.map((name) => h("th", { scope: "col" }, name || h("span", { class: "sr" }, "Row"))),
          ),
        ),
        body,
      ),
    ),
    h("div", { class: "more" }, told, more),
  ];
}

function line(shown, added, row, i) {
  const cells = added.map(({ cell }) =>
    h("td", { class: "told" }, typeof cell(row) === "number" ? number(cell(row)) : cell(row)),
  );
  const mood = row.problem ? "bad" : row.outside?.length ? "warn" : null;
  return h(
    "tr",
    { class: mood },
    h("th", { scope: "row" }, count(i + 1)),
    cells,
    shown.map((_, k) => h("td", {}, row.cells[k] ?? "")),
  );
}
