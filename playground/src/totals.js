// The figures above the results.
import { element } from "./dom.js";

const number = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 4 });

// The sizes of a shape, or of several by their names.
function sizes(shape) {
  if (Array.isArray(shape)) return shape.join("\u2009×\u2009");
  return Object.values(shape).map(sizes).join(", ");
}

export function totals(list, found) {
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
