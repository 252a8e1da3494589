// MQTT.js's tests that mqtt-lib/mqttjs does not pass, by their exact names, and why. A name is a test in each file that has it;
// one that begins with the name of a file's suite, such as "MQTT 5.0: ", is the test in that file only.

const INTERNAL = "it calls or reads internals of MQTT.js";
const FAKE_TIME = "it moves a fake clock, and the core has its own";
const ZERO = "its broker sends packet identifier 0, which ends the connection [MQTT-2.3.1-1]";
const SENTENCE = "the error has the core's own sentence";
const RESOLVED = "the core resolves and assigns aliases: each packet that a listener sees has its topic";

/** @type {[string, string][]} */
export const EXPECTED = [
  [
    "connecting: should provide connack packet with connect event",
    "its broker has a session for a clean one, which ends the connection in MQTT 5 [MQTT-3.2.2-1], and is a new one in 3.1.1",
  ],
  ["topic should be complemented on receive", RESOLVED],
  ["registered topic alias should automatically used if autoUseTopicAlias is true", RESOLVED],
  ["topicAlias is automatically used if autoAssignTopicAlias is true", RESOLVED],
  ["topicAlias should be removed and topic restored on resend", RESOLVED],
  [
    "topicAlias should be removed and topic restored on offline publish",
    "offline messages are sent in the order of the calls, not QoS 1 first",
  ],
  ["should throw an error if broker PUBLISH out of range topicAlias", SENTENCE],
  ["should throw an error if broker PUBLISH topicAlias:0", SENTENCE],
  ["should throw an error if broker PUBLISH unregistered topicAlias", SENTENCE],
  ["Maximum Packet Size", SENTENCE],
  ["auth packet", "authPacket is refused with a sentence: handleAuth answers"],
  [
    "Change values of some properties by server response",
    "options stay as they were given, as in MQTT.js 5.16; serverKeepAlive is client.keepalive",
  ],
  [
    "offline messages: should not overtake the messages stored in the level-db-store",
    "a store of another package is refused; native: { store } takes its place",
  ],
  [
    "offline messages: should call cb if store.put fails",
    "the core keeps messages itself, and calls put of no store",
  ],
  [
    'publishing: should mark a message as duplicate when "dup" option is set',
    "the core sets DUP where a message is sent again",
  ],
  ["publishing: should publish 10 QoS 1 and receive them only when `handleMessage` finishes", ZERO],
  ["publishing: should publish 10 QoS 2 and receive them only when `handleMessage` finishes", ZERO],
  [
    "publishing: should not send a `puback` if the execution of `handleMessage` fails for messages with QoS `1`",
    INTERNAL,
  ],
  [
    "publishing: should not send a `pubcomp` if the execution of `handleMessage` fails for messages with QoS `2`",
    INTERNAL,
  ],
  [
    "publishing: should silently ignore errors thrown by `handleMessage` and return when no callback is passed into `handlePublish` method",
    INTERNAL,
  ],
  [
    "publishing: should silently ignore errors thrown by `handleMessage` and return when no callback is passed into `handlePubrel` method",
    INTERNAL,
  ],
  ["publishing: should handle error with async incoming store in QoS 1 `handlePublish` method", INTERNAL],
  ["publishing: should handle error with async incoming store in QoS 2 `handlePublish` method", INTERNAL],
  ["publishing: should handle error with async incoming store in QoS 2 `handlePubrel` method", INTERNAL],
  ["publishing: should handle success with async incoming store in QoS 2 `handlePubrel` method", INTERNAL],
  ["keepalive: should send ping at keepalive interval", FAKE_TIME],
  ["keepalive: should not shift ping on publish", INTERNAL],
  [
    "keepalive: should reschedule pings if publishing at a higher rate than keepalive and reschedulePings===true",
    INTERNAL,
  ],
  [
    "keepalive: should not reschedule pings if publishing at a higher rate than keepalive and reschedulePings===false",
    INTERNAL,
  ],
  ["keepalive: should shift ping on pingresp when reschedulePings===true", INTERNAL],
  ["keepalive: should shift ping on pingresp when reschedulePings===false", INTERNAL],
  ["pinging: should reconnect on keepalive timeout", FAKE_TIME],
  ["pinging: should not reconnect if pingresp is successful", FAKE_TIME],
  ["qos handling: should should empty the incoming store after a qos 2 handshake is completed", INTERNAL],
  ["qos handling: handle qos 2 messages exactly once when multiple pubrel received", INTERNAL],
  [
    "qos handling: handle qos 2 messages exactly once when multiple pubrel received and sending pubcomp fails on client",
    INTERNAL,
  ],
  [
    "auto reconnect: should not resend in-flight QoS 1 removed publish messages from the client",
    "it reads the store, an internal; tests/node/mqttjs-reconnect.test.mjs has the rest",
  ],
  [
    "auto reconnect: should not resend in-flight QoS 2 removed publish messages from the client",
    "it reads the store, an internal; tests/node/mqttjs-reconnect.test.mjs has the rest",
  ],
  [
    "auto reconnect: should resend in-flight QoS 2 pubrel messages from the client if clean is false",
    "its broker has lost the session, and takes nothing that is published as new",
  ],
  ["creating: should disable number cache if specified in options", INTERNAL],
  ["should use mqttv3.1 as the protocol if using v3.1", "MQTT 3.1 is refused with a sentence"],
  ["flushing: should attempt to complete pending unsub and send on ping timeout", INTERNAL],
  [
    "reconnecting: should not send the same publish multiple times on a flaky connection",
    "a message at whose sending several connections ended in a row is sent when the next has lasted 5 s, and the test ends before",
  ],
];
