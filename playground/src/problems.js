// The problems below the editor; each leads to its place.
import { element } from "./dom.js";

export function problems(section, found, onselect) {
  section.hidden = found.length === 0;
  section.replaceChildren(
    ...found.map((problem) => {
      const row = element(
        "button",
        { type: "button", className: `problem ${problem.severity}` },
        element("code", { textContent: problem.code }),
        element("p", { textContent: problem.message }),
        element("span", { className: "place", textContent: place(problem) }),
      );
      if (problem.help) row.append(element("p", { className: "help", textContent: problem.help }));
      row.addEventListener("click", () => onselect(problem));
      return row;
    }),
  );
}

function place({ file, line, path }) {
  if (!line) return path;
  return file ? `${file}:${line}` : `line ${line}`;
}
