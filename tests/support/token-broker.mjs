// A broker that wants tokens: a plain-text authenticator in front of aedes. A token is one of those it gave, lives
// for a while, and when its time is over whoever came with it is disconnected.

import { startEmbedded } from "./embedded.mjs";

/** `life` of a token in ms; its text says when it ends. */
export async function startTokenBroker({ life = 2_000 } = {}) {
  const broker = await startEmbedded();
  const given = new Map();
  const timers = new Set();
  const seen = { accepted: [], refused: [], expired: 0 };

  broker.aedes.authenticate = (client, username, password, done) => {
    const token = password?.toString();
    const left = (given.get(token) ?? 0) - performance.now();
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
      const token = `token-${given.size + 1}`;
      given.set(token, performance.now() + life);
      return token;
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
      return broker.stop();
    },
  };
}
