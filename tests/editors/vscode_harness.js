// Runs the bundled extension in Node.js, with a stand-in for the module `vscode`: what
// the extension and vscode-languageclient ask of it does nothing, except what is below.
// Prints each event as a line of JSON. Arguments: extension, command as JSON, spec.
"use strict";

const Module = require("node:module");
const fs = require("node:fs");
const { pathToFileURL, URL } = require("node:url");

const [bundle, command, spec] = process.argv.slice(2);
const tell = (event) => console.log(JSON.stringify(event));

/** A function, class and object whose members are the same, and whose calls do nothing. */
function nothing(members = {}) {
  const own = Object.assign(function () {}, members);
  return new Proxy(own, {
    get: (target, key) => {
      if (key in target) return target[key];
      if (key === "then" || key === Symbol.iterator || key === Symbol.toPrimitive) return undefined;
      return (target[key] = nothing());
    },
    apply: () => nothing(),
    construct: () => nothing(),
  });
}

class Disposable {
  constructor(dispose = () => {}) { this.dispose = dispose; }
}
const event = () => new Disposable();
class EventEmitter {
  listeners = [];
  event = (listener) => { this.listeners.push(listener); return new Disposable(); };
  fire(value) { this.listeners.forEach((listener) => listener(value)); }
  dispose() {}
}
class CancellationTokenSource {
  token = { isCancellationRequested: false, onCancellationRequested: event };
  cancel() {}
  dispose() {}
}
class Position { constructor(line, character) { Object.assign(this, { line, character }); } }
class Range {
  constructor(line, character, endLine, endCharacter) {
    this.start = new Position(line, character);
    this.end = new Position(endLine, endCharacter);
  }
}
class Diagnostic { constructor(range, message) { Object.assign(this, { range, message }); } }
class Uri {
  constructor(text) { this.text = text; this.scheme = "file"; this.fsPath = new URL(text).pathname; }
  static parse(text) { return new Uri(text); }
  toString() { return this.text; }
}
const document = {
  uri: new Uri(pathToFileURL(spec).href),
  languageId: "yaml", version: 1, isClosed: false,
  getText: () => fs.readFileSync(spec, "utf-8"),
};
const opened = new EventEmitter();
const registered = {};
const vscode = nothing({
  Disposable, EventEmitter, CancellationTokenSource, Position, Range, Diagnostic, Uri,
  version: "1.91.0",
  env: { appName: "harness", language: "en" },
  l10n: { t: (text) => text },
  commands: nothing({
    registerCommand: (name, run) => { registered[name] = run; return new Disposable(); },
    executeCommand: async (name, argument) => tell({ executed: name, argument }),
  }),
  workspace: nothing({
    textDocuments: [], workspaceFolders: undefined, notebookDocuments: [],
    getConfiguration: () => ({ get: () => JSON.parse(command) }),
    onDidOpenTextDocument: opened.event,
  }),
  window: nothing({
    showErrorMessage: async (message, ...choices) => { tell({ message, choices }); return choices[0]; },
    visibleTextEditors: [],
    tabGroups: { all: [], onDidChangeTabs: event },
  }),
  languages: nothing({
    match: (selector, one) => [].concat(selector).some((filter) => filter.language === one.languageId) ? 10 : 0,
    createDiagnosticCollection: () => nothing({
      set: (uri, found = []) => tell({
        diagnostics: found.map((one) => [one.range.start.line, one.range.start.character, one.message.split("\n")[0]]),
      }),
    }),
  }),
});

const load = Module._load;
Module._load = (name, ...rest) => (name === "vscode" ? vscode : load(name, ...rest));

const extension = require(bundle);
process.stdin.on("data", async () => { await extension.deactivate(); tell("stopped"); process.exit(0); });
extension.activate({ subscriptions: [] }).then(() => {
  tell("active");
  vscode.workspace.textDocuments.push(document);
  opened.fire(document);
});
