// A broker that authenticates by tokens: aedes with an authenticator. It issues the tokens itself; they expire, and then the
// clients that connected with them are disconnected.

import { startEmbedded } from "./embedded.mjs";

/** `life` is how long a token is valid, in ms. */
export async function startTokenBroker({ life = 2_000 } = {}) {
  const broker = await startEmbedded();
  const issued = new Map();
  const timers = new Set();
  const seen = { accepted: [], refused: [], expired: 0 };

  broker.aedes.authenticate = (client, username, password, done) => {
    const token = password?.toString();
    const left = (issued.get(token) ?? 0) - performance.now();
    if (username !== "token" || left <= 0) {
      seen.refused.push(token);
      return done(Object.assign(new Error("no such token"), { returnCode: 4 }), false);
    }
    seen.accepted.push(token);
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (client.closed) return;
      seen.expired += 1;
      client.close();
    }, left);
    timers.add(timer);
    done(null, true);
  };

  return {
    ...broker,
    seen,
    issue() {
      const token = `token-${issued.size + 1}`;
      issued.set(token, performance.now() + life);
      return token;
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      return broker.stop();
    },
  };
}
