// One node of a broker: it can be killed and started again with the same ports, configuration and data.

/**
 * `launch()` starts the program (see child.mjs), `ready(child)` resolves once it accepts clients.
 * `urls` are its addresses, by MQTT version: `{ 4: { mqtt, ws }, 5: { mqtt, ws } }`.
 */
export async function startNode({ launch, ready, urls }) {
  let child;
  const node = {
    urls,
    get pid() {
      return child.pid;
    },
    /** False once the process has ended, by itself or by `kill`. */
    get alive() {
      return child.why() === undefined;
    },
    log: () => child.log(),
    why: () => child.why(),
    kill: (signal) => child.kill(signal),
    async start() {
      child = await launch();
      try {
        await ready(child);
      } catch (error) {
        await child.kill();
        throw new Error(`${error.message}\n${child.log().slice(-2000)}`);
      }
    },
  };
  await node.start();
  return node;
}

/** The addresses of a node that has the same ports for all versions; `ws` is left out where there is none. */
export function sameUrls(versions, { mqtt, ws, path = "/mqtt" }) {
  const urls = { mqtt: `mqtt://127.0.0.1:${mqtt}` };
  if (ws) urls.ws = `ws://127.0.0.1:${ws}${path}`;
  return Object.fromEntries(versions.map((version) => [version, urls]));
}

/** A broker that is one node, and removes what it has written when it stops. */
export function alone(node, remove) {
  return {
    nodes: [node],
    stop: async () => {
      await node.kill();
      remove();
    },
  };
}
