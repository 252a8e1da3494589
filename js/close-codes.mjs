// Status codes of WebSocket close frames in words (RFC 6455, section 7.4.1, and IANA's registry). Owns the names; never
// decides what happens next.

const FIRST = 1000;
const NAMES =
  "normal closure,going away,protocol error,unsupported data,,,,invalid payload data,policy violation,message too big,mandatory extension,internal error,service restart,try again later,bad gateway".split(
    ",",
  );

/** Whether it came in a close frame: 1005 and 1006 say that none came. @param {number} code */
export const isStatus = (code) => code >= FIRST && code !== 1005 && code !== 1006;

/** For an error sentence. @param {number} code @param {string} reason in the words of the broker */
export function closeText(code, reason) {
  if (!isStatus(code)) return reason;
  const name = NAMES[code - FIRST] ?? (code < 4000 ? "registered code" : "code of the broker's own");
  return `the WebSocket was closed with code ${code} (${name})${reason && `: ${reason}`}`;
}
