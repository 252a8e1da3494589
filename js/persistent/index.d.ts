/**
 * `import "mqtt-lib/persistent"` makes `store: "persistent"` available. It needs a package: in Node
 * `classic-level`, in a browser `idb`.
 *
 * @packageDocumentation
 */

import type { Store } from "mqtt-lib";

/**
 * The store that `store: "persistent"` stands for, one for each client. `folder` is where Node keeps it, a
 * folder for each client id in it. Default: `"mqtt-lib-store"` in the working directory. A page has none:
 * its store is an IndexedDB database named after the client id.
 */
export function persistent(options?: { folder?: string }): Store;
