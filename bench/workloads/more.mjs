// Further workloads. `atMost` limits figures for which less is better, relative to MQTT.js in the same round; `flatTo` names a
// workload whose rate must be reached, and to which part.

const peers = ["mqtt-lib", "mqttjs", "paho"];
const two = ["mqtt-lib", "mqttjs"];

/** The ratio to MQTT.js that large payloads must have. */
const GOALS = { 16384: 1.2, 131072: 1.2, 1048576: 1.1 };
const large = Object.keys(GOALS).map(Number);
const sizes = { ws: [16, 1024, ...large], tcp: large };
const named = (size) => (size < 1024 ? `${size}B` : size < 1 << 20 ? `${size / 1024}KiB` : "1MiB");

/** Many topics in turn, with a handler each. */
const handlers = { measure: "receive", transport: "ws", packed: 16, clients: two };

export const MORE = [
  // With as many in flight as MQTT.js has; `ws-publish-2` has the default, 16 in MQTT 3.1.1.
  {
    name: "ws-publish-2-window-1000",
    measure: "window",
    transport: "ws",
    qos: 2,
    maxinflightqos2: 1000,
    clients: two,
    goal: 16,
  },
  // A single message must not wait for others. The p99 of one measurement depends on about thirty messages, and on the
  // other load of the machine, so there are several in each round.
  ...["ws", "tcp"].map((transport) => ({
    name: `${transport}-latency-1000`,
    measure: "latency",
    transport,
    perSecond: 1000,
    repeat: 3,
    clients: transport === "ws" ? [...peers, "bare"] : [...two, "bare"],
    atMost: { "p50 ms": 1, "p99 ms": 1 },
  })),
  {
    name: "ws-latency-half",
    measure: "latency",
    transport: "ws",
    perSecond: "half",
    clients: two,
  },
  ...["ws", "tcp"].map((transport) => ({
    name: `${transport}-idle-1000`,
    measure: "idle",
    transport,
    count: 1000,
    clients: [...two, "bare"],
    atMost: { "MB more": 0.5, "KB live each": 0.5 },
  })),
  {
    name: "ws-start",
    measure: "start",
    transport: "ws",
    repeat: 5,
    clients: [...peers, "bare"],
  },
  ...[1, 100, 10_000].map((subscriptions) => ({
    name: `ws-handlers-${subscriptions}`,
    ...handlers,
    subscriptions,
    flatTo: subscriptions === 1 ? undefined : { workload: "ws-handlers-1", part: 0.8 },
  })),
  { name: "ws-handlers-random", ...handlers, subscriptions: 10_000, random: true },
  // What one message costs beside its bytes is little from here on: copies decide.
  ...["ws", "tcp"].flatMap((transport) =>
    sizes[transport].flatMap((size) => [
      {
        name: `${transport}-publish-${named(size)}`,
        measure: "publish",
        transport,
        size,
        clients: [...two, "bare"],
        goal: GOALS[size],
      },
      {
        name: `${transport}-receive-${named(size)}`,
        measure: "receive",
        transport,
        packed: 1,
        size,
        clients: [...two, "bare"],
        goal: GOALS[size],
      },
    ]),
  ),
  // Acknowledged when an asynchronous handler has ended; MQTT.js awaits one message after the other in `handleMessage`.
  ...[0, 1].flatMap((work) => {
    const common = { measure: "handled", transport: "tcp", qos: 1, work, clients: two };
    const name = `tcp-handled-${work}ms`;
    // With a timer of 1 ms the loop and MQTT.js are as fast as that timer.
    const [goal, part] = work === 0 ? [2, 1] : [0.9, 10];
    const flatTo = { workload: `${name}-loop`, part };
    return [
      { name: `${name}-loop`, way: "loop", ...common, goal },
      { name, ...common, flatTo },
      { name: `${name}-concurrency-100`, concurrency: 100, ...common, flatTo },
    ];
  }),
  // MQTT.js has neither, so they are compared with its publish.
  { name: "ws-batch_publish", measure: "publish", transport: "ws", way: "batch_publish", clients: two },
  { name: "ws-qpublish", measure: "publish", transport: "ws", way: "qpublish", clients: two },
  // With a real broker, which is the bottleneck where the column "other side" shows it.
  ...["ws", "tcp"].flatMap((transport) =>
    [0, 1, 2].map((qos) => ({
      name: `mosquitto-${transport}-publish-${qos}`,
      measure: qos === 0 ? "publish" : "window",
      broker: "mosquitto",
      transport,
      qos,
      clients: two,
    })),
  ),
  ...["ws", "tcp"].map((transport) => ({
    name: `mosquitto-${transport}-latency-1000`,
    measure: "latency",
    broker: "mosquitto",
    transport,
    perSecond: 1000,
    repeat: 3,
    clients: two,
    atMost: { "p50 ms": 1, "p99 ms": 1 },
  })),
];
