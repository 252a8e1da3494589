// A buffer whose getters lie about its length: what is sent is what is in it, never bytes of other payloads.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startMosquitto } from "../support/mosquitto.mjs";
import { clientFor, collect, freshTopic } from "./helpers.mjs";

let broker;
before(async () => {
  broker = await startMosquitto();
});
after(() => broker?.stop());

const SECRET = "a secret of another client ".repeat(40);

class Long extends Uint8Array {
  get length() {
    return 900;
  }
  get byteLength() {
    return 900;
  }
}
class Moved extends Uint8Array {
  get byteOffset() {
    return 0;
  }
  get byteLength() {
    return 512;
  }
}
class Elsewhere extends Uint8Array {
  get buffer() {
    return new TextEncoder().encode(SECRET).buffer;
  }
}
class LongView extends DataView {
  get byteLength() {
    return 900;
  }
}
const filled = (view) => {
  new Uint8Array(view.buffer).set([1, 2, 3]);
  return view;
};
/** A buffer that has a secret before and behind the three bytes of the view. */
const inTheMiddle = (View) => {
  const bytes = new TextEncoder().encode(SECRET);
  bytes.set([1, 2, 3], 300);
  return new View(bytes.buffer, 300, 3);
};
const own = (view, name, value) => Object.defineProperty(view, name, { value });

const LIARS = {
  "a subclass with a length": () => Long.of(1, 2, 3),
  "a subclass with an offset": () => inTheMiddle(Moved),
  "a subclass with a buffer": () => Elsewhere.of(1, 2, 3),
  "a DataView with a length": () => filled(new LongView(new ArrayBuffer(3))),
  "a length of its own": () => own(Uint8Array.of(1, 2, 3), "length", 900),
  "a byteLength of its own": () => own(inTheMiddle(DataView), "byteLength", 512),
  "a Buffer with a length of its own": () => own(Buffer.from([1, 2, 3]), "length", 900),
  "a shorter length": () => own(Uint8Array.of(1, 2, 3), "length", 1),
};
const PROXIES = {
  "a proxy": () => new Proxy(Uint8Array.of(1, 2, 3), {}),
  "a proxy with a length": () =>
    new Proxy(Uint8Array.of(1), { get: (_view, key) => (key === "length" ? 900 : 1) }),
  "an object that says it is an array": () => Object.setPrototypeOf({ length: 900 }, Uint8Array.prototype),
};
const WAYS = {
  publish: (client, topic, payload) => client.publish(topic, payload, { qos: 1 }),
  "publish with an option": (client, topic, payload) =>
    client.publish(topic, payload, { qos: 1, ...{ other: undefined } }),
  qpublish: (client, topic, payload) => {
    const queued = client.qpublish(topic, payload, { qos: 1 });
    client.flush();
    return queued;
  },
  publish_high_priority: (client, topic, payload) => client.publish_high_priority(topic, payload, { qos: 1 }),
};

for (const [way, publish] of Object.entries(WAYS)) {
  test(`${way}: the bytes of a buffer, whatever it says`, async (t) => {
    const topic = freshTopic();
    const received = await collect(t, broker.url, topic, { qos: 1 });
    const other = clientFor(t, broker.url);
    const client = clientFor(t, broker.url);
    await client.start();
    let count = 0;
    for (const [name, make] of Object.entries({ ...LIARS, ...PROXIES })) {
      await other.publish("other", SECRET, { qos: 1 });
      const error = await publish(client, topic, make()).then(
        () => undefined,
        (thrown) => thrown,
      );
      if (name in PROXIES) {
        assert.equal(error?.code, "INVALID_PAYLOAD", name);
      } else if (error) {
        assert.match(error.code, /^INVALID_/, name);
      } else {
        count += 1;
        await received.count(count);
        assert.deepEqual([...received[count - 1].payload], [1, 2, 3], name);
      }
    }
    if (way === "publish") assert.equal(count, Object.keys(LIARS).length);
  });
}
