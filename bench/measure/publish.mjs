// Publishing: bursts of 1,000 messages with QoS 0, each awaited as the client allows; a window of messages in flight with QoS
// 1 and 2. A measurement ends when the counterpart has received everything, which is when it answers a SUBSCRIBE.

const BURST = 1000;

/** 20 bytes, as in the table. */
export const TOPIC = "bench/room/12/sensor";

export function payloadOf(task) {
  const text = "x".repeat(task.size);
  return task.payload === "bytes" ? new TextEncoder().encode(text) : text;
}

const nothing = () => {};

/** Runs twice, first to warm up, and compares with the count of the counterpart. */
async function twice({ task, ask, metered }, client, run) {
  const warm = await run(task.warm);
  const result = await metered(() => run(task.ms));
  const { messages } = await ask({ do: "count" });
  await client.close();
  const sent = warm + result.count;
  const uncounted = messages === null || task.way === "batch_publish"; // a broker does not count; a batch is one message
  return uncounted || messages === sent
    ? result
    : { ...result, wrong: `${messages} of ${sent} messages arrived` };
}

export async function publish(context) {
  const { task, connect } = context;
  const client = await connect({ ...task, topic: TOPIC, onMessage: nothing });
  const payload = payloadOf(task);
  const burst = Math.max(1, Math.min(BURST, Math.floor((1 << 22) / task.size)));
  return twice(context, client, async (ms) => {
    const end = performance.now() + ms;
    let count = 0;
    while (performance.now() < end) {
      await client.burst(TOPIC, payload, burst);
      count += burst;
    }
    await client.subscribe("bench/arrived");
    return count;
  });
}

export async function window(context) {
  const { task, connect } = context;
  const client = await connect({ ...task, topic: TOPIC, onMessage: nothing });
  const payload = payloadOf(task);
  return twice(context, client, async (ms) => {
    let count = 0;
    let open = true;
    setTimeout(() => {
      open = false;
    }, ms);
    await client.window(TOPIC, payload, task.qos, task.window, () => {
      if (open) count += 1;
      return open;
    });
    return count;
  });
}
