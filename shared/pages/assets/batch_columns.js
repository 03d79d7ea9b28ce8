// Names of columns that are wrong: which feature a column was probably meant for.

const MAX_NAMED = 5;
const MAX_SHARE_OF_TYPOS = 0.34; // of the longer name's letters

/** Return the message for features without a column, with the column that was probably meant. */
export function missingColumnText(features, missing, header) {
  const named = missing.slice(0, MAX_NAMED).map(({ name }) => `“${name}”`);
  const rest = missing.length - named.length;
  const list = named.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
  const guesses = guessColumns(features, missing, header).slice(0, MAX_NAMED);
  const advice = guesses.map(({ feature, column }) => `The file has “${column}”: did you mean “${feature.name}”?`);
  if (guesses.length === 0) advice.push("The first line must contain the column names.");
  return [`Missing ${missing.length === 1 ? "column" : "columns"}: ${list}.`, ...advice].join(" ");
}

/** Return a warning for each column that no feature reads, but that has nearly the name of one without a column. */
export function findUnusedColumns({ features }, header) {
  const missing = features.filter(({ name }) => !header.includes(name.trim()));
  return guessColumns(features, missing, header).map(
    ({ feature, column }) => `Column “${column}” was not sent. Did you mean “${feature.name}”, which is missing here?`,
  );
}

/** Return {feature, column} for each of the missing features that a column without a feature resembles. */
function guessColumns(features, missing, header) {
  const names = new Set(features.map(({ name }) => name.trim()));
  const unused = header.filter((column) => column && !names.has(column));
  return missing.flatMap((feature) => {
    const column = closest(feature, unused);
    return column === undefined ? [] : [{ feature, column }];
  });
}

/** Return the column with the name most like the feature's name or label, or undefined if none is like it. */
function closest(feature, columns) {
  const wanted = [feature.name, feature.label].filter(Boolean).map(simplify);
  const candidates = columns
    .map((column) => ({ column, distance: Math.min(...wanted.map((name) => typoShare(name, simplify(column)))) }))
    .filter(({ distance }) => distance <= MAX_SHARE_OF_TYPOS)
    .sort((a, b) => a.distance - b.distance);
  return candidates[0]?.column;
}

/** Return a name without what people write differently: case, accents, spaces and punctuation. */
function simplify(name) {
  return name
    .normalize("NFD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

/** Return the share of letters to change, from 0 for equal names to 1; names without a letter are never alike. */
function typoShare(a, b) {
  const longer = Math.max(a.length, b.length);
  return longer && Math.abs(a.length - b.length) / longer <= MAX_SHARE_OF_TYPOS ? editDistance(a, b) / longer : 1;
}

/** Return the number of letters to insert, delete or replace (Levenshtein). */
function editDistance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
