// archspec in Pyodide. The worker posts {progress} from 0 to 1, {ready} or {broken}; then
// for each {method, args} an {answer} or a {failure}.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const here = new URL(".", import.meta.url).href;
const download = globalThis.fetch;

async function start() {
  const sizes = await (await download(`${here}sizes.json`)).json();
  globalThis.fetch = counting(sizes.reduce((sum, size) => sum + size, 0));
  const files = fetch(`${here}python.zip`).then((response) => response.arrayBuffer());
  const python = await loadPyodide({ indexURL: `${here}pyodide/` });
  python.unpackArchive(await files, "zip", {
    extractDir: python.runPython("import site; site.getsitepackages()[0]"),
  });
  globalThis.fetch = download;
  return { python, bridge: python.pyimport("bridge") };
}

// fetch, which posts how much of all bytes has come.
function counting(total) {
  let received = 0;
  const counter = () =>
    new TransformStream({
      transform(chunk, controller) {
        received += chunk.byteLength;
        postMessage({ progress: received / total });
        controller.enqueue(chunk);
      },
    });
  return async (...args) => {
    const response = await download(...args);
    return new Response(response.body.pipeThrough(counter()), response);
  };
}

async function answer({ python, bridge }, { method, args }) {
  if (method === "code") python.registerJsModule("archspec_ruff", await ruff());
  return JSON.parse(bridge[method](...args));
}

// Ten megabytes that only code needs.
const ruff = () => import("./ruff.js");

const started = start();
started.then(
  () => postMessage({ ready: true }),
  (error) => postMessage({ broken: String(error) }),
);

onmessage = async ({ data }) => {
  try {
    postMessage({ answer: await answer(await started, data) });
    setTimeout(ruff);
  } catch (error) {
    // After an error that is not Python's, Pyodide may be unusable.
    const failure = String(error.message);
    postMessage(error.name === "PythonError" ? { failure } : { failure, broken: failure });
  }
};
