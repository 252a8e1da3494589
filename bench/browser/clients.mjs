// The clients in a page: this package, MQTT.js's browser build, and a bare WebSocket that sends frames of 500 messages. Each
// is loaded only when it is measured.

async function mqttLib() {
  const { MqttCustom } = await import("/dist/browser.mjs");
  return async ({ url, onMessage }) => {
    const client = new MqttCustom({
      credentials: { mqttserver: url },
      on_message: (_client, _userdata, message) => onMessage(message.payload),
    });
    await client.start();
    return {
      burst(topic, payload, count) {
        for (let i = 1; i < count; i++) client.publish(topic, payload);
        return client.publish(topic, payload);
      },
      async window(topic, payload, qos, window, more) {
        const options = { qos };
        const one = async () => {
          while (more()) await client.publish(topic, payload, options);
        };
        await Promise.all(Array.from({ length: window }, one));
      },
      subscribe: (topic) => client.subscribe(topic),
      close: () => client.stop(),
    };
  };
}

async function mqttjs() {
  const mqtt = (await import("/mqtt.esm.mjs")).default;
  return async ({ url, onMessage }) => {
    const client = await mqtt.connectAsync(url, { protocolVersion: 4, reconnectPeriod: 0 });
    client.on("message", (_topic, payload) => onMessage(payload));
    return {
      burst(topic, payload, count) {
        for (let i = 1; i < count; i++) client.publish(topic, payload);
        return new Promise((resolve) => client.publish(topic, payload, resolve));
      },
      window(topic, payload, qos, window, more) {
        const options = { qos };
        let open = window;
        return new Promise((resolve) => {
          const next = () => {
            if (more()) client.publish(topic, payload, options, next);
            else if (--open === 0) resolve();
          };
          for (let i = 0; i < window; i++) next();
        });
      },
      subscribe: (topic) => client.subscribeAsync(topic),
      close: () => client.endAsync(),
    };
  };
}

const A_FRAME = 500;
const CONNECT = [0x10, 16, 0, 4, 77, 81, 84, 84, 4, 2, 0, 60, 0, 4, 98, 97, 114, 101];
const SUBSCRIBE = [0x82, 6, 0, 1, 0, 1, 97, 0];
/** The number of bytes buffered in the browser above which the loop yields. */
const ENOUGH = 1 << 20;

async function bare() {
  return async ({ url, topic, size, packed, onMessage }) => {
    const socket = new WebSocket(url, "mqtt");
    socket.binaryType = "arraybuffer";
    let answered = null;
    socket.onmessage = ({ data }) => {
      if (answered === null) return onMessage({ length: data.byteLength }, packed);
      answered();
      answered = null;
    };
    await new Promise((resolve) => {
      socket.onopen = resolve;
    });
    const answer = (bytes) => {
      socket.send(new Uint8Array(bytes));
      return new Promise((resolve) => {
        answered = resolve;
      });
    };
    await answer(CONNECT);
    const name = new TextEncoder().encode(topic);
    const length = 2 + name.length + size;
    const a_message = [
      0x30,
      length,
      name.length >> 8,
      name.length & 255,
      ...name,
      ...new Array(size).fill(120),
    ];
    if (length > 127) throw new Error("the bare client knows short messages only");
    const joined = new Uint8Array(a_message.length * A_FRAME);
    for (let i = 0; i < A_FRAME; i++) joined.set(a_message, i * a_message.length);
    return {
      async burst(_topic, _payload, count) {
        for (let left = count; left > 0; left -= A_FRAME) socket.send(joined);
        while (socket.bufferedAmount > ENOUGH) await new Promise((resolve) => setTimeout(resolve));
      },
      subscribe: () => answer(SUBSCRIBE),
      async close() {
        socket.close();
      },
    };
  };
}

export const CLIENTS = { "mqtt-lib": mqttLib, mqttjs, bare };
