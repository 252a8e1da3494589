// The store of Node: a folder for each client id, with a LevelDB (`classic-level`) and a write-ahead log of the changes that
// the LevelDB does not contain yet. A write is one synchronous append to the log, so that a call survives the death of the
// process once its turn has ended; the LevelDB is updated later. Its lock excludes other processes.

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { locked } from "./register.mjs";
import { checksum, WriteAheadLog } from "./write-ahead-log.mjs";

/** From this length on the LevelDB is updated, after which the log is emptied. */
const UPDATE_LENGTH = 1 << 18;
/** From this length on writing waits for the LevelDB. */
const MAX_LENGTH = 1 << 25;
/** The key of the checksum over all entries. */
const SUM = "sum";
/** @type {any} */
const ENCODING = { keyEncoding: "utf8", valueEncoding: "view" };

/** @typedef {[number, Uint8Array | undefined]} Change */
/** @typedef {import("classic-level").ClassicLevel<string, Uint8Array>} Level */

export class LevelStore {
  #folder;
  /** @type {Level | undefined} */
  #db;
  /** @type {WriteAheadLog | undefined} */
  #log;
  /** Checksums of the entries: a LevelDB drops unreadable entries silently. @type {Map<number, number>} */
  #sums = new Map();
  #sum = 0;
  /** Changes that the LevelDB does not contain yet, the latest of each key. @type {Map<number, Uint8Array | undefined>} */
  #changes = new Map();
  /** @type {Promise<void> | undefined} */
  #updating;
  /** @type {unknown} */
  #failure;

  /** @param {{ folder?: string }} [options] */
  constructor({ folder = "mqtt-lib-store" } = {}) {
    this.#folder = folder;
  }

  /** @param {string} clientId @param {(text: string) => void} damaged */
  async open(clientId, damaged) {
    const ClassicLevel = await library();
    const folder = join(this.#folder, folderName(clientId));
    mkdirSync(folder, { recursive: true });
    const path = join(folder, "db");
    const create = () => /** @type {Level} */ (new ClassicLevel(path, ENCODING));
    /** @type {string | undefined} */
    let backup;
    const backUp = () => {
      backup ??= freeName(`${folder}.damaged`);
      cpSync(folder, backup, { recursive: true });
    };
    this.#failure = undefined;
    try {
      let entries = await this.#read(create()).catch(async (error) => {
        if (error?.cause?.code === "LEVEL_LOCKED") throw lockedError(clientId, folder, error);
        backUp();
        return await repaired(ClassicLevel, path, () => this.#read(create()));
      });
      this.#log = new WriteAheadLog(join(folder, "write-ahead-log"));
      const { changes, whole } = this.#log.read();
      if ((!whole || !entries.sound) && backup === undefined) {
        await this.#db?.close();
        backUp();
        entries = await this.#read(create());
      }
      for (const [key, value] of changes) {
        if (value === undefined) entries.kept.delete(key);
        else entries.kept.set(key, value);
      }
      this.#log.trim();
      if (backup !== undefined) await this.#rebuild([...entries.kept]);
      this.#begin(entries.kept, backup === undefined ? changes : [...entries.kept]);
      if (backup !== undefined) {
        damaged(
          `the store in ${folder} was damaged; the entries that could be read are sent, a copy of the store is in ${backup}`,
        );
      }
      return entries.kept;
    } catch (error) {
      await this.#shut();
      throw error;
    }
  }

