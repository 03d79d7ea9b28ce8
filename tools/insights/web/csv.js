// A result as a CSV file (RFC 4180), for a spreadsheet.

const FORMULA = /^[=+\-@\t\r]/; // a spreadsheet would compute such a text

/** Return a result as CSV. Numbers and times stay as they are; a text that looks like a formula gets an apostrophe. */
export function toCsv({ columns, rows }) {
  const header = columns.map(([name]) => quote(name));
  const lines = rows.map((row) => row.map((value, i) => formatCell(columns[i][1], value)));
  return [header, ...lines].map((cells) => `${cells.join(",")}\r\n`).join("");
}

/** Let the browser save a text as a file. */
export function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

function formatCell(kind, value) {
  if (value === null || value === undefined) return "";
  if (kind === "number" || kind === "time") return String(value);
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return quote(FORMULA.test(text) ? `'${text}` : text);
}

function quote(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
