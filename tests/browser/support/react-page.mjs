// Runs in the page, bundled: an application under StrictMode whose components a test mounts and unmounts through `globalThis`.

import { MqttProvider, useConnection, useMessage, useMessages, useMqtt } from "mqtt-lib/react";
import { createElement as h, StrictMode, useEffect } from "react";
import { createRoot } from "react-dom/client";

const root = createRoot(document.body.appendChild(document.createElement("main")));

function Last({ filter }) {
  const message = useMessage(filter, { qos: 1 });
  return h("b", null, message?.text() ?? "-");
}

function All({ filter, limit }) {
  const messages = useMessages(filter, { limit: limit === "Infinity" ? Number.POSITIVE_INFINITY : limit });
  return h("i", null, messages.map((message) => message.text()).join(","));
}

function Indicator() {
  const { state, connected, attempt, error } = useConnection();
  return h("u", null, [state, connected, attempt, error?.code ?? "none"].join(" "));
}

function Handle() {
  const client = useMqtt();
  useEffect(() => {
    globalThis.client = client;
  }, [client]);
}

const options = {
  on_error: (_client, _userdata, error) => {
    globalThis.errors.push(`${error.code} ${error.message}`);
  },
};
globalThis.errors = [];
globalThis.show = ({ credentials, count, filters, limit, lists = 0 }) =>
  root.render(
    h(
      StrictMode,
      null,
      h(
        MqttProvider,
        { credentials, options },
        h(Handle),
        h(Indicator),
        Array.from({ length: count }, (_, i) =>
          h(Last, { key: `l${i}`, filter: filters[i % filters.length] }),
        ),
        Array.from({ length: lists }, (_, i) => h(All, { key: `a${i}`, filter: filters[0], limit })),
      ),
    ),
  );
globalThis.unmount = () => root.render(null);
