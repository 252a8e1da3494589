// The component that gives a client to the components below it, and the hook that takes it. A client that the provider makes
// is started when it is mounted and stopped when it is unmounted; rendering alone, as on a server, connects nothing.

import { MqttCustom } from "mqtt-lib";
import { createContext, createElement, useContext, useEffect, useState } from "react";
import { checkClient, checkOptions } from "./checks.mjs";
import { closeAll } from "./stores.mjs";

/** @type {import("react").Context<any>} */
const Client = createContext(undefined);

/** Of the clients that a provider stops, unless it is mounted again at once, as StrictMode does. @type {WeakMap<object, object>} */
const stops = new WeakMap();

/** The longest that a stop waits for UNSUBACK. */
const UNSUBSCRIBE_MS = 1000;

/** Starts it; failed attempts are reported to `on_error`. @param {any} client */
const start = (client) => client.start({ signal: new AbortController().signal }).catch(() => {});

/** Unsubscribes first, because a session may outlive the connection. @param {any} client @param {() => boolean} stillUnused */
async function stop(client, stillUnused) {
  const closed = closeAll(client);
  if (client.connected) await Promise.race([closed, new Promise((done) => setTimeout(done, UNSUBSCRIBE_MS))]);
  if (stillUnused()) client.stop();
}

/** @param {any} client */
function mounted(client) {
  stops.delete(client);
  start(client);
  return () => {
    const mine = {};
    const stillUnused = () => stops.get(client) === mine;
    stops.set(client, mine);
    setTimeout(() => stillUnused() && stop(client, stillUnused));
  };
}

/** @param {any} props */
function Own({ options, credentials, children }) {
  const [client] = useState(
    () => new MqttCustom({ ...(credentials && { credentials }), ...options, autostart: false }),
  );
  useEffect(() => mounted(client), [client]);
  return createElement(Client.Provider, { value: client }, children);
}

/** @param {any} props */
function Given({ client, children }) {
  useEffect(() => {
    if (client.state === "idle") start(client);
  }, [client]);
  return createElement(Client.Provider, { value: client }, children);
}

/** @param {any} props */
export function MqttProvider(props) {
  if (props.client === undefined) {
    checkOptions("options of <MqttProvider>", props.options);
    return createElement(Own, props);
  }
  checkClient(props.client);
  return createElement(Given, props);
}

export function useMqtt() {
  const client = useContext(Client);
  if (client === undefined)
    throw new Error(
      "a hook of mqtt-lib/react was called outside of <MqttProvider>; put one above the component",
    );
  return client;
}
