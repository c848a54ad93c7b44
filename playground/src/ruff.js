// ruff for archspec/targets/ruff.py, which finds these functions as a Python module.
import { PositionEncoding, Workspace } from "@astral-sh/ruff-wasm-nodejs";

const MAX_PASSES = 100;
const formatter = new Workspace({}, PositionEncoding.Utf16);

export const format = (text) => formatter.format(text);

// ruff fixes in passes: of fixes that overlap, the first is applied, and the text is
// checked again.
export function fix(text, rules) {
  const linter = new Workspace(
    { lint: { select: rules.split(",") } },
    PositionEncoding.Utf16,
  );
  try {
    for (let pass = 0; pass < MAX_PASSES; pass++) {
      const found = linter.check(text);
      const fixes = found.flatMap(({ fix }) => (fix ? [fix.edits] : []));
      if (fixes.length === 0) return accepted(text, found);
      text = applied(text, fixes);
    }
  } finally {
    linter.free();
  }
  throw new Error("ruff does not come to an end with generated code");
}

function accepted(text, found) {
  if (found.length === 0) return text;
  const [{ message, start_location: start }] = found;
  throw new Error(`ruff refused generated code: line ${start.row}: ${message}`);
}

function applied(text, fixes) {
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const offset = ({ row, column }) => starts[row - 1] + column - 1;
  const inOrder = fixes
    .map((edits) =>
      edits.map(({ location, end_location: end, content }) => ({
        from: offset(location),
        to: offset(end),
        content: content ?? "",
      })),
    )
    .sort(([a], [b]) => a.from - b.from);
  let result = "";
  let end = 0;
  for (const edits of inOrder) {
    if (edits[0].from < end) continue;
    for (const { from, to, content } of edits) {
      result += text.slice(end, from) + content;
      end = to;
    }
  }
  return result + text.slice(end);
}
