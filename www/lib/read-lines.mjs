// Reads messages from JSON lines, as Export writes them and `mqtt-lib sub --json` prints them.

const bytesOf = (/** @type {string} */ text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));

/**
 * @param {string} text
 * @returns {{ topic: string, payload: string | Uint8Array, options: { qos: number, retain: boolean } }[]}
 */
export function readLines(text) {
  const lines = text
    .split("\n")
    .map((line, i) => ({ line: line.trim(), number: i + 1 }))
    .filter(({ line }) => line !== "");
  if (lines.length === 0) throw new Error("The file has no line with a message");
  return lines.map(({ line, number }) => {
    try {
      return messageOf(JSON.parse(line));
    } catch (error) {
      throw new Error(
        `Line ${number} is no message: ${error.message}; it looks like {"topic":"a/b","payload":"x"}`,
      );
    }
  });
}

/** @param {any} given */
function messageOf(given) {
  const { topic, payload, payloadBase64, qos = 0, retain = false } = given ?? {};
  if (typeof topic !== "string") throw new Error('it has no "topic"');
  const content = payloadBase64 === undefined ? payload : bytesOf(payloadBase64);
  if (content === undefined) throw new Error('it has no "payload" and no "payloadBase64"');
  const whole =
    typeof content === "string" || content instanceof Uint8Array ? content : JSON.stringify(content);
  return { topic, payload: whole, options: { qos, retain } };
}
