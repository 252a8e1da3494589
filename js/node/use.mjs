// What the entries for Node have in common: sockets are TCP, TLS or the package `ws`, each behind a WebSocket adapter.

import { readFileSync } from "node:fs";
import { useStacks } from "../errors.mjs";
import { use } from "../runtime.mjs";
import { connect } from "./connect.mjs";
import { diagnose } from "./diagnostics.mjs";
import { allocate } from "./payload-memory.mjs";
import { publish } from "./publishing.mjs";
import { refused } from "./refused.mjs";
import { showErrors } from "./shown.mjs";
import { remember, withoutOwn } from "./stack.mjs";

/** @param {() => Uint8Array | undefined} bytes gives the .wasm */
export function useNode(bytes) {
  diagnose();
  useStacks(remember, withoutOwn, refused);
  showErrors();
  use({
    node: true,
    // As the platform's WebSocket has it.
    connect: (url, protocols, credentials) => Object.assign(connect(url, protocols, credentials), { url }),
    advice: 'mark "mqtt-lib" as external in the bundler\'s configuration',
    bytes,
    allocate,
    publish,
    file: (source) => (/^file:/.test(`${source}`) ? readFileSync(new URL(`${source}`)) : undefined),
  });
}
