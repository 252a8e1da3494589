// Credentials from a function: it is called before each attempt with the number of the attempt and the last error.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { MqttError } from "mqtt-lib";
import { makeCertificates } from "../support/certificates.mjs";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { startGateway } from "../support/gateway.mjs";
import { startMosquitto } from "../support/mosquitto.mjs";
import { freePort } from "../support/ports.mjs";
import { captureWarnings, clientFor, collect, failure, freshTopic, lines, run, until } from "./helpers.mjs";

let mosquitto;

before(async () => {
  mosquitto = await startMosquitto();
});

after(() => mosquitto?.stop());

const connects = (broker) => broker.connections.map(({ packets }) => packets[0]);

for (const [kind, wrap] of Object.entries({
  "plain function": (value) => value,
  "async function": async (value) => value,
  // biome-ignore lint/suspicious/noThenProperty: tests a thenable
  "function that gives a thenable": (value) => ({ then: (resolve) => resolve(value) }),
})) {
  test(`a ${kind} is called before each attempt, and what it gives is used there`, async (t) => {
    const broker = await fakeBroker(t, (connection) => {
      if (connection.index === 0) return scripts.refuses(4)(connection);
      scripts.accepts()(connection);
    });
    const calls = [];
    const client = clientFor(t, (...all) => {
      calls.push(all);
      const number = `${calls.length}`;
      return wrap({
        mqttserver: broker.url,
        mqttusername: "me",
        mqttpassword: number,
        mqttkeepalive: calls.length,
      });
    });
    assert.equal((await failure(client.start())).code, "NOT_AUTHORIZED");
    await client.start();
    broker.connections[1].close();
    await until(() => broker.connections.length === 3 && client.connected);

    assert.deepEqual(
      connects(broker).map(({ password, keepalive }) => [`${password}`, keepalive]),
      [
        ["1", 1],
        ["2", 2],
        ["3", 3],
      ],
    );
    assert.deepEqual(
      calls.map(([attempt, lastError, ...more]) => [attempt, lastError?.code, more.length]),
      [
        [1, undefined, 0],
        [2, "NOT_AUTHORIZED", 0],
        [1, "CONNECTION_LOST", 0],
      ],
    );
    assert.ok(calls[1][1] instanceof MqttError);
    assert.equal(calls[1][1].reasonCode, 4);
    const ids = new Set(connects(broker).map(({ clientId }) => clientId));
    assert.equal(ids.size, 1, "the random client id is made once");
  });
}

for (const [how, fail] of Object.entries({
  "is rejected": async (why) => {
    throw why;
  },
  throws: (why) => {
    throw why;
  },
})) {
  test(`one that ${how} is a failed attempt with its error as the cause, and attempts go on`, async (t) => {
    const why = new Error("the token service is down");
    const calls = [];
    const client = clientFor(t, (attempt, lastError) => {
      calls.push([attempt, lastError?.code, lastError?.cause]);
      return calls.length < 3 ? fail(why) : { mqttserver: mosquitto.url };
    });
    const published = client.publish(freshTopic(), "kept", { qos: 1 });
    const error = await failure(client.start());
    assert.ok(error instanceof MqttError);
    assert.equal(error.code, "CREDENTIALS_FAILED");
    assert.match(error.message, /credentials function failed: the token service is down;/);
    assert.equal(error.cause, why);
    await published;
    assert.deepEqual(calls, [
      [1, undefined, undefined],
      [2, "CREDENTIALS_FAILED", why],
      [3, "CREDENTIALS_FAILED", why],
    ]);
    assert.deepEqual(
      client.errors.map(({ code, cause }) => [code, cause]),
      [["CREDENTIALS_FAILED", why]],
      "what no promise carried",
    );
  });
}

test("certificates and headers are those of the answer, one-shots included", async (t) => {
  const certificates = makeCertificates();
  const gateway = await startGateway({
    tls: certificates.issue("server"),
    admits: ({ headers }) => headers.authorization.startsWith("Bearer "),
  });
  t.after(() => gateway.stop());
  let calls = 0;
  const client = clientFor(t, async () => {
    calls += 1;
    return {
      mqttserver: gateway.url,
      certs: { ca: certificates.read("ca.pem") },
      websocket: { headers: { Authorization: `Bearer ${calls}` } },
    };
  });
  await client.start();
  gateway.drop();
  await until(() => client.stats().reconnects === 1);
  await client.publish_high_priority("a", "b", { qos: 1 });
  assert.deepEqual(
    gateway.seen.map(({ headers }) => headers.authorization),
    ["Bearer 1", "Bearer 2", "Bearer 3"],
  );
});

test("what it gives goes through the validator: the error names the key, and the next answer counts", async (t) => {
  const cases = [
    [{ mqttprt: 1883 }, TypeError, /no key "mqttprt"; did you mean "mqttport"/],
    [{ mqttport: 70_000 }, RangeError, /credentials\.mqttport must be .* 70000 was given/],
    [undefined, TypeError, /what the credentials function gives must be an object; undefined was given/],
    [null, TypeError, /null was given/],
    ["mqtt://localhost", TypeError, /a string was given/],
    [() => {}, TypeError, /a function was given/],
    [{ store: "persistent", mqttclientid: "a" }, TypeError, /store needs credentials that are an object/],
  ];
  let given;
  const client = clientFor(t, () => given, { autostart: false });
  for (const [wrong, type, sentence] of cases) {
    given = wrong;
    const error = await failure(client.start());
    assert.equal(error.constructor, type, `${wrong}`);
    assert.match(error.message, sentence);
    assert.ok(["INVALID_OPTION", "OUT_OF_RANGE"].includes(error.code));
  }
  given = { mqttserver: mosquitto.url };
  await client.start();
});

