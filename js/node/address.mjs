// Where a URL of the engine leads: host and port as node:net takes them, and how long one address of a name is tried.
// Owns what node:url cannot read (the zone of an IPv6 address, names beyond ASCII); never opens a connection.

import { getDefaultAutoSelectFamilyAttemptTimeout as attemptTimeout } from "node:net";
import { domainToASCII } from "node:url";

/** `connecttimeout` where it is not given, in seconds. */
const CONNECT_TIMEOUT = 10;
/** An address that has not answered by then is left for the next one, in milliseconds. */
const LONGEST_ATTEMPT = 3000;
/** As Node was started. */
const initial = attemptTimeout?.();

/**
 * @typedef {object} Address
 * @property {URL} url without the zone
 * @property {string} host without brackets, with the zone
 * @property {string} zone with its percent sign, "" if there is none
 */

/** Throws a TypeError of node:url. @param {string} text @returns {Address} */
export function parseAddress(text) {
  // RFC 6874 writes the percent sign as %25.
  const [written, zone] = /^[^/]+\/\/\[[^\]%]*(%(?:25)?([^\]]+))\]/.exec(text)?.slice(1) ?? ["", ""];
  const url = new URL(text.replace(written, ""));
  // It writes a name beyond ASCII with percent signs, unless the scheme is one of the web's.
  if (url.hostname.includes("%")) url.hostname = domainToASCII(url.hostname) || url.hostname;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return { url, host: (zone && `${host}%${zone}`) || host, zone: zone && `%${zone}` };
}

/**
 * How long one address of a name with several is tried: a quarter of `connecttimeout`, at most 3 s, where Node has 250 ms,
 * which many a mobile or satellite link does not keep. What the process has set with `node:net` is respected, as is
 * `setDefaultAutoSelectFamily`.
 * @param {unknown} connectTimeout in seconds
 */
export function familyOptions(connectTimeout) {
  const current = attemptTimeout?.();
  const share = Math.min(Number(connectTimeout ?? CONNECT_TIMEOUT) * 250, LONGEST_ATTEMPT);
  const longest = current === undefined || current === initial ? Math.max(share, current ?? 0) : current;
  return { autoSelectFamilyAttemptTimeout: Math.round(longest) };
}
