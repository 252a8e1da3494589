// The time from the import of the library, in a new process, to CONNACK.

export async function start({ task, load }) {
  const began = performance.now();
  const connect = await load();
  const imported = performance.now();
  const client = await connect({ ...task, topic: "bench/start", onMessage: () => {} });
  const connected = performance.now();
  await client.close();
  return { figures: { "ms to CONNACK": connected - began, "ms import": imported - began } };
}
