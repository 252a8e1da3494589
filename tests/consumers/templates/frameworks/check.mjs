// Mounts ten components on one filter: each must show what is published, with one SUBSCRIBE on the wire and, when all are
// unmounted, one UNSUBSCRIBE. The result is in the title.

import { MqttCustom } from "mqtt-lib";

const COUNT = 10;
const SUBSCRIBE = 8;
const UNSUBSCRIBE = 10;

/** How many packets of each type were sent. */
const sent = {};
const { send } = WebSocket.prototype;
WebSocket.prototype.send = function (data) {
  const bytes = new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength);
  // Packets of this page are shorter than 128 bytes.
  for (let at = 0; at < bytes.length; at += 2 + bytes[at + 1]) {
    const type = bytes[at] >> 4;
    sent[type] = (sent[type] ?? 0) + 1;
  }
  send.call(this, data);
};

async function until(condition, what) {
  for (let i = 0; i < 500; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${what}: ${document.body.textContent} ${JSON.stringify(sent)}`);
}

async function run(mount) {
  const { searchParams } = new URL(location.href);
  const filter = `f/${searchParams.get("name")}`;
  const credentials = { mqttserver: searchParams.get("broker") };
  const client = new MqttCustom({ credentials, autostart: false });
  const target = document.querySelector("main");
  const unmount = mount({ client, filter, target, count: COUNT });
  await until(() => sent[SUBSCRIBE] > 0, "no SUBSCRIBE");
  await client.publish(filter, "21.5", { qos: 1, retain: true });
  await until(() => target.textContent.match(/21\.5 °C connected/g)?.length === COUNT, "not shown");
  unmount();
  await until(() => sent[UNSUBSCRIBE] > 0, "no UNSUBSCRIBE");
  await client.publish(filter, "", { qos: 1, retain: true });
  await client.stop();
  if (sent[SUBSCRIBE] !== 1 || sent[UNSUBSCRIBE] !== 1) throw new Error(JSON.stringify(sent));
  return COUNT;
}

export async function check(mount) {
  document.title = await run(mount).then(
    (count) => `exchanged ${count}`,
    (error) => `failed: ${error.message}`,
  );
}
