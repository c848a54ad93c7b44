// What the reader chose, kept where the browser allows it.

const PREFIX = "archspec-playground-";

export function setting(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function keep(name, value) {
  try {
    localStorage.setItem(PREFIX + name, value);
  } catch {
    // It then holds until the page is closed.
  }
}
