// The store of a page: one IndexedDB database for each client id, through `idb`; a Web Lock excludes other tabs. A
// transaction is committed in the task that created it; what is not finished when the page is left is in `unfinished.mjs`.
// Each value ends with its checksum, and one more record, written by every transaction, has the count and the sum of all:
// what is altered is not given out, and what is missing is noticed. Version 1 of the database had neither.

import { openDB } from "idb";
import { ownerOf } from "./checksum.mjs";
import { closes, locked, openAfterFailure, openingEnded, opens } from "./register.mjs";
import { Sealed } from "./sealed.mjs";
import { Unfinished } from "./unfinished.mjs";

const TABLE = "journal";
const VERSION = 2;
/** The key of the record over all records. */
const SUMMARY = "sum";
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
  /** @type {Sealed} */
  #sealed = new Sealed(0);

  /** @param {string} clientId @param {(text: string) => void} damaged */
  open(clientId, damaged) {
    return openAfterFailure(this, () => this.#open(clientId, damaged));
  }

  /** @param {string} clientId @param {(text: string) => void} damaged */
  async #open(clientId, damaged) {
    const name = `mqtt-lib ${clientId}`;
    await this.#lock(name, clientId);
    opens(this);
    this.#sealed = new Sealed(ownerOf(clientId));
    try {
      const entries = await this.#load(name, damaged);
      this.#unfinished = new Unfinished(name, ownerOf(clientId));
      return await this.#finish(this.#unfinished, entries, damaged);
    } catch (error) {
      this.shut();
      throw error;
    }
  }

  /** @param {string} name @param {string} clientId */
  async #lock(name, clientId) {
    if (!navigator.locks) {
      throw new Error(
        "a browser has a store only for pages of https or of localhost; this page is of neither",
      );
    }
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
        const db = await openDB(name, VERSION, {
          upgrade: (fresh, version, _version, transaction) => {
            if (version === 0) fresh.createObjectStore(TABLE);
            return this.#upgrade(/** @type {any} */ (transaction).objectStore(TABLE));
          },
          blocking: () => db.close(),
        });
        this.#db = db;
        return await this.#read(db, name, damaged);
      } catch (error) {
        this.#db?.close();
        if (i === MAX_DATABASES) throw error;
        damaged(
          `the IndexedDB database "${name}" cannot be read (${error}); it is kept, and another database is used`,
        );
      }
    }
  }

  /** Seals the values of version 1. @param {any} table of the transaction that upgrades */
  async #upgrade(table) {
    const [keys, values] = await Promise.all([table.getAllKeys(), table.getAll()]);
    for (const [at, key] of keys.entries()) await table.put(this.#sealed.seal(key, values[at]), key);
    await table.put(this.#sealed.summary(), SUMMARY);
  }

  /** @param {Database} db @param {string} name @param {(text: string) => void} damaged */
  async #read(db, name, damaged) {
    const table = db.transaction(TABLE).store;
    const [keys, values] = await Promise.all([table.getAllKeys(), table.getAll()]);
    const records = new Map(keys.map((key, at) => [key, values[at]]));
    const summary = records.get(SUMMARY);
    records.delete(SUMMARY);
    this.#sealed.clear();
    /** @type {Map<any, any>} */
    const entries = new Map();
    for (const [key, sealed] of records) {
      const value = this.#sealed.open(key, sealed);
      if (value) entries.set(key, value);
    }
    if (entries.size !== records.size || summary !== this.#sealed.summary()) {
      const transaction = db.transaction(TABLE, "readwrite");
      for (const key of records.keys()) if (!entries.has(key)) transaction.store.delete(key);
      transaction.store.put(this.#sealed.summary(), SUMMARY);
      await transaction.done;
      damaged(`the IndexedDB database "${name}" was damaged; the records that could be read are sent`);
    }
    return entries;
  }

  /** Adds what an earlier page did not finish. @param {Unfinished} unfinished @param {Map<any, any>} entries @param {(text: string) => void} damaged */
  async #finish(unfinished, entries, damaged) {
    const changes = unfinished.read(() =>
      damaged("the changes that the last page left in localStorage were damaged; they are not made"),
    );
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
      const sealed = this.#sealed.seal(key, value);
      const request = sealed ? transaction.store.put(sealed, key) : transaction.store.delete(key);
      request.catch(() => {}); // the transaction reports the error
    }
    transaction.store.put(this.#sealed.summary(), SUMMARY).catch(() => {});
    transaction.commit();
    this.#unfinished?.add(changes, transaction.done);
    return transaction.done;
  }

  /** Also what is being opened, once it is open. */
  async close() {
    await openingEnded(this);
    this.shut();
  }

  /** Closes what is open. */
  shut() {
    closes(this);
    this.#db?.close();
    this.#db = undefined;
    this.#unfinished?.close();
    this.#unfinished = undefined;
    this.#unlock?.();
    this.#unlock = undefined;
  }
}
