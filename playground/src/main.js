import { EditorView, basicSetup } from "./editor.js";
import { Engine } from "./engine.js";
const status = document.getElementById("status");
const engine = new Engine({seconds: 20, onprogress: (p) => { status.textContent = `Loading ${Math.round(p*100)}%`; }, onready: () => { status.textContent = `ready ${performance.now()}`; run(); }});
engine.onfailure = (m) => { status.textContent = m; };
const zoo = await (await fetch("zoo.json")).json();
const doc = zoo.find((s) => s.name === "mobilenetv2");
async function run() {
  let t = performance.now();
  const found = await engine.ask("examine", "mobilenetv2", doc.text, "");
  status.textContent += ` examined ${performance.now()-t}`;
  document.getElementById("table").innerHTML = found.table;
  t = performance.now();
  const c = await engine.ask("code", "mobilenetv2", doc.text, "", "torch");
  status.textContent += ` code ${performance.now()-t}`;
  document.getElementById("code").textContent = c.text;
  t = performance.now();
  await engine.ask("examine", "mobilenetv2", doc.text+"\n", "");
  status.textContent += ` examined ${performance.now()-t}`;
  t = performance.now();
  await engine.ask("code", "mobilenetv2", doc.text+"\n", "", "torch");
  status.textContent += ` code ${performance.now()-t}`;
}
