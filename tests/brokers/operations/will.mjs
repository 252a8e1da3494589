// The will of a client whose process is killed arrives.

import { fileURLToPath } from "node:url";
import { startChild } from "../support/child.mjs";
import { holds, NotDone } from "../support/outcome.mjs";
import { connectSecond, within } from "../support/second.mjs";

const PROGRAM = fileURLToPath(new URL("../support/will-program.mjs", import.meta.url));
const SECONDS = 20;

export default [
  {
    name: "will",
    title: "will of a killed client",
    async run(cell) {
      const topic = cell.topic("will");
      const came = [];
      const watcher = await cell.connected();
      await cell.succeeds(
        watcher.subscribe(topic, { qos: 1 }, (_client, _userdata, message) => came.push(message.text())),
        "subscribe",
      );
      const credentials = {
        mqttserver: cell.url(),
        mqttversion: cell.version,
        mqttclientid: cell.name("will"),
        willsettopic: topic,
        willsetpayload: "gone",
        willsetqos: 1,
        ...cell.credentials,
      };
      const child = startChild(process.execPath, [PROGRAM, JSON.stringify(credentials)]);
      await holds(() => child.log().includes("connected") || child.why(), SECONDS);
      if (!child.log().includes("connected")) {
        await child.kill();
        throw new NotDone(`the client with a will does not connect: ${child.log().slice(-300)}`);
      }
      await child.kill();
      await cell.until(
        () => came.length > 0,
        () => "the will has not arrived",
        SECONDS,
      );
      if (came[0] !== "gone") throw new NotDone(`the will arrived as ${came[0]}`);
    },
    async second(cell) {
      const options = { version: cell.version, credentials: cell.credentials };
      const topic = cell.topic("secondwill");
      const watcher = await connectSecond(cell.url(), options);
      try {
        await within(watcher, 5, (done) => watcher.subscribe(topic, { qos: 1 }, done));
        const dying = await connectSecond(cell.url(), {
          ...options,
          will: { topic, payload: "gone", qos: 1 },
        });
        dying.stream.destroy();
        if (!(await holds(() => watcher.texts.length > 0, SECONDS)))
          throw new Error("MQTT.js's will does not arrive");
      } finally {
        watcher.end(true);
      }
    },
  },
];
