// The page: a document, and the results that archspec has for it.
import { costs } from "./costs.js";
import { byId, confirm, download, element } from "./dom.js";
import { codeViewer, specEditor } from "./editor.js";
import { Engine, Failed } from "./engine.js";
import { problems } from "./problems.js";
import { fromFragment, toFragment } from "./share.js";
import { resizable } from "./split.js";
import { tabs } from "./tabs.js";
import { themed } from "./theme.js";
import { totals } from "./totals.js";

const PAUSE = 150; // milliseconds without a key before archspec is asked
const SECONDS = 20; // for one answer
const FIRST = "mobilenetv2";

const { specs, targets } = await (await fetch("bundled.json")).json();
const bundled = (name) => (Object.hasOwn(specs, name) ? specs[name].text : undefined);

const state = { name: FIRST, text: bundled(FIRST), variant: "", view: "costs" };
let network = null; // the last that had no errors: its answer, and what was asked
let pause;

const editor = specEditor(byId("editor"), edited);
const showTab = tabs(byId("tabs"), { costs: "Costs", ...targets }, choose);
const engine = new Engine({
  seconds: SECONDS,
  onprogress: loading,
  onready: () => status(""),
  onfailure: (message) => status(`archspec could not start: ${message}`),
});

resizable(byId("split"), byId("divider"));
themed(byId("theme"));
byId("spec").replaceChildren(
  ...Object.keys(specs).map((name) => element("option", { value: name, textContent: name })),
  element("option", { value: "", textContent: "your own", hidden: true }),
);
byId("spec").addEventListener("change", ({ target }) => {
  open({ name: target.value, text: bundled(target.value), variant: "" });
});
byId("variant").addEventListener("change", ({ target }) => update({ variant: target.value }));
byId("name").addEventListener("input", ({ target }) => {
  if (target.validity.valid) update({ name: target.value });
});
byId("reset").addEventListener("click", () => open({ text: bundled(state.name) }));
byId("save-spec").addEventListener("click", () => download(`${state.name}.yaml`, state.text));
byId("copy-code").addEventListener("click", async ({ target }) => {
  await navigator.clipboard.writeText(network.code.text);
  confirm(target, "Copied");
});
byId("save-code").addEventListener("click", () => download(network.code.file, network.code.text));
byId("share").addEventListener("click", async ({ target }) => {
  await address();
  await navigator.clipboard.writeText(location.href);
  confirm(target, "Copied");
});
addEventListener("hashchange", arrive);
await arrive();

// The document that the address names, or the first.
async function arrive() {
  try {
    open((await fromFragment(location.hash, bundled)) ?? {});
  } catch (error) {
    open({});
    status(`The link cannot be read: ${error.message}`);
  }
}

function open(changes) {
  Object.assign(state, changes);
  if (!(state.view in targets)) state.view = "costs";
  if (editor.text !== state.text) editor.text = state.text;
  byId("name").value = state.name;
  variants(specs[state.name]?.variants ?? []);
  showTab(state.view);
  update({});
}

function edited(text) {
  if (text !== state.text) update({ text });
}

function update(changes) {
  Object.assign(state, changes);
  const original = bundled(state.name);
  byId("spec").value = original === undefined ? "" : state.name;
  byId("reset").hidden = original === undefined || original === state.text;
  byId("results").classList.add("stale");
  clearTimeout(pause);
  pause = setTimeout(examine, network ? PAUSE : 0);
}

function choose(view) {
  state.view = view;
  showTab(view);
  address();
  if (network) show();
}

async function address() {
  history.replaceState(null, "", await toFragment(state, bundled));
}

async function examine() {
  address();
  const { name, text, variant } = state;
  const answer = await ask("examine", name, text, variant);
  if (!answer) return;
  editor.mark(answer.problems);
  problems(byId("problems"), answer.problems, editor.select);
  if (!answer.table) return;
  network = { ...answer, asked: [name, text, variant] };
  variants(answer.variants);
  totals(byId("totals"), answer.totals);
  await show();
}

// An answer, or null: then it is not wanted any more, or the status says why.
async function ask(method, ...args) {
  const from = performance.now();
  try {
    const answer = await engine.ask(method, ...args);
    status(`${Math.round(performance.now() - from)} ms`);
    return answer;
  } catch ({ message }) {
    if (message === Failed.restarted) status(`Stopped after ${SECONDS} seconds`);
    else if (message !== Failed.superseded) status(message);
    return null;
  }
}

async function show() {
  const shown = network;
  const { view } = state;
  const content = view === "costs" ? costs(shown.table) : await code(shown, view);
  if (content && shown === network && view === state.view) {
    byId("panel").replaceChildren(content);
    byId("results").classList.remove("stale");
    for (const button of document.querySelectorAll(".of-code")) {
      button.hidden = !network.code;
    }
  }
}

async function code(shown, target) {
  const answer = await ask("code", ...shown.asked, target);
  if (!answer) return null;
  shown.code = answer.text ? answer : null;
  return answer.text ? viewer(answer.text) : refused(answer.problems);
}

function viewer(text) {
  const box = element("div", { className: "code" });
  codeViewer(box, text);
  return box;
}

function refused(found) {
  const box = element("div");
  problems(box, found, editor.select);
  return box;
}

function variants(names) {
  byId("variant").replaceChildren(
    element("option", { value: "", textContent: "base" }),
    ...names.map((name) => element("option", { value: name, textContent: name })),
  );
  byId("variant").value = state.variant;
  byId("variant").disabled = names.length === 0;
}

function loading(progress) {
  byId("progress").hidden = false;
  byId("progress").value = progress;
  status(progress < 1 ? "Loading Python and archspec" : "Starting");
}

function status(text) {
  if (!/^Loading|^Starting/.test(text)) byId("progress").hidden = true;
  byId("status").textContent = text;
}
