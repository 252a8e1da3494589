// The data of the charts: once a second, the messages and bytes since the last sample, and those in flight.

const SECOND = 1000;
/** Ten minutes. */
const KEPT = 600;
const NAMES = [
  "time",
  "messagesIn",
  "messagesOut",
  "bytesIn",
  "bytesOut",
  "roundTrip",
  "inFlight",
  "waiting",
];
const EMPTY = { sent: 0, received: 0, bytesSent: 0, bytesReceived: 0, inFlight: 0, queued: 0 };

export function createSamples(session, roundTrip) {
  /** @type {Record<string, (number | null)[]>} */
  const columns = Object.fromEntries(NAMES.map((name) => [name, []]));
  let client = null;
  let before = EMPTY;
  let at = performance.now();
  const listeners = new Set();

  function take() {
    const now = performance.now();
    const seconds = (now - at) / SECOND;
    at = now;
    const stats = session.client?.stats() ?? EMPTY;
    if (client !== session.client) before = EMPTY; // the counters of each client start at 0
    client = session.client;
    const rate = (key) => Math.max(0, stats[key] - before[key]) / seconds;
    const row = {
      time: Date.now() / SECOND,
      messagesIn: rate("received"),
      messagesOut: rate("sent"),
      bytesIn: rate("bytesReceived"),
      bytesOut: rate("bytesSent"),
      roundTrip: roundTrip.last ?? null,
      inFlight: stats.inFlight,
      waiting: stats.queued,
    };
    before = stats;
    for (const name of NAMES) {
      columns[name].push(row[name]);
      if (columns[name].length > KEPT) columns[name].shift();
    }
    for (const listener of listeners) listener();
  }

  setInterval(take, SECOND);
  return {
    columns,
    /** The latest value of each. */
    get last() {
      return Object.fromEntries(NAMES.map((name) => [name, columns[name].at(-1) ?? undefined]));
    },
    onSample: (listener) => listeners.add(listener),
  };
}
