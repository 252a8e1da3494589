// Receiving what the counterpart streams for a given time, to one subscription or to many with a handler
// each, whose topics come in turn or at random. Every payload is looked at (its length); the measurement ends
// with the last message that was sent.

import { TOPIC } from "./publish.mjs";

/** Of each topic so many, before the order comes again. */
const EACH = 8;

/** All topics again and again, each time in another order. */
function shuffled(topics) {
  const all = Array.from({ length: EACH }, () => topics).flat();
  for (let i = all.length - 1; i > 0; i--) {
    const other = Math.floor(Math.random() * (i + 1));
    [all[i], all[other]] = [all[other], all[i]];
  }
  return all;
}

export async function receive({ task, connect, ask, metered }) {
  let count = 0;
  let bytes = 0;
  let last = Number.POSITIVE_INFINITY;
  let finished;
  const onMessage = (payload, messages = 1) => {
    count += messages;
    bytes += payload.length;
    if (count >= last) finished();
  };
  const client = await connect({ ...task, topic: TOPIC, onMessage });
  const topics = Array.from({ length: task.subscriptions }, (_, n) => `bench/r/${10_000 + n}/sensor`);
  if (topics.length > 0) await client.handle(topics, onMessage);
  else await client.subscribe(TOPIC);
  const inTurn = topics.length > 0 ? topics : [TOPIC];
  const streamed = task.random ? shuffled(inTurn) : inTurn;
  const run = async (ms) => {
    count = 0;
    last = Number.POSITIVE_INFINITY;
    const end = new Promise((resolve) => {
      finished = resolve;
    });
    const { size, packed } = task;
    const { messages } = await ask({ do: "stream", ms, size, packed, topics: streamed });
    last = messages;
    if (count < last) await end;
    return count;
  };
  await run(task.warm);
  const result = await metered(() => run(task.ms));
  await client.close();
  return count === last && bytes > 0 ? result : { ...result, wrong: `${count} of ${last} messages came` };
}
