// CodeMirror for YAML and for generated code, in the colours of palette.css.
import { closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { yaml } from "@codemirror/lang-yaml";
import {
  HighlightStyle,
  bracketMatching,
  foldGutter,
  foldKeymap,
  indentOnInput,
  syntaxHighlighting,
} from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import {
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

import { assistance } from "./assistance.js";
import { units } from "./positions.js";

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "13px", color: "var(--ink)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--ink)", padding: "8px 0" },
  ".cm-gutters": { color: "var(--muted)", backgroundColor: "transparent", border: "0" },
  ".cm-lineNumbers .cm-gutterElement": { opacity: "0.7" },
  ".cm-activeLine, .cm-activeLineGutter": {
    backgroundColor: "color-mix(in srgb, var(--surface) 65%, transparent)",
  },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--accent) 24%, transparent) !important",
  },
  ".cm-panels, .cm-tooltip": {
    color: "var(--ink)",
    backgroundColor: "var(--surface)",
    borderColor: "var(--line)",
  },
  ".cm-tooltip": { maxWidth: "60ch", borderRadius: "5px", font: "13px/1.45 var(--sans)" },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", fontSize: "12.5px" },
  ".cm-tooltip-autocomplete > ul > li": { padding: "2px 8px" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    color: "var(--background)",
    backgroundColor: "var(--accent)",
  },
  ".cm-completionDetail": { marginLeft: "1.5em", fontStyle: "normal", opacity: "0.75" },
  ".cm-diagnostic": { padding: "6px 10px", borderLeftWidth: "3px", whiteSpace: "pre-wrap" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--removed)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--changed)" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--removed)" },
  ".cm-lintRange-warning": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--changed)",
  },
});

const colours = HighlightStyle.define([
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--convolution)" },
  { tag: [tags.keyword, tags.modifier], color: "var(--attention)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--block)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--dense)" },
  {
    tag: [tags.definition(tags.variableName), tags.function(tags.definition(tags.variableName))],
    color: "var(--depthwise)",
  },
  { tag: [tags.className, tags.definition(tags.className)], color: "var(--depthwise)" },
]);

const shared = [lineNumbers(), drawSelection(), theme, syntaxHighlighting(colours)];

// An editor of YAML. `onchange` gets each text, `ask` is for assistance.js.
export function specEditor(parent, onchange, ask) {
  const view = new EditorView({
    parent,
    extensions: [
      shared,
      lintGutter(),
      foldGutter(),
      history(),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      highlightSelectionMatches(),
      EditorState.tabSize.of(2),
      yaml(),
      assistance(ask),
      keymap.of([
        ...closeBracketsKeymap,
        ...defaultKeymap,
        ...searchKeymap,
        ...historyKeymap,
        ...foldKeymap,
        ...completionKeymap,
        ...lintKeymap,
      ]),
      EditorView.contentAttributes.of({ "aria-label": "Spec in YAML" }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) onchange(update.state.doc.toString());
      }),
    ],
  });
  return {
    get text() {
      return view.state.doc.toString();
    },
    set text(text) {
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: text },
        selection: { anchor: 0 },
        scrollIntoView: true,
      });
    },
    mark: (problems) => view.dispatch(setDiagnostics(view.state, problems.flatMap(marker(view)))),
    select(problem) {
      const { from, to } = range(view.state.doc, problem);
      view.dispatch({ selection: { anchor: from, head: to }, scrollIntoView: true });
      view.focus();
    },
  };
}

// A viewer of generated code.
export function codeViewer(parent, text) {
  return new EditorView({
    parent,
    doc: text,
    extensions: [
      shared,
      python(),
      EditorState.readOnly.of(true),
      EditorView.contentAttributes.of({ "aria-label": "Generated code" }),
      keymap.of([...defaultKeymap, ...searchKeymap]),
    ],
  });
}

const SEVERITIES = { error: "error", warning: "warning", note: "info" };

const marker =
  (view) =>
  (problem) =>
    problem.line && !problem.file
      ? [
          {
            ...range(view.state.doc, problem),
            severity: SEVERITIES[problem.severity],
            source: problem.code,
            message: problem.help ? `${problem.message}\n${problem.help}` : problem.message,
          },
        ]
      : [];

function range(doc, { line, column, length }) {
  const { from, text } = doc.line(Math.min(line, doc.lines));
  const position = (column) => from + units(text, column);
  return { from: position(column - 1), to: position(column - 1 + length) };
}
