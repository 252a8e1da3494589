// Parts of programs as users of MQTT.js have them: a device with a will and retained state, a service with a shared subscription,
// a page that signs its address, and forms of `connect`. What they see they give to `log`; what differs by chance is not logged.

import { once } from "node:events";

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const shown = (value) =>
  JSON.stringify(value, (key, one) => {
    if (key === "messageId" || key === "length") return undefined;
    return one?.type === "Buffer" ? `bytes ${Buffer.from(one.data)}` : one;
  });

/** @param {any} mqtt the package @param {string} url @param {string} topic @param {(line: string) => void} log */
export async function realPrograms(mqtt, url, topic, log) {
  await device(mqtt, url, `${topic}/device`, log);
  await service(mqtt, url, `${topic}/service`, log);
  await page(mqtt, url, `${topic}/page`, log);
  await forms(mqtt, url, log);
  await failures(mqtt, log);
}

async function device(mqtt, url, topic, log) {
  const watcher = await mqtt.connectAsync(url);
  const seen = [];
  watcher.on("message", (on, payload, { retain }) =>
    seen.push(`${on.slice(topic.length)} ${payload} ${retain}`),
  );
  await watcher.subscribeAsync(`${topic}/#`, { qos: 1 });
  const client = mqtt.connect(url, {
    clientId: topic.replaceAll("/", "-"),
    keepalive: 1,
    reconnectPeriod: 60,
    reschedulePings: false,
    manualConnect: true,
    log: () => {},
    will: { topic: `${topic}/status`, payload: Buffer.from("offline"), qos: 1, retain: true },
  });
  log(`manual ${client.connected} ${client.reconnecting} ${client.stream} ${client.disconnected}`);
  const early = client.publishAsync(`${topic}/early`, "early", { qos: 1 });
  const commands = client.subscribeAsync(`${topic}/command/+`, { qos: 1 });
  await wait(20);
  log(`waiting ${client.queue.length} ${Object.keys(client.outgoing).length}`);
  client.connect();
  log(`early ${shown(await early)} ${shown(await commands)}`);
  const acknowledged = [];
  client.on("message", (on, payload, packet) => {
    if (on.includes("command"))
      client.publish(`${topic}/answer`, payload, { qos: 1 }, () => acknowledged.push(`${payload}`));
    log(`command ${payload} ${shown(packet)}`);
  });
  await client.publishAsync(`${topic}/status`, "online", { qos: 1, retain: true });
  await watcher.publishAsync(`${topic}/command/led`, "on", { qos: 1 });
  const answered = async (text) => {
    const isSeen = () => seen.some((line) => line.startsWith(`/answer ${text}`));
    while (!(isSeen() && acknowledged.includes(text))) await wait(5);
  };
  await answered("on");
  client.stream.destroy();
  await once(client, "connect");
  await wait(1300);
  await watcher.publishAsync(`${topic}/command/led`, "off", { qos: 1 });
  await answered("off");
  await client.publishAsync(`${topic}/status`, "", { retain: true });
  await client.endAsync();
  await watcher.endAsync();
  log(`watcher ${seen.sort()}`);
}

async function service(mqtt, url, topic, log) {
  const five = {
    protocolVersion: 5,
    properties: { sessionExpiryInterval: 20, userProperties: { app: "service" } },
  };
  const served = [];
  const customHandleAcks = (_topic, message, _packet, done) => done(`${message}` === "refuse" ? 128 : 0);
  const workers = await Promise.all(
    [1, 2].map(async () => {
      const worker = await mqtt.connectAsync(url, { ...five, customHandleAcks });
      worker.on("message", (_on, payload, { properties }) => {
        served.push(`${payload}`);
        const { responseTopic, correlationData } = properties;
        worker.publish(responseTopic, `re ${payload}`, { qos: 1, properties: { correlationData } });
      });
      const granted = await worker.subscribeAsync(
        { [`$share/workers/${topic}/+`]: { qos: 1, rap: true, rh: 1 } },
        { properties: { subscriptionIdentifier: 5 } },
      );
      log(`shared ${shown(granted)}`);
      return worker;
    }),
  );
  const client = await mqtt.connectAsync(url, five);
  log(`server ${shown(client.serverProperties)}`);
  const answers = [];
  client.on("message", (_on, payload, { properties }) =>
    answers.push(`${payload} ${properties.correlationData}`),
  );
  await client.subscribeAsync(`${topic}-answers`, { qos: 1 });
  const asked = ["a", "b", "refuse", "c"].map((text) =>
    client.publishAsync(`${topic}/${text}`, text, {
      qos: 1,
      properties: {
        responseTopic: `${topic}-answers`,
        correlationData: Buffer.from(text),
        messageExpiryInterval: 60,
      },
    }),
  );
  log(
    `asked ${shown((await Promise.all(asked)).map(({ cmd, topic: on, properties }) => [cmd, on, properties]))}`,
  );
  while (answers.length < 3) await wait(10);
  log(`answers ${answers.sort()} of ${served.sort()}`);
  log(`unsubscribed ${shown(await client.unsubscribeAsync([`${topic}-answers`, "never"]))}`);
  for (const worker of workers) await worker.endAsync(false, { properties: { sessionExpiryInterval: 0 } });
  await client.endAsync();
}

