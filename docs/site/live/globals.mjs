// Globals of Node that the broker uses.
export { Buffer } from "buffer";
export { default as process } from "process";

/** @param {(...all: any[]) => void} call @param {any[]} all */
export const setImmediate = (call, ...all) => setTimeout(call, 0, ...all);
