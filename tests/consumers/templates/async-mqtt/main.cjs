// The package `async-mqtt`, whose package `mqtt` is the drop-in: each of its methods, ten together, against a broker.

const { AsyncClient, connect, connectAsync } = require("async-mqtt");
const mqtt = require("mqtt");
const { once } = require("node:events");

const [url, topic] = process.argv.slice(2);
let passed = 0;

/** @param {unknown} actual @param {unknown} expected */
function same(actual, expected) {
  if (actual !== expected) throw new Error(`${actual} instead of ${expected}`);
  passed += 1;
}

async function main() {
  if (mqtt !== require("mqtt-lib/mqttjs")) throw new Error("it is another package mqtt");
  const client = await connectAsync(url);
  same(client.connected && client instanceof AsyncClient, true);
  const [granted] = await client.subscribe(`async/${topic}/+`, { qos: 1 });
  same(granted.qos, 1);
  const message = once(client, "message");
  const sent = await client.publish(`async/${topic}/a`, "hello", { qos: 1 });
  same(sent.cmd, "publish");
  same(`${(await message)[1]}`, "hello");
  same(client.listenerCount("message"), 0);
  client.handleMessage = (packet, done) => {
    if (`${packet.payload}` === "handled") passed += 1;
    done();
  };
  const handled = once(client, "message");
  await client.publish(`async/${topic}/b`, "handled", { qos: 2 });
  await handled;
  await client.unsubscribe(`async/${topic}/+`);
  const refused = await client.subscribe("a/#/b").catch((error) => error.message);
  same(refused, "Invalid topic a/#/b");
  await client.end();
  same(client.connected, false);
  const again = once(client, "connect");
  client.reconnect();
  await again;
  await client.end(true);
  const other = new AsyncClient(mqtt.connect(url));
  await once(other, "connect");
  same(await other.publish(`async/${topic}/c`, "q0"), undefined);
  await other.end();
  const nobody = connect("mqtt://127.0.0.1:1", { reconnectPeriod: 0 });
  same((await once(nobody, "error"))[0].code, "ECONNREFUSED");
  await nobody.end(true);
  console.log(passed);
}

main();
