// A list of tabs, of which the arrow keys choose one.
import { element } from "./dom.js";

// `titles` by their views. `onchoose` gets the view; the function returned shows it.
export function tabs(list, titles, onchoose) {
  const views = Object.keys(titles);
  const buttons = views.map((view) =>
    element("button", { type: "button", role: "tab", textContent: titles[view] }),
  );

  function show(view) {
    buttons.forEach((button, index) => {
      const selected = views[index] === view;
      button.setAttribute("aria-selected", selected);
      button.setAttribute("aria-controls", "panel");
      button.tabIndex = selected ? 0 : -1;
    });
  }

  buttons.forEach((button, index) => button.addEventListener("click", () => onchoose(views[index])));
  list.addEventListener("keydown", ({ key }) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (!step) return;
    const next = (buttons.indexOf(document.activeElement) + step + views.length) % views.length;
    buttons[next].focus();
    onchoose(views[next]);
  });
  list.replaceChildren(...buttons);
  return show;
}
