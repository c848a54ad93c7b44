// Hovers and completions, which archspec's language server has in editors, too.
import { autocompletion, snippetCompletion } from "@codemirror/autocomplete";
import { hoverTooltip } from "@codemirror/view";

import { element } from "./dom.js";
import { fromMarkdown } from "./markdown.js";
import { characters, units } from "./positions.js";

const TYPES = { op: "class", block: "class", attribute: "property", key: "keyword" };

// `ask` gets a method of bridge.py, a text and the characters before the cursor.
export function assistance(ask) {
  return [
    hoverTooltip(async ({ state }, position) => {
      const text = state.doc.toString();
      const found = await ask("hover", text, characters(text, position));
      return found && tooltip(text, found);
    }),
    autocompletion({
      override: [async ({ state, pos, explicit }) => {
        const text = state.doc.toString();
        if (!explicit && !/\w$/.test(state.sliceDoc(0, pos))) return null;
        const found = await ask("complete", text, characters(text, pos));
        return found && completions(text, found);
      }],
    }),
  ];
}

function tooltip(text, { start, end, markdown }) {
  const dom = element("div", { className: "hover" }, ...fromMarkdown(markdown));
  return { pos: units(text, start), end: units(text, end), create: () => ({ dom }) };
}

function completions(text, { start, items }) {
  return {
    from: units(text, start),
    validFor: /^\w*$/,
    options: items.map(({ label, kind, snippet, detail }, index) =>
      snippetCompletion(snippet.replaceAll("$0", "${}"), {
        label,
        detail,
        type: TYPES[kind] ?? "variable",
        boost: -Math.min(index, 99),
      }),
    ),
  };
}
