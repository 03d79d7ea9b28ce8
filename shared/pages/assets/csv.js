// CSV (RFC 4180, and what spreadsheets make of it): read with any usual separator, written so that no cell is a formula.

const SEPARATORS = [",", ";", "\t"];
const FORMULA = /^[=+\-@\t\r]/;
const PLAIN_NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** The header and the rows in `text`, as texts, and the separator. Empty lines are left out. Throws with a sentence. */
export function parse(text) {
  const plain = text.replace(/^\uFEFF/, "");
  const separator = separatorOf(plain);
  const [header = [], ...rows] = records(plain, separator).filter(
    (cells) => cells.length > 1 || cells[0].trim() !== "",
  );
  const names = header.map((name) => name.trim());
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`Two columns are called “${twice}”.`);
  return { header: names, rows, separator };
}

/** The separator that the first line holds most often outside quotes. */
function separatorOf(text) {
  const first =
    text
      .slice(0, 100_000)
      .replace(/"[^"]*"?/g, "")
      .split(/\r?\n/)
      .find((line) => line.trim()) || "";
  const often = SEPARATORS.map((each) => first.split(each).length);
  return SEPARATORS[often.indexOf(Math.max(...often))];
}

function records(text, separator) {
  const found = [];
  let cells = [];
  let at = 0;
  while (at < text.length) {
    const [cell, end] = text[at] === '"' ? unquoted(text, at, separator) : bare(text, at, separator);
    cells.push(cell);
    at = end;
    if (text[at] === separator) {
      at += 1;
      if (at < text.length) continue;
      cells.push("");
    }
    found.push(cells);
    cells = [];
    at += text.startsWith("\r\n", at) ? 2 : 1;
  }
  return found;
}

/** A cell without quotes: up to the separator or the end of the line. */
function bare(text, from, separator) {
  let end = from;
  while (end < text.length && text[end] !== separator && text[end] !== "\n" && text[end] !== "\r") end += 1;
  return [text.slice(from, end), end];
}

/** A cell in quotes; two of them stand for one. What follows the closing one belongs to the cell. */
function unquoted(text, from, separator) {
  let cell = "";
  let at = from + 1;
  for (;;) {
    const end = text.indexOf('"', at);
    if (end < 0) throw new Error(`A quotation mark is opened and never closed: ${text.slice(from, from + 30)}`);
    cell += text.slice(at, end);
    if (text[end + 1] !== '"') {
      const [rest, after] = bare(text, end + 1, separator);
      return [cell + rest, after];
    }
    cell += '"';
    at = end + 2;
  }
}

/** Rows of texts and numbers as CSV, as programs read it. */
export function write(header, rows) {
  return lines([header, ...rows], "\n", told);
}

/** The same for a spreadsheet, which shows every cell and runs none. */
export function writeSafely(header, rows) {
  const written = lines([header, ...rows], "\r\n", (value) => safe(told(value)));
  return /[^\x00-\x7f]/.test(written) ? `\uFEFF${written}` : written; // spreadsheets take UTF-8 for Latin-1 otherwise
}

function lines(rows, end, as) {
  return rows.map((cells) => cells.map((cell) => quoted(as(cell))).join(",") + end).join("");
}

function told(value) {
  return value === null || value === undefined ? "" : String(value);
}

/** A cell that would be a formula, made a text (OWASP, CSV Injection). Numbers are none, negative ones too. */
function safe(cell) {
  return FORMULA.test(cell) && !PLAIN_NUMBER.test(cell) ? `'${cell}` : cell;
}

function quoted(cell) {
  return /[",;\r\n\t]/.test(cell) || cell !== cell.trim() ? `"${cell.replaceAll('"', '""')}"` : cell;
}
