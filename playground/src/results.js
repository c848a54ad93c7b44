// The results of the last document without errors: totals, and one view at a time.
import { costs } from "./costs.js";
import { byId, copy, download, element, fromSvg } from "./dom.js";
import { codeViewer } from "./editor.js";
import { problemList } from "./problems.js";
import { tabs } from "./tabs.js";
import { totals } from "./totals.js";

const BUTTONS = ["copy", "save"].map(byId);

export class Results {
  #network = null; // what was asked, and its answers by view
  #isCurrent = false; // whether the network is that of the text
  #view = "costs";
  #shown; // the file in the panel, if it is one
  #ask;
  #targets;
  #showTab;

  // `ask` is that of the engine, `onview` gets the view that the reader chose.
  constructor({ ask, targets, onview, onselect }) {
    this.#ask = ask;
    this.#targets = targets;
    this.onselect = onselect;
    const titles = { costs: "Costs", picture: "Picture", ...targets };
    this.#showTab = tabs(byId("tabs"), titles, (view) => {
      this.view = view;
      onview();
    });
    byId("copy").addEventListener("click", ({ target }) => copy(target, this.#shown.text, "Copied"));
    byId("save").addEventListener("click", () => download(this.#shown.file, this.#shown.text));
  }

  // The last text without errors.
  get good() {
    return this.#network?.asked[1] ?? "";
  }

  get view() {
    return this.#view;
  }

  set view(view) {
    const known = ["costs", "picture", ...Object.keys(this.#targets)];
    this.#view = known.includes(view) ? view : "costs";
    for (const button of BUTTONS) button.hidden = true; // what they had is of another view
    this.#showTab(this.#view);
    if (this.#network) this.#show();
  }

  // The results are those of an older text: dim them.
  age() {
    this.#isCurrent = false;
    this.#dim(true);
  }

  #dim(isStale) {
    byId("results").classList.toggle("stale", isStale);
  }

  // Show the answer to a question about a document without errors.
  async show(asked, answer) {
    this.#network = { asked, table: answer.table, files: {} };
    this.#isCurrent = true;
    totals(byId("totals"), answer.totals);
    await this.#show();
  }

  async #show() {
    const network = this.#network;
    const view = this.#view;
    this.#dim(true);
    const content = view === "costs" ? costs(network.table) : await this.#made(network, view);
    if (!content || network !== this.#network || view !== this.#view) return;
    byId("panel").replaceChildren(content);
    this.#shown = network.files[view];
    for (const button of BUTTONS) button.hidden = !this.#shown?.text;
    this.#dim(!this.#isCurrent);
  }

  // What a file of the network looks like; null if it was not made.
  async #made(network, view) {
    const isPicture = view === "picture";
    const more = isPicture ? ["picture", ...network.asked] : ["code", ...network.asked, view];
    const file = (network.files[view] ??= await this.#ask(...more));
    if (!file) return null;
    if (!file.text) return problemList(file.problems, this.onselect);
    return isPicture ? picture(file.text) : code(file.text);
  }
}

function picture(markup) {
  return element("div", { className: "page picture" }, fromSvg(markup));
}

function code(text) {
  const box = element("div", { className: "code" });
  codeViewer(box, text);
  return box;
}
