// The store of Node: a folder for each client id with a log of its entries. A write is a synchronous append, so that a call
// survives the death of the process once its turn has ended. What is damaged is never given out; that something is damaged
// or missing is always said. A store of an earlier format is rewritten when it is opened.

import { rmSync } from "node:fs";
import { ownerOf } from "./checksum.mjs";
import { EntriesLog } from "./entries-log.mjs";
import { readFirstFormat } from "./first-format.mjs";
import { StoreFolder } from "./folder.mjs";
import { lock, lockAndRead, noteLog } from "./lock.mjs";
import { closes, openAfterFailure, openingEnded, opens } from "./register.mjs";

/** @typedef {[number, Uint8Array | undefined]} Change */

/** A file of the first format. */
const FIRST_LOG = "write-ahead-log";

export class FileStore {
  #base;
  /** @type {StoreFolder | undefined} */
  #folder;
  /** @type {import("./lock.mjs").Level | undefined} */
  #lock;
  /** The same, while it has entries of the first format. @type {import("./lock.mjs").Level | undefined} */
  #firstFormat;
  /** @type {EntriesLog | undefined} */
  #log;
  /** @type {unknown} */
  #failure;

  /** @param {{ folder?: string }} [options] */
  constructor({ folder = "mqtt-lib-store" } = {}) {
    this.#base = folder;
  }

  /** @param {string} clientId @param {(text: string) => void} damaged */
  open(clientId, damaged) {
    return openAfterFailure(this, () => this.#open(clientId, damaged));
  }

  /** @param {string} clientId @param {(text: string) => void} damaged */
  async #open(clientId, damaged) {
    const folder = new StoreFolder(this.#base, clientId);
    if (this.#folder !== undefined) throw folder.lockedError();
    folder.enter();
    this.#folder = folder;
    opens(this);
    this.#failure = undefined;
    try {
      const log = new EntriesLog(folder.file("entries"), folder.file("mark"), ownerOf(clientId));
      const { entries, sound } = log.read()
        ? await this.#take(folder, log)
        : await this.#takeFirstFormat(folder, log);
      const isDamaged = !sound || folder.isUnderRepair;
      if (isDamaged) folder.backUp();
      this.#log = log;
      if (log.isCurrent && !isDamaged) log.reopen();
      else log.begin(entries);
      await this.#firstFormat?.clear();
      if (this.#lock) await noteLog(this.#lock);
      rmSync(folder.file(FIRST_LOG), { force: true });
      if (isDamaged) {
        damaged(
          `the store in ${folder.path} was damaged; the entries that could be read are sent, a copy of the store is in ${folder.keepBackup()}`,
        );
      }
      return entries;
    } catch (error) {
      await this.shut();
      throw error;
    }
  }

  /** @param {StoreFolder} folder @param {EntriesLog} log */
  async #take(folder, log) {
    this.#lock = await lock(folder.file("db"), (cause) => folder.lockedError(cause));
    // Anew: a process that had it open until now may have changed it.
    return log.read() ?? { entries: new Map(), sound: false };
  }

  /** @param {StoreFolder} folder @param {EntriesLog} log */
  async #takeFirstFormat(folder, log) {
    const lockedError = (/** @type {unknown} */ cause) => folder.lockedError(cause);
    const { db, repaired } = await lockAndRead(folder.file("db"), lockedError, () => folder.backUp());
    this.#lock = db;
    this.#firstFormat = db;
    const meanwhile = log.read();
    if (meanwhile) return meanwhile;
    const { entries, sound } = await readFirstFormat(db, folder.file(FIRST_LOG));
    return { entries, sound: sound && !repaired };
  }

  /** @param {Change[]} changes */
  write(changes) {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      const log = /** @type {EntriesLog} */ (this.#log);
      if (log.isRemoved) throw this.#removedError();
      log.append(changes);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /** Also what is being opened, once it is open. */
  async close() {
    await openingEnded(this);
    const removed = this.#log?.isRemoved ? this.#removedError() : undefined;
    await this.shut();
    if (removed) throw removed;
  }

  #removedError() {
    return new Error(
      `the files in ${this.#folder?.path} were removed while it was open; what was in them is lost`,
    );
  }

  /** Closes what is open. */
  async shut() {
    closes(this);
    this.#log?.close();
    this.#log = undefined;
    await this.#lock?.close();
    this.#lock = undefined;
    this.#firstFormat = undefined;
    this.#folder?.leave();
    this.#folder = undefined;
  }
}
