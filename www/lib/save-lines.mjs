// Saves messages as a file of JSON lines, with the names of `mqtt-lib sub --json`, the oldest first.

/** @param {{ at: number, message: any }} entry */
function asJson({ at, message: { topic, qos, retain, payload, properties } }) {
  return {
    tst: new Date(at).toISOString(),
    topic,
    qos,
    retain,
    payloadlen: payload.length,
    ...payloadOf(payload),
    ...(properties && { properties: withText(properties) }),
  };
}

/** A payload that is no text is in base64. @param {Uint8Array} payload */
function payloadOf(payload) {
  try {
    return { payload: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(payload) };
  } catch {
    return { payloadBase64: base64(payload) };
  }
}

/** @param {Record<string, any>} properties */
function withText({ correlationData, ...properties }) {
  return correlationData ? { ...properties, correlationData: base64(correlationData) } : properties;
}

/** @param {Uint8Array} bytes */
const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

/** @param {{ at: number, message: any }[]} entries the newest first */
export function saveLines(entries) {
  const text = entries
    .map((entry) => `${JSON.stringify(asJson(entry))}\n`)
    .reverse()
    .join("");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/x-ndjson" }));
  link.download = `messages-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.jsonl`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href));
}
