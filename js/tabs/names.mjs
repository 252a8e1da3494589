// What tabs and the hub of a connection call each other: names of locks and channels, and the key of a connection, which is the
// same in every tab that gives the same credentials, or whose credentials function does.

/** Changes with the messages that tabs and hub send each other: a page that was loaded earlier shares nothing with it then. */
const PREFIX = "mqtt-lib-tabs-4:";
const KEY_BYTES = 16;

/** Whether the platform has what sharing needs; without it each tab has a connection of its own. */
export const canShare = () =>
  typeof BroadcastChannel === "function" &&
  globalThis.navigator?.locks !== undefined &&
  globalThis.crypto?.subtle !== undefined &&
  globalThis.document !== undefined;

/** @param {string} _ @param {any} value */
const readable = (_, value) => {
  if (ArrayBuffer.isView(value)) return [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)];
  if (Object.prototype.toString.call(value) === "[object ArrayBuffer]") return [...new Uint8Array(value)];
  return value;
};

/** A URL without what may be signed anew for each attempt. @param {any} server */
const unsigned = (server) => (typeof server === "string" ? server.replace(/\?.*/s, "") : server);

/** The name of the connection with these credentials. @param {any} credentials @param {string} [kind] how they were given @returns {Promise<string>} */
export async function nameOf(credentials, kind = "") {
  const given = Object.entries(credentials ?? {}).sort();
  const text = new TextEncoder().encode(kind + JSON.stringify(given, readable));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text)).subarray(0, KEY_BYTES);
  return PREFIX + Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** That of an answer of a credentials function, by what is the same at the next attempt. @param {any} answer */
export const nameOfAnswer = ({ mqttpassword: _, ...others }) =>
  nameOf({ ...others, mqttserver: [others.mqttserver].flat().map(unsigned) }, "function");

/** The lock of whoever is the hub, or wants to be. @param {string} name */
export const hubLock = (name) => `${name}:hub`;
/** The lock that a hub has as long as it lives. @param {string} name @param {string} hub */
export const lifeOf = (name, hub) => `${name}:life:${hub}`;
/** The lock that a member has as long as it lives. @param {string} name @param {string} member */
export const memberLock = (name, member) => `${name}:member:${member}`;
/** The channel between the hub and a member. @param {string} name @param {string} member */
export const memberChannel = (name, member) => `${name}:channel:${member}`;

/** Of the worker that follows a hub: Firefox does not start one again that has ended. @param {string} name @param {string | undefined} former */
export const workerName = (name, former) => (former === undefined ? name : `${name}@${former}`);
/** The name of the connection, of that of its worker. @param {string} worker */
export const nameOfWorker = (worker) => worker.split("@")[0];

/** Calls `gone` once whoever has the lock is gone, unless the signal is aborted before. @param {string} lock @param {AbortSignal} signal @param {() => void} gone */
export function whenGone(lock, signal, gone) {
  navigator.locks.request(lock, { mode: "shared", signal }, gone).catch(() => {});
}
