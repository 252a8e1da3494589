// The store of a page: one IndexedDB database for each client id, through `idb`; a Web Lock excludes other tabs. A
// transaction is committed in the task that created it; what is not finished when the page is left is in `unfinished.mjs`.

import { openDB } from "idb";
import { locked } from "./register.mjs";
import { Unfinished } from "./unfinished.mjs";

const TABLE = "journal";
/** After a reload the lock of the previous page still exists for a moment. */
const LOCK_TIMEOUT_MS = 2000;
/** How many databases are tried, one after the other, if they cannot be read. */
const MAX_DATABASES = 3;

/** @typedef {import("idb").IDBPDatabase} Database */

export class IndexedDbStore {
  /** @type {Database | undefined} */
  #db;
  /** @type {(() => void) | undefined} */
  #unlock;
  /** @type {Unfinished | undefined} */
  #unfinished;

  /** @param {string} clientId @param {(text: string) => void} damaged */
  async open(clientId, damaged) {
    const name = `mqtt-lib ${clientId}`;
    await this.#lock(name, clientId);
    try {
      const entries = await this.#load(name, damaged);
      this.#unfinished = new Unfinished(name);
      return await this.#finish(this.#unfinished, entries);
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
        return new Promise((unlock) => {
          this.#unlock = () => unlock(undefined);
        });
      };
      navigator.locks.request(name, { signal: AbortSignal.timeout(LOCK_TIMEOUT_MS) }, hold).catch((cause) => {
        const text = `another tab has the store of mqttclientid "${clientId}" open; use one tab only, or another mqttclientid`;
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
        return new Map(keys.map((key, at) => [key, values[at]]));
      } catch (error) {
        this.#db?.close();
        if (i === MAX_DATABASES) throw error;
        damaged(
          `the IndexedDB database "${name}" cannot be read (${error}); it is kept, and another database is used`,
        );
      }
    }
  }

  /** Adds what an earlier page did not finish. @param {Unfinished} unfinished @param {Map<any, any>} entries */
  async #finish(unfinished, entries) {
    const changes = unfinished.read();
    if (changes.length > 0) {
      for (const [key, value] of changes) {
        if (value === undefined) entries.delete(key);
        else entries.set(key, value);
      }
      await this.write(changes);
      unfinished.forget();
    }
    return [...entries].sort(([a], [b]) => a - b);
  }

  /** @param {[number, Uint8Array | undefined][]} changes */
  write(changes) {
    const db = /** @type {Database} */ (this.#db);
    const transaction = db.transaction(TABLE, "readwrite", { durability: "relaxed" });
    for (const [key, value] of changes) {
      const request = value === undefined ? transaction.store.delete(key) : transaction.store.put(value, key);
      request.catch(() => {}); // the transaction reports the error
    }
    transaction.commit();
    this.#unfinished?.add(changes, transaction.done);
    return transaction.done;
  }

  async close() {
    this.#db?.close();
    this.#db = undefined;
    this.#unfinished?.close();
    this.#unfinished = undefined;
    this.#unlock?.();
    this.#unlock = undefined;
  }
}
