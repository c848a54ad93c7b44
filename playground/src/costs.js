// The table of costs, as archspec writes it, with bars for the shares.
import { element, fromHtml } from "./dom.js";

export function costs(markup) {
  const page = element("div", { className: "page costs" }, ...fromHtml(markup));
  for (const table of page.querySelectorAll("table")) {
    const headings = [...table.querySelectorAll("th")].map((cell) => cell.textContent);
    headings.forEach((heading, column) => {
      if (heading === "share") bars(table, column);
    });
  }
  return page;
}

function bars(table, column) {
  const rows = [...table.rows].slice(1);
  const cells = rows.map((row) => row.cells[column]);
  const total = rows.find((row) => row.cells[0].textContent === "total");
  total?.classList.add("total");
  const percents = cells.map((cell) => Number.parseFloat(cell.textContent) || 0);
  const largest = Math.max(1, ...percents.filter((_, row) => rows[row] !== total));
  cells.forEach((cell, row) => {
    cell.classList.add("share");
    cell.style.setProperty("--share", percents[row]);
    cell.style.setProperty("--largest", largest);
  });
}
