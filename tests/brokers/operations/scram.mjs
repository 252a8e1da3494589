// Enhanced authentication (MQTT 5, section 4.12) by SCRAM-SHA-256 against a broker's own implementation: the right
// password is accepted and both sides are proven, a wrong one is refused within the bound.

import { METHOD, scramClient } from "../../support/scram.mjs";
import { Failed, holds, NotDone } from "../support/outcome.mjs";

const text = (bytes) => Buffer.from(bytes ?? "").toString();

function scramming(cell, password) {
  const exchange = scramClient("u", password);
  let proven = false;
  const client = cell.client(
    { properties: { authenticationMethod: METHOD, authenticationData: Buffer.from(exchange.first) } },
    {
      on_auth: (_client, _userdata, packet) => ({
        authenticationMethod: METHOD,
        authenticationData: Buffer.from(exchange.final(text(packet.properties?.authenticationData))),
      }),
      on_connect: (_client, _userdata, _flags, rc, properties) => {
        if (rc !== 0) return;
        exchange.verify(text(properties?.authenticationData));
        proven = true;
      },
    },
  );
  return { client, proven: () => proven };
}

export default [
  {
    name: "scram",
    title: "SCRAM-SHA-256",
    setting: "scram",
    versions: [5],
    innocent: false,
    extraConnections: 3,
    async run(cell) {
      const right = scramming(cell, "pencil");
      await cell.succeeds(right.client.start(), "start() with the right password");
      if (!right.proven()) throw new NotDone("the broker did not prove that it knows the password");
      let came;
      const take = (_client, _userdata, message) => {
        came = message.text();
      };
      await cell.succeeds(right.client.subscribe(cell.topic("a"), { qos: 1 }, take), "subscribe");
      await cell.succeeds(right.client.publish(cell.topic("a"), "x", { qos: 1 }), "publish");
      if (!(await holds(() => came === "x", 10))) throw new NotDone("nothing arrived");
      const wrong = scramming(cell, "pen");
      const { error } = await cell.settles(wrong.client.start(), "start() with a wrong password", 20);
      if (!error) throw new Failed("a wrong password was accepted");
      cell.notes.push(`wrong password: ${error.code}`);
      await wrong.client.stop();
    },
  },
];
