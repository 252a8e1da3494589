// `mqttversion: "auto"` against a broker of one version or of both: the client is connected within the bound, with the
// newest version that the broker speaks at this address, and a message goes there and back.

import { holds, NotDone } from "../support/outcome.mjs";

export default [
  {
    name: "auto",
    title: 'mqttversion: "auto"',
    innocent: false,
    /** The attempts with the version that the broker does not speak. */
    extraConnections: 3,
    async run(cell) {
      const client = cell.client({ mqttversion: "auto" });
      await cell.succeeds(client.start(), "start()");
      const speaksFive = cell.broker.versions.includes(5) && cell.nodes[0].urls[5].mqtt === cell.url();
      const best = speaksFive ? 5 : cell.version;
      if (client.mqttversion !== best)
        throw new NotDone(`connected with ${client.mqttversion} instead of ${best}`);
      let came;
      const take = (_client, _userdata, message) => {
        came = message.text();
      };
      await cell.succeeds(client.subscribe(cell.topic("auto"), { qos: 1 }, take), "subscribe");
      await cell.succeeds(client.publish(cell.topic("auto"), "x", { qos: 1 }), "publish");
      if (!(await holds(() => came === "x", 10))) throw new NotDone("nothing arrived");
    },
  },
];
