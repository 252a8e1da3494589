// What the connection panel asks for: the fields, in their order. A field's name is its key in `credentials`.

import { make } from "../lib/dom.mjs";
import { part, QOS, row, field } from "../lib/fields.mjs";
import { propertyFields } from "./properties.mjs";

const PROTOCOLS = /** @type {[string, string][]} */ ([
  ["ws", "ws"],
  ["wss", "wss (TLS)"],
]);
const VERSIONS = /** @type {[string, string][]} */ ([
  ["4", "3.1.1"],
  ["5", "5.0"],
  ["auto", "5.0, else 3.1.1"],
]);
const WILL = [
  "willDelayInterval",
  "messageExpiryInterval",
  "contentType",
  "responseTopic",
  "correlationData",
  "payloadFormatIndicator",
];
const CONNECT = [
  "sessionExpiryInterval",
  "receiveMaximum",
  "maximumPacketSize",
  "topicAliasMaximum",
  "requestResponseInformation",
];
const atLeast = (min) => ({ min });

/**
 * Fills the form, and gives the two groups of properties, which are not of `credentials` itself.
 * @param {HTMLElement} box for what is nearly always needed
 * @param {HTMLElement} more for the rest
 */
export function connectionFields(box, more) {
  const will = propertyFields("will", WILL);
  const connect = propertyFields("connect", CONNECT);
  const only5 = (element) => make("fieldset", { class: "only-5" }, make("legend", {}, "MQTT 5"), element);
  box.append(
    row(
      { id: "protocol", name: "mqttprotocol", label: "Protocol", options: PROTOCOLS, size: "short" },
      { id: "host", name: "mqttserver", label: "Host, or a URL", more: { inputmode: "url" } },
    ),
    row(
      {
        id: "port",
        name: "mqttport",
        label: "Port",
        type: "number",
        size: "short",
        more: { min: 1, max: 65535 },
      },
      { id: "path", name: "mqttpath", label: "Path", value: "/mqtt" },
      { id: "version", name: "mqttversion", label: "MQTT", options: VERSIONS, value: "4", size: "grow" },
    ),
    field({
      id: "clientid",
      name: "mqttclientid",
      label: "Client id",
      more: { placeholder: "chosen at random" },
    }),
    row(
      { id: "username", name: "mqttusername", label: "User name" },
      {
        id: "password",
        name: "mqttpassword",
        label: "Password",
        type: "password",
        more: { autocomplete: "off" },
      },
    ),
  );
  more.append(
    part(
      "session-part",
      "Session",
      row(
        {
          id: "keepalive",
          name: "mqttkeepalive",
          label: "Keep alive, s",
          type: "number",
          value: 60,
          more: atLeast(0),
        },
        {
          id: "reconnectdelay",
          name: "maxmqttreconnectdelay",
          label: "Longest retry delay, s",
          type: "number",
          value: 30,
          more: atLeast(0),
        },
      ),
      row(
        {
          id: "connecttimeout",
          name: "connecttimeout",
          label: "Connect timeout, s",
          type: "number",
          value: 10,
          more: { min: 0.001, step: "any" },
        },
        {
          id: "maxinflight",
          name: "maxinflight",
          label: "Most in flight",
          type: "number",
          value: 1000,
          more: { min: 1, max: 65535 },
        },
      ),
      field({
        id: "cleansession",
        name: "mqttcleansession",
        label: "Clean session",
        type: "check",
        value: true,
      }),
    ),
    part(
      "will-part",
      "Last will",
      field({ id: "will-topic", name: "willsettopic", label: "Topic", more: { placeholder: "no will" } }),
      field({ id: "will-payload", name: "willsetpayload", label: "Payload" }),
      row(
        {
          id: "will-qos",
          name: "willsetqos",
          label: "QoS",
          options: QOS,
          size: "short",
          more: { "data-number": true },
        },
        { id: "will-retain", name: "willsetretain", label: "Retain", type: "check" },
      ),
      only5(will.element),
    ),
    part("properties-part", "Properties", only5(connect.element)),
  );
  return { will, connect };
}
