// Which web pages may use the embedded broker: a browser lets any page connect to this machine, and names the page in
// Origin; a name in Host that an attacker's DNS leads here is another way. Knows nothing of connections.

/** Names that lead to this machine whatever DNS says, and addresses, which DNS does not name. */
const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d+){3}|\[::1\])$/i;
const ADDRESS = /^(\d+(\.\d+){3}|\[[\da-f:.]+\])$/i;

/** What a Host header may be. */
const AUTHORITY = /^([\w.-]+|\[[\da-f:.]+\])(:\d+)?$/i;

/** The host of an origin or of a Host header, in lower case; undefined if it is neither. @param {string} url */
function hostOf(url) {
  try {
    return new URL(url).hostname;
  } catch {
    return undefined;
  }
}

/**
 * Why a request is refused; undefined if it is not.
 * @param {{ host?: string, origin?: string }} headers @param {string} listensOn the host given to the broker @param {string[]} allowed origins, "null", or "*" for all
 */
export function refusal({ host = "", origin }, listensOn, allowed) {
  if (allowed.includes("*")) return undefined;
  const name = AUTHORITY.test(host) ? hostOf(`http://${host}`) : undefined;
  const permitted = allowed.map(hostOf);
  const isHost =
    name && (LOOPBACK.test(name) || ADDRESS.test(name) || name === listensOn || permitted.includes(name));
  if (!isHost) return `the host "${host}" is none of this machine`;
  if (origin === undefined || allowed.includes(origin)) return undefined;
  const page = hostOf(origin);
  if (page && (LOOPBACK.test(page) || page === name)) return undefined;
  return `a web page of "${origin}" is none of this machine`;
}
