// MQTT.js's tests that mqtt-lib/mqttjs does not pass, by a part of their names, and why.

const INTERNAL = "it calls or reads internals of MQTT.js";
const FAKE_TIME = "it moves a fake clock, and the core has its own";
const ZERO = "its broker sends packet identifier 0, which ends the connection [MQTT-2.3.1-1]";
const SENTENCE = "the error has the core's own sentence";
const RESOLVED = "the core resolves and assigns aliases: each packet that a listener sees has its topic";

/** @type {[string, string][]} */
export const EXPECTED = [
  [
    "should provide connack packet",
    "its broker has a session for a clean one, which ends the connection [MQTT-3.2.2-1]",
  ],
  [
    "MQTT 5.0: offline messages: should not interrupt messages",
    "its broker acknowledges QoS 2 with PUBACK, which ends the connection in MQTT 5 (§4.13)",
  ],
  ["topic should be complemented on receive", RESOLVED],
  ["if autoUseTopicAlias is true", RESOLVED],
  ["if autoAssignTopicAlias is true", RESOLVED],
  ["removed and topic restored on resend", RESOLVED],
  [
    "topic restored on offline publish",
    "offline messages are sent in the order of the calls, not QoS 1 first",
  ],
  ["if broker PUBLISH", SENTENCE],
  ["Maximum Packet Size", SENTENCE],
  ["auth packet", "authPacket is refused with a sentence: handleAuth answers"],
  [
    "some properties by server response",
    "options stay as they were given, as in MQTT.js 5.16; serverKeepAlive is client.keepalive",
  ],
  [
    "stored in the level-db-store",
    "a store of another package is refused; native: { store } takes its place",
  ],
  ["should call cb if store.put fails", "the core keeps messages itself, and calls put of no store"],
  ['should mark a message as duplicate when "dup"', "the core sets DUP where a message is sent again"],
  ["should publish 10 QoS 1 and receive them only", ZERO],
  ["should publish 10 QoS 2 and receive them only", ZERO],
  ["if the execution of `handleMessage` fails", INTERNAL],
  ["errors thrown by `handleMessage`", INTERNAL],
  ["with async incoming store in QoS", INTERNAL],
  ["keepalive: should send ping at keepalive interval", FAKE_TIME],
  ["should not shift ping on publish", INTERNAL],
  ["reschedule pings if publishing", INTERNAL],
  ["should shift ping on pingresp", INTERNAL],
  ["should reconnect on keepalive timeout", FAKE_TIME],
  ["should not reconnect if pingresp is successful", FAKE_TIME],
  ["should empty the incoming store after a qos 2", INTERNAL],
  ["exactly once when multiple pubrel received", INTERNAL],
  [
    "removed publish messages from the client",
    "it reads the store, an internal; tests/node/mqttjs-reconnect.test.mjs has the rest",
  ],
  [
    "pubrel messages from the client if clean is false",
    "the callback is not called again by the next connection; the message is",
  ],
  ["should disable number cache", INTERNAL],
  ["should use mqttv3.1 as the protocol", "MQTT 3.1 is refused with a sentence"],
  ["pending unsub and send on ping timeout", INTERNAL],
  [
    "publish multiple times on a flaky",
    "acknowledgements that came in one chunk call back all at once, also after end(true)",
  ],
];
