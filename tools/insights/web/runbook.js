// A chapter of the runbook: paragraphs with bold, italic and code, out of the Markdown of docs/operate.md.

import { el } from "./dom.js";

const INLINE = /\*\*(.+?)\*\*|\*(.+?)\*|`([^`]+)`|\[([^\]]+)\]\([^)]*\)/g;

/** Return the paragraphs of a chapter, without its heading. A link becomes its text: docs/ is not served here. */
export function createChapter(markdown) {
  const blocks = markdown.split(/\n{2,}/).filter((block) => !block.startsWith("#"));
  return el("div", { class: "chapter" }, blocks.map((block) => el("p", {}, createInline(block))));
}

function createInline(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    parts.push(text.slice(end, match.index), createPart(match));
    end = match.index + match[0].length;
  }
  return [...parts, text.slice(end)];
}

function createPart([, bold, italic, code, link]) {
  if (bold) return el("b", {}, bold);
  if (italic) return el("i", {}, italic);
  return code ? el("code", {}, code) : link;
}