test("one that never answers ends with connecttimeout, and a late answer is ignored", async (t) => {
  const nobody = `mqtt://127.0.0.1:${await freePort()}`;
  const answers = [];
  const client = clientFor(t, (attempt, lastError) => {
    if (answers.push([attempt, lastError?.code]) === 1) return { mqttserver: nobody, connecttimeout: 0.1 };
    if (answers.length > 2) return { mqttserver: mosquitto.url };
    return new Promise((resolve) => {
      answers.late = resolve;
    });
  });
  assert.equal((await failure(client.start())).code, "CONNECTION_REFUSED");
  const error = await failure(client.start());
  assert.equal(error.code, "TIMEOUT");
  assert.match(error.message, /the credentials function did not answer in 0\.1 s \(connecttimeout\)/);
  await client.start();
  answers.late({ mqttserver: nobody });
  await client.publish(freshTopic(), "still connected", { qos: 1 });
  assert.deepEqual(answers.slice(0, 3), [
    [1, undefined],
    [2, "CONNECTION_REFUSED"],
    [3, "TIMEOUT"],
  ]);
  assert.equal(client.stats().reconnects, 0);
});

test("stop() works at once while the answer is awaited, and start() asks anew", async (t) => {
  let calls = 0;
  const client = clientFor(t, () => (++calls === 1 ? new Promise(() => {}) : { mqttserver: mosquitto.url }));
  const started = client.start();
  assert.equal(client.state, "connecting");
  await client.stop();
  assert.equal(client.state, "stopped");
  assert.equal((await failure(started)).code, "STOPPED");
  await client.start();
  assert.equal(calls, 2);
});

test("any method may be called in it", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, mosquitto.url, topic, { qos: 1 });
  const client = clientFor(
    t,
    function ask() {
      client.publish(topic, client.state, { qos: 1 });
      return { mqttserver: mosquitto.url };
    },
    { autostart: false },
  );
  await client.start();
  await received.count(1);
  assert.deepEqual(received.texts(), ["connecting"]);
});

test("what is called before the first answer waits for it, in its order, with the bounds of the answer", async (t) => {
  const topic = freshTopic();
  const received = await collect(t, mosquitto.url, `${topic}/#`, { qos: 1 });
  let answer;
  const client = clientFor(
    t,
    () =>
      new Promise((resolve) => {
        answer = resolve;
      }),
  );
  await until(() => answer);
  const own = [];
  client.subscribe(`${topic}/p`, { qos: 1 }, (_client, _userdata, message) => own.push(message.text()));
  const published = [1, 2, 3].map((i) => client.publish(`${topic}/p`, i, { qos: 1 }));
  client.batch_publish(`${topic}/b`, "item");
  answer({ mqttserver: mosquitto.url, publishinterval: 0.05 });
  await Promise.all(published);
  await received.count(4);
  assert.deepEqual(received.texts(), ["1", "2", "3", '["item"]']);
  await until(() => own.length === 3);
});

test("publish_high_priority on such a client asks it too, and what the call says wins", async (t) => {
  const [mine, other] = [await fakeBroker(t), await fakeBroker(t)];
  const calls = [];
  const client = clientFor(
    t,
    async (...all) => {
      calls.push(all);
      return {
        mqttserver: mine.url,
        mqttclientid: "the-client",
        mqttusername: "me",
        mqttpassword: `${calls.length}`,
        willsettopic: "will",
      };
    },
    { autostart: false },
  );
  await client.publish_high_priority("a", "b", { qos: 1 });
  const [first] = connects(mine);
  assert.equal(`${first.username} ${first.password}`, "me 1");
  assert.notEqual(first.clientId, "the-client");
  assert.equal(first.will, undefined);
  await client.publishHighPriority("a", "b", { port: other.port, mqttusername: "you" });
  assert.equal(`${connects(other)[0].username} ${connects(other)[0].password}`, "you 2");
  assert.deepEqual(calls, [
    [1, undefined],
    [1, undefined],
  ]);
  assert.equal(client.state, "idle");
  assert.match((await failure(client.publish_high_priority("a", "b", { qs: 1 }))).message, /no key "qs"/);
});

test("its failure is that of publish_high_priority, and nothing else is said", async (t) => {
  const warnings = captureWarnings(t);
  const why = new Error("no token");
  const client = clientFor(t, () => Promise.reject(why), { autostart: false });
  const error = await failure(client.publish_high_priority("a", "b"));
  assert.equal(error.code, "CREDENTIALS_FAILED");
  assert.equal(error.cause, why);
  assert.deepEqual([warnings, client.errors], [[], []]);
});

test("a process with such a client ends by itself after stop(), also when no answer ever comes", async () => {
  const source = `
    import { MqttCustom } from "mqtt-lib";
    const client = new MqttCustom({ credentials: async () => ({ mqttserver: process.argv[2] }) });
    await client.publish("test/end", "x", { qos: 1 });
    await client.stop();
    const other = new MqttCustom({ credentials: () => new Promise(() => {}) });
    await other.stop();
    console.log(client.state, other.state);
  `;
  const { stdout, stderr, code } = await run(source, [mosquitto.url]);
  assert.deepEqual([lines(stdout), stderr, code], [["stopped stopped"], "", 0]);
});
