"use strict";
// Comforts only: without this script everything can be read.

const make = (name, properties, ...children) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

// Colours: as the reader's system has them, or chosen here
{
  const themes = ["auto", "light", "dark"];
  const button = make("button", { type: "button" });
  let theme = 0;
  const show = () => {
    button.textContent = `Theme: ${themes[theme]}`;
    if (theme) document.documentElement.dataset.theme = themes[theme];
    else delete document.documentElement.dataset.theme;
  };
  button.addEventListener("click", () => {
    theme = (theme + 1) % themes.length;
    show();
  });
  show();
  document.querySelector("nav").append(button);
}

// Tables: a click on a heading sorts by it, further ones the other way and not at all
const value = (row, column) => {
  const text = row.cells[column].textContent.trim();
  const number = parseFloat(text.replaceAll(",", ""));
  return Number.isNaN(number) ? (text === "-" ? -Infinity : text) : number;
};

const order = (column, isNumber) => (one, other) => {
  const [a, b] = [value(one, column), value(other, column)];
  return isNumber ? b - a || 0 : String(a).localeCompare(String(b), "en", { numeric: true });
};

for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const written = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const isNumber = head.classList.contains("number");
    const ways = isNumber ? ["descending", "ascending"] : ["ascending", "descending"];
    const button = make("button", { type: "button" }, ...head.childNodes);
    button.addEventListener("click", () => {
      const way = ways[ways.indexOf(head.getAttribute("aria-sort")) + 1];
      for (const each of heads) each.removeAttribute("aria-sort");
      const rows = [...written];
      if (way) {
        head.setAttribute("aria-sort", way);
        rows.sort(order(column, isNumber));
        if (way !== ways[0]) rows.reverse();
      }
      body.append(...rows);
    });
    head.append(button);
  });
}

// Code: a button copies it
const copy = async (code) => {
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    getSelection().selectAllChildren(code);
    document.execCommand("copy");
    getSelection().removeAllRanges();
  }
};

for (const figure of document.querySelectorAll("figure.code")) {
  const button = make("button", { type: "button" }, "Copy");
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    await copy(figure.querySelector("code"));
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  (figure.querySelector("figcaption") ?? figure).append(button);
}

// Frameworks: one at a time; the arrow keys go from tab to tab
for (const tabs of document.querySelectorAll(".tabs")) {
  const panels = [...tabs.children];
  const list = make("div", {});
  const buttons = panels.map((panel) => {
    const button = make("button", { type: "button", id: `${panel.id}-tab` });
    button.textContent = panel.querySelector("h3").textContent;
    button.setAttribute("role", "tab");
    button.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", button.id);
    return button;
  });
  const select = (chosen) => {
    buttons.forEach((button, number) => {
      button.setAttribute("aria-selected", String(number === chosen));
      button.tabIndex = number === chosen ? 0 : -1;
      panels[number].classList.toggle("selected", number === chosen);
    });
  };
  buttons.forEach((button, number) => button.addEventListener("click", () => select(number)));
  list.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const next = (buttons.indexOf(event.target) + step + buttons.length) % buttons.length;
    select(next);
    buttons[next].focus();
  });
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", "Framework");
  list.append(...buttons);
  tabs.prepend(list);
  tabs.classList.add("ready");
  select(0);
}

// Paper has all figures
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details")) each.open = true;
});
