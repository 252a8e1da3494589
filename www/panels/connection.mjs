// The connection panel: a form for `credentials`; connect, disconnect, and the properties of CONNACK.

import { byId, make, setText } from "../lib/dom.mjs";
import { valuesOf } from "../lib/fields.mjs";
import { clock } from "../lib/format.mjs";
import { sentenceOf } from "../lib/sentence.mjs";
import { connectionFields } from "./connection-fields.mjs";
import { savedConnectionsRow } from "./saved-connections.mjs";

export function connectionPanel(session, log) {
  const form = byId("connection");
  const connect = byId("connect");
  const result = byId("connection-result");
  const properties = connectionFields(byId("connection-fields"), byId("connection-more"));
  byId("connection-fields").prepend(savedConnectionsRow(form, properties, log));
  const secure = location.protocol === "https:";
  byId("host").value = location.hostname || "localhost";
  byId("port").value = location.port || (secure ? 443 : 1883);
  byId("protocol").value = secure ? "wss" : "ws";

  /** A URL in the host field fills the other fields; its password goes into the password field. */
  byId("host").addEventListener("input", ({ target }) => {
    const url = /^wss?:\/\/[^/]/.test(target.value) && URL.canParse(target.value) && new URL(target.value);
    if (!url?.hostname) return;
    byId("protocol").value = url.protocol.slice(0, -1);
    byId("port").value = url.port || (url.protocol === "wss:" ? 443 : 80);
    byId("path").value = url.pathname + url.search;
    if (url.username) byId("username").value = decodeURIComponent(url.username);
    if (url.password) byId("password").value = decodeURIComponent(url.password);
    target.value = url.hostname;
  });

  const wants5 = () => byId("version").value !== "4";
  /** Whether there is MQTT 5: while connected the broker has decided, before that the field. */
  const v5 = () => wants5() && (session.state !== "connected" || session.client.mqttversion === 5);
  function versionChosen() {
    for (const group of document.querySelectorAll(".only-5")) {
      /** @type {HTMLFieldSetElement} */ (group).disabled = !v5();
    }
  }
  byId("version").addEventListener("change", versionChosen);

  function credentials() {
    const values = valuesOf(form.elements);
    if (values.mqttversion !== "auto") values.mqttversion = Number(values.mqttversion);
    if (!wants5()) return values;
    const will = values.willsettopic ? properties.will.read() : undefined;
    return { ...values, properties: properties.connect.read(), willProperties: will };
  }

  async function attempt() {
    setText(result, "");
    result.dataset.kind = "";
    try {
      const wanted = credentials();
      // While a reconnect is delayed, start() makes the attempt now; with other fields, another client does.
      await (session.running && session.uses(wanted) ? session.client.start() : session.connect(wanted));
    } catch (error) {
      if (error.code === "STOPPED") return;
      result.dataset.kind = "bad";
      setText(result, sentenceOf(error));
      log.add(error);
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!connect.disabled) attempt();
  });
  byId("disconnect").addEventListener("click", () => session.disconnect().catch(log.add));

  let greeted = null;
  function greet() {
    if (greeted === session.greeting) return;
    greeted = session.greeting;
    const box = byId("greeting");
    box.hidden = greeted === null;
    box.replaceChildren(
      ...(greeted ? factsOf(greeted, session).map(([name, value]) => fact(name, value)) : []),
    );
  }

  return {
    credentials,
    v5,
    properties,
    /** The server fields, for a connection of its own. */
    endpoint() {
      const { mqttserver, mqttport, mqttprotocol, mqttpath, mqttusername, mqttpassword, mqttversion } =
        credentials();
      return { mqttserver, mqttport, mqttprotocol, mqttpath, mqttusername, mqttpassword, mqttversion };
    },
    refresh() {
      const { state, running } = session;
      const waits = state === "reconnecting" || state === "connecting";
      setText(connect, waits ? "Try now" : "Connect");
      connect.disabled = running && !waits;
      byId("disconnect").disabled = !running;
      byId("version").disabled = running; // the publish panel depends on it
      versionChosen();
      if (state === "connected" && result.textContent) setText(result, "");
      greet();
    },
  };
}

/** "receiveMaximum" as people write it. @param {string} name */
const inWords = (name) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** @returns {[string, string][]} */
function factsOf({ sessionPresent, properties, since }, session) {
  const rows = Object.entries(properties ?? {}).map(([name, value]) => [
    inWords(name),
    typeof value === "boolean"
      ? value
        ? "yes"
        : "no"
      : typeof value === "object"
        ? JSON.stringify(value)
        : String(value),
  ]);
  return [
    ["connected", clock(since)],
    ["MQTT", session.client.mqttversion === 5 ? "5.0" : "3.1.1"],
    ["session", sessionPresent ? "resumed" : "new"],
    ["reconnects", String(session.client.stats().reconnects)],
    .../** @type {[string, string][]} */ (rows),
  ];
}

const fact = (name, value) => make("div", {}, make("dt", {}, name), make("dd", {}, value));
