// Receiving what the counterpart streams for a given time, to one subscription or to many with a handler
// each. Every payload is looked at (its length); the
// measurement ends with the last message that was sent.

import { TOPIC } from "./publish.mjs";

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
  const run = async (ms) => {
    count = 0;
    last = Number.POSITIVE_INFINITY;
    const end = new Promise((resolve) => {
      finished = resolve;
    });
    const { size, packed } = task;
    const streamed = topics.length > 0 ? topics : [TOPIC];
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
