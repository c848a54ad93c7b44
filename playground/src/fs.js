// ruff's package is made for Node and reads its WebAssembly from a file. A worker may do
// the same by a request that it waits for.
export function readFileSync(path) {
  const request = new XMLHttpRequest();
  request.open("GET", new URL(path, import.meta.url), false);
  request.responseType = "arraybuffer";
  request.send();
  return request.response;
}
