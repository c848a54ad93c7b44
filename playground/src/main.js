// The page: a document, which is a spec with a name and a variant, and its results.
import { byId, copy, download, element } from "./dom.js";
import { specEditor } from "./editor.js";
import { Engine, Failed } from "./engine.js";
import { problemList } from "./problems.js";
import { Results } from "./results.js";
import { fromFragment, toFragment } from "./share.js";
import { resizable } from "./split.js";
import { loaded, loading, status } from "./status.js";
import { themed } from "./theme.js";

const PAUSE = 150; // milliseconds without a key before archspec is asked
const SECONDS = 20; // for one answer
const FIRST = "mobilenetv2";

const engine = new Engine(SECONDS, {
  progress: loading,
  ready: loaded,
  failure: (message) => status(`archspec could not start: ${message}`),
  answer: (method, milliseconds) => {
    if (method === "examine") status(`Updated in ${Math.round(milliseconds)} ms`);
  },
});
const { specs, targets, version } = await (await fetch("bundled.json")).json();
const bundled = (name) => (Object.hasOwn(specs, name) ? specs[name].text : undefined);
const state = { name: FIRST, text: bundled(FIRST), variant: "" };
let pause;

const editor = specEditor(byId("editor"), edited, (method, text, offset) =>
  ask(method, state.name, text, offset, results.good, state.variant),
);
const results = new Results({ ask, targets, onview: writeAddress, onselect: editor.select });

resizable(byId("split"), byId("divider"));
themed(byId("theme"));
byId("version").textContent = `archspec ${version}`;
byId("spec").replaceChildren(
  ...Object.keys(specs).map((name) => element("option", { value: name, textContent: name })),
  element("option", { value: "", textContent: "your own", hidden: true }),
);
listen("spec", "change", ({ value }) => open({ name: value, text: bundled(value), variant: "" }));
listen("variant", "change", ({ value }) => update({ variant: value }));
listen("name", "input", ({ value, validity }) => validity.valid && update({ name: value }));
listen("reset", "click", () => open({ text: bundled(state.name) }));
listen("save-spec", "click", () => download(`${state.name}.yaml`, state.text));
listen("share", "click", async (button) => {
  await writeAddress();
  await copy(button, location.href, "Link copied");
});
addEventListener("hashchange", readAddress);
await readAddress();

function listen(id, event, listener) {
  byId(id).addEventListener(event, () => listener(byId(id)));
}

function edited(text) {
  if (text !== state.text) update({ text });
}

async function readAddress() {
  try {
    open((await fromFragment(location.hash, bundled)) ?? {});
  } catch (error) {
    open({});
    status(`The link cannot be read: ${error.message}`);
  }
}

async function writeAddress() {
  const entries = { ...state, view: results.view };
  history.replaceState(null, "", await toFragment(entries, bundled));
}

// Replace the document, or a part of it.
function open({ view = results.view, ...changes }) {
  Object.assign(state, changes);
  if (editor.text !== state.text) editor.text = state.text;
  byId("name").value = state.name;
  offer(specs[state.name]?.variants ?? []);
  results.view = view;
  update({});
}

function update(changes) {
  Object.assign(state, changes);
  const original = bundled(state.name);
  byId("spec").value = original === undefined ? "" : state.name;
  byId("reset").hidden = original === undefined || original === state.text;
  document.title = `${state.name} · archspec playground`;
  results.age();
  clearTimeout(pause);
  pause = setTimeout(examine, PAUSE);
}

async function examine() {
  const { name, text, variant } = state;
  writeAddress();
  const answer = await ask("examine", name, text, variant);
  const isCurrent = name === state.name && text === state.text && variant === state.variant;
  if (!answer || !isCurrent) return;
  editor.mark(answer.problems);
  byId("problems").hidden = answer.problems.length === 0;
  byId("problems").replaceChildren(problemList(answer.problems, editor.select));
  if (!answer.table) return status(`${counted(answer.problems)}; the results are those before`);
  offer(answer.variants);
  await results.show([name, text, variant], answer);
}

// An answer, or null: then it is not wanted any more, or the status says why.
async function ask(method, ...args) {
  try {
    return await engine.ask(method, ...args);
  } catch ({ message }) {
    if (message === Failed.restarted) status(`Stopped: this took more than ${SECONDS} seconds`);
    else if (message !== Failed.superseded) status(message);
    return null;
  }
}

function counted({ length }) {
  return length === 1 ? "1 error" : `${length} errors`;
}

function offer(variants) {
  byId("variant").replaceChildren(
    element("option", { value: "", textContent: "base" }),
    ...variants.map((name) => element("option", { value: name, textContent: name })),
  );
  byId("variant").value = state.variant;
  byId("variant").disabled = variants.length === 0;
}
