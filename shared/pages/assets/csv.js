// Read and write CSV (RFC 4180, and the variants of spreadsheets).

const SEPARATORS = [",", ";", "\t"];
const FORMULA = /^[=+\-@\t\r]/;
const PLAIN_NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Return the header, the rows as texts, and the separator. Empty lines are left out. Throws an Error for the user. */
export function parseCsv(text) {
  const plain = text.replace(/^\uFEFF/, "");
  const separator = detectSeparator(plain);
  const [names = [], ...rows] = parseRecords(plain, separator).filter(
    (cells) => cells.length > 1 || cells[0].trim() !== "",
  );
  const header = names.map((name) => name.trim());
  const duplicate = header.find((name, i) => header.indexOf(name) !== i);
  if (duplicate !== undefined) throw new Error(`Two columns have the name “${duplicate}”.`);
  return { header, rows, separator };
}

/** Return the most frequent separator of the first line, outside quotes. */
function detectSeparator(text) {
  const firstLine =
    text
      .slice(0, 100_000)
      .replace(/"[^"]*"?/g, "")
      .split(/\r?\n/)
      .find((line) => line.trim()) || "";
  const counts = SEPARATORS.map((separator) => firstLine.split(separator).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))];
}

function parseRecords(text, separator) {
  const records = [];
  let cells = [];
  let position = 0;
  while (position < text.length) {
    const parseCell = text[position] === '"' ? parseQuotedCell : parsePlainCell;
    const [cell, end] = parseCell(text, position, separator);
    cells.push(cell);
    position = end;
    if (text[position] === separator) {
      position += 1;
      if (position < text.length) continue;
      cells.push("");
    }
    records.push(cells);
    cells = [];
    position += text.startsWith("\r\n", position) ? 2 : 1;
  }
  return records;
}

/** Parse a cell without quotes, up to the separator or the end of the line. Returns the cell and its end. */
function parsePlainCell(text, start, separator) {
  let end = start;
  while (end < text.length && text[end] !== separator && text[end] !== "\n" && text[end] !== "\r") end += 1;
  return [text.slice(start, end), end];
}

/** Parse a cell in quotes. Two quotes are one in the cell. Text after the closing quote belongs to the cell. */
function parseQuotedCell(text, start, separator) {
  let cell = "";
  let position = start + 1;
  for (;;) {
    const quote = text.indexOf('"', position);
    if (quote < 0) throw new Error(`A quotation mark is not closed: ${text.slice(start, start + 30)}`);
    cell += text.slice(position, quote);
    if (text[quote + 1] !== '"') {
      const [rest, end] = parsePlainCell(text, quote + 1, separator);
      return [cell + rest, end];
    }
    cell += '"';
    position = quote + 2;
  }
}

/** Return rows of texts and numbers as CSV for programs. */
export function formatCsv(header, rows) {
  return joinLines([header, ...rows], "\n", cellText);
}

/** Return rows as CSV for spreadsheets: no cell is run as a formula. */
export function formatSpreadsheetCsv(header, rows) {
  const text = joinLines([header, ...rows], "\r\n", (value) => escapeFormula(cellText(value)));
  return /[^\x00-\x7f]/.test(text) ? `\uFEFF${text}` : text; // without the mark, spreadsheets read UTF-8 as Latin-1
}

function joinLines(rows, lineEnd, formatCell) {
  return rows.map((cells) => cells.map((cell) => quote(formatCell(cell))).join(",") + lineEnd).join("");
}

function cellText(value) {
  return value === null || value === undefined ? "" : String(value);
}

/** Turn a cell that would be a formula into a text (OWASP, CSV Injection). Numbers stay, also negative ones. */
function escapeFormula(cell) {
  return FORMULA.test(cell) && !PLAIN_NUMBER.test(cell) ? `'${cell}` : cell;
}

function quote(cell) {
  return /[",;\r\n\t]/.test(cell) || cell !== cell.trim() ? `"${cell.replaceAll('"', '""')}"` : cell;
}
