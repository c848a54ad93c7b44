// Starts `archspec lsp` as soon as a spec is open. YAML stays YAML: its highlighting and
// the extensions for it work as before.
"use strict";

const { execFile } = require("node:child_process");
const vscode = require("vscode");
const { CloseAction, ErrorAction, LanguageClient } = require("vscode-languageclient/node");

const SPEC = /^(archspec[ \t]*:|extends[ \t]*:(.*|\s*-.*)\.ya?ml\b)/m;
const INSTALL = 'Install it with "pipx install \'archspec-nn[lsp]\'"';
const SETTING = "archspec.command";

/** The language client; undefined before the first spec, and after a failure. */
let client;
let starting;

function isSpec(document) {
  return document.languageId === "yaml" && SPEC.test(document.getText());
}

/** The version that a command reports; rejects if it cannot be run. */
function versionOf([program, ...rest]) {
  return new Promise((resolve, reject) => {
    execFile(program, [...rest, "--version"], { timeout: 30_000 }, (error, stdout) =>
      error ? reject(error) : resolve(stdout.trim()),
    );
  });
}

async function fail(message) {
  const choice = await vscode.window.showErrorMessage(message, "Open settings");
  if (choice) {
    await vscode.commands.executeCommand("workbench.action.openSettings", SETTING);
  }
}

async function start() {
  const command = vscode.workspace.getConfiguration().get(SETTING);
  const [program, ...rest] = command;
  try {
    await versionOf(command);
  } catch (error) {
    const missing = error.code === "ENOENT";
    const problem = missing ? "was not found" : `failed: ${error.message}`;
    // Not awaited: the message may stay for as long as VS Code runs.
    fail(`archspec: the command "${command.join(" ")}" ${problem}. ${INSTALL}, or set ${SETTING}.`);
    return;
  }
  client = newClient(program, [...rest, "lsp"]);
  try {
    await client.start();
  } catch {
    client = undefined;
    fail(`archspec: the language server did not start. ${INSTALL}; the output "archspec" has details.`);
  }
}

function newClient(command, args) {
  // Until it runs, `start` reports what is wrong.
  const closed = () =>
    made.isRunning() ? usual.closed() : { action: CloseAction.DoNotRestart, handled: true };
  const error = (...failure) =>
    made.isRunning() ? usual.error(...failure) : { action: ErrorAction.Shutdown, handled: true };
  const made = new LanguageClient("archspec", "archspec", { command, args }, {
    documentSelector: ["file", "untitled"].map((scheme) => ({ language: "yaml", scheme })),
    initializationFailedHandler: () => false,
    errorHandler: { closed, error },
  });
  const usual = made.createDefaultErrorHandler();
  return made;
}

/** Start the server with the first spec; further specs share it. */
function open(document) {
  if (!starting && isSpec(document)) {
    starting = start();
  }
  return starting;
}

async function stop() {
  const running = client;
  client = starting = undefined;
  await running?.stop();
}

async function activate(context) {
  const restart = async () => {
    await starting;
    await stop();
    starting = start();
    await starting;
  };
  context.subscriptions.push(
    vscode.workspace.onDidOpenTextDocument(open),
    vscode.workspace.onDidSaveTextDocument(open),
    vscode.commands.registerCommand("archspec.restart", restart),
    vscode.workspace.onDidChangeConfiguration((changed) => {
      if (starting && changed.affectsConfiguration(SETTING)) {
        return restart();
      }
    }),
  );
  for (const document of vscode.workspace.textDocuments) {
    await open(document);
  }
}

module.exports = { activate, deactivate: stop };
