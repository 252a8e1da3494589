// Reads a store of the first format: a LevelDB with one checksum over all entries, and a write-ahead log of records without
// a header. A LevelDB which says that there is a log of a later format is not sound: that log was removed. Never writes it.

import { checksum } from "./checksum.mjs";
import { contentOf } from "./files.mjs";
import { LOG_EXISTS } from "./lock.mjs";
import { changesOf, isRecordHead, NO_SALT, RECORD_HEAD, recordAt } from "./log-format.mjs";

/** The key of the checksum over all entries. */
const SUM = "sum";

/** @typedef {import("classic-level").ClassicLevel<string, Uint8Array>} Level */

/** Without a checksum of each, a LevelDB that is not sound gives no entry. @param {Level} db open @param {string} logPath */
export async function readFirstFormat(db, logPath) {
  /** @type {Map<number, Uint8Array>} */
  let entries = new Map();
  let [sum, expected, logIsMissing] = [0, 0, false];
  for await (const [key, value] of db.iterator()) {
    if (key === SUM) {
      expected = Number(new TextDecoder().decode(value));
    } else if (key === LOG_EXISTS) {
      logIsMissing = true;
    } else if (/^\d{16}$/.test(key)) {
      const bytes = Uint8Array.from(value);
      entries.set(Number(key), bytes);
      sum = (sum + checksum(bytes, Number(key))) >>> 0;
    } else {
      sum += 1;
    }
  }
  const sound = sum === expected && !logIsMissing;
  if (!sound) entries = new Map();
  const bytes = contentOf(logPath) ?? Buffer.alloc(0);
  let whole = true;
  for (let at = 0; at + RECORD_HEAD <= bytes.length; ) {
    const body = recordAt(bytes, at, NO_SALT);
    if (body === undefined) {
      // Incomplete if the process ended while it was written.
      if (!isRecordHead(bytes, at, NO_SALT)) whole = false;
      break;
    }
    if (checksum(body, 0) === bytes.readUInt32BE(at + 8)) apply(body, entries);
    else whole = false;
    at += RECORD_HEAD + body.length;
  }
  return { entries, sound: sound && whole };
}

/** @param {Buffer} body @param {Map<number, Uint8Array>} entries */
function apply(body, entries) {
  for (const [key, value] of changesOf(body)) {
    if (value === undefined) entries.delete(key);
    else entries.set(key, value);
  }
}
