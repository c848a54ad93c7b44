// Elements are made from text, never from markup, but for what archspec has escaped.

export const byId = (id) => document.getElementById(id);

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// The elements of a page that archspec wrote, which has escaped what is a spec's.
export function fromHtml(markup) {
  return [...new DOMParser().parseFromString(markup, "text/html").body.children];
}

export function fromSvg(markup) {
  const page = new DOMParser().parseFromString(markup, "image/svg+xml");
  return document.importNode(page.documentElement, true);
}

export function download(name, text) {
  const url = URL.createObjectURL(new Blob([text]));
  element("a", { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

// Copy a text and say so in the button that asked for it; a browser may refuse.
export async function copy(button, text, done) {
  try {
    await navigator.clipboard.writeText(text);
    confirm(button, done);
  } catch {
    confirm(button, "Not allowed to copy");
  }
}

// Say in a button for a moment that it has done its work.
function confirm(button, text) {
  const usual = button.dataset.usual ?? button.textContent;
  button.dataset.usual = usual;
  button.textContent = text;
  setTimeout(() => {
    button.textContent = usual;
  }, 1500);
}
