// Writes the .wasm as it is shipped: the whole, and for a page two files, what every page loads and what it loads for a store. Owns
// which functions are of a store, and the orders of functions that are tried, each in a thread of its own, because each
// takes seconds.
import { writeFileSync } from "node:fs";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { gzipSync } from "node:zlib";
import { module, SECTION, sections } from "./binary.mjs";
import { renumberLocals } from "./locals.mjs";
import { bestOrder } from "./order.mjs";
import { split } from "./split.mjs";

/**
 * What only a store needs, by name: the class that keeps one, what opens, writes and closes it, the journal when it is on, and
 * what reads its records. Nothing else calls these, unless there is a store.
 */
const STORE = [
  "driver::memory::copy_stored$",
  "driver::persistence::",
  "driver::store::Store>::",
  "driver::Client>::(open_store|close_store|end_stoppers|report_damage|start_stored|stop_stored|write|written|write_failed)\\b",
  "engine::Engine>::restore$",
  "engine::journal::Journal>::(discard|erase|push|record_\\w+)$",
  "engine::record::parse_",
  "engine::restoring::",
  "engine::session::Session>::restore",
  "engine::stopping::kept_in_store$",
].map((name) => new RegExp(`^<*mqtt_lib::${name}`));

/** Whether a function is one of those. @param {string} name as it is in the .wasm, with hashes of crates */
function isOfStore(name) {
  const plain = name.replace(/\[[0-9a-f]{16}\]/g, "");
  return STORE.some((of) => of.test(plain));
}

/** What only Node calls: js/node/publishing.mjs. */
const OF_NODE = ["bulk_head"];

/** Each gives another order. */
const BEGINNINGS = [32, 2, 42, 0];

/** @typedef {{ whole: string, page: string, store: string }} Files where they go */

/** Writes the files. @param {Buffer} named the whole, with the names of its functions, its locals numbered @param {Files} to */
export async function writeShipped(named, to) {
  const shipped = smallestPage(named);
  const unnamed = module(sections(named).filter(({ id }) => id !== SECTION.custom));
  writeFileSync(to.whole, renumberLocals(unnamed));
  const { page, store } = await shipped;
  writeFileSync(to.page, page);
  writeFileSync(to.store, store);
}

/** @typedef {{ page: Uint8Array, store: Uint8Array, size: number }} Pair the two files, and the first one's size by gzip */

/**
 * The split whose page is the smallest one of several orders of functions. Their locals have been numbered, so that what is
 * alike is more alike, and are numbered again for what is then before them.
 * @param {Buffer} named @returns {Promise<Pair>}
 */
async function smallestPage(named) {
  const tried = await Promise.all(BEGINNINGS.map((beginning) => inThread({ named, beginning })));
  return tried.reduce((best, one) => (one.size < best.size ? one : best));
}

/** @param {{ named: Uint8Array, beginning: number }} workerData @returns {Promise<Pair>} */
function inThread(workerData) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

/** @param {Buffer} named @param {number} beginning @returns {Pair} */
function pairOf(named, beginning) {
  const { first, second } = split(named, isOfStore, (codes) => bestOrder(codes, beginning), OF_NODE);
  const page = renumberLocals(first);
  return { page, store: renumberLocals(second), size: gzipSync(page, { level: 9 }).length };
}

if (!isMainThread) {
  const { named, beginning } = workerData;
  parentPort?.postMessage(pairOf(Buffer.from(named), beginning));
}
