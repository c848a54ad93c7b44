// Light or dark: as the system, until the reader chooses.

import { keep, setting } from "./settings.js";

export function themed(button) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const current = () => root.dataset.theme ?? (system.matches ? "dark" : "light");

  function show() {
    button.textContent = current() === "dark" ? "Light" : "Dark";
  }

  const chosen = setting("theme");
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  button.addEventListener("click", () => {
    root.dataset.theme = current() === "dark" ? "light" : "dark";
    keep("theme", root.dataset.theme);
    show();
  });
  system.addEventListener("change", show);
  show();
}
