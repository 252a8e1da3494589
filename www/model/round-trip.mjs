// Measures the response time of the broker by an UNSUBSCRIBE of a filter without a subscription, which every broker answers
// and which affects no other client. Once in two seconds, if the user has chosen that.

const EVERY = 2000;
/** Its filters begin with it. */
export const ROUND_TRIP = "mqtt-lib/round-trip/";

export function createRoundTrip(session, wanted) {
  const filter = `${ROUND_TRIP}${Math.random().toString(36).slice(2)}`;
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
      last = undefined; // the connection was lost, which is reported elsewhere
    } finally {
      asking = false;
    }
  }, EVERY);

  return {
    /** Milliseconds; undefined without an answer. */
    get last() {
      return last;
    },
  };
}
