// Receiving messages that the counterpart streams for a given time, by one subscription or by many with a handler each, with
// their topics in turn or at random. The length of every payload is read; the measurement ends with the last message.

import { TOPIC } from "./publish.mjs";

/** How often each topic occurs before the order repeats. */
const EACH = 8;

/** All topics, repeated and shuffled. */
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
  return count === last && bytes > 0 ? result : { ...result, wrong: `${count} of ${last} messages arrived` };
}
