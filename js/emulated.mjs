// The core as JavaScript, for engines without WebAssembly: mqtt-lib/js. Owns where it is found, and who must know that its memory
// has grown, which leaves views of the old memory as they are; those of a WebAssembly are detached and empty then.

/** Whether an entry of the package works with that core. In the file that pages download by default this is false, and what depends on it left out (scripts/build.mjs). */
export const EMULATED = true;

/** Under this name the file of `mqtt-lib/js` has it (scripts/js-core.mjs). */
const CORE = Symbol.for("mqtt-lib.js");

/** What stands for a WebAssembly.Module there. @typedef {{ instantiate: (imports: any, grown: () => void) => any }} JsCore */

/** It, if that was imported. @returns {JsCore | undefined} */
export const jsCore = () => (EMULATED ? /** @type {any} */ (globalThis)[CORE] : undefined);

/** @type {(() => void)[]} */
const listeners = [];

/** @param {() => void} listener called when the memory has grown */
export function onGrown(listener) {
  if (EMULATED) listeners.push(listener);
}

/**
 * The exports of an instance of either kind.
 * @param {any} module @param {any} imports @param {() => void} renew forgets the views that the glue keeps
 */
export function instantiate(module, imports, renew) {
  const exports = module.instantiate(imports, () => {
    renew();
    for (const listener of listeners) listener();
  });
  return { exports };
}
