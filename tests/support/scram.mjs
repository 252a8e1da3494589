// SCRAM-SHA-256 (RFC 5802, RFC 7677), client and server, for one exchange each. Without channel binding, and only for names
// and passwords that SASLprep does not change.

import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";

const hmac = (key, text) => createHmac("sha256", key).update(text).digest();
const sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const xor = (a, b) => Buffer.from(a.map((byte, i) => byte ^ b[i]));
/** "r=...,s=...,i=4096" as an object. */
const fields = (text) => Object.fromEntries(text.split(",").map((part) => [part[0], part.slice(2)]));
const freshNonce = () => randomBytes(18).toString("base64");
/** Without channel binding: "n,,". */
const BINDING = "c=biws";

export const METHOD = "SCRAM-SHA-256";

/** The client of one exchange: `first`, then `final(serverFirst)`, then `verify(serverFinal)`. */
export function scramClient(user, password, nonce = freshNonce()) {
  const bare = `n=${user},r=${nonce}`;
  let signature;
  return {
    first: `n,,${bare}`,
    final(serverFirst) {
      const { r, s, i } = fields(serverFirst);
      if (!r?.startsWith(nonce)) throw new Error("the server's nonce does not begin with ours");
      const salted = pbkdf2Sync(password, Buffer.from(s, "base64"), Number(i), 32, "sha256");
      const key = hmac(salted, "Client Key");
      const exchange = `${bare},${serverFirst},${BINDING},r=${r}`;
      signature = hmac(hmac(salted, "Server Key"), exchange).toString("base64");
      const proof = xor(key, hmac(sha256(key), exchange)).toString("base64");
      return `${BINDING},r=${r},p=${proof}`;
    },
    /** Throws unless the server has proven that it knows the password. */
    verify(serverFinal) {
      if (fields(serverFinal).v !== signature)
        throw new Error("the server did not prove that it knows the password");
    },
  };
}

/** The server of one exchange: `first(clientFirst)`, then `final(clientFinal)`, which is undefined if the proof is wrong. */
export function scramServer(users, { nonce = freshNonce(), salt = randomBytes(16), rounds = 4096 } = {}) {
  let bare;
  let serverFirst;
  return {
    first(clientFirst) {
      bare = clientFirst.slice("n,,".length);
      serverFirst = `r=${fields(bare).r}${nonce},s=${salt.toString("base64")},i=${rounds}`;
      return serverFirst;
    },
    final(clientFinal) {
      const { c, r, p } = fields(clientFinal);
      const password = users[fields(bare).n];
      if (password === undefined) return undefined;
      const salted = pbkdf2Sync(password, salt, rounds, 32, "sha256");
      const exchange = `${bare},${serverFirst},c=${c},r=${r}`;
      const stored = sha256(hmac(salted, "Client Key"));
      const key = xor(Buffer.from(p, "base64"), hmac(stored, exchange));
      if (r !== fields(serverFirst).r || !timingSafeEqual(sha256(key), stored)) return undefined;
      return `v=${hmac(hmac(salted, "Server Key"), exchange).toString("base64")}`;
    },
  };
}
