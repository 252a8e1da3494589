// What the facade needs of its platform. The entry sets it before the class of clients is defined, so that in Node that
// class extends Node's own EventEmitter. Owns nothing else.

/**
 * @typedef {object} Platform
 * @property {any} EventEmitter
 * @property {any} MqttCustom the native client
 * @property {(payload: Uint8Array) => Uint8Array} bytes how a payload is given to listeners
 * @property {string[]} protocols
 * @property {(options: any, client: any, connect: any) => any} open makes a stream, or what behaves like a WebSocket
 * @property {(values: any[]) => any} [streamOf] a stream of objects, in Node
 * @property {(callback: () => void) => void} later calls back after the current operation
 */

/** @type {Platform} */
export const platform = /** @type {any} */ ({});
