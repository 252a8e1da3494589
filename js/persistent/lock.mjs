// The lock of a store's folder, so that one process has it open: that of a LevelDB (`classic-level`), because Node has no
// lock of its own and an earlier version of this package, which kept its entries in that LevelDB, is kept out too. Once there
// is a log, the LevelDB has one entry, which says so.

import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { refuseLink, refuseOther } from "./files.mjs";

/** @typedef {import("classic-level").ClassicLevel<string, Uint8Array>} Level */

const OWNER_ONLY = 0o700;
const FILE = "LOCK";
/** A folder that the repair of a LevelDB makes. */
const LOST = "lost";
/** The key of the only entry that the LevelDB has once there is a log: without the log, it was removed. */
export const LOG_EXISTS = "log";
/** @type {any} */
const ENCODING = { keyEncoding: "utf8", valueEncoding: "view" };

/** Takes the lock. Close the result to release it. @param {string} path @param {(cause: unknown) => Error} lockedError */
export async function lock(path, lockedError) {
  clear(path);
  refuseOthers(path);
  return openLevel(path, lockedError);
}

/**
 * Takes the lock, and opens what the LevelDB has. `repaired` if it could not be opened; `damaged()` is called before it is
 * changed. @param {string} path @param {(cause: unknown) => Error} lockedError @param {() => void} damaged
 */
export async function lockAndRead(path, lockedError, damaged) {
  refuseOthers(path);
  // Without it nothing can be said of the files.
  const ClassicLevel = await library();
  try {
    return { db: await openLevel(path, lockedError), repaired: false };
  } catch (error) {
    if (/** @type {any} */ (error)?.code === "STORE_LOCKED") throw error;
    damaged();
    try {
      await ClassicLevel.repair(path);
      return { db: await openLevel(path, lockedError), repaired: true };
    } catch {
      return { db: await lock(path, lockedError), repaired: true };
    }
  }
}

/** Removes all files but the lock's: nothing in them counts, and a LevelDB can end the process if they are damaged. @param {string} path */
function clear(path) {
  try {
    for (const name of readdirSync(path)) if (name !== FILE) rmSync(join(path, name), { recursive: true });
  } catch {
    // There is none; or, on Windows, another process has it open, which the lock says.
  }
}

/** LevelDB would follow a link, and a pipe would block it. @param {string} path */
function refuseOthers(path) {
  for (const name of namesIn(path)) {
    if (name === LOST) refuseLink(join(path, name));
    else refuseOther(join(path, name));
  }
}

/** @param {string} path */
function namesIn(path) {
  try {
    return readdirSync(path);
  } catch {
    return []; // what is wrong the lock says
  }
}

/** Writes down that there is a log. @param {Level} db */
export const noteLog = (db) => db.put(LOG_EXISTS, Uint8Array.of(1));

/** @param {string} path @param {(cause: unknown) => Error} lockedError */
async function openLevel(path, lockedError) {
  const ClassicLevel = await library();
  // LevelDB would make it readable for everybody.
  if (!existsSync(path)) mkdirSync(path);
  chmodSync(path, OWNER_ONLY);
  const db = /** @type {Level} */ (new ClassicLevel(path, ENCODING));
  try {
    await db.open();
    return db;
  } catch (error) {
    await db.close();
    const { cause } = /** @type {any} */ (error);
    if (cause?.code === "LEVEL_LOCKED") throw lockedError(error);
    throw cause ? new Error(`the lock of ${path}: ${cause.message}`, { cause: error }) : error;
  }
}

async function library() {
  try {
    return (await import("classic-level")).ClassicLevel;
  } catch (cause) {
    throw new Error('the package "classic-level" is missing: npm install classic-level', { cause });
  }
}
