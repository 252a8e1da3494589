// The folder of a client's store: its name, its permissions, that it is opened once in this process, and the copy that is
// made before a damaged store is repaired. Knows nothing of what is in the files.

import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { basename, join } from "node:path";
import { refuseLink } from "./files.mjs";
import { locked } from "./register.mjs";

const OWNER_ONLY = 0o700;
/** @type {any} */
const global = globalThis;
const OPEN = Symbol.for("mqtt-lib.persistent.open");
global[OPEN] ??= new Set();
/** Folders that are open in this thread, shared by all copies of this package. @type {Set<string>} */
const open = global[OPEN];

export class StoreFolder {
  #clientId;
  /** @type {string} */
  path;
  /** @type {string | undefined} */
  #opened;

  /** @param {string} base @param {string} clientId */
  constructor(base, clientId) {
    this.#clientId = clientId;
    this.path = join(base, folderName(clientId));
  }

  /** @param {string} name */
  file(name) {
    return join(this.path, name);
  }

  /** Creates it. Throws if this process has it open: a second LevelDB would remove the lock of the first. */
  enter() {
    mkdirSync(this.path, { recursive: true, mode: OWNER_ONLY });
    for (const path of [this.path, this.file("db")]) refuseLink(path);
    chmodSync(this.path, OWNER_ONLY);
    const real = realpathSync(this.path);
    if (open.has(real) || isOpenInThread(join(real, "db", "LOCK"))) throw this.lockedError();
    open.add(real);
    this.#opened = real;
  }

  leave() {
    if (this.#opened !== undefined) open.delete(this.#opened);
    this.#opened = undefined;
  }

  /** @param {unknown} [cause] */
  lockedError(cause) {
    return locked(
      `another process, or another client in this process, has the store of mqttclientid "${this.#clientId}" open (${this.path}); stop that client, or use another mqttclientid`,
      cause,
    );
  }

  /** Whether a copy was made and the repair was not finished. */
  get isUnderRepair() {
    return existsSync(`${this.path}.repair`);
  }

  /** Copies it, unless an earlier repair that was not finished did. A copy that fails leaves nothing. */
  backUp() {
    if (this.isUnderRepair) return;
    const part = `${this.path}.part`;
    rmSync(part, { recursive: true, force: true });
    try {
      cpSync(this.path, part, { recursive: true, filter: (source) => basename(source) !== "LOCK" });
      chmodSync(part, OWNER_ONLY);
      renameSync(part, `${this.path}.repair`);
    } catch (error) {
      rmSync(part, { recursive: true, force: true });
      throw error;
    }
  }

  /** The repair is finished: the copy gets its name, which is returned. */
  keepBackup() {
    const backup = freeName(`${this.path}.damaged`);
    renameSync(`${this.path}.repair`, backup);
    return backup;
  }
}

/** Whether any thread of this process has the file open, where the system says so. @param {string} file */
function isOpenInThread(file) {
  try {
    return readdirSync("/proc/self/fd").some((fd) => linkOf(`/proc/self/fd/${fd}`) === file);
  } catch {
    return false;
  }
}

/** @param {string} link */
function linkOf(link) {
  try {
    return readlinkSync(link);
  } catch {
    return undefined; // closed meanwhile
  }
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
