// Compiles the .wasm, from the argument of `init` or from the URL that an entry knows. Never compiles synchronously. If the
// source is something else, such as an HTML page, the error names it.

import { EMULATED, jsCore } from "./emulated.mjs";
import { limited } from "./limits.mjs";

/** Under this name `mqtt-lib/inline` stores the .wasm as text, and the entry for Workers as a module, for any entry of the package. */
const INLINE = Symbol.for("mqtt-lib.wasm");

/** The .wasm of such an entry, or the core as JavaScript, if that was imported. @returns {any} a module, bytes or undefined */
export function inlined() {
  if (EMULATED && jsCore()) return jsCore();
  const given = /** @type {any} */ (globalThis)[INLINE];
  return typeof given === "string" ? decode(given) : given;
}

/**
 * Decodes the text. Each byte is a printable character, preceded by a space if the byte is 91 or more and by "!" if it is
 * 182 or more: smaller than base64, compressed or not. The encoder is in scripts/inline.mjs.
 * @param {string} text
 */
export function decode(text) {
  const bytes = new Uint8Array(text.length);
  let length = 0;
  let more = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 34) more = (code - 31) * 91;
    else {
      bytes[length++] = more + code - (code > 92 ? 36 : 35);
      more = 0;
    }
  }
  return bytes.slice(0, length);
}

/** How long the .wasm may take: 96 KiB arrive in it over the slowest mobile network. */
const TIMEOUT_S = 60;

// By name instead of `instanceof`: values may come from a worker, another frame, or jsdom.
/** @param {unknown} value */
const kind = (value) => Object.prototype.toString.call(value).slice(8, -1);

/** A server that accepts the request and does not answer holds up nobody for ever. @param {unknown} source @returns {Promise<WebAssembly.Module>} */
export const compile = (source) =>
  limited(
    { timeout: TIMEOUT_S },
    () => compiled(source),
    () => {},
    `it took longer than ${TIMEOUT_S} s`,
  );

/** @param {unknown} source @returns {Promise<WebAssembly.Module>} */
async function compiled(source) {
  let given = /** @type {any} */ (await source);
  if (/^(String|URL|Request)$/.test(kind(given))) given = await fetch(given);
  if (kind(given) === "WebAssembly.Module" || (EMULATED && given === jsCore())) return given;
  if (kind(given) === "Response") {
    if (!given.ok) throw new Error(`the server answered ${given.status}`);
    // With the right type it is compiled while it is downloaded.
    if (given.headers.get("Content-Type") === "application/wasm") return WebAssembly.compileStreaming(given);
    given = await given.arrayBuffer();
  }
  if (kind(given) === "ArrayBuffer") given = new Uint8Array(given);
  if (!ArrayBuffer.isView(given))
    throw new TypeError(`${kind(given)} is neither a URL nor a Response nor bytes`);
  const first = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  if (first[0] === 60) throw new Error("it is an HTML page, as servers send for a missing file");
  if (first[0] !== 0) throw new Error("it is not WebAssembly");
  return WebAssembly.compile(/** @type {Uint8Array<ArrayBuffer>} */ (first));
}
