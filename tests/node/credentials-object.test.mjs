// `credentials` of a class, or with getters, is read like a plain object.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { fakeBroker } from "../support/fake-broker.mjs";
import { clientFor } from "./helpers.mjs";

test("getters of an object and of a class, also an inherited one, are read", async (t) => {
  const broker = await fakeBroker(t);
  class Base {
    #url = broker.url;
    get mqttserver() {
      return this.#url;
    }
    get mqttclientid() {
      return "of-the-base";
    }
  }
  class Settings extends Base {
    mqttkeepalive = 30;
    get mqttclientid() {
      return "of-the-class";
    }
  }
  const client = clientFor(t, new Settings());
  await client.start();
  const [{ clientId, keepalive }] = broker.connections[0].packets.filter(({ cmd }) => cmd === "connect");
  assert.deepEqual([clientId, keepalive], ["of-the-class", 30]);
  const own = clientFor(t, {
    get mqttserver() {
      return broker.url;
    },
  });
  await own.start();
});

test("the options of the client may be of a class too, and a getter that is no option is an error", () => {
  class Options {
    autostart = false;
    get userdata() {
      return "mine";
    }
  }
  const client = new MqttCustom(new Options());
  assert.equal(client.state, "idle");
  class Wrong {
    get mqttsrever() {
      return "localhost";
    }
  }
  assert.throws(
    () => new MqttCustom({ credentials: new Wrong(), autostart: false }),
    /mqttsrever.*mqttserver/,
  );
});
