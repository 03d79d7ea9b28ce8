// The batch tab: one request with up to 10,000 rows of a CSV file.

import { createBatchForm, MAX_ROWS } from "./batch_form.js";
import { createResults } from "./batch_results.js";
import { findUnusedColumns } from "./batch_columns.js";
import { addPredictions, matchRows } from "./batch_rows.js";
import { parseCsv } from "./csv.js";
import { el, getById, setContent } from "./dom.js";
import { formatCount, formatPlural } from "./format.js";
import { requestPredictions, toPredictions } from "./prediction.js";
import { runAsUser } from "./session.js";

const MAX_ERRORS = 5;

/** Build the tab. */
export function createBatch(manifest) {
  const form = createBatchForm(manifest, submit, forgetResults);
  const resultCard = el("section", { class: "card", "aria-label": "Results", hidden: true });
  getById("batch").replaceChildren(form.element, resultCard);

  let edits = 0;

  /** Hide results and errors of rows that are no longer in the form. */
  function forgetResults() {
    edits += 1;
    setContent(resultCard);
    setContent(form.problem);
  }

  async function submit(event) {
    event.preventDefault();
    forgetResults();
    const edit = edits;
    try {
      const text = form.read();
      if (!text.trim()) throw new Error("Choose a file or paste rows.");
      const table = parseCsv(text);
      const rows = matchRows(manifest, table);
      checkRows(rows);
      await runAsUser(() => predict(table.header, rows, edit));
    } catch (error) {
      if (edit !== edits) return; // it is about rows that the user has changed since
      setContent(form.problem, error.message, ...(error.errors || []).slice(0, MAX_ERRORS).map(formatFieldError));
    }
  }

  async function predict(header, rows, edit) {
    const validRows = rows.filter(({ instance }) => instance);
    form.button.setAttribute("aria-busy", "true");
    try {
      const instances = validRows.map(({ instance }) => instance);
      const result = await requestPredictions(manifest, instances);
      if (edit !== edits) return; // the answer to rows that the user has changed since
      addPredictions(validRows, toPredictions(manifest, result.response), result.response.warnings);
      resultCard.hidden = false;
      const hints = findUnusedColumns(manifest, header);
      setContent(resultCard, createResults(manifest, { header, rows, result, hints }));
      resultCard.querySelector("h2").focus();
    } finally {
      form.button.removeAttribute("aria-busy");
    }
  }
}

/** Throw an Error for the user if the rows cannot be sent. */
function checkRows(rows) {
  if (rows.length > MAX_ROWS) {
    throw new Error(`There are ${formatPlural(rows.length, "row")}. The limit is ${formatCount(MAX_ROWS)}.`);
  }
  if (!rows.some(({ instance }) => instance)) throw new Error(`No row is valid. Row 1: ${rows[0].problem}.`);
}

function formatFieldError({ pointer, detail }) {
  return ` ${pointer} ${detail}.`;
}
