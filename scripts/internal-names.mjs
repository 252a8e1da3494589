// Names of methods and fields that only the classes of js/ use among themselves: the bundles for pages have short ones
// instead. Never a name that a user, the platform or the WebAssembly knows: a test compares the list with both.

const NAMES = `abandon acknowledge acknowledged advice attach awaits block calls commit connection dealt delivery detach drainSoon drop ended
failAll failure forCore forget giveBack hold inbound inUse isConnecting isOver judge latency loaded maxBytes maxCount
number offer owner pending receive refuse rejectAll reportDrop reporter reserve resolveAll setCallback since ticket
waits watch whileConnecting`;

/** Those that only the glue of wasm-bindgen uses, for itself. */
const OF_GLUE = "__destroy_into_raw __wbg_ptr __wrap _wbg_cb_unref cnt";

/** @param {string} names */
const oneOf = (names) => new RegExp(`^(?:${names.split(/\s+/).join("|")})$`);

export const INTERNAL = oneOf(NAMES);
/** For esbuild's `mangleProps`. */
export const SHORTENED = oneOf(`${NAMES} ${OF_GLUE}`);
