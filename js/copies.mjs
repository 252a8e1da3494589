// Copies of the arguments of calls that are made before the WebAssembly is loaded, so that changes after the call have no
// effect. What cannot be copied the core rejects.

/** More filters than the arguments of a call have room for, if not all are of one character. */
export const MANY = 1e7;

/** A copy of a payload. @param {unknown} payload */
export function copyPayload(payload) {
  try {
    if (payload instanceof ArrayBuffer) return payload.slice(0);
    if (!ArrayBuffer.isView(payload)) return payload;
    // Neither asks the getters of the value, which may lie.
    return payload instanceof Uint8Array ? new Uint8Array(payload) : structuredClone(payload);
  } catch {
    return payload;
  }
}

/** A copy of an object with options. @param {unknown} options */
export function copyOptions(options) {
  try {
    // Neither does a Map become options by being copied.
    return typeof options === "object" && !Array.isArray(options) && Object.keys(options ?? {}).length > 0
      ? { ...options }
      : options;
  } catch {
    return options;
  }
}

/** A copy of topic filters; of too many, whose copy takes minutes, what they were. @param {any} topics */
export function copyTopics(topics) {
  try {
    return Array.isArray(topics) && topics.length < MANY ? [...topics] : copyOptions(topics);
  } catch {
    return topics;
  }
}
