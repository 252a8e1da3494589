// Names of methods and fields that only the classes of js/ use among themselves: the bundles for pages have short ones
// instead. Never a name that a user, the platform or the WebAssembly knows: a test compares the list with both.

const NAMES = `abandon acknowledge acknowledged attach awaits commit connection delivery detach drainSoon failAll failure giveBack hold inbound isConnecting isOver latency
judge maxBytes maxCount offer rejectAll reportDrop reporter reserve resolveAll ticket waits whileConnecting`;

/** For esbuild's `mangleProps`. */
export const INTERNAL = new RegExp(`^(?:${NAMES.split(/\s+/).join("|")})$`);
