// The line below the page, with a bar while Python is loading.
import { byId } from "./dom.js";

export function status(text) {
  byId("status").textContent = text;
}

export function loading(progress) {
  byId("progress").hidden = false;
  byId("progress").value = progress;
}

export function loaded() {
  byId("progress").hidden = true;
}
