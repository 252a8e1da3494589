// `credentials` of a class, or with getters, is read like a plain object.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { fakeBroker } from "../support/fake-broker.mjs";
import { clientFor, until } from "./helpers.mjs";

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

for (const [kind, wrap] of Object.entries({
  "credentials function": (value) => value,
  "credentials function with a promise": async (value) => value,
  // biome-ignore lint/suspicious/noThenProperty: tests a thenable
  "credentials function with a thenable": (value) => ({ then: (resolve) => resolve(value) }),
})) {
  test(`getters of the class of what a ${kind} gives are read at each attempt`, async (t) => {
    const broker = await fakeBroker(t);
    let count = 0;
    class Vault {
      get mqttserver() {
        return broker.url;
      }
      get mqttusername() {
        count += 1;
        return `user-${count}`;
      }
    }
    const client = clientFor(t, () => wrap(new Vault()));
    await client.start();
    broker.connections[0].close();
    await until(() => broker.connections.length === 2 && client.connected, "the second connection");
    assert.deepEqual(
      broker.connections.map(({ packets }) => packets[0].username),
      ["user-1", "user-2"],
    );
  });
}

test("a getter that throws in what a credentials function gives is a failed attempt that says so", async (t) => {
  const client = clientFor(t, () => ({
    get mqttserver() {
      throw new Error("the vault is closed");
    },
  }));
  await assert.rejects(client.start(), /credentials.*the vault is closed/);
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