  /** @param {Level} db */
  async #read(db) {
    await db.open();
    this.#db = db;
    /** @type {Map<number, Uint8Array>} */
    const kept = new Map();
    let [sum, expected] = [0, 0];
    for await (const [key, value] of db.iterator()) {
      if (key === SUM) {
        expected = Number(new TextDecoder().decode(value));
      } else if (!/^\d{16}$/.test(key)) {
        sum += 1;
      } else {
        const bytes = Uint8Array.from(value);
        kept.set(Number(key), bytes);
        sum = (sum + checksum(bytes, Number(key))) >>> 0;
      }
    }
    return { kept, sound: sum === expected };
  }

  /** Empties the LevelDB, which may have unreadable keys. @param {Change[]} kept */
  async #rebuild(kept) {
    this.#log?.append(kept);
    await this.#db?.clear();
  }

  /** @param {Map<number, Uint8Array>} kept @param {Change[]} changes */
  #begin(kept, changes) {
    this.#sums.clear();
    this.#sum = 0;
    for (const [key, value] of kept) this.#count(key, value);
    this.#changes = new Map(changes);
    // Also corrects the checksum of a LevelDB that was damaged.
    this.#update();
  }

  /** @param {number} key @param {Uint8Array | undefined} value */
  #count(key, value) {
    this.#sum -= this.#sums.get(key) ?? 0;
    if (value === undefined) {
      this.#sums.delete(key);
    } else {
      const sum = checksum(value, key);
      this.#sums.set(key, sum);
      this.#sum += sum;
    }
    this.#sum >>>= 0;
  }

  /** @param {Change[]} changes @returns {void | Promise<void>} */
  write(changes) {
    if (this.#failure !== undefined) throw this.#failure;
    const log = /** @type {WriteAheadLog} */ (this.#log);
    log.append(changes);
    for (const [key, value] of changes) {
      this.#count(key, value);
      this.#changes.set(key, value);
    }
    if (log.length < UPDATE_LENGTH) return;
    this.#update();
    if (log.length > MAX_LENGTH) return this.#updating;
  }

  /** Applies the changes of the log to the LevelDB. */
  #update() {
    this.#updating ??= this.#applyChanges()
      .catch((error) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#updating = undefined;
      });
    return this.#updating;
  }

  async #applyChanges() {
    const db = /** @type {Level} */ (this.#db);
    do {
      const changes = this.#changes;
      this.#changes = new Map();
      const sum = new TextEncoder().encode(String(this.#sum));
      const batch = db.batch().put(SUM, sum);
      for (const [key, value] of changes) {
        if (value === undefined) batch.del(keyText(key));
        else batch.put(keyText(key), value);
      }
      await batch.write();
    } while (this.#changes.size > 0);
    this.#log?.clear();
  }

  async close() {
    if (this.#updating !== undefined) await this.#updating;
    if (this.#failure === undefined) await this.#update();
    await this.#shut();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #shut() {
    this.#log?.close();
    this.#log = undefined;
    await this.#db?.close();
    this.#db = undefined;
  }
}

/** Keys whose alphabetical order is that of the numbers. @param {number} key */
const keyText = (key) => String(key).padStart(16, "0");

async function library() {
  try {
    return (await import("classic-level")).ClassicLevel;
  } catch (cause) {
    throw new Error('the package "classic-level" is missing: npm install classic-level', { cause });
  }
}

/** @param {string} clientId @param {string} folder @param {unknown} cause */
function lockedError(clientId, folder, cause) {
  const text = `another process, or another client in this process, has the store of mqttclientid "${clientId}" open (${folder}); stop that client, or use another mqttclientid`;
  return locked(text, cause);
}

/** A readable name, unique also on case-insensitive file systems. @param {string} clientId */
function folderName(clientId) {
  const readable = encodeURIComponent(clientId).replaceAll("*", "%2A").slice(0, 80);
  return `${readable}-${createHash("sha256").update(clientId).digest("hex").slice(0, 12)}`;
}

/** @param {string} name */
function freeName(name) {
  let free = name;
  for (let i = 2; existsSync(free); i++) free = `${name}-${i}`;
  return free;
}

/** @template T @param {typeof import("classic-level").ClassicLevel} Level @param {string} path @param {() => Promise<T>} read */
async function repaired(Level, path, read) {
  try {
    await Level.repair(path);
    return await read();
  } catch {
    rmSync(path, { recursive: true, force: true });
    return await read();
  }
}
