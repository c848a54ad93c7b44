// Problems as a list, each of which leads to its place.
import { element } from "./dom.js";

export function problemList(found, onselect) {
  return element("div", {}, ...found.map((problem) => row(problem, onselect)));
}

function row(problem, onselect) {
  const { severity, code, message, help } = problem;
  const made = element(
    "button",
    { type: "button", className: `problem ${severity}` },
    element("code", { textContent: code }),
    element("p", { textContent: message }),
    element("span", { className: "place", textContent: place(problem) }),
  );
  if (help) made.append(element("p", { className: "help", textContent: help }));
  if (problem.line && !problem.file) made.addEventListener("click", () => onselect(problem));
  else made.disabled = true;
  return made;
}

function place({ file, line, path }) {
  if (!line) return path;
  return file ? `${file}:${line}` : `line ${line}`;
}
