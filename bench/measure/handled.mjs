// Receiving messages of QoS 1 with a handler that is asynchronous: each is acknowledged when its handler has ended. The
// counterpart keeps at most `window` of them unacknowledged. `work` is how many milliseconds a handler awaits a timer; with 0 it
// awaits nothing that takes time.

import { TOPIC } from "./publish.mjs";

export async function handled({ task, connect, ask, metered }) {
  const { work, way, concurrency, size, window } = task;
  let count = 0;
  let bytes = 0;
  let last = Number.POSITIVE_INFINITY;
  let finished;
  const handler = async (payload) => {
    await (work > 0 ? new Promise((resolve) => setTimeout(resolve, work)) : null);
    count += 1;
    bytes += payload.length;
    if (count >= last) finished();
  };
  const client = await connect({ ...task, topic: TOPIC, onMessage: () => {} });
  await client.consume(TOPIC, handler, { loop: way === "loop", concurrency });
  const run = async (ms) => {
    count = 0;
    last = Number.POSITIVE_INFINITY;
    const end = new Promise((resolve) => {
      finished = resolve;
    });
    const { messages } = await ask({ do: "stream", ms, size, window, qos: 1, topics: [TOPIC] });
    last = messages;
    if (count < last) await end;
    return count;
  };
  await run(task.warm);
  const result = await metered(() => run(task.ms));
  await client.close();
  return count === last && bytes > 0 ? result : { ...result, wrong: `${count} of ${last} messages arrived` };
}