async function page(mqtt, url, topic, log) {
  const signed = [];
  const client = mqtt.connect(url, {
    clientId: topic.replaceAll("/", "-"),
    reconnectPeriod: 60,
    resubscribe: false,
    wsOptions: { headers: { "X-Page": "1" } },
    transformWsUrl: (address, { clientId }, { options }) => {
      signed.push(clientId);
      options.username = `user ${signed.length}`;
      return `${address}?token=${signed.length}`;
    },
  });
  const events = [];
  for (const event of ["connect", "close", "offline", "reconnect"])
    client.on(event, () => events.push(event));
  client.on("packetsend", ({ cmd, username }) => events.push(`${cmd} ${username ?? ""}`));
  await once(client, "connect");
  await client.subscribeAsync(`${topic}/#`);
  const messages = [];
  client.on("message", (_on, payload) => messages.push(`${payload}`));
  await client.publishAsync(`${topic}/a`, new Uint8Array([104, 105]), { qos: 1 });
  while (messages.length === 0) await wait(5);
  const { stream } = client;
  const closed = once(stream, "close");
  stream.end();
  await closed;
  await once(client, "connect");
  await client.publishAsync(`${topic}/b`, "nobody", { qos: 1 });
  await client.subscribeAsync(`${topic}/#`);
  client.reconnect();
  await once(client, "connect");
  await client.publishAsync(`${topic}/c`, "nobody", { qos: 1 });
  await client.endAsync();
  log(`page ${messages} ${events} ${signed.length > 0 ? "signed" : "not signed"}`);
}

async function forms(mqtt, url, log) {
  const { protocol, port } = new URL(url);
  const all = [
    [`${url}/path?clientId=query`],
    [url, { clientId: "options", protocolVersion: 5 }],
    [{ protocol: protocol.slice(0, -1), host: "127.0.0.1", port: Number(port) }],
    [{ servers: [{ host: "127.0.0.1", port: Number(port), protocol: protocol.slice(0, -1) }] }],
    [url.replace("//", "//us%40er:pa%3Ass@")],
    [url, { auth: "name:secret" }],
  ];
  for (const given of all) {
    const client = mqtt.connect(...given);
    await once(client, "connect");
    const { options } = client;
    const names = [
      "protocol",
      "hostname",
      "path",
      "username",
      "password",
      "clean",
      "keepalive",
      "query",
      "auth",
    ];
    log(`form ${options.clientId.slice(0, 7)} ${shown(names.map((name) => options[name] ?? null))}`);
    await client.endAsync(true);
  }
}

async function failures(mqtt, log) {
  for (const url of ["mqtt://127.0.0.1:1", "ws://127.0.0.1:1"]) {
    const client = mqtt.connect(url, { reconnectPeriod: 0 });
    const events = [];
    client.on("error", ({ code, syscall }) => events.push(`error ${code} ${syscall}`));
    for (const event of ["close", "offline", "end"]) client.on(event, () => events.push(event));
    while (!events.includes("close")) await wait(5);
    await client.endAsync();
    log(`failed ${events}`);
  }
  for (const given of [["//x"], ["mqtt://a", { clean: false }], [{ cert: "a", key: "b" }]]) {
    try {
      mqtt.connect(...given).end(true);
    } catch (error) {
      log(`wrong ${error.message}`);
    }
  }
}
