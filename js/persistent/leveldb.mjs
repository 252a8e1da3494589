// A store in Node: a folder for each client id, with a LevelDB (`classic-level`) and the tail, a file of
// what the LevelDB does not have yet. A write is one synchronous append to the tail, so what was called
// is safe from a kill when its turn has ended; the LevelDB follows behind and keeps others out.

import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { locked } from "./register.mjs";
import { Tail, checksum } from "./tail.mjs";

/** The tail is begun anew when the LevelDB has it all and it is longer than this. */
const SHORT = 1 << 18;
/** A tail this long makes writing wait for the LevelDB. */
const LONG = 1 << 25;
const SUM = "sum";
/** @type {any} */
const ENCODING = { keyEncoding: "utf8", valueEncoding: "view" };

/** @typedef {[number, Uint8Array | undefined]} Change */
/** @typedef {import("classic-level").ClassicLevel<string, Uint8Array>} Level */

export class LevelStore {
  #folder;
  /** @type {Level | undefined} */
  #db;
  /** @type {Tail | undefined} */
  #tail;
  /** Checksums of what is kept: a LevelDB drops what it cannot read without a word. @type {Map<number, number>} */
  #sums = new Map();
  #sum = 0;
  /** For the LevelDB, latest by key. @type {Map<number, Uint8Array | undefined>} */
  #behind = new Map();
  /** @type {Promise<void> | undefined} */
  #following;
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
    const place = join(folder, "db");
    const make = () => /** @type {Level} */ (new ClassicLevel(place, ENCODING));
    /** @type {string | undefined} */
    let aside;
    const putAside = () => {
      aside ??= freeName(`${folder}.damaged`);
      cpSync(folder, aside, { recursive: true });
    };
    this.#failure = undefined;
    try {
      let entries = await this.#read(make()).catch(async (error) => {
        if (error?.cause?.code === "LEVEL_LOCKED") throw isLocked(clientId, folder, error);
        putAside();
        return await repaired(ClassicLevel, place, () => this.#read(make()));
      });
      this.#tail = new Tail(join(folder, "tail"));
      const { changes, whole } = this.#tail.read();
      if ((!whole || !entries.sound) && aside === undefined) {
        await this.#db?.close();
        putAside();
        entries = await this.#read(make());
      }
      for (const [key, value] of changes) {
        if (value === undefined) entries.kept.delete(key);
        else entries.kept.set(key, value);
      }
      this.#tail.trim();
      if (aside !== undefined) await this.#anew([...entries.kept]);
      this.#begin(entries.kept, aside === undefined ? changes : [...entries.kept]);
      if (aside !== undefined) {
        damaged(
          `the store in ${folder} was damaged; what could be read of it is sent, a copy of it is in ${aside}`,
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
    let [sum, said] = [0, 0];
    for await (const [key, value] of db.iterator()) {
      if (key === SUM) {
        said = Number(new TextDecoder().decode(value));
      } else if (!/^\d{16}$/.test(key)) {
        sum += 1;
      } else {
        const bytes = Uint8Array.from(value);
        kept.set(Number(key), bytes);
        sum = (sum + checksum(bytes, Number(key))) >>> 0;
      }
    }
    return { kept, sound: sum === said };
  }

  /** The LevelDB may have keys that cannot be named: it is emptied. @param {Change[]} kept */
  async #anew(kept) {
    this.#tail?.append(kept);
    await this.#db?.clear();
  }

  /** @param {Map<number, Uint8Array>} kept @param {Change[]} changes */
  #begin(kept, changes) {
    this.#sums.clear();
    this.#sum = 0;
    for (const [key, value] of kept) this.#count(key, value);
    this.#behind = new Map(changes);
    // Also mends the sum of a LevelDB that was damaged.
    this.#follow();
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
    const tail = /** @type {Tail} */ (this.#tail);
    tail.append(changes);
    for (const [key, value] of changes) {
      this.#count(key, value);
      this.#behind.set(key, value);
    }
    if (tail.length < SHORT) return;
    this.#follow();
    if (tail.length > LONG) return this.#following;
  }

  /** Brings the LevelDB up to the tail. */
  #follow() {
    this.#following ??= this.#catchUp()
      .catch((error) => {
        this.#failure = error;
      })
      .finally(() => {
        this.#following = undefined;
      });
    return this.#following;
  }

  async #catchUp() {
    const db = /** @type {Level} */ (this.#db);
    do {
      const behind = this.#behind;
      this.#behind = new Map();
      const sum = new TextEncoder().encode(String(this.#sum));
      const batch = db.batch().put(SUM, sum);
      for (const [key, value] of behind) {
        if (value === undefined) batch.del(keyText(key));
        else batch.put(keyText(key), value);
      }
      await batch.write();
    } while (this.#behind.size > 0);
    this.#tail?.begin();
  }

  async close() {
    if (this.#following !== undefined) await this.#following;
    if (this.#failure === undefined) await this.#follow();
    await this.#shut();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #shut() {
    this.#tail?.close();
    this.#tail = undefined;
    await this.#db?.close();
    this.#db = undefined;
  }
}

/** Numbers in their order. @param {number} key */
const keyText = (key) => String(key).padStart(16, "0");

async function library() {
  try {
    return (await import("classic-level")).ClassicLevel;
  } catch (cause) {
    throw new Error('the package "classic-level" is missing: npm install classic-level', { cause });
  }
}

/** @param {string} clientId @param {string} folder @param {unknown} cause */
function isLocked(clientId, folder, cause) {
  const text = `another process, or another client in this one, has the store of mqttclientid "${clientId}" open (${folder}); stop it, or use another mqttclientid`;
  return locked(text, cause);
}

/** A readable name of its own, on file systems that do not tell A from a as well. @param {string} clientId */
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

/** @template T @param {typeof import("classic-level").ClassicLevel} Level @param {string} place @param {() => Promise<T>} read */
async function repaired(Level, place, read) {
  try {
    await Level.repair(place);
    return await read();
  } catch {
    rmSync(place, { recursive: true, force: true });
    return await read();
  }
}
