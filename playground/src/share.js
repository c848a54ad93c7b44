// The network in the fragment of the address, so that a link shares it:
// #zoo=NAME for a bundled spec, or #name=NAME&text=DEFLATED, with variant and view.

const MAX_TEXT = 500_000; // characters that archspec reads

export async function toFragment({ name, text, variant, view }, bundled) {
  const entries = bundled(name) === text ? { zoo: name } : { name, text: await deflated(text) };
  if (variant) entries.variant = variant;
  if (view) entries.view = view;
  return `#${new URLSearchParams(entries)}`;
}

// What a fragment says, or null. Throws an Error for a text that cannot be read.
export async function fromFragment(fragment, bundled) {
  const entries = Object.fromEntries(new URLSearchParams(fragment.slice(1)));
  const { zoo, variant = "", view = "" } = entries;
  if (zoo && bundled(zoo) !== undefined) return { name: zoo, text: bundled(zoo), variant, view };
  if (!entries.text) return null;
  return { name: entries.name ?? "", text: await inflated(entries.text), variant, view };
}

async function deflated(text) {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function inflated(encoded) {
  const binary = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream("utf-8", { fatal: true }))) {
    text += part;
    if (text.length > MAX_TEXT) throw new Error("the text is too long");
  }
  return text;
}
