// Wrong options of a client are rejected by the constructor, with an error that names the option, what was given and what is
// allowed.

import { after, before, describe, test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { startMosquitto } from "../support/mosquitto.mjs";
import { assertError, outOfRange, wrongType } from "../support/expected-errors.mjs";
import { clientFor, thrown } from "./helpers.mjs";

let broker;

before(async () => {
  broker = await startMosquitto();
});

after(() => broker?.stop());

describe("the constructor throws", () => {
  const CREDENTIALS = {
    "an unknown key, with the nearest known one": [
      { mqttsever: "localhost" },
      wrongType('no key "mqttsever"', 'did you mean "mqttserver"'),
    ],
    "a key in other letters": [{ mqttPort: 1883 }, wrongType('"mqttPort"', 'did you mean "mqttport"')],
    "a key that is like no other": [{ zzzzzzzzzzzzzz: 1 }, wrongType('"zzzzzzzzzzzzzz"')],
    "port 0": [{ mqttport: 0 }, outOfRange("mqttport", "from 1 to 65535", "0 was given")],
    "port 70000": [{ mqttport: 70000 }, outOfRange("mqttport", "from 1 to 65535", "70000 was given")],
    "port -1": [{ mqttport: -1 }, outOfRange("mqttport", "-1 was given")],
    "half a port": [{ mqttport: 1883.5 }, outOfRange("mqttport", "whole number", "1883.5 was given")],
    "a port that is not a number": [{ mqttport: Number.NaN }, outOfRange("mqttport", "NaN was given")],
    "a port as text": [{ mqttport: "1883" }, wrongType("mqttport", "whole number", '"1883"')],
    "a negative interval": [
      { publishinterval: -1 },
      outOfRange("publishinterval", "seconds from 0", "-1 was given"),
    ],
    "an infinite interval": [
      { publishinterval: Number.POSITIVE_INFINITY },
      outOfRange("publishinterval", /inf/i),
    ],
    "an interval as text": [{ publishinterval: "60" }, wrongType("publishinterval", "number of seconds")],
    "a negative keepalive": [{ mqttkeepalive: -5 }, outOfRange("mqttkeepalive", "from 0 to 65535", "-5")],
    "a keepalive over 65535": [{ mqttkeepalive: 65_536 }, outOfRange("mqttkeepalive", "65536")],
    "a negative reconnect delay": [{ maxmqttreconnectdelay: -1 }, outOfRange("maxmqttreconnectdelay", "-1")],
    "queuesize 0": [{ queuesize: 0 }, outOfRange("queuesize", "from 1", "0 was given")],
    "batchsize 2.5": [{ batchsize: 2.5 }, outOfRange("batchsize", "whole number", "2.5")],
    "will QoS 3": [{ willsetqos: 3 }, outOfRange("willsetqos", "from 0 to 2", "3 was given")],
    "a will's retain that is a number": [
      { willsetretain: 1 },
      wrongType("willsetretain", "true or false", "1 was given"),
    ],
    "a will's topic with a wildcard": [
      { willsettopic: "a/#" },
      [TypeError, "INVALID_TOPIC", "willsettopic", '"a/#"'],
    ],
    "a will's payload that is an object": [
      { willsetpayload: {} },
      wrongType("willsetpayload", "string or bytes", "an object"),
    ],
    "a client id that is a number": [
      { mqttclientid: 7 },
      wrongType("mqttclientid", "a string", "7 was given"),
    ],
    "a client id with U+0000": [{ mqttclientid: "a\0b" }, wrongType("mqttclientid", "U+0000")],
    "a client id over 65,535 bytes": [
      { mqttclientid: "x".repeat(65_536) },
      outOfRange("mqttclientid", "65536", "65,535"),
    ],
    "a server that is a number": [{ mqttserver: 7 }, wrongType("mqttserver", "a string")],
    "an empty server": [{ mqttserver: "" }, wrongType("mqttserver", "no host name")],
    "a server with an unknown scheme": [
      { mqttserver: "http://h" },
      wrongType("mqttserver", "http://h", "ws://"),
    ],
    "a server with port 0": [{ mqttserver: "mqtt://h:0" }, wrongType("mqttserver", "port", "1 to 65535")],
    "a server with port 70000": [{ mqttserver: "h:70000" }, wrongType("mqttserver", "port", "1 to 65535")],
    "a server with a user name": [
      { mqttserver: "mqtt://me:pw@h" },
      wrongType("mqttserver", "mqttusername", /^((?!pw).)*$/),
    ],
    "an unknown protocol": [
      { mqttprotocol: "http" },
      wrongType("mqttprotocol", '"ws", "wss", "mqtt" or "mqtts"', '"http"'),
    ],
    "a path without a slash": [{ mqttpath: "mqtt" }, wrongType("mqttpath", "begins with /", '"mqtt"')],
    "a version that is none": [{ mqttversion: 6 }, outOfRange("mqttversion", "6 was given")],
    "a clean session as text": [
      { mqttcleansession: "yes" },
      wrongType("mqttcleansession", "true or false", '"yes"'),
    ],
    "a kept session without a client id": [
      { mqttcleansession: false },
      wrongType("mqttcleansession is false without mqttclientid"),
    ],
    "a password without a user name": [{ mqttpassword: "x" }, wrongType("mqttpassword", "mqttusername")],
    "a password that is a number, without showing it": [
      { mqttusername: "a", mqttpassword: 4711 },
      wrongType("mqttpassword", /^((?!4711).)*$/),
    ],
    "connecttimeout 0": [{ connecttimeout: 0 }, outOfRange("connecttimeout", "0 was given")],
    "maxinflight 65536": [{ maxinflight: 65_536 }, outOfRange("maxinflight", "from 1 to 65535")],
  };
  for (const [name, [credentials, expected]] of Object.entries(CREDENTIALS)) {
    test(`for ${name}`, () =>
      assertError(
        thrown(() => new MqttCustom({ credentials })),
        expected,
      ));
  }

  const OPTIONS = {
    "credentials that are text": [
      { credentials: "localhost" },
      wrongType("credentials must be an object", "a string was given"),
    ],
    "credentials that are an array": [
      { credentials: [] },
      wrongType("credentials must be an object", "an array was given"),
    ],
    "an unknown key beside credentials": [
      { credential: {} },
      wrongType('no key "credential"', 'did you mean "credentials"'),
    ],
    "a mistyped callback": [{ on_mesage: () => {} }, wrongType('"on_mesage"', 'did you mean "on_message"')],
    "a callback that is no function": [
      { on_message: "later" },
      wrongType("on_message must be a function", "a string was given"),
    ],
    "a camelCase callback that is no function": [
      { onConnect: 7 },
      wrongType("on_connect must be a function", "a number was given"),
    ],
    "autostart that is a number": [
      { autostart: 1 },
      wrongType("autostart must be true or false", "a number was given"),
    ],
    "text instead of options": ["localhost", wrongType("must be an object", "a string was given")],
    "a number instead of options": [1883, wrongType("must be an object", "a number was given")],
  };
  for (const [name, [options, expected]] of Object.entries(OPTIONS)) {
    test(`for ${name}`, () =>
      assertError(
        thrown(() => new MqttCustom(options)),
        expected,
      ));
  }

  test("and nothing stays open after it: undefined and null values are as if they were not there", async (t) => {
    const client = clientFor(t, { mqttserver: broker.url, mqttport: undefined, mqttusername: null });
    await client.start();
    for (const nothing of [undefined, null, {}]) {
      const idle = new MqttCustom(nothing && { ...nothing, autostart: false });
      await idle.stop();
    }
  });
});
