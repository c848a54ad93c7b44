// The figures above the results.
import { element } from "./dom.js";

const number = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });

export function totals(list, found) {
  const sizes = (shape) => shape.join("\u2009×\u2009");
  const figures = {
    Network: found.variant ? `${found.name} (${found.variant})` : found.name,
    Input: sizes(found.input_shape),
    Output: sizes(found.output_shape),
    Parameters: figure(found.parameters),
    MACs: figure(found.macs),
  };
  list.replaceChildren(
    ...Object.entries(figures).map(([term, value]) =>
      element("div", {}, element("dt", { textContent: term }), element("dd", {}, value)),
    ),
  );
}

function figure(value) {
  return element("span", { textContent: short.format(value), title: number.format(value) });
}
