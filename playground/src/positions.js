// archspec counts characters, JavaScript UTF-16 units.

export const characters = (text, units) => [...text.slice(0, units)].length;

export const units = (text, characters) => [...text].slice(0, characters).join("").length;
