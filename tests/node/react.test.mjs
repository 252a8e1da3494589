// mqtt-lib/react on a server: rendering connects nothing, and hooks give what is there before the first message.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MqttCustom } from "mqtt-lib";
import { MqttProvider, useConnection, useMessage, useMessages, useMqtt } from "mqtt-lib/react";
import { createElement as h } from "react";
import { renderToString } from "react-dom/server";
import { fakeBroker, scripts } from "../support/fake-broker.mjs";
import { pause } from "./helpers.mjs";

function Page() {
  const client = useMqtt();
  const { state, connected, error } = useConnection();
  const last = useMessage("a", { qos: 1 });
  const all = useMessages("a/#", { limit: 5 });
  return h("p", null, [client.state, state, connected, error, last, all.length].map(String).join(" "));
}

test("rendering on a server connects nothing", async (t) => {
  const broker = await fakeBroker(t, scripts.accepts());
  const credentials = { mqttserver: broker.url };
  const client = new MqttCustom({ credentials, autostart: false });
  const expected = "<p>idle idle false undefined undefined 0</p>";
  assert.equal(renderToString(h(MqttProvider, { credentials }, h(Page))), expected);
  assert.equal(renderToString(h(MqttProvider, { options: { credentials } }, h(Page))), expected);
  assert.equal(renderToString(h(MqttProvider, { client }, h(Page))), expected);
  await pause(100);
  assert.equal(broker.connections.length, 0);
  assert.equal(client.state, "idle");
});

test("wrong arguments are thrown where they are rendered", () => {
  const client = new MqttCustom({ autostart: false });
  const says = (make, message) =>
    assert.throws(() => renderToString(make()), { name: "TypeError", code: "INVALID_OPTION", message });
  says(
    () => h(MqttProvider, { client: null }),
    /must be a MqttCustom; null was given; render the provider when/,
  );
  says(() => h(MqttProvider, { client: {} }), /an object without addHandler\(\) was given/);
  says(
    () => h(MqttProvider, { options: 5 }),
    /options of <MqttProvider> must be an object; a number was given/,
  );
  for (const [limit, message] of [
    [-1, /whole number from 0, or Infinity; -1 was given/],
    ["x", /a string was given/],
    [Number.NaN, /NaN was given/],
    [null, /null was given/],
  ])
    says(
      () =>
        h(
          MqttProvider,
          { client },
          h(() => useMessages("a", { limit })),
        ),
      message,
    );
  says(
    () =>
      h(
        MqttProvider,
        { client },
        h(() => useMessages("a", "x")),
      ),
    /options of useMessages\(\) must be an/,
  );
  says(
    () =>
      h(
        MqttProvider,
        { client },
        h(() => useMessage("a", [1])),
      ),
    /options of useMessage\(\) .* an array/,
  );
  for (const limit of [0, 3, Number.POSITIVE_INFINITY, undefined])
    renderToString(
      h(
        MqttProvider,
        { client },
        h(() => `${useMessages("a", { limit }).length}`),
      ),
    );
});

test("a hook without a provider says what is missing", () => {
  assert.throws(() => renderToString(h(Page)), /put one above the component/);
});
