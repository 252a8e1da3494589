// A store in a page: one IndexedDB database a client id, through `idb`; a Web Lock keeps other tabs out.
// A transaction is committed in the task that made it, so that it survives a page that goes away.

import { openDB } from "idb";
import { locked } from "./register.mjs";

const TABLE = "journal";
/** A page that is reloaded meets the lock of its former self, for a moment. */
const PATIENCE_MS = 2000;
/** Databases that are tried, one after the other, when they cannot be read. */
const TRIES = 3;

/** @typedef {import("idb").IDBPDatabase} Database */

export class PageStore {
  /** @type {Database | undefined} */
  #db;
  /** @type {(() => void) | undefined} */
  #release;

  /** @param {string} clientId @param {(text: string) => void} damaged */
  async open(clientId, damaged) {
    const name = `mqtt-lib ${clientId}`;
    await this.#lock(name, clientId);
    try {
      return await this.#load(name, damaged);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** @param {string} name @param {string} clientId */
  async #lock(name, clientId) {
    await new Promise((resolve, reject) => {
      const hold = () => {
        resolve(undefined);
        return new Promise((release) => {
          this.#release = () => release(undefined);
        });
      };
      navigator.locks.request(name, { signal: AbortSignal.timeout(PATIENCE_MS) }, hold).catch((cause) => {
        const text = `another tab has the store of mqttclientid "${clientId}" open; use one tab, or another mqttclientid`;
        reject(locked(text, cause));
      });
    });
  }

  /** @param {string} base @param {(text: string) => void} damaged */
  async #load(base, damaged) {
    for (let i = 1; ; i++) {
      const name = i === 1 ? base : `${base} (${i})`;
      try {
        const db = await openDB(name, 1, {
          upgrade: (fresh) => {
            fresh.createObjectStore(TABLE);
          },
          blocking: () => db.close(),
        });
        this.#db = db;
        const table = db.transaction(TABLE).store;
        const [keys, values] = await Promise.all([table.getAllKeys(), table.getAll()]);
        return keys.map((key, at) => [key, values[at]]);
      } catch (error) {
        this.#db?.close();
        if (i === TRIES) throw error;
        damaged(`the IndexedDB database "${name}" cannot be read (${error}); it is left aside for another`);
      }
    }
  }

  /** @param {[number, Uint8Array | undefined][]} changes */
  write(changes) {
    const db = /** @type {Database} */ (this.#db);
    const transaction = db.transaction(TABLE, "readwrite", { durability: "relaxed" });
    for (const [key, value] of changes) {
      const request = value === undefined ? transaction.store.delete(key) : transaction.store.put(value, key);
      request.catch(() => {}); // the transaction tells
    }
    transaction.commit();
    return transaction.done;
  }

  async close() {
    this.#db?.close();
    this.#db = undefined;
    this.#release?.();
    this.#release = undefined;
  }
}
