// Receiving what the counterpart streams for a given time. Every payload is looked at (its length); the
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
  await client.subscribe(TOPIC);
  const run = async (ms) => {
    count = 0;
    last = Number.POSITIVE_INFINITY;
    const end = new Promise((resolve) => {
      finished = resolve;
    });
    const { size, packed } = task;
    const { messages } = await ask({ do: "stream", ms, size, packed, topics: [TOPIC] });
    last = messages;
    if (count < last) await end;
    return count;
  };
  await run(task.warm);
  const result = await metered(() => run(task.ms));
  await client.close();
  return count === last && bytes > 0 ? result : { ...result, wrong: `${count} of ${last} messages came` };
}
