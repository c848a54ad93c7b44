// The Markdown that archspec writes: paragraphs, lists, bold and code. Everything else,
// markup included, is shown as text.
import { element } from "./dom.js";

const INLINE = /\*\*(.+?)\*\*|`([^`]+)`/g;

export function fromMarkdown(text) {
  return text.split(/\n\n+/).map((part) => {
    const lines = part.split("\n");
    if (!lines.every((line) => line.startsWith("- "))) return element("p", {}, ...inline(part));
    return element("ul", {}, ...lines.map((line) => element("li", {}, ...inline(line.slice(2)))));
  });
}

function inline(text) {
  const made = [];
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    const [all, bold, code] = found;
    made.push(text.slice(end, found.index));
    made.push(element(bold ? "b" : "code", { textContent: bold ?? code }));
    end = found.index + all.length;
  }
  return [...made, text.slice(end)];
}
