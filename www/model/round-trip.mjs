// How long the broker takes to answer: an UNSUBSCRIBE of a filter that nobody has is answered by each broker, and
// means nothing to anybody else. One every two seconds, while the user wants it.

const EVERY = 2000;

export function createRoundTrip(session, wanted) {
  const filter = `mqtt-lib/round-trip/${Math.random().toString(36).slice(2)}`;
  let last;
  let asking = false;

  setInterval(async () => {
    if (session.state !== "connected" || !wanted()) {
      last = undefined;
      return;
    }
    if (asking) return;
    asking = true;
    const start = performance.now();
    try {
      await session.client.unsubscribe(filter);
      last = performance.now() - start;
    } catch {
      last = undefined; // the connection has gone, which is told elsewhere
    } finally {
      asking = false;
    }
  }, EVERY);

  return {
    /** Milliseconds; undefined while there is no answer. */
    get last() {
      return last;
    },
  };
}
