// Many rows at once: one request answers up to 10,000 of them.

import { parse } from "./csv.js";
import { byId, h, show } from "./dom.js";
import { entry, MOST_ROWS } from "./entry.js";
import { asked, outcomes } from "./outcome.js";
import { results } from "./results.js";
import * as session from "./session.js";
import { joined, matched } from "./table.js";
import { count, plural } from "./words.js";

const PADDING = 48; // of the card, left and right

/** Build the tab. */
export function batch(manifest) {
  const form = entry(manifest, submit);
  const found = h("section", { class: "card", "aria-label": "Results", hidden: true });
  byId("batch").replaceChildren(form.element, found);

  async function submit(event) {
    event.preventDefault();
    show(form.problem);
    try {
      const parts = parse(form.read());
      const rows = matched(manifest, parts);
      refuse(rows);
      await session.asUser(() => predict(parts.header, rows));
    } catch (refused) {
      show(form.problem, refused.message, ...(refused.errors || []).slice(0, 5).map(fault));
    }
  }

  async function predict(header, rows) {
    const good = rows.filter(({ instance }) => instance);
    form.button.setAttribute("aria-busy", "true");
    try {
      const told = await asked(
        manifest,
        good.map(({ instance }) => instance),
      );
      joined(rows, good, outcomes(manifest, told.answer), told.answer.warnings);
      found.hidden = false;
      show(found, results(manifest, { header, rows, told }, Math.max(280, found.clientWidth - PADDING)));
      found.querySelector("h2").focus();
    } finally {
      form.button.removeAttribute("aria-busy");
    }
  }
}

/** Throws with a sentence when the rows cannot be asked about. */
function refuse(rows) {
  if (rows.length > MOST_ROWS) {
    throw new Error(`There are ${plural(rows.length, "row")}; one request takes ${count(MOST_ROWS)}.`);
  }
  if (!rows.some(({ instance }) => instance)) throw new Error(`No row can be asked about. Row 1: ${rows[0].problem}.`);
}

function fault({ pointer, detail }) {
  return ` ${pointer} ${detail}.`;
}
