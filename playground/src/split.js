// The divider between the panes: by pointer, or by arrow keys.

import { keep, setting } from "./settings.js";

const LEAST = 20; // percent
const USUAL = 42;

export function resizable(main, divider) {
  let share = Number(setting("split")) || USUAL;

  function move(percent) {
    share = Math.min(100 - LEAST, Math.max(LEAST, percent));
    main.style.setProperty("--editor", `${share}fr`);
    main.style.setProperty("--results", `${100 - share}fr`);
    divider.setAttribute("aria-valuenow", Math.round(share));
    keep("split", share);
  }

  divider.addEventListener("pointerdown", ({ pointerId }) => divider.setPointerCapture(pointerId));
  divider.addEventListener("pointermove", ({ pointerId, clientX }) => {
    if (!divider.hasPointerCapture(pointerId)) return;
    const { left, width } = main.getBoundingClientRect();
    move(((clientX - left) / width) * 100);
  });
  divider.addEventListener("keydown", ({ key }) => {
    const step = { ArrowLeft: -2, ArrowRight: 2 }[key];
    if (step) move(share + step);
  });
  divider.addEventListener("dblclick", () => move(USUAL));
  move(share);
}
